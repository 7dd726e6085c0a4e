// Holds the simulator to queueing theory: every point within its own 99 % interval, adjusted for their number; all of
// them together neither too far from theory nor too close to it; up to load 0.9 within 1 %.
#include "battery.h"

#include "base/require.h"
#include "stats/interval.h"
#include "tests/models/lab.h"

#include <gsl/gsl_cdf.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static const char *const quantity_name[QUANTITIES] = {"mean", "throughput", "core use", "blocking",
                                                      "p50",  "p90",        "p95",      "p99"};

struct seen {
    double value[QUANTITIES][REPLICATIONS];
};

struct bench {
    struct battery battery;
    const char *only; // points whose name holds this; NULL = all
    struct seen seen[MOST_POINTS];
};

static bool wanted(const struct bench *x, int p) {
    return !x->only || strstr(x->battery.point[p].name, x->only);
}

static double value_of(const struct observation *o, enum quantity q) {
    const struct station_seen *core = &o->station[LIMIT_CORE];
    switch (q) {
    case MEAN: return hist_mean(&o->latency) * 1e-9;
    case THROUGHPUT: return (double)o->done / o->span_s;
    case CORE_USE: return core->busy_s / core->servers / o->span_s;
    case BLOCKING: return (double)o->refused / (double)o->arrived;
    default: return (double)hist_quantile(&o->latency, quantile_level[q - P50]) * 1e-9;
    }
}

static void run_one(void *context, int i) {
    struct bench *x = context;
    int p = i / REPLICATIONS, replication = i % REPLICATIONS;
    struct observation o;
    if (!wanted(x, p)) return;
    // Points of their own: what they see must be independent, or they could not be judged together.
    lab_simulate(&x->battery.point[p].file.case_[0], (uint32_t)p, (uint32_t)replication, &o);
    for (int q = 0; q < QUANTITIES; q++) x->seen[p].value[q][replication] = value_of(&o, (enum quantity)q);
    observation_fini(&o);
}

struct verdict {
    int checks, misses;
    double limit;   // of |t|, so that all checks together hold with probability 99 % (Sidak 1967)
    double squares; // sum of squares of the means' deviations, made normal
    int means;
    bool precise; // judge 1 %
};

static bool inside(const struct verdict *v, const struct point *p, double theory, const struct estimate *e,
                   double t) {
    if (p->exact) return fabs(e->mean / theory - 1) < 1e-9;
    if (!(fabs(t) <= v->limit)) return false;
    if (!v->precise || p->load > 0.9) return true;
    return fabs(e->mean / theory - 1) <= 0.01;
}

static void judge(struct verdict *v, const struct point *p, const struct seen *seen, enum quantity q) {
    double theory = p->theory[q];
    struct estimate e = estimate_mean(seen->value[q], REPLICATIONS, 0.99);
    double half = (e.hi - e.lo) / 2, t = (e.mean - theory) / (half / t_quantile(0.995, REPLICATIONS - 1));
    bool ok = inside(v, p, theory, &e, t);
    double normal = gsl_cdf_ugaussian_Pinv(gsl_cdf_tdist_P(t, REPLICATIONS - 1));
    v->misses += !ok;
    if (q == MEAN && !p->exact) {
        v->squares += normal * normal;
        v->means++;
        // The 1 % says nothing where the run could not have seen it.
        if (v->precise && p->load <= 0.9 && half > 0.01 * theory) {
            v->misses++;
            printf("the next line's run is too short: half-width %.2f %%\n", 100 * half / theory);
        }
    }
    printf("%-38s %5.2f  %-10s %12.6g %12.6g %10.2g %7.3f %6.2f%s\n", p->name, p->load, quantity_name[q],
           theory, e.mean, half, 100 * (e.mean / theory - 1), p->exact ? 0 : normal, ok ? "" : "  MISSED");
}

static bool judged(const struct bench *x, int p, int q) {
    return wanted(x, p) && !isnan(x->battery.point[p].theory[q]);
}

static void count(const struct bench *x, struct verdict *v) {
    for (int p = 0; p < x->battery.points; p++)
        for (int q = 0; q < QUANTITIES; q++) v->checks += judged(x, p, q);
    v->limit = t_quantile(0.5 + 0.5 * pow(0.99, 1.0 / v->checks), REPLICATIONS - 1);
}

// Points that lie too well are as suspect as points that lie too badly.
static bool plausible(const struct verdict *v) {
    double low = gsl_cdf_chisq_Pinv(0.0005, v->means), high = gsl_cdf_chisq_Pinv(0.9995, v->means);
    printf(
        "%d points, %d checks, |t| <= %.2f, %d missed; sum of z^2 over %d means %.1f, to be in %.1f..%.1f\n",
        v->means, v->checks, v->limit, v->misses, v->means, v->squares, low, high);
    return v->squares >= low && v->squares <= high;
}

// Arguments: length of the runs relative to the whole battery's (below 1 the 1 % is not judged), part of a name.
int main(int argc, char **argv) {
    double scale = argc > 1 ? atof(argv[1]) : 1;
    REQUIRE(scale > 0);
    struct bench *x = calloc(1, sizeof *x);
    REQUIRE(x);
    x->only = argc > 2 ? argv[2] : NULL;
    battery_init(&x->battery, scale);
    lab_parallel(run_one, x, x->battery.points * REPLICATIONS);
    struct verdict v = {.precise = scale >= 1};
    count(x, &v);
    printf("%-38s %5s  %-10s %12s %12s %10s %7s %6s\n", "point", "load", "quantity", "theory", "simulated",
           "half 99 %", "off %", "z");
    for (int p = 0; p < x->battery.points; p++)
        for (int q = 0; q < QUANTITIES; q++)
            if (judged(x, p, q)) judge(&v, &x->battery.point[p], &x->seen[p], (enum quantity)q);
    bool ok = plausible(&v) && v.misses == 0;
    battery_fini(&x->battery);
    free(x);
    return ok ? 0 : 1;
}
