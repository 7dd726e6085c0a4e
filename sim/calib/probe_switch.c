// Change of thread on one core: two threads on it wake each other in turn through futexes (the ping-pong of lmbench's
// lat_ctx, McVoy & Staelin 1996). A turn is a wake, a wait and a switch; the wake and the wait are timed by themselves
// and taken off. Both are batch threads, which do not pre-empt: else the switch would happen within the wake.
#include "calib/probe.h"

#include <errno.h>
#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { TURNS = 300, CALLS = 200, TIMED = 60 };

static const struct figure_spec figures[] = {
    {"machine.switch", FIGURE_CPU, "ping-pong of two threads on one core, less its futex calls"},
    {"machine.wake_local", FIGURE_CPU, "futex wake of a thread on the own core, less one that wakes nobody"},
    {"syscall.futex_wake", FIGURE_CPU, "futex wake of nobody"},
    {"syscall.futex_wait", FIGURE_CPU, "futex wait that need not wait"},
    {NULL, 0, NULL}};

struct pingpong {
    const struct bench *bench;
    int turns;
    bool timed;
    atomic_int ball; // counts up: even numbers are the first thread's turn
    double cpu[2], wake[TIMED];
};

static void pass(struct pingpong *p, int next, int k) {
    int64_t before = p->timed ? bench_cpu() : 0;
    atomic_store(&p->ball, next);
    bench_rouse(&p->ball);
    if (p->timed && k < TIMED) p->wake[k] = (double)(bench_cpu() - before) - p->bench->clock_ns;
}

static void first(void *arg) {
    struct pingpong *p = arg;
    int64_t before = bench_cpu();
    for (int i = 0; i < p->turns; i++) {
        pass(p, 2 * i + 1, i);
        bench_block(&p->ball, 2 * i + 1);
    }
    p->cpu[0] = (double)(bench_cpu() - before);
}

static void second(void *arg) {
    struct pingpong *p = arg;
    int64_t before = bench_cpu();
    for (int i = 0; i < p->turns; i++) {
        bench_block(&p->ball, 2 * i);
        atomic_store(&p->ball, 2 * i + 2);
        bench_rouse(&p->ball);
    }
    p->cpu[1] = (double)(bench_cpu() - before);
}

static double call_cost(const struct bench *b, bool wake) {
    atomic_int word = 0;
    int64_t before = bench_cpu();
    for (int i = 0; i < CALLS; i++) {
        if (wake)
            bench_rouse(&word);
        else
            syscall(SYS_futex, &word, FUTEX_WAIT_PRIVATE, 1, NULL, NULL, 0);
    }
    return ((double)(bench_cpu() - before) - b->clock_ns) / CALLS;
}

static bool play(struct pingpong *p, bool timed, int turns, struct err *e) {
    const struct bench_role crew[] = {{0, first}, {0, second}};
    const struct sched_param none = {0};
    sched_setscheduler(0, SCHED_BATCH, &none); // of this thread, and inherited by the other
    p->timed = timed;
    p->turns = turns;
    atomic_store(&p->ball, 0);
    bool ok = bench_crew(p->bench, crew, 2, p, e);
    sched_setscheduler(0, SCHED_OTHER, &none);
    return ok;
}

static bool run(struct bench *b, struct err *e) {
    struct pingpong p = {.bench = b};
    double wake = call_cost(b, true), wait = call_cost(b, false), local = 0;
    if (!play(&p, true, TIMED, e)) return false;
    for (int k = 0; k < TIMED; k++) local += (p.wake[k] - wake) / TIMED;
    for (int k = 0; k < TIMED; k++) bench_note(b, "machine.wake_local", 0, p.wake[k] - wake);
    int turns = bench_repeat(b, TURNS);
    if (!play(&p, false, turns, e)) return false;
    bench_note(b, "machine.switch", 0, (p.cpu[0] + p.cpu[1]) / (2.0 * turns) - wake - wait - local);
    bench_note(b, "syscall.futex_wake", 0, wake);
    bench_note(b, "syscall.futex_wait", 0, wait);
    return true;
}

const struct probe probe_switch = {"switch", "change of thread on a core", 1, figures, run};
