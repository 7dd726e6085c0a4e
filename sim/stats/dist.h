#pragma once
// Distributions of spans and sizes, as scenarios name them.
#include "stats/rng.h"

#include <stddef.h>

enum dist_kind {
    DIST_CONSTANT, // a = value >= 0
    DIST_EXP,      // a = mean
    DIST_LOGNORMAL, // a = mean, b = coefficient of variation (both of the variable itself, not of its logarithm)
    DIST_GAMMA,     // a = mean, b = coefficient of variation
    DIST_WEIBULL,   // a = scale, b = shape
    DIST_PARETO,    // a = minimum, b = tail index alpha (> 0)
    DIST_UNIFORM,   // a = low >= 0, b = high
    DIST_EMPIRICAL, // table of observed values, drawn with equal probability
};

struct dist {
    enum dist_kind kind;
    double a, b;   // as above, in the caller's unit (scenarios: ns); DIST_EMPIRICAL: mean and squared cv
    double c, d;   // derived by dist_init: mu, sigma of the logarithm | shape, scale | 1/shape | 1/alpha
    size_t count;  // DIST_EMPIRICAL
    double *table; // DIST_EMPIRICAL: owned, released by dist_fini
};

// Fills *d from kind and parameters and derives what drawing needs. Parameters must be finite and in the ranges above
// (means, scales, shapes > 0; cv >= 0, where 0 makes it DIST_CONSTANT; low <= high). Returns false when they are not,
// or when the derived ones are not finite. *d may always be given to dist_fini.
bool dist_init(struct dist *d, enum dist_kind kind, double a, double b);

// Empirical: copies `count` >= 1 values, all finite and >= 0. Returns false when they are not.
bool dist_init_empirical(struct dist *d, const double *values, size_t count);

void dist_fini(struct dist *d);

// One draw, in the unit of the parameters, >= 0; INFINITY where it exceeds the largest double (pareto, weibull with
// very small b). Same bits on every compiler, optimisation level and CPU. Cost: exp and
// uniform 5 ns, gamma and lognormal 12 (gamma with cv > 1: 26), pareto 13, weibull 29.
double dist_draw(const struct dist *d, struct rng *r);

// Mean (INFINITY where it does not exist) and squared coefficient of variation (likewise; weibull: absolute error
// < 1e-12 for shapes >= 0.5).
double dist_mean(const struct dist *d);
double dist_scv(const struct dist *d);
