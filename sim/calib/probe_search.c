// Does a woken thread look for an idle core? A runs on core 0 for a part of its time and wakes B, which ran there last;
// core 1 idles. With the parts spread evenly over 0 to 1, the share of wakes after which B stays is the part from which on
// it looks. Trials in which something else ran on the machine tell nothing and are left out.
#include "calib/probe.h"

#include <pthread.h>

enum { LOADS = 5, WAKES = 4, WARM = 40 };

static const int64_t cycle_ns = 2000000;

static const struct figure_spec figures[] = {{"machine.search_from", FIGURE_SHARE,
                                              "A wakes B, last on A's core, the other idle: B stays, over "
                                              "loads of A's core spread evenly from 0 to 1"},
                                             {NULL, 0, NULL}};

struct search {
    struct bench *bench;
    int wakes;
    pthread_t sleeper;
    atomic_int word, ready, ran;
    atomic_int where; // the core B ran on
};

static void sleeper(void *arg) {
    struct search *s = arg;
    s->sleeper = pthread_self();
    for (int i = 0; i < LOADS * s->wakes; i++) {
        bench_pin(s->bench, 0);
        atomic_store(&s->ready, i + 1);
        bench_block(&s->word, i);
        s->where = sched_getcpu();
        atomic_store(&s->ran, i + 1);
    }
}

static void live_through(double load) {
    bench_sleep((int64_t)((1 - load) * (double)cycle_ns));
    bench_busy(bench_now() + (int64_t)(load * (double)cycle_ns));
}

static void try(struct search *s, int i, double load) {
    cpu_set_t both;
    CPU_ZERO(&both);
    CPU_SET(s->bench->cpu[0], &both);
    CPU_SET(s->bench->cpu[1], &both);
    bench_await(&s->ready, i + 1);
    bench_sleep(60000); // lets B reach its wait: it shares this core until then
    pthread_setaffinity_np(s->sleeper, sizeof both, &both);
    live_through(load);
    bool alone = bench_alone(1, cycle_ns / 8);
    atomic_store(&s->word, i + 1);
    bench_rouse(&s->word);
    bench_busy(bench_now() + 150000);
    bench_await(&s->ran, i + 1);
    if (alone) bench_count(s->bench, "machine.search_from", s->where == s->bench->cpu[0], 1);
}

static void waker(void *arg) {
    struct search *s = arg;
    for (int k = 0; k < LOADS; k++) {
        double load = (k + 0.5) / LOADS;
        for (int i = 0; i < WARM; i++) live_through(load);
        for (int i = 0; i < s->wakes; i++) try(s, k * s->wakes + i, load);
    }
}

static bool run(struct bench *b, struct err *e) {
    struct search s = {.bench = b, .wakes = bench_repeat(b, WAKES)};
    const struct bench_role crew[] = {{0, waker}, {0, sleeper}};
    return bench_crew(b, crew, 2, &s, e);
}

const struct probe probe_search = {"search", "where a woken thread looks for a core", 2, figures, run};
