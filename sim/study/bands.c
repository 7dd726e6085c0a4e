#include "study/bands.h"

#include "base/memory.h"
#include "study/layout.h"
#include "study/uncertain.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { ROW_STATED, ROW_DRAWS, ROW_ENDS = ROW_DRAWS + BANDS_SAMPLES, MOST_REPLICATIONS = 30 };

// Replications in all, over those of the plain run.
static const int budget = 9;

// Rows are settings of the costs: as stated, the draws, then two a candidate (lo, hi).
struct study {
    const struct scenario *scenario;
    const struct case_result *plain;
    const struct run_options *options;
    struct uncertain uncertain;
    double *z; // [BANDS_SAMPLES][uncertain.count]
    int rows, replications, candidates;
    int candidate[BANDS_CANDIDATES];
    double *seen;    // [BANDS_QUANTITIES][rows][replications]
    bool *saturated; // [rows]
    // Of the rows that run now.
    struct scenario_file file;
    int first_row;
};

static double *seen_at(const struct study *s, int q, int row) {
    return s->seen + ((size_t)q * (size_t)s->rows + (size_t)row) * (size_t)s->replications;
}

static double row_mean(const struct study *s, int q, int row) {
    return layout_mean(seen_at(s, q, row), s->replications);
}

static const struct estimate *plain_estimate(const struct case_result *c, int q) {
    const struct latency_estimate *l = &c->latency;
    switch ((enum quantity)q) {
    case QUANTITY_MEAN: return &l->mean;
    case QUANTITY_P50: return &l->quantile[QUANTILE_P50];
    case QUANTITY_P95: return &l->quantile[QUANTILE_P95];
    case QUANTITY_P99: return &l->quantile[QUANTILE_P99];
    default: return &c->throughput_per_s;
    }
}

// ---- simulating rows ----

static double quantile_s(const struct hist *h, double q) {
    return hist_supports(h->count, q) ? (double)hist_quantile(h, q) / 1e9 : NAN;
}

static double quantity_seen(const struct observation *o, int q) {
    switch ((enum quantity)q) {
    case QUANTITY_MEAN: return o->latency.count ? hist_mean(&o->latency) / 1e9 : NAN;
    case QUANTITY_P50: return quantile_s(&o->latency, 0.5);
    case QUANTITY_P95: return quantile_s(&o->latency, 0.95);
    case QUANTITY_P99: return quantile_s(&o->latency, 0.99);
    default: return o->span_s > 0 ? (double)o->done / o->span_s : NAN;
    }
}

// In place of the caller's simulator: notes what it saw. Every call has a cell of its own.
static bool simulate_and_note(void *context, const struct scenario *scenario,
                              const struct simulate_options *o, struct observation *out, struct err *e) {
    const struct study *s = context;
    int row = s->first_row + (int)(scenario - s->file.case_);
    if (!s->options->simulate(s->options->context, scenario, o, out, e)) return false;
    for (int q = 0; q < BANDS_QUANTITIES; q++) seen_at(s, q, row)[o->replication] = quantity_seen(out, q);
    return true;
}

static void tell(void *listener, const struct run_progress *p) {
    const struct study *s = listener;
    struct run_progress all = {
        .cases_done = s->first_row + p->cases_done,
        .cases = s->rows,
        .replications_done = s->first_row * s->replications + p->replications_done,
        .replications_wanted = s->rows * s->replications,
    };
    s->options->progress(s->options->listener, &all);
}

static void set_row(const struct study *s, int row, struct costs *c) {
    const struct uncertain *u = &s->uncertain;
    if (row >= ROW_ENDS) {
        const struct uncertain_cost *one = &u->cost[s->candidate[(row - ROW_ENDS) / 2]];
        uncertain_set(one, c, (row - ROW_ENDS) % 2 ? one->hi : one->lo);
    } else if (row >= ROW_DRAWS) {
        const double *z = s->z + (row - ROW_DRAWS) * u->count;
        for (int i = 0; i < u->count; i++) uncertain_set(&u->cost[i], c, uncertain_at(&u->cost[i], z[i]));
    }
}

