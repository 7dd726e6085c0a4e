#pragma once
// From repeated observations to an estimate with its interval.
#include <stdbool.h>
#include <stddef.h>

// A mean with its 95 % interval, and the median. n = 0: nothing is known (all are NAN). n = 1: lo = hi = NAN.
struct estimate {
    double mean, lo, hi;
    int n;
    double median; // NAN of paired differences
};

// Student-t interval of the mean of x[0..n), at `level` in (0,1). NAN values are left out. O(n).
// Source: Law & Kelton, eq. 4.12.
struct estimate estimate_mean(const double *x, int n, double level);

// Paired differences a[i]-b[i] (common random numbers): their mean and interval.
struct estimate estimate_paired(const double *a, const double *b, int n, double level);

// Half-width over |mean|; INFINITY where the interval is unknown or the mean 0 (0 where both are 0).
double estimate_relative(const struct estimate *e);

// Replications to have done before the next look at the precision, given that `done` are: 10, then *1.5 rounded up,
// at most `most`. Fixed rounds, so that the decision does not depend on how many run at once.
int estimate_next_round(int done, int most);

// MSER-5 warm-up cut (White 1997; Hoad, Robinson & Davies 2008): index of the first batch to keep of x[0..n), which
// are means of 5 (or more) consecutive observations each. Searched in the first half; returns n where the minimum
// lies at the end of that half, which means that the series is too short or has no steady state. O(n).
size_t mser_cut(const double *x, size_t n);

// Median of x[0..n) (sorts a copy), the mean of the middle two for even n. NAN values are left out; NAN where none
// is left.
double median(const double *x, int n);

// Quantile of the normal and the t distribution (GSL).
double normal_quantile(double p);
double t_quantile(double p, double dof);

// Standard deviation of the natural logarithm of n values above 0 (n - 1 below); 0 of fewer than two. O(n).
double log_spread(const double *x, int n);

// Harmonic mean of n values above 0, as of speeds at which the same work is done again and again; 0 of none. O(n).
double harmonic_mean(const double *x, int n);
