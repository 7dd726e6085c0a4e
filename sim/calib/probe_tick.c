// The scheduler's clock: its period is the resolution of the kernel's coarse clock, which its interrupt advances. What the
// interrupt takes: a thread that reads the time over and over sees by a gap that it was interrupted, and by the coarse
// clock, which says when that was last advanced, whether by a tick of its own kernel. (By its period alone a tick cannot
// be told: the host of a virtual machine interrupts it at a rate of its own.) Nothing is noted where most ticks leave no
// gap (full dynamic ticks).
#include "calib/probe.h"

#include <math.h>

enum { GAPS = 4096 };

static const int64_t trial_ns = 120000000, gap_ns = 1000;
static const int64_t near_ns = 20000;  // between gap and step: the core that keeps the time may be another
static const double share_least = 0.5; // of the steps, those that must have a gap

static const struct figure_spec figures[] = {
    {"machine.tick", FIGURE_SPAN, "resolution of the kernel's coarse clock, which the scheduler's advances"},
    {"machine.tick_cpu", FIGURE_CPU,
     "gaps at its steps that a thread sees which reads the clock all the time"},
    {NULL, 0, NULL}};

struct gaps {
    int n, steps;
    int64_t from[GAPS], to[GAPS], step[GAPS];
};

static void watch(struct gaps *g, int64_t span) {
    int64_t begin = bench_now(), last = begin, coarse = bench_clock(CLOCK_MONOTONIC_COARSE);
    while (last - begin < span && g->n < GAPS && g->steps < GAPS) {
        int64_t now = bench_now(), stepped = bench_clock(CLOCK_MONOTONIC_COARSE);
        if (stepped != coarse) g->step[g->steps++] = now;
        if (now - last > gap_ns) {
            g->from[g->n] = last;
            g->to[g->n++] = now;
        }
        last = now;
        coarse = stepped;
    }
}

// Notes the gaps that have a step, unless `b` is NULL. Returns how many there are.
static int match(const struct gaps *g, struct bench *b) {
    int ticks = 0;
    for (int i = 0, k = 0; i < g->n; i++) {
        while (k < g->steps && g->step[k] < g->from[i] - near_ns) k++;
        if (k == g->steps || g->step[k] > g->to[i] + near_ns) continue;
        if (b) bench_note(b, "machine.tick_cpu", 0, (double)(g->to[i] - g->from[i]));
        ticks++;
    }
    return ticks;
}

static bool run(struct bench *b, struct err *e) {
    (void)e;
    struct timespec period;
    if (clock_getres(CLOCK_MONOTONIC_COARSE, &period)) return true;
    struct gaps g = {0};
    watch(&g, (int64_t)((double)trial_ns * fmax(b->effort, 0.5)));
    if (match(&g, NULL) < share_least * g.steps) return true;
    match(&g, b);
    bench_note(b, "machine.tick", 0, (double)period.tv_sec * 1e9 + (double)period.tv_nsec);
    return true;
}

const struct probe probe_tick = {"tick", "interrupts of the scheduler's clock", 1, figures, run};
