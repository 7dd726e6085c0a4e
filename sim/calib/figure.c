#include "calib/figure.h"

#include "base/memory.h"
#include "stats/interval.h"

#include <math.h>
#include <stdlib.h>

// Halves that differ by less than this matter to no prediction: a stage is microseconds, a clock reading some 30 ns.
static const double small_frac = 0.03, small_ns = 30, small_share = 0.05;

void figure_init(struct figure *f, const struct figure_spec *spec, const char *probe) {
    *f = (struct figure){.spec = spec, .probe = probe};
}

void figure_fini(struct figure *f) {
    free(f->sample);
    free(f->round);
    *f = (struct figure){0};
}

void figure_add(struct figure *f, int core, double value) {
    f->sample = memory_grow(f->sample, &f->sample_room, (size_t)f->samples + 1, sizeof *f->sample);
    f->sample[f->samples++] = value;
    f->core = core;
}

void figure_count(struct figure *f, double hits, double trials) {
    f->hits += hits;
    f->trials += trials;
}

void figure_drop(struct figure *f) {
    f->samples = 0;
    f->hits = f->trials = 0;
}

void figure_close(struct figure *f, int number, const double speed[2]) {
    bool share = f->spec->kind == FIGURE_SHARE;
    if (share ? f->trials > 0 : f->samples > 0) {
        f->round = memory_grow(f->round, &f->round_room, (size_t)f->rounds + 1, sizeof *f->round);
        f->round[f->rounds++] =
            (struct figure_round){.number = number,
                                  .value = share ? f->hits / f->trials : median(f->sample, f->samples),
                                  .speed = speed[f->core],
                                  .hits = f->hits,
                                  .trials = f->trials};
    }
    figure_drop(f);
}

double figure_scaled(const struct figure *f, const struct figure_round *r, double reference) {
    if (f->spec->kind != FIGURE_CPU || r->speed <= 0) return r->value;
    return r->value * r->speed / reference;
}

const struct figure_round *figure_round_of(const struct figure *f, int number) {
    for (int i = 0; i < f->rounds; i++)
        if (f->round[i].number == number) return &f->round[i];
    return NULL;
}

void figure_ranks(int n, int *low, int *high) {
    // P(X <= k) for X ~ Binomial(n, 1/2): the number of values below the median.
    double p = pow(0.5, n), sum = p;
    int k = 0;
    for (; k < n && sum <= 0.025; k++) {
        p *= (double)(n - k) / (k + 1);
        sum += p;
    }
    *low = k > 0 ? k - 1 : 0;
    *high = n - 1 - *low;
}

static int ascending(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

// Median and interval of rounds [from, to).
struct range {
    double value, lo, hi;
};

static struct range range_of_values(const struct figure *f, int from, int to, double reference) {
    int n = to - from, low, high;
    if (n < 1) return (struct range){NAN, NAN, NAN};
    double *x = memory_new((size_t)n, sizeof *x);
    for (int i = 0; i < n; i++) x[i] = fmax(0, figure_scaled(f, &f->round[from + i], reference));
    qsort(x, (size_t)n, sizeof *x, ascending);
    figure_ranks(n, &low, &high);
    struct range r = {median(x, n), x[low], x[high]};
    free(x);
    return r;
}

static struct range range_of_share(const struct figure *f, int from, int to) {
    double hits = 0, n = 0, z = 1.959964;
    for (int i = from; i < to; i++) {
        hits += f->round[i].hits;
        n += f->round[i].trials;
    }
    if (n == 0) return (struct range){NAN, NAN, NAN};
    double p = hits / n, middle = (p + z * z / (2 * n)) / (1 + z * z / n);
    double half = z / (1 + z * z / n) * sqrt(p * (1 - p) / n + z * z / (4 * n * n));
    return (struct range){p, fmax(0, fmin(p, middle - half)), fmin(1, fmax(p, middle + half))};
}

static struct range range_of(const struct figure *f, int from, int to, double reference) {
    return f->spec->kind == FIGURE_SHARE ? range_of_share(f, from, to)
                                         : range_of_values(f, from, to, reference);
}

bool figure_alike(enum figure_kind kind, double a, double b) {
    double apart = fabs(a - b);
    if (kind == FIGURE_SHARE || kind == FIGURE_RATIO) return apart <= small_share;
    if (kind == FIGURE_COUNT) return apart <= small_frac * fmax(a, b);
    return apart <= small_ns || apart <= small_frac * fmax(a, b);
}

void figure_estimate(const struct figure *f, double reference, struct figure_estimate *out) {
    int half = f->rounds / 2;
    struct range all = range_of(f, 0, f->rounds, reference);
    *out = (struct figure_estimate){all.value, all.lo, all.hi, NAN, NAN, true};
    if (f->rounds < FIGURE_HALVES) return;
    struct range early = range_of(f, 0, half, reference), late = range_of(f, half, f->rounds, reference);
    out->early = early.value;
    out->late = late.value;
    out->lo = fmin(out->lo, fmin(early.value, late.value));
    out->hi = fmax(out->hi, fmax(early.value, late.value));
    out->agrees =
        (early.lo <= late.hi && late.lo <= early.hi) || figure_alike(f->spec->kind, early.value, late.value);
}
