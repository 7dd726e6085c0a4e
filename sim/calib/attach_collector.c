#include "calib/attach_collector.h"

#include "base/memory.h"
#include "calib/profile.h"
#include "stats/interval.h"

#include <gsl/gsl_fit.h>
#include <math.h>
#include <stdlib.h>

static const double least_expected = 3; // passes, were kept connections like others: else they say nothing

// CPU of a pass without connections and what each adds, with intervals.
static void fit_line(const struct attach_passes *p, struct figure_estimate *base,
                     struct figure_estimate *each) {
    double *x = memory_new((size_t)p->passes * 2, sizeof *x), *y = x + p->passes, least = INFINITY, most = 0;
    double c0, c1, v00, v01, v11, squares;
    for (int i = 0; i < p->passes; i++) {
        x[i] = p->pass[i].connections;
        y[i] = p->pass[i].cpu;
        least = fmin(least, x[i]);
        most = fmax(most, x[i]);
    }
    struct estimate mean = estimate_mean(y, p->passes, 0.95);
    *base = (struct figure_estimate){mean.mean, mean.lo, mean.hi, NAN, NAN, true};
    *each = (struct figure_estimate){0, 0, 0, NAN, NAN, true};
    if (p->passes > 3 && most > 2 * least) {
        double t = t_quantile(0.975, p->passes - 2);
        gsl_fit_linear(x, 1, y, 1, (size_t)p->passes, &c0, &c1, &v00, &v01, &v11, &squares);
        if (c0 > 0 && c1 > 0) {
            *base = (struct figure_estimate){c0, c0 - t * sqrt(v00), c0 + t * sqrt(v00), NAN, NAN, true};
            *each = (struct figure_estimate){c1, c1 - t * sqrt(v11), c1 + t * sqrt(v11), NAN, NAN, true};
        }
    }
    if (isnan(base->lo)) base->lo = base->hi = base->value;
    free(x);
}

// Forgets what is too short to be of the same kind as the others.
static void keep_likely(struct attach_passes *p) {
    double *x = memory_new((size_t)p->passes, sizeof *x);
    int kept = 0;
    for (int i = 0; i < p->passes; i++) x[i] = p->pass[i].cpu;
    double usual = median(x, p->passes);
    for (int i = 0; i < p->passes; i++)
        if (p->pass[i].cpu >= usual / 2) p->pass[kept++] = p->pass[i];
    p->passes = kept;
    free(x);
}

// Passes per request.
static double rate(const struct attach_answered *a) {
    return a->requests ? (double)a->passes / (double)a->requests : 0;
}

static void count(struct attach_passes *p, struct attachment *about) {
    for (int i = 0; i < p->passes; i++) p->of[p->pass[i].pool][p->pass[i].kept].passes++;
    for (int i = 0; i < 2; i++) {
        about->stalls[i] = p->of[i][0].passes + p->of[i][1].passes;
        // Those of loads with a connection each; where only kept ones met any, of these.
        about->requests_per_stall[i] = p->of[i][0].passes   ? 1 / rate(&p->of[i][0])
                                       : p->of[i][1].passes ? 1 / rate(&p->of[i][1])
                                                            : NAN;
    }
}

// Passes are counted, so that the ratio of two rates is uncertain by the roots of their numbers; none counts as one.
static void set_ratio(struct costs *c, const char *key, double value, const struct attach_answered *a,
                      const struct attach_answered *b, double most, const char *source) {
    double ratio = fmax(rate(a), 1.0 / (double)a->requests) / rate(b);
    double half = 1.96 * ratio * hypot(1 / sqrt(fmax(a->passes, 1)), 1 / sqrt((double)b->passes));
    double x = fmin(fmax(value, 0), most);
    const struct figure_estimate y = {x, fmax(0, x - half), fmin(most, x + half), NAN, NAN, true};
    profile_set(c, key, &y, FROM_FIT, source);
}

static void set_paths(const struct attach_passes *p, struct costs *c) {
    const struct attach_answered *fresh = &p->of[0][0], *kept = &p->of[0][1], *pool = &p->of[1][0];
    double new = rate(fresh);
    if ((double)kept->requests * new >= least_expected)
        set_ratio(c, "gc.per_connection", 1 - rate(kept) / new, kept, fresh, 1,
                  "passes on kept connections, below those with a connection a request");
    if (pool->passes > 1)
        set_ratio(c, "gc.hand_off", rate(pool) / new - 1, pool, fresh, 100,
                  "passes on the pool's path, above those on the loop's");
}

void attach_collector(struct attach_passes *p, const struct attach_stack *stack, struct costs *c,
                      struct attachment *about) {
    struct figure_estimate base, each;
    keep_likely(p);
    count(p, about);
    double n = p->of[0][0].passes, passes = stack->middle_every * stack->full_every;
    if (n < 2) {
        profile_set_exact(c, "gc.requests_per_young", 0, FROM_FIT,
                          "no long pass was seen; shorter ones are in the stages");
        return;
    }
    double requests =
        about->requests_per_stall[0] / passes; // one more or one less of them says how sure it is
    const struct figure_estimate young = {requests, requests * n / (n + 1), requests * n / (n - 1), NAN, NAN,
                                          true};
    fit_line(p, &base, &each);
    profile_set(c, "gc.requests_per_young", &young, FROM_FIT,
                "requests between long passes / the stack's passes per long one");
    set_paths(p, c);
    profile_set_exact(c, "gc.middle_every", stack->middle_every, FROM_PUBLISHED,
                      "the stack's default thresholds");
    profile_set_exact(c, "gc.full_every", stack->full_every, FROM_PUBLISHED,
                      "the stack's default thresholds");
    profile_set_exact(c, "gc.young", 0, FROM_FIT, "inside the stages' costs");
    profile_set_exact(c, "gc.middle", 0, FROM_FIT, "inside the stages' costs");
    profile_set(c, "gc.full", &base, FROM_FIT,
                "CPU of a stall beyond its requests, on the line over connections");
    profile_set(c, "gc.full_per_connection", &each, FROM_FIT, "slope of that line");
}
