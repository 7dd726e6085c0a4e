// A thread that has slept for some ms wakes on a busy core and waits there; 0.25 ms later the other core, busy so far,
// becomes idle: does it take the thread over at once? The thread is of SCHED_BATCH, so that it does not pre-empt the hog
// on its core. Trials in which it ran before, or something else ran on the machine, are left out. The other core never
// takes a hog over in this way (probe_pull.c), which has only just run. Kernels that pull in proportion to their success do so
// here as often as they did before, which tells nothing: see stages_pulls_by_success().
#include "calib/probe.h"

#include <sched.h>

enum { TRIALS = 3 };

static const int64_t asleep_ns = 5000000, wait_ns = 250000, at_once_ns = 300000, watch_ns = 15000000;

static const struct figure_spec figures[] = {
    {"pull.slept", FIGURE_SHARE,
     "a core whose thread blocks takes a thread that waits on the other, within 0.3 ms"},
    {NULL, 0, NULL}};

struct take {
    struct bench *bench;
    int trials;
    atomic_int round, done, over; // trial at hand; the thread has run in it; all are over
    _Atomic int64_t wake, ran;    // when it is to wake, when it ran
    atomic_int cpu;               // where
};

static void hog(void *arg) {
    struct take *p = arg;
    while (!atomic_load(&p->over)) {}
}

static void sleep_until(int64_t ns) {
    struct timespec t = {ns / 1000000000, ns % 1000000000};
    clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, NULL);
}

static void sleeper(void *arg) {
    struct take *p = arg;
    const struct sched_param none = {0};
    sched_setscheduler(0, SCHED_BATCH, &none);
    for (int i = 1; i <= p->trials; i++) {
        bench_pin(p->bench, 0);
        while (atomic_load(&p->round) < i) bench_sleep(100000);
        bench_pin(p->bench, -1);
        sleep_until(atomic_load(&p->wake));
        atomic_store(&p->ran, bench_now());
        atomic_store(&p->cpu, sched_getcpu());
        atomic_store(&p->done, i);
    }
}

static void guest(void *arg) {
    struct take *p = arg;
    for (int i = 1; i <= p->trials; i++) {
        bool alone = bench_alone(2, asleep_ns); // the hog and the caller
        atomic_store(&p->wake, bench_now() + asleep_ns);
        atomic_store(&p->round, i);
        bench_busy(atomic_load(&p->wake) + wait_ns);
        bool waits = atomic_load(&p->done) < i;
        int64_t since = bench_now();
        sleep_until(since + watch_ns);
        bench_await(&p->done, i);
        bool taken = atomic_load(&p->cpu) == p->bench->cpu[1] && atomic_load(&p->ran) - since < at_once_ns;
        if (alone && waits) bench_count(p->bench, "pull.slept", taken, 1);
    }
    atomic_store(&p->over, 1);
}

static bool run(struct bench *b, struct err *e) {
    const struct bench_role crew[] = {{1, guest}, {0, hog}, {0, sleeper}};
    struct take p = {.bench = b, .trials = bench_repeat(b, TRIALS)};
    return bench_crew(b, crew, 3, &p, e);
}

const struct probe probe_take = {"take", "whether a core that becomes idle takes a waiting thread", 2,
                                 figures, run};
