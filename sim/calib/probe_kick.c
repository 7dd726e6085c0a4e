// Waking a thread on another core that is busy: how long until it runs there. A pinned pair over a futex, and a hog beside
// the sleeper; the sleeper has rested long enough to have the better claim.
#include "calib/probe.h"

enum { WAKES = 8 };

static const int64_t rest_ns = 6000000;

static const struct figure_spec figures[] = {
    {"machine.preempt_remote", FIGURE_SPAN,
     "futex wake of a thread on another core where a hog runs, until it runs"},
    {NULL, 0, NULL}};

struct kick {
    struct bench *bench;
    int wakes;
    atomic_int word, asleep, awake, over;
    double latency[WAKES];
    bool alone[WAKES];
    int64_t seen; // when the sleeper ran
};

static void waker(void *arg) {
    struct kick *k = arg;
    for (int i = 0; i < k->wakes; i++) {
        bench_await(&k->asleep, i + 1);
        bench_sleep(rest_ns);
        k->alone[i] = bench_alone(2, rest_ns / 4);
        int64_t now = bench_now();
        atomic_store(&k->word, i + 1);
        bench_rouse(&k->word);
        bench_await(&k->awake, i + 1);
        k->latency[i] = (double)(k->seen - now);
    }
    atomic_store(&k->over, 1);
}

static void sleeper(void *arg) {
    struct kick *k = arg;
    for (int i = 0; i < k->wakes; i++) {
        atomic_store(&k->asleep, i + 1);
        bench_block(&k->word, i);
        k->seen = bench_now();
        atomic_store(&k->awake, i + 1);
    }
}

static void hog(void *arg) {
    struct kick *k = arg;
    while (!atomic_load_explicit(&k->over, memory_order_relaxed)) {}
}

static bool run(struct bench *b, struct err *e) {
    struct kick k = {.bench = b, .wakes = bench_repeat(b, WAKES)};
    const struct bench_role crew[] = {{0, waker}, {1, sleeper}, {1, hog}};
    if (!bench_crew(b, crew, 3, &k, e)) return false;
    bench_note_latencies(b, "machine.preempt_remote", 1, k.latency, k.alone, k.wakes);
    return true;
}

const struct probe probe_kick = {"kick", "waking a thread on a busy core", 2, figures, run};
