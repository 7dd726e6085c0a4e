#include "scenario/compare.h"

#include "base/memory.h"

#include <math.h>
#include <stdlib.h>

const char *quantity_name(enum quantity q) {
    static const char *const name[QUANTITY_COUNT] = {"throughput", "mean", "p50",       "p95",
                                                     "p99",        "cpu",  "voluntary", "involuntary"};
    return name[q];
}

const char *verdict_name(enum verdict v) {
    static const char *const name[] = {"agrees", "model misses", "too noisy", ""};
    return name[v];
}

double compare_tolerance(enum quantity q) {
    static const double tolerance[QUANTITY_COUNT] = {0.05, 0.10, 0.10, 0.12, 0.15, 0.10, NAN, NAN};
    return tolerance[q];
}

static double median_of_every_second(const double *x, int n, int from) {
    double *half = memory_new((size_t)n, sizeof *half);
    int k = 0;
    for (int i = from; i < n; i += 2) half[k++] = x[i];
    double m = median(half, k);
    free(half);
    return m;
}

struct repeated repeated_of(const double *x, int n) {
    struct repeated r = {NAN, NAN, NAN, NAN, 0};
    double *known = memory_new((size_t)n + 1, sizeof *known);
    for (int i = 0; i < n; i++)
        if (!isnan(x[i])) known[r.rounds++] = x[i];
    for (int i = 0; i < r.rounds; i++) {
        r.min = fmin(r.min, known[i]);
        r.max = fmax(r.max, known[i]);
    }
    r.median = median(known, r.rounds);
    if (r.rounds >= 4 && r.median != 0)
        r.aa = fabs(median_of_every_second(known, r.rounds, 0) - median_of_every_second(known, r.rounds, 1)) /
               fabs(r.median);
    free(known);
    return r;
}

void compare_judge(struct compared *c) {
    const struct repeated *m = &c->measured;
    c->error = m->median != 0 ? (c->predicted - m->median) / m->median : NAN;
    c->verdict = VERDICT_NONE;
    if (isnan(c->error) || isnan(c->tolerance)) return;
    double aa = isnan(m->aa) ? 0 : m->aa;
    if (aa > 2 * c->tolerance)
        c->verdict = VERDICT_TOO_NOISY;
    else
        c->verdict = fabs(c->error) <= fmax(c->tolerance, aa) ? VERDICT_AGREES : VERDICT_MISSES;
}

static int ascending(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static void count_row(struct compare_summary *s, const struct compared *c) {
    s->agrees += c->verdict == VERDICT_AGREES;
    s->misses += c->verdict == VERDICT_MISSES;
    s->too_noisy += c->verdict == VERDICT_TOO_NOISY;
    if (isnan(c->lo)) return;
    s->banded++;
    s->in_band += c->lo <= c->measured.median && c->measured.median <= c->hi;
}

static double p90_of(double *x, int n) {
    qsort(x, (size_t)n, sizeof *x, ascending);
    return x[(int)ceil(0.9 * n) - 1];
}

struct compare_summary compare_summarise(const struct compared *row, int rows, enum quantity q) {
    struct compare_summary s = {.median = NAN, .p90 = NAN, .p90_counted = NAN, .worst = NAN};
    double *size = memory_new((size_t)rows + 1, sizeof *size);
    double *counted = memory_new((size_t)rows + 1, sizeof *counted);
    for (int i = 0; i < rows; i++) {
        if (row[i].quantity != q || isnan(row[i].error)) continue;
        double error = fabs(row[i].error);
        counted[s.rows] = error <= row[i].measured.aa ? 0 : error;
        size[s.rows++] = error;
        count_row(&s, &row[i]);
    }
    if (s.rows > 0) {
        s.p90 = p90_of(size, s.rows);
        s.p90_counted = p90_of(counted, s.rows);
        s.median = median(size, s.rows);
        s.worst = size[s.rows - 1];
    }
    free(size);
    free(counted);
    return s;
}
