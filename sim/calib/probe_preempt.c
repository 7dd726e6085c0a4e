// A thread that slept wakes on a core where a hog runs: does it get the core at once, and how long may it keep it?
// Trials in which something else ran on the machine are left out.
#include "calib/probe.h"

enum { TRIALS = 5 };

static const int64_t rest_ns = 8000000, gap_ns = 150000, most_ns = 12000000, at_once_ns = 500000;

static const struct figure_spec figures[] = {
    {"preempt.at_once", FIGURE_SHARE, "a woken thread had the core within 0.5 ms though a hog ran there"},
    {"preempt.delay", FIGURE_SPAN, "timed wake on a core where a hog runs, until the woken thread runs"},
    {"preempt.turn", FIGURE_SPAN, "first turn of a woken thread that got the core at once from a hog"},
    {NULL, 0, NULL}};

struct preempt {
    int trials;
    atomic_int over;
    double delay[TRIALS], turn[TRIALS];
    bool alone[TRIALS];
};

static void hog(void *arg) {
    struct preempt *p = arg;
    while (!atomic_load_explicit(&p->over, memory_order_relaxed)) {}
}

static double first_turn(void) {
    int64_t start = bench_now(), last = start, now = start;
    for (; now - last < gap_ns && now - start < most_ns; now = bench_now()) last = now;
    return (double)(last - start);
}

static void sleeper(void *arg) {
    struct preempt *p = arg;
    for (int i = 0; i < p->trials; i++) {
        int64_t at = bench_now() + rest_ns;
        const struct timespec t = {at / 1000000000, at % 1000000000};
        clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, NULL);
        p->delay[i] = (double)(bench_now() - at);
        p->turn[i] = p->delay[i] < (double)at_once_ns ? first_turn() : 0;
        p->alone[i] = bench_alone(2, 0);
    }
    atomic_store(&p->over, 1);
}

static bool run(struct bench *b, struct err *e) {
    struct preempt p = {.trials = bench_repeat(b, TRIALS)};
    const struct bench_role crew[] = {{0, hog}, {0, sleeper}};
    if (p.trials > TRIALS) p.trials = TRIALS;
    if (!bench_crew(b, crew, 2, &p, e)) return false;
    for (int i = 0; i < p.trials; i++) {
        if (!p.alone[i]) continue;
        bench_count(b, "preempt.at_once", p.delay[i] < (double)at_once_ns, 1);
        bench_note(b, "preempt.delay", 0, p.delay[i]);
        if (p.turn[i] > 0) bench_note(b, "preempt.turn", 0, p.turn[i]);
    }
    return true;
}

const struct probe probe_preempt = {"preempt", "a woken thread against a running hog", 1, figures, run};
