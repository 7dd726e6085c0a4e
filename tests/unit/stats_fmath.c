// fmath against long double libm (64 significant bits), and its edges.
#include "stats/fmath.h"
#include "stats/rng.h"

#include <gsl/gsl_sf_gamma.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

// |got - want| in units of the last place of want.
static double ulps(double got, long double want) {
    int exponent;
    frexpl(want, &exponent);
    if (exponent < -1021) exponent = -1021; // subnormals have a fixed last place
    return (double)(fabsl((long double)got - want) / ldexpl(1, exponent - 53));
}

static double worst_log(struct rng *r, int n, double low, double high) {
    double worst = 0;
    for (int i = 0; i < n; i++) {
        double x = low + (high - low) * rng_unit(r), u = ulps(fmath_log(x), logl(x));
        if (u > worst) worst = u;
    }
    return worst;
}

static void log_within_one_ulp(void **state) {
    (void)state;
    struct rng r;
    rng_init(&r, 1, 0, 0, 0);
    // Around 1 both terms of the result cancel; 0.7 and 1.42 lie across the border of the reduction.
    static const double span[][2] = {{0.5, 2},     {0.999, 1.001}, {0.7, 0.71},
                                     {1.41, 1.42}, {0, 1e-3},      {1e-300, 1e-290},
                                     {2, 1000},    {1e300, 1e308}, {0, 1e-310}};
    for (size_t i = 0; i < sizeof span / sizeof *span; i++)
        assert_true(worst_log(&r, 100000, span[i][0], span[i][1]) < 1);
}

static void exp_within_two_ulp(void **state) {
    (void)state;
    struct rng r;
    rng_init(&r, 1, 0, 0, 1);
    static const double span[][2] = {{-1, 1},  {-0.35, -0.34}, {0.34, 0.35},
                                     {-50, 0}, {-708, 709.7},  {-745, -708}};
    for (size_t i = 0; i < sizeof span / sizeof *span; i++)
        for (int j = 0; j < 100000; j++) {
            double x = span[i][0] + (span[i][1] - span[i][0]) * rng_unit(&r);
            assert_true(ulps(fmath_exp(x), expl(x)) < 2);
        }
}

static void log1p_keeps_small_arguments(void **state) {
    (void)state;
    struct rng r;
    rng_init(&r, 1, 0, 0, 2);
    for (int i = 0; i < 200000; i++) {
        double x = (i % 2 ? 1 : -0.999) * fmath_exp(-40 * rng_unit(&r));
        assert_true(ulps(fmath_log1p(x), log1pl(x)) < 4);
    }
    assert_true(fmath_log1p(1e-300) == 1e-300);
    assert_true(fmath_log1p(0) == 0);
    assert_true(fmath_log1p(-1) == -INFINITY);
    assert_true(fmath_log1p(INFINITY) == INFINITY);
    assert_true(isnan(fmath_log1p(-1.5)));
}

static void edges(void **state) {
    (void)state;
    assert_true(fmath_log(1) == 0);
    assert_true(fmath_log(0) == -INFINITY);
    assert_true(fmath_log(-0.0) == -INFINITY);
    assert_true(isnan(fmath_log(-1)));
    assert_true(isnan(fmath_log(NAN)));
    assert_true(fmath_log(INFINITY) == INFINITY);
    assert_true(ulps(fmath_log(0x1p-1074), logl(0x1p-1074L)) < 1);
    assert_true(ulps(fmath_log(0x1.fffffffffffffp1023), logl(0x1.fffffffffffffp1023L)) < 1);
    assert_true(fmath_exp(0) == 1);
    assert_true(isnan(fmath_exp(NAN)));
    assert_true(fmath_exp(INFINITY) == INFINITY);
    assert_true(fmath_exp(-INFINITY) == 0);
    assert_true(fmath_exp(710) == INFINITY);
    assert_true(isfinite(fmath_exp(709.78)));
    assert_true(fmath_exp(-745.13) == 0x1p-1074);
    assert_true(fmath_exp(-746) == 0);
}

static void lgamma_against_gsl_and_factorials(void **state) {
    (void)state;
    long double factorial = 1;
    for (int n = 1; n <= 25; n++) {
        assert_true(fabs(fmath_lgamma(n) - (double)logl(factorial)) < 1e-13);
        factorial *= n;
    }
    struct rng r;
    rng_init(&r, 1, 0, 0, 3);
    for (int i = 0; i < 20000; i++) {
        double x = i % 2 ? 1e-3 + 50 * rng_unit(&r) : fmath_exp(4 + 100 * rng_unit(&r));
        double want = gsl_sf_lngamma(x), error = fabs(fmath_lgamma(x) - want);
        assert_true(error < 1e-13 || error < 1e-14 * fabs(want));
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(log_within_one_ulp),
        cmocka_unit_test(exp_within_two_ulp),
        cmocka_unit_test(log1p_keeps_small_arguments),
        cmocka_unit_test(edges),
        cmocka_unit_test(lgamma_against_gsl_and_factorials),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
