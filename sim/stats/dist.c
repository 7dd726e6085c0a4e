#include "stats/dist.h"

#include "base/require.h"
#include "stats/fmath.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

// True where kind's parameters are in the ranges that dist_init names.
static bool in_range(enum dist_kind kind, double a, double b) {
    if (!isfinite(a)) return false;
    switch (kind) {
    case DIST_CONSTANT: return a >= 0;
    case DIST_EXP: return a > 0;
    case DIST_LOGNORMAL:
    case DIST_GAMMA: return a > 0 && isfinite(b) && b >= 0;
    case DIST_WEIBULL:
    case DIST_PARETO: return a > 0 && isfinite(b) && b > 0;
    case DIST_UNIFORM: return a >= 0 && isfinite(b) && a <= b;
    case DIST_EMPIRICAL: break;
    }
    return false;
}

// c = mu, d = sigma of the logarithm, from the mean m and squared coefficient of variation s of the variable:
// sigma^2 = log(1+s), mu = log(m) - sigma^2/2.
static void derive_lognormal(struct dist *d) {
    double variance = fmath_log1p(d->b * d->b);
    d->c = fmath_log(d->a) - 0.5 * variance;
    d->d = sqrt(variance);
}

bool dist_init(struct dist *d, enum dist_kind kind, double a, double b) {
    *d = (struct dist){.kind = kind, .a = a, .b = b};
    if (!in_range(kind, a, b)) return false;
    bool by_variation = kind == DIST_LOGNORMAL || kind == DIST_GAMMA;
    if (by_variation && b == 0) d->kind = DIST_CONSTANT;
    if (d->kind == DIST_LOGNORMAL) derive_lognormal(d);
    if (d->kind == DIST_GAMMA) {
        d->c = 1 / (b * b); // shape
        d->d = a * (b * b); // scale
    }
    if (kind == DIST_WEIBULL || kind == DIST_PARETO) d->c = 1 / b;
    return isfinite(d->c) && isfinite(d->d); // a parameter near 0 or near the largest double yields neither
}

bool dist_init_empirical(struct dist *d, const double *values, size_t count) {
    *d = (struct dist){.kind = DIST_EMPIRICAL, .count = count};
    if (count == 0) return false;
    double sum = 0, squares = 0;
    for (size_t i = 0; i < count; i++) {
        if (!(isfinite(values[i]) && values[i] >= 0)) return false;
        sum += values[i];
    }
    d->a = sum / (double)count;
    for (size_t i = 0; i < count; i++) squares += (values[i] - d->a) * (values[i] - d->a);
    d->b = d->a > 0 ? squares / (double)count / (d->a * d->a) : 0;
    d->table = malloc(count * sizeof *d->table);
    REQUIRE(d->table != NULL);
    memcpy(d->table, values, count * sizeof *d->table);
    return true;
}

void dist_fini(struct dist *d) {
    free(d->table);
    d->table = NULL;
    d->count = 0;
}

// Gamma with scale 1 and shape >= 1. Source: Marsaglia & Tsang 2000, ACM TOMS 26(3).
static double draw_gamma_from_1(double shape, struct rng *r) {
    double d = shape - 1.0 / 3, c = 1 / (3 * sqrt(d));
    for (;;) {
        double x = rng_normal(r), v = 1 + c * x;
        if (v <= 0) continue;
        v = v * v * v;
        double square = x * x, u = rng_unit(r);
        if (u < 1 - 0.0331 * square * square) return d * v; // saves the logarithms in 98 % of the cases
        if (fmath_log(u) < 0.5 * square + d * (1 - v + fmath_log(v))) return d * v;
    }
}

// Below shape 1: a gamma of shape + 1 times U^(1/shape) (same source); -log U is an exponential.
static double draw_gamma(double shape, struct rng *r) {
    if (shape >= 1) return draw_gamma_from_1(shape, r);
    double g = draw_gamma_from_1(shape + 1, r);
    return g * fmath_exp(-rng_exp(r) / shape);
}

double dist_draw(const struct dist *d, struct rng *r) {
    switch (d->kind) {
    case DIST_CONSTANT: return d->a;
    case DIST_EXP: return d->a * rng_exp(r);
    case DIST_LOGNORMAL: return fmath_exp(d->c + d->d * rng_normal(r));
    case DIST_GAMMA: return d->d * draw_gamma(d->c, r);
    // By inversion, with -log U drawn as an exponential: scale * E^(1/shape), minimum * e^(E/alpha).
    case DIST_WEIBULL: return d->a * fmath_exp(fmath_log(rng_exp(r)) * d->c);
    case DIST_PARETO: return d->a * fmath_exp(rng_exp(r) * d->c);
    case DIST_UNIFORM: return d->a + (d->b - d->a) * rng_unit(r);
    case DIST_EMPIRICAL: return d->table[rng_below(r, d->count)];
    }
    return 0;
}

double dist_mean(const struct dist *d) {
    switch (d->kind) {
    case DIST_WEIBULL: return d->a * fmath_exp(fmath_lgamma(1 + d->c));
    case DIST_PARETO: return d->b > 1 ? d->a * d->b / (d->b - 1) : INFINITY;
    case DIST_UNIFORM: return d->a + 0.5 * (d->b - d->a);
    default: return d->a;
    }
}

static double scv_uniform(double low, double high) {
    double mean = low + 0.5 * (high - low), ratio = mean > 0 ? (high - low) / mean : 0;
    return ratio * ratio / 12;
}

double dist_scv(const struct dist *d) {
    switch (d->kind) {
    case DIST_CONSTANT: return 0;
    case DIST_EXP: return 1;
    case DIST_LOGNORMAL:
    case DIST_GAMMA: return d->b * d->b;
    case DIST_WEIBULL: return fmath_exp(fmath_lgamma(1 + 2 * d->c) - 2 * fmath_lgamma(1 + d->c)) - 1;
    case DIST_PARETO: return d->b > 2 ? 1 / (d->b * (d->b - 2)) : INFINITY;
    case DIST_UNIFORM: return scv_uniform(d->a, d->b);
    case DIST_EMPIRICAL: return d->b;
    }
    return 0;
}
