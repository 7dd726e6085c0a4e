// Intervals: known quantiles, coverage by simulation, rounds, the warm-up cut against its definition.
#include "stats/fmath.h"
#include "stats/interval.h"
#include "stats/rng.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <cmocka.h>

// Source: any printed table of the normal and t distributions.
static void quantiles_known(void **state) {
    (void)state;
    assert_true(fabs(normal_quantile(0.975) - 1.959963984540054) < 1e-12);
    assert_true(fabs(normal_quantile(0.01) + 2.326347874040841) < 1e-12);
    assert_true(normal_quantile(0) == -INFINITY && normal_quantile(1) == INFINITY &&
                isnan(normal_quantile(2)));
    assert_true(fabs(t_quantile(0.975, 1) - 12.706204736174698) < 1e-9);
    assert_true(fabs(t_quantile(0.975, 9) - 2.262157162740992) < 1e-9);
    assert_true(fabs(t_quantile(0.95, 29) - 1.699127026533497) < 1e-9);
    assert_true(isnan(t_quantile(0, 5)) && isnan(t_quantile(0.5, 0)) && isnan(t_quantile(NAN, 5)));
}

// By hand: mean 1.343, variance 0.16751222, t(0.95, 9) = 1.8331129.
static void mean_known(void **state) {
    (void)state;
    const double x[] = {1.20, 1.50, 1.68, 1.89, 0.95, 1.49, 1.58, 1.55, 0.50, 1.09};
    struct estimate e = estimate_mean(x, 10, 0.9);
    assert_true(e.n == 10 && fabs(e.mean - 1.343) < 1e-12);
    assert_true(fabs((e.hi - e.lo) / 2 - 1.8331129 * sqrt(0.1675122222222222 / 10)) < 1e-6);
    assert_true(fabs((e.hi + e.lo) / 2 - e.mean) < 1e-12);
}

static void few_or_missing_values(void **state) {
    (void)state;
    const double x[] = {NAN, 3, NAN, 5, NAN};
    struct estimate e = estimate_mean(x, 5, 0.95);
    assert_true(e.n == 2 && e.mean == 4 && fabs(e.hi - 4 - 12.706204736) < 1e-6);
    e = estimate_mean(x, 2, 0.95);
    assert_true(e.n == 1 && e.mean == 3 && isnan(e.lo) && isnan(e.hi) && estimate_relative(&e) == INFINITY);
    e = estimate_mean(x, 1, 0.95);
    assert_true(e.n == 0 && isnan(e.mean) && isnan(e.lo) && estimate_relative(&e) == INFINITY);
}

static void paired_differences(void **state) {
    (void)state;
    const double a[] = {11, 22, 33, NAN, 5}, b[] = {10, 20, 30, 40, NAN};
    struct estimate e = estimate_paired(a, b, 5, 0.95);
    assert_true(e.n == 3 && e.mean == 2);
    assert_true(fabs(e.hi - 2 - 4.302652729911275 / sqrt(3)) < 1e-9);
}

static void relative_half_width(void **state) {
    (void)state;
    assert_true(fabs(estimate_relative(&(struct estimate){-8, -10, -6, 5, NAN}) - 0.25) < 1e-15);
    assert_true(estimate_relative(&(struct estimate){0, 0, 0, 5, NAN}) == 0);
    assert_true(estimate_relative(&(struct estimate){7, 7, 7, 5, NAN}) == 0);
    assert_true(estimate_relative(&(struct estimate){0, -1, 1, 5, NAN}) == INFINITY);
}

static void rounds(void **state) {
    (void)state;
    static const int round[] = {0, 10, 15, 23, 35, 53, 80, 100, 100};
    for (int i = 0; i < 8; i++) assert_int_equal(estimate_next_round(round[i], 100), round[i + 1]);
    assert_int_equal(estimate_next_round(0, 4), 4);
    assert_int_equal(estimate_next_round(4, 1000), 10);
    assert_int_equal(estimate_next_round(2000000000, 2147483647), 2147483647);
}

// How many of `repeats` 95 % intervals of n draws hold the true mean.
static int covered(uint32_t stream, int repeats, int n, bool normal) {
    struct rng r;
    rng_init(&r, 40, 0, 0, stream);
    int hits = 0;
    for (int i = 0; i < repeats; i++) {
        double x[64];
        for (int j = 0; j < n; j++) x[j] = normal ? 3 + 2 * rng_normal(&r) : rng_exp(&r);
        double truth = normal ? 3 : 1;
        struct estimate e = estimate_mean(x, n, 0.95);
        hits += e.lo <= truth && truth <= e.hi;
    }
    return hits;
}