// A latency that grows as long as one looks has no bound.
static void note_saturated(struct study *s, int row) {
    s->saturated[row] = true;
    if (s->plain->status == STATUS_SATURATED) return;
    for (int q = QUANTITY_MEAN; q < BANDS_QUANTITIES; q++)
        for (int r = 0; r < s->replications; r++) seen_at(s, q, row)[r] = INFINITY;
}

// Rows first..end-1.
static bool run_rows(struct study *s, int first, int end, bool *complete, struct err *e) {
    struct run_options o = *s->options;
    struct result result;
    int n = end - first;
    struct scenario *row = memory_new((size_t)n, sizeof *row);
    for (int i = 0; i < n; i++) {
        row[i] = *s->scenario;
        row[i].run.replications = s->replications;
        set_row(s, first + i, &row[i].costs);
    }
    s->file = (struct scenario_file){.cases = n, .case_ = row};
    s->first_row = first;
    o.simulate = simulate_and_note;
    o.context = o.listener = s;
    o.progress = s->options->progress ? tell : NULL;
    o.trace = NULL;
    bool ok = run_cases(&s->file, &o, &result, complete, e);
    for (int i = 0; ok && *complete && i < n; i++)
        if (result.case_[i].status == STATUS_SATURATED) note_saturated(s, first + i);
    if (ok) result_fini(&result);
    free(row);
    return ok;
}

// ---- from draws to a band ----

