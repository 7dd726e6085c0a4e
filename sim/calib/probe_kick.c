// Waking a thread on another core that is busy: how long until it runs there. A pinned pair over a futex, and a hog beside
// the sleeper. The hog is of SCHED_IDLE, so that the sleeper always has the better claim: what is measured is how long it
// takes until the other core gives way, not whether the scheduler wants it to.
//
// A kernel may leave it at a mark which the other core sees when it next enters the kernel: in microseconds where the
// program there makes system calls, as the micro-server does while it burns CPU, at the next tick where it only computes.
#include "calib/lines.h"
#include "calib/probe.h"
#include "live/host.h"

#include <math.h>
#include <sched.h>

enum { WAKES = 16 };

static const int64_t look_most_ns = 1500000, pause_ns = 100000, piece_ns = 100000, look_ns = 20000;

static const struct figure_spec figures[] = {
    {"machine.preempt_remote", FIGURE_SPAN,
     "futex wake of a thread on another core where one burns CPU as the micro-server does, until it runs"},
    {"kick.user", FIGURE_SPAN, "the same, where one computes without a system call"},
    {"machine.preempt_cpu", FIGURE_CPU,
     "... what the waker pays, less a wake of nobody and lines (machine.wake_lines)"},
    {NULL, 0, NULL}};

struct kick {
    struct bench *bench;
    int wakes;
    bool calls;
    atomic_int word, asleep, awake, over;
    double latency[WAKES], cpu[WAKES];
    bool alone[WAKES];
    int64_t seen;  // when the sleeper ran
    double nobody; // CPU of a wake of nobody, ns
};

static void waker(void *arg) {
    struct kick *k = arg;
    for (int i = 0; i < k->wakes; i++) {
        bench_await(&k->asleep, i + 1);
        k->alone[i] = bench_alone(2, look_most_ns);
        k->nobody = bench_rouse_nobody(k->bench);
        bench_busy(bench_now() + pause_ns);
        int64_t cpu = bench_cpu(), now = bench_now();
        atomic_store(&k->word, i + 1);
        bench_rouse(&k->word);
        k->cpu[i] = (double)(bench_cpu() - cpu) - k->bench->clock_ns - k->nobody;
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
    const struct sched_param none = {0};
    sched_setscheduler(0, SCHED_IDLE, &none);
    while (!atomic_load_explicit(&k->over, memory_order_relaxed))
        if (k->calls) host_spin(piece_ns, look_ns, NULL, NULL);
}

static bool run(struct bench *b, struct err *e) {
    const struct bench_role crew[] = {{0, waker}, {1, sleeper}, {1, hog}};
    double line = 0;
    if (!bench_line(b, &line, e)) return false;
    for (int i = 0; i < 2; i++) {
        struct kick k = {.bench = b, .wakes = bench_repeat(b, WAKES), .calls = i == 0};
        if (!bench_crew(b, crew, 3, &k, e)) return false;
        bench_note_latencies(b, figures[i].key, 1, k.latency, k.alone, k.wakes);
        for (int n = 0; k.calls && n < k.wakes; n++)
            bench_note(b, "machine.preempt_cpu", 0, fmax(k.cpu[n] - lines_cost(LINES_WAKE, line), 0));
    }
    return true;
}

const struct probe probe_kick = {"kick", "waking a thread on a busy core", 2, figures, run};