static void coverage(void **state) {
    (void)state;
    int hits = covered(0, 1000, 10, true);
    assert_in_range(hits, 932, 968);
    hits = covered(1, 100000, 4, true); // 1 sigma = 69
    assert_in_range(hits, 94720, 95280);
    // The test can tell: the t interval is known to cover too seldom with few and skewed values.
    hits = covered(2, 10000, 5, false);
    assert_true(hits < 9000);
}

// The definition, in O(n^2).
static size_t cut_by_definition(const double *x, size_t n) {
    size_t best = 0;
    double least = INFINITY;
    for (size_t d = 0; d <= n / 2; d++) {
        double mean = 0, squares = 0, kept = (double)(n - d);
        for (size_t i = d; i < n; i++) mean += x[i] / kept;
        for (size_t i = d; i < n; i++) squares += (x[i] - mean) * (x[i] - mean);
        if (squares / (kept * kept) < least) {
            least = squares / (kept * kept);
            best = d;
        }
    }
    return best == n / 2 ? n : best;
}

enum { SERIES = 400 };

// Noise of deviation 1 about `height` e^(-i/30): with height 20 the transient is gone in the noise after about 60-150.
static void transient(double *x, uint32_t stream, double height) {
    struct rng r;
    rng_init(&r, 41, 0, 0, stream);
    for (int i = 0; i < SERIES; i++) x[i] = 5 + height * fmath_exp(-i / 30.0) + rng_normal(&r);
}

static void warm_up_is_cut(void **state) {
    (void)state;
    double x[SERIES];
    int uncut = 0;
    for (uint32_t stream = 0; stream < 50; stream++) {
        transient(x, stream, 20);
        size_t cut = mser_cut(x, SERIES);
        assert_int_equal(cut, cut_by_definition(x, SERIES));
        assert_in_range(cut, 50, 190);
        transient(x, stream, 0);
        cut = mser_cut(x, SERIES);
        assert_int_equal(cut, cut_by_definition(x, SERIES));
        uncut += cut < SERIES / 10;
    }
    assert_true(uncut > 30); // where there is no transient, little is lost
}

static void no_steady_state_is_said(void **state) {
    (void)state;
    double x[SERIES];
    for (int i = 0; i < SERIES; i++) x[i] = i;
    assert_int_equal(mser_cut(x, SERIES), SERIES);
    for (int i = 0; i < SERIES; i++) x[i] = 0.1;
    assert_int_equal(mser_cut(x, SERIES), 0);
    assert_int_equal(mser_cut(x, 0), 0);
    assert_int_equal(mser_cut(x, 1), 1);
}

static void medians(void **state) {
    (void)state;
    const double x[] = {5, 1, 4, NAN, 2};
    assert_true(median(x, 3) == 4);
    assert_true(median(x, 2) == 3);
    assert_true(median(x, 5) == 3);
    assert_true(x[0] == 5 && x[4] == 2);
    assert_true(isnan(median(x, 0)) && isnan(median(x + 3, 1)));
}

static void log_spreads(void **state) {
    (void)state;
    const double x[] = {5, 5 * exp(1), 5 * exp(2)}, same[] = {0.3, 0.3, 0.3};
    assert_float_equal(log_spread(x, 3), 1, 1e-12);
    assert_float_equal(log_spread(same, 3), 0, 0);
    assert_float_equal(log_spread(x, 1), 0, 0);
    assert_float_equal(log_spread(x, 0), 0, 0);
}

// Half of the work at 1, half at 3: as if all were done at 1.5.
static void harmonic_means(void **state) {
    (void)state;
    const double x[] = {1, 3};
    assert_float_equal(harmonic_mean(x, 2), 1.5, 1e-15);
    assert_float_equal(harmonic_mean(x, 1), 1, 0);
    assert_float_equal(harmonic_mean(x, 0), 0, 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(log_spreads),
        cmocka_unit_test(harmonic_means),
        cmocka_unit_test(quantiles_known),
        cmocka_unit_test(mean_known),
        cmocka_unit_test(few_or_missing_values),
        cmocka_unit_test(paired_differences),
        cmocka_unit_test(relative_half_width),
        cmocka_unit_test(rounds),
        cmocka_unit_test(coverage),
        cmocka_unit_test(warm_up_is_cut),
        cmocka_unit_test(no_steady_state_is_said),
        cmocka_unit_test(medians),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
