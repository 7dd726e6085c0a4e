#include "stats/interval.h"

#include "base/require.h"

#include <gsl/gsl_cdf.h>
#include <math.h>
#include <stdint.h>
#include <stdlib.h>

double normal_quantile(double p) {
    if (!(p > 0 && p < 1)) return p == 0 ? -INFINITY : p == 1 ? INFINITY : NAN;
    return gsl_cdf_ugaussian_Pinv(p);
}

double t_quantile(double p, double dof) {
    if (!(p > 0 && p < 1 && dof > 0)) return NAN;
    return gsl_cdf_tdist_Pinv(p, dof);
}

struct sums {
    int n;
    double mean, squares; // squares: sum of squared deviations from the mean
};

// Of a[i] - b[i], or of a[i] where b is NULL, without NAN. Two passes, in order of index.
static struct sums sum_up(const double *a, const double *b, int n) {
    struct sums s = {0};
    double sum = 0;
    for (int i = 0; i < n; i++) {
        double x = b ? a[i] - b[i] : a[i];
        if (isnan(x)) continue;
        sum += x;
        s.n++;
    }
    s.mean = s.n > 0 ? sum / s.n : NAN;
    for (int i = 0; i < n; i++) {
        double x = b ? a[i] - b[i] : a[i];
        if (!isnan(x)) s.squares += (x - s.mean) * (x - s.mean);
    }
    return s;
}

static struct estimate estimate_from(struct sums s, double level) {
    struct estimate e = {.mean = s.mean, .lo = NAN, .hi = NAN, .n = s.n, .median = NAN};
    if (s.n < 2) return e;
    double error = sqrt(s.squares / (s.n - 1) / s.n), half = t_quantile(0.5 + 0.5 * level, s.n - 1) * error;
    e.lo = s.mean - half;
    e.hi = s.mean + half;
    return e;
}

struct estimate estimate_mean(const double *x, int n, double level) {
    struct estimate e = estimate_from(sum_up(x, NULL, n), level);
    e.median = median(x, n);
    return e;
}

struct estimate estimate_paired(const double *a, const double *b, int n, double level) {
    return estimate_from(sum_up(a, b, n), level);
}

double estimate_relative(const struct estimate *e) {
    double half = 0.5 * (e->hi - e->lo);
    if (isnan(half) || isnan(e->mean)) return INFINITY;
    if (half == 0) return 0;
    return e->mean == 0 ? INFINITY : half / fabs(e->mean);
}

int estimate_next_round(int done, int most) {
    if (done >= most) return most;
    int64_t next = done < 10 ? 10 : done + ((int64_t)done + 1) / 2;
    return next < most ? (int)next : most;
}

size_t mser_cut(const double *x, size_t n) {
    size_t half = n / 2, best = half;
    double mean = 0, squares = 0, least = INFINITY;
    // From the end, so that one pass yields the sum of squares of every rest x[i..n). Source: Welford 1962.
    for (size_t i = n, count = 1; i-- > 0; count++) {
        double apart = x[i] - mean;
        mean += apart / (double)count;
        squares += apart * (x[i] - mean);
        double error = squares / ((double)count * (double)count);
        // Of equal ones the earliest: it keeps the most.
        if (i <= half && error <= least) {
            least = error;
            best = i;
        }
    }
    return best == half ? n : best;
}

static int ascending(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

double median(const double *x, int n) {
    if (n <= 0) return NAN;
    double *sorted = malloc((size_t)n * sizeof *sorted);
    REQUIRE(sorted != NULL);
    int kept = 0;
    for (int i = 0; i < n; i++)
        if (!isnan(x[i])) sorted[kept++] = x[i];
    qsort(sorted, (size_t)kept, sizeof *sorted, ascending);
    double upper = kept > 0 ? sorted[kept / 2] : NAN, lower = kept > 0 ? sorted[(kept - 1) / 2] : NAN;
    free(sorted);
    return lower + 0.5 * (upper - lower);
}

// About the first, so that a common factor costs no digits.
double log_spread(const double *x, int n) {
    double sum = 0, squares = 0;
    for (int i = 0; i < n; i++) {
        double u = log(x[i] / x[0]);
        sum += u;
        squares += u * u;
    }
    return n > 1 ? sqrt(fmax(0, (squares - sum * sum / n) / (n - 1))) : 0;
}

double harmonic_mean(const double *x, int n) {
    double sum = 0;
    for (int i = 0; i < n; i++) sum += 1 / x[i];
    return n ? n / sum : 0;
}
