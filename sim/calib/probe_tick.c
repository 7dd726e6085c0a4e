// The scheduler's clock: a thread that reads the time over and over sees by a gap that it was interrupted. The period is
// the one of the kernel's usual rates (CONFIG_HZ) at whose instants nearly all periods have a gap; the gaps there are
// what a tick takes. Nothing is noted where no period fits (full dynamic ticks).
#include "calib/probe.h"

#include <math.h>

enum { GAPS = 4096, BINS = 80 };

static const int64_t trial_ns = 120000000, gap_ns = 1000;
static const double period_ns[] = {1e6, 2e6, 1e7 / 3, 4e6, 1e7};
static const double share_least = 0.7; // of the periods, those that have a gap at the same instant

static const struct figure_spec figures[] = {
    {"machine.tick", FIGURE_SPAN, "period of the gaps that a thread sees which reads the clock all the time"},
    {"machine.tick_cpu", FIGURE_SPAN, "length of these gaps"},
    {NULL, 0, NULL}};

struct gaps {
    int n;
    double at[GAPS], length[GAPS];
};

static void watch(struct gaps *g, int64_t span) {
    int64_t begin = bench_now(), last = begin;
    while (last - begin < span && g->n < GAPS) {
        int64_t now = bench_now();
        if (now - last > gap_ns) {
            g->at[g->n] = (double)last;
            g->length[g->n++] = (double)(now - last);
        }
        last = now;
    }
}

static int bin_of(double at, double period) {
    return (int)(fmod(at, period) / period * BINS) % BINS;
}

// The bin with a gap in the most periods, and the share of periods that is.
static int best_bin(const struct gaps *g, double period, int64_t span, double *share) {
    int periods[BINS] = {0}, best = 0;
    double seen[BINS] = {0};
    for (int i = 0; i < g->n; i++) {
        int bin = bin_of(g->at[i], period);
        double number = 1 + floor(g->at[i] / period);
        periods[bin] += seen[bin] != number;
        seen[bin] = number;
    }
    for (int b = 1; b < BINS; b++)
        if (periods[b] > periods[best]) best = b;
    *share = periods[best] / ((double)span / period);
    return best;
}

static bool run(struct bench *b, struct err *e) {
    (void)e;
    struct gaps g = {0};
    int64_t span = (int64_t)((double)trial_ns * (b->effort > 0.5 ? b->effort : 0.5));
    watch(&g, span);
    for (size_t k = 0; k < sizeof period_ns / sizeof period_ns[0]; k++) {
        double share;
        int bin = best_bin(&g, period_ns[k], span, &share);
        if (share < share_least) continue; // the shortest that fits: every multiple of it does, too
        bench_note(b, "machine.tick", 0, period_ns[k]);
        for (int i = 0; i < g.n; i++)
            if (bin_of(g.at[i], period_ns[k]) == bin) bench_note(b, "machine.tick_cpu", 0, g.length[i]);
        return true;
    }
    return true;
}

const struct probe probe_tick = {"tick", "interrupts of the scheduler's clock", 1, figures, run};
