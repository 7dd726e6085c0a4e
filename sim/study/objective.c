#include "study/objective.h"

#include "base/memory.h"

#include <math.h>
#include <stdlib.h>

enum { FIRST_LOOK = 5, ENOUGH = 10 };

static const double interval_level = 0.95; // of what is shown
static const double pi = 3.14159265358979323846;
static const double level[PLAN_QUANTITIES] = {
    [PLAN_P50] = 0.5, [PLAN_P90] = 0.9, [PLAN_P95] = 0.95, [PLAN_P99] = 0.99};

const char *objective_name(int figure) {
    return figure == OBJECTIVE_LOST ? "timeouts" : plan_spec_quantity((enum plan_quantity)figure);
}

void objective_of(struct objective *o, const struct plan_spec *p, const struct run_spec *run,
                  long configurations) {
    int figures = 1;
    for (int q = 0; q < PLAN_QUANTITIES; q++) {
        o->limit[q] = p->limit_s[q];
        figures += !isnan(p->limit_s[q]);
    }
    o->limit[OBJECTIVE_LOST] = p->lost_frac;
    o->error = (1 - p->confidence) / ((double)configurations * figures);
    o->tolerance_frac = p->tolerance_frac;
    o->most = run->max_replications > ENOUGH ? run->max_replications : ENOUGH;
}

bool objective_supports(int figure, double requests) {
    if (figure == PLAN_MEAN || figure == OBJECTIVE_LOST) return true;
    return hist_supports((uint64_t)requests, level[figure]);
}

int objective_thin(const struct objective *o, const struct objective_sample *sample, int n,
                   double *requests) {
    *requests = 0;
    for (int i = 0; i < n; i++) *requests += (double)sample[i].served / n;
    for (int f = 0; f < OBJECTIVE_FIGURES; f++) {
        int thin = 0;
        for (int i = 0; i < n; i++)
            thin += sample[i].served > 0 && !objective_supports(f, (double)sample[i].served);
        if (!isnan(o->limit[f]) && 2 * thin >= n) return f;
    }
    return -1;
}

bool objective_refuse(int figure, double requests, struct err *e) {
    err_set(e, ERR_CONFIG, "plan.%s: %.0f requests a replication are too few for it", objective_name(figure),
            requests);
    return err_hint(e, "a longer load.duration, or more load.requests");
}

void objective_see(const struct observation *seen, struct objective_sample *out) {
    const struct hist *h = &seen->latency;
    double lost = (double)(seen->timed_out + seen->refused), ended = lost + (double)seen->done;
    for (int q = 0; q < PLAN_QUANTITIES; q++) {
        double ns = q == PLAN_MEAN ? hist_mean(h) : (double)hist_quantile(h, level[q]);
        out->figure[q] = h->count ? ns * 1e-9 : INFINITY;
    }
    out->figure[OBJECTIVE_LOST] = ended > 0 ? lost / ended : INFINITY;
    out->throughput_per_s = seen->span_s > 0 ? (double)seen->done / seen->span_s : NAN;
    out->served = h->count;
    out->saturated = seen->saturated;
}

void objective_overrun(struct objective_sample *out) {
    for (int q = 0; q < OBJECTIVE_FIGURES; q++) out->figure[q] = INFINITY;
    out->throughput_per_s = NAN;
    out->served = 0;
    out->saturated = true;
}

int objective_next(const struct objective *o, int done) {
    return done < FIRST_LOOK ? FIRST_LOOK : estimate_next_round(done, o->most);
}

// What the replications say of one figure.
struct sight {
    struct estimate shown, strict; // at 95 %, and at the level of the procedure
    double least;
};

static struct sight look_at(const struct objective_sample *s, int n, int figure, double error) {
    struct sight sight = {.least = INFINITY};
    double *x = memory_new((size_t)n, sizeof *x);
    for (int i = 0; i < n; i++) {
        x[i] = s[i].figure[figure];
        sight.least = fmin(sight.least, x[i]);
    }
    sight.shown = estimate_mean(x, n, interval_level);
    sight.strict = estimate_mean(x, n, 1 - 2 * error);
    free(x);
    return sight;
}

static enum judged judge_figure(const struct objective *o, const struct sight *s, double limit, int n) {
    double zone = o->tolerance_frac * limit, half = 0.5 * (s->strict.hi - s->strict.lo);
    if (s->least > limit + zone && (!isfinite(s->strict.mean) || s->strict.lo > limit)) return JUDGED_FAILS;
    if (n < ENOUGH) return JUDGED_OPEN;
    if (!isfinite(s->strict.mean)) return JUDGED_FAILS; // a replication served nothing at all
    if (s->strict.lo > limit) return JUDGED_FAILS;
    if (s->strict.hi <= limit) return JUDGED_MEETS;
    return half > zone ? JUDGED_OPEN : s->strict.mean <= limit ? JUDGED_MEETS : JUDGED_FAILS;
}

static double ratio_of(double mean, double limit) {
    return limit > 0 ? mean / limit : mean > 0 ? INFINITY : 0;
}

static bool mostly_saturated(const struct objective_sample *s, int n) {
    int saturated = 0;
    for (int i = 0; i < n; i++) saturated += s[i].saturated;
    return 2 * saturated >= n;
}

// The one that decides: a failure before anything open, what is open before what is met; of equals the worst.
static bool worse(enum judged v, double ratio, const struct judgement *than) {
    static const int weight[] = {[JUDGED_MEETS] = 0, [JUDGED_OPEN] = 1, [JUDGED_FAILS] = 2};
    if (weight[v] != weight[than->verdict]) return weight[v] > weight[than->verdict];
    return ratio > than->ratio;
}

void objective_judge(const struct objective *o, const struct objective_sample *sample, int n, int look,
                     struct judgement *out) {
    double error = o->error * 6 / (pi * pi * look * look);
    *out = (struct judgement){.verdict = JUDGED_MEETS, .sure = true, .ratio = -1};
    for (int f = 0; f < OBJECTIVE_FIGURES; f++) {
        if (isnan(o->limit[f])) continue;
        struct sight s = look_at(sample, n, f, error);
        enum judged v = judge_figure(o, &s, o->limit[f], n);
        double ratio = ratio_of(s.shown.mean, o->limit[f]);
        if (!worse(v, ratio, out)) continue;
        out->verdict = v;
        out->figure = f;
        out->ratio = ratio;
        out->mean = s.shown;
    }
    out->saturated = mostly_saturated(sample, n);
    if (out->saturated) out->verdict = JUDGED_FAILS;
    if (out->verdict != JUDGED_OPEN || n < o->most) return;
    out->sure = false;
    out->verdict = out->ratio <= 1 ? JUDGED_MEETS : JUDGED_FAILS;
}