static int by_size(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

// The q-quantile of sorted x[0..n), each value standing in the middle of its share (Hazen 1914).
static double quantile(const double *x, int n, double q) {
    double at = fmin(fmax(q * n - 0.5, 0), n - 1);
    int i = (int)at;
    double part = at - i;
    if (part <= 0) return x[i];
    return isinf(x[i + 1]) ? INFINITY : x[i] + part * (x[i + 1] - x[i]);
}

static double width(double part, double end) {
    double noise = isnan(end) ? 0 : end;
    part = fmax(part, 0);
    return sqrt(part * part + noise * noise);
}

// Leaves the band unknown where there is no prediction.
static void join(struct band *b, const struct estimate *plain) {
    if (isnan(plain->mean)) return;
    b->lo = fmax(plain->mean - width(plain->mean - b->cost_lo, plain->mean - plain->lo), 0);
    b->hi = plain->mean + width(b->cost_hi - plain->mean, plain->hi - plain->mean);
}

// Share of a replication's deviation that all settings of the costs have in common, 0..1: near 1 where common random
// numbers make them move together, 0 where each goes its own way. The variance of a replication follows from the
// interval of the plain run, which has more of them than the draws.
static double common_share(const struct estimate *plain, double noise) {
    if (plain->n < 2) return 0;
    double error = (plain->hi - plain->lo) / 2 / t_quantile(0.975, plain->n - 1);
    double variance = plain->n * error * error;
    return variance > noise ? 1 - noise / variance : 0;
}

// The draws saw the first replications of the plain run alone. As far as replications move together in all rows, the
// distance of those few from all of them is taken off.
static double shift_of(const struct study *s, int q, const struct estimate *plain, double noise) {
    double off = row_mean(s, q, ROW_STATED) - plain->mean;
    return isfinite(off) ? common_share(plain, noise) * off : 0;
}

static void find_band(struct study *s, int q, struct band *b) {
    const struct estimate *plain = plain_estimate(s->plain, q);
    struct layout l = layout_of(seen_at(s, q, ROW_DRAWS), BANDS_SAMPLES, s->replications);
    double x[BANDS_SAMPLES], kept = layout_kept(&l), shift = shift_of(s, q, plain, l.noise);
    int n = 0;
    for (int k = 0; k < BANDS_SAMPLES; k++) {
        double mean = row_mean(s, q, ROW_DRAWS + k);
        if (isinf(mean))
            x[n++] = INFINITY;
        else if (!isnan(mean))
            x[n++] = plain->mean + kept * (mean - shift - plain->mean);
    }
    // Too few draws with enough requests for this percentile.
    if (2 * n < BANDS_SAMPLES || isnan(plain->mean)) return;
    qsort(x, (size_t)n, sizeof *x, by_size);
    b->cost_lo = quantile(x, n, 0.025);
    b->cost_hi = quantile(x, n, 0.975);
    join(b, plain);
}

static void find_bands(struct study *s, struct bands *out) {
    for (int q = 0; q < BANDS_QUANTITIES; q++) find_band(s, q, &out->of[q]);
    for (int k = 0; k < BANDS_SAMPLES; k++) out->saturated += s->saturated[ROW_DRAWS + k];
}

// ---- which cost moves it ----

// |Correlation| of a cost's scores with what the draws saw, over the draws with a finite value; 0 where there is none.
static double correlation(const struct study *s, int cost, int q) {
    double mean = 0, xx = 0, yy = 0, xy = 0;
    int n = 0;
    for (int pass = 0; pass < 2; pass++) {
        for (int k = 0; k < BANDS_SAMPLES; k++) {
            double y = row_mean(s, q, ROW_DRAWS + k), x = s->z[k * s->uncertain.count + cost];
            if (!isfinite(y)) continue;
            if (pass == 0) {
                n++;
                mean += y;
                continue;
            }
            y -= mean / n;
            xx += x * x; // the scores have mean 0
            yy += y * y;
            xy += x * y;
        }
    }
    return xx * yy > 0 ? fabs(xy) / sqrt(xx * yy) : 0;
}

// The costs that go best with throughput or p99 over the draws; in the order of the key table where all are tried.
static void pick_candidates(struct study *s) {
    int n = s->uncertain.count;
    double *score = memory_new((size_t)n, sizeof *score);
    for (int i = 0; i < n; i++)
        score[i] = fmax(correlation(s, i, QUANTITY_THROUGHPUT), correlation(s, i, QUANTITY_P99));
    for (int c = 0; c < s->candidates; c++) {
        int best = 0;
        for (int i = 1; i < n; i++)
            if (score[i] > score[best]) best = i;
        s->candidate[c] = best;
        score[best] = -1;
    }
    free(score);
}

// Relative to the prediction; half of what happens between the two ends of candidate c.
static double change(const struct study *s, int q, int c) {
    double lo = row_mean(s, q, ROW_ENDS + 2 * c), hi = row_mean(s, q, ROW_ENDS + 2 * c + 1);
    return (hi - lo) / (2 * plain_estimate(s->plain, q)->mean);
}

static double unseen(const struct study *s, int q) {
    struct layout l = layout_of(seen_at(s, q, ROW_DRAWS), BANDS_SAMPLES, s->replications);
    return 3 * layout_difference(&l) / (2 * plain_estimate(s->plain, q)->mean);
}

// 0 for what is unknown, may be chance, or is not worth a line.
static double beyond_chance(double x, double unseen_change) {
    static const double least = 0.001;
    return fabs(x) > fmax(unseen_change, least) ? fabs(x) : 0;
}

static double weight_of(const struct bands *b, const struct bands_cost *c) {
    return fmax(beyond_chance(c->throughput, b->unseen[QUANTITY_THROUGHPUT]),
                beyond_chance(c->p99, b->unseen[QUANTITY_P99]));
}

// Into the list, which is sorted by weight and full at BANDS_TOP.
static void insert(struct bands *b, const struct bands_cost *c) {
    double weight = weight_of(b, c);
    int at = b->costs;
    while (at > 0 && weight_of(b, &b->cost[at - 1]) < weight) at--;
    if (weight <= 0 || at == BANDS_TOP) return;
    if (b->costs < BANDS_TOP) b->costs++;
    memmove(&b->cost[at + 1], &b->cost[at], (size_t)(b->costs - 1 - at) * sizeof *c);
    b->cost[at] = *c;
}

static void rank(const struct study *s, struct bands *out) {
    for (int q = 0; q < BANDS_QUANTITIES; q++) out->unseen[q] = unseen(s, q);
    for (int i = 0; i < s->candidates; i++) {
        const struct uncertain_cost *u = &s->uncertain.cost[s->candidate[i]];
        struct bands_cost c = {.value = u->value,
                               .lo = u->lo,
                               .hi = u->hi,
                               .unit = u->unit,
                               .from = u->from,
                               .throughput = change(s, QUANTITY_THROUGHPUT, i),
                               .p99 = change(s, QUANTITY_P99, i)};
        memcpy(c.key, u->key, sizeof c.key);
        insert(out, &c);
    }
}

// ---- the whole ----

static int clamp(int x, int least, int most) {
    return x < least ? least : x > most ? most : x;
}

static void start(struct study *s, bool list) {
    const struct uncertain *u = &s->uncertain;
    int plain = s->plain->replications;
    s->candidates = list ? clamp(u->count, 0, BANDS_CANDIDATES) : 0;
    s->rows = ROW_ENDS + 2 * s->candidates;
    // Two at least, so that noise can be told from costs.
    s->replications = clamp(budget * plain / s->rows, 2, clamp(plain, 2, MOST_REPLICATIONS));
    s->z = memory_new((size_t)BANDS_SAMPLES * (size_t)u->count, sizeof *s->z);
    s->seen =
        memory_new((size_t)BANDS_QUANTITIES * (size_t)s->rows * (size_t)s->replications, sizeof *s->seen);
    s->saturated = memory_new((size_t)s->rows, sizeof *s->saturated);
    uncertain_sample(u, s->scenario->run.seed, BANDS_SAMPLES, s->z);
}

static bool study_all(struct study *s, bool list, struct bands *out, bool *complete, struct err *e) {
    start(s, list);
    out->samples = BANDS_SAMPLES;
    out->replications = s->replications;
    bool ok = run_rows(s, ROW_STATED, ROW_ENDS, complete, e);
    if (ok && *complete) find_bands(s, out);
    if (ok && *complete && s->candidates) {
        pick_candidates(s);
        ok = run_rows(s, ROW_ENDS, s->rows, complete, e);
        if (ok && *complete) rank(s, out);
    }
    free(s->z);
    free(s->seen);
    free(s->saturated);
    return ok;
}

// No cost moves: the band is the confidence interval.
static void without_costs(const struct case_result *plain, struct bands *out) {
    for (int q = 0; q < BANDS_QUANTITIES; q++) {
        const struct estimate *e = plain_estimate(plain, q);
        out->of[q].cost_lo = out->of[q].cost_hi = e->mean; // NAN where unknown
        join(&out->of[q], e);
    }
}

bool bands_of(const struct scenario *s, const struct case_result *plain, const struct run_options *o,
              bool list, struct bands *out, bool *complete, struct err *e) {
    struct study study = {.scenario = s, .plain = plain, .options = o};
    *out = (struct bands){0};
    for (int q = 0; q < BANDS_QUANTITIES; q++) out->of[q] = (struct band){NAN, NAN, NAN, NAN};
    uncertain_find(&study.uncertain, &s->costs);
    out->uncertain = study.uncertain.count;
    out->held = study.uncertain.held;
    *complete = true;
    bool ok = true;
    if (study.uncertain.count)
        ok = study_all(&study, list, out, complete, e);
    else
        without_costs(plain, out);
    out->given = ok && *complete;
    uncertain_fini(&study.uncertain);
    return ok;
}
