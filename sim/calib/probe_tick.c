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
    {"machine.tick_cpu", FIGURE_CPU, "length of these gaps"},
    {NULL, 0, NULL}};

struct gaps {
    int n;
    double at[GAPS], length[GAPS];
};

// Returns how long it watched, ns.
static double watch(struct gaps *g, int64_t span) {
    int64_t begin = bench_now(), last = begin;
    while (last - begin < span && g->n < GAPS) {
        int64_t now = bench_now();
        if (now - last > gap_ns) {
            g->at[g->n] = (double)last;
            g->length[g->n++] = (double)(now - last);
        }
        last = now;
    }
    return (double)(last - begin);
}

static int bin_of(double at, double period, double shift) {
    return (int)(fmod(at, period) / period * BINS + shift) % BINS;
}

struct fold {
    double period, shift; // the latter in bins: a tick may fall on the edge of one
    int bin;              // with a gap in the most periods ...
    double share;         // ... and in this share of them
};

static void fold(const struct gaps *g, double span, struct fold *f) {
    int periods[BINS] = {0};
    double seen[BINS] = {0};
    for (int i = 0; i < g->n; i++) {
        int bin = bin_of(g->at[i], f->period, f->shift);
        double number = 1 + floor(g->at[i] / f->period);
        periods[bin] += seen[bin] != number;
        seen[bin] = number;
    }
    f->bin = 0;
    for (int b = 1; b < BINS; b++)
        if (periods[b] > periods[f->bin]) f->bin = b;
    f->share = periods[f->bin] / (span / f->period);
}

static void note(struct bench *b, const struct gaps *g, const struct fold *f) {
    bench_note(b, "machine.tick", 0, f->period);
    for (int i = 0; i < g->n; i++)
        if (bin_of(g->at[i], f->period, f->shift) == f->bin)
            bench_note(b, "machine.tick_cpu", 0, g->length[i]);
}

// The shortest period that fits: every multiple of it does, too.
static bool run(struct bench *b, struct err *e) {
    (void)e;
    struct gaps g = {0};
    double span = watch(&g, (int64_t)((double)trial_ns * fmax(b->effort, 0.5)));
    for (size_t k = 0; k < 2 * sizeof period_ns / sizeof period_ns[0]; k++) {
        struct fold f = {.period = period_ns[k / 2], .shift = k % 2 ? 0.5 : 0};
        fold(&g, span, &f);
        if (f.share < share_least) continue;
        note(b, &g, &f);
        break;
    }
    return true;
}

const struct probe probe_tick = {"tick", "interrupts of the scheduler's clock", 1, figures, run};
