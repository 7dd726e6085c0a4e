#pragma once
// The universal scalability law: throughput against the number of servers (or clients) N,
//   X(N) = lambda N / (1 + sigma (N - 1) + kappa N (N - 1)),
// sigma being contention (what is done one at a time) and kappa coherency (what each has to tell each other).
// Source: Gunther, "A General Theory of Computational Scalability Based on Rational Functions" (2008), eq. 4.
#include <stdbool.h>

struct usl {
    double lambda;       // throughput of one, in the unit of x
    double sigma, kappa; // >= 0
    double error;        // root mean square of (fit - x) / x
    double
        most_n; // where throughput is greatest, sqrt((1 - sigma) / kappa); INFINITY where it grows for ever
};

// Fits x[i] > 0 at n[i] > 0, i in [0, count), at least 4 of them (3 different n), by least squares. N/X is linear in
// 1/lambda, sigma/lambda and kappa/lambda; weights 1/(N/X)^2 make the relative errors count alike, and of the solutions
// that leave out sigma or kappa or neither the best without a negative one is taken, which is the constrained optimum of a
// convex problem. False where the points do not suffice or no such fit exists. Cost: microseconds.
bool usl_fit(struct usl *out, const double *n, const double *x, int count);

// X(n).
double usl_at(const struct usl *u, double n);
