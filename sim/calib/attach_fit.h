#pragma once
// Costs that only a whole load shows, fitted together: nonlinear least squares over what several loads showed, with
// intervals. What is predicted for given costs is the caller's.
#include "base/err.h"

#include <stdbool.h>

enum { ATTACH_UNKNOWNS = 16 };

struct attach_unknown {
    const char *name;
    double value;  // start > 0; afterwards the fitted value, >= 0
    double lo, hi; // 95 % interval, lo >= 0
};

struct attach_problem {
    int unknowns, values; // values >= unknowns + 1
    struct attach_unknown *unknown;
    const double *measured, *sigma; // [values]; sigma > 0: standard error of each
    // [values][unknowns] derivatives, good to a factor of two, which then stand for those of a prediction too noisy to be
    // differenced (a simplified Newton method); NULL = by differences.
    const double *slope;
    double *predicted; // [values]: out, at the fitted unknowns
    // Predicts all values for x[0..unknowns), x >= 0. Nearly linear, and may be somewhat noisy. False with *e.
    bool (*predict)(void *context, const double *x, double *out, struct err *e);
    void *context;
};

// How it ended.
struct attach_fitted {
    bool singular; // two unknowns (or more) act alike in all loads: no values
    char reason[200];
    double misfit; // weighted root mean square of the residuals, 1 = as the sigmas say
    int rounds;
};

// Fits: Gauss-Newton with `slope`, or with differences of a third of each unknown, which some noise in the prediction does
// not drown, steps by weighted linear least squares (GSL, gsl_multifit_wlinear), shortened until they improve, and unknowns
// held at 0 that would go below; ends after 10 rounds or when nothing moves by 0.2 %. The interval of an unknown is
// 1.96 standard errors to either side (the sigmas are known, not estimated from the residuals), times the misfit where
// that exceeds 1.
// Singular: of the weighted derivatives, each scaled to length 1, the smallest singular value is under 2 % of the largest; the
// reason then names what cannot be told apart. False with *e only where the prediction failed. Cost: 10
// predictions, or about 4 * (unknowns + 2) without `slope`.
bool attach_fit(struct attach_problem *p, struct attach_fitted *out, struct err *e);
