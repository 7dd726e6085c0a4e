// Every distribution: moments against the closed form, shape against GSL's cdf, and the very bits against a golden hash.
#include "stats/dist.h"
#include "stats/fmath.h"

#include <gsl/gsl_cdf.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static const double observed[] = {2.5, 3.25, 3.25, 7, 19.75};
enum { OBSERVED = sizeof observed / sizeof *observed };

// mean, variance, shape: what is compared; false where it is infinite, or its error is, or there is no cdf.
// golden: hash of 100,000 draws. The failing test prints the new one; it may change
// only with the sampler, in the same commit.
static const struct row {
    const char *name;
    enum dist_kind kind;
    double a, b;
    bool mean, variance, shape;
    uint64_t golden;
} rows[] = {
    {"constant", DIST_CONSTANT, 2.385, 0, false, false, false, 0x1629a82d694b41e5},
    {"exp", DIST_EXP, 2.385, 0, true, true, true, 0xe8463ca30fddac51},
    {"lognormal cv 0.5", DIST_LOGNORMAL, 10.7, 0.5, true, true, true, 0xda250e63321960f8},
    {"lognormal cv 2", DIST_LOGNORMAL, 1e7, 2, true, false, true, 0xb247dd5c2e6f2125},
    {"gamma shape 16", DIST_GAMMA, 3.1, 0.25, true, true, true, 0xb55da3854ede4c7f},
    {"gamma shape 1", DIST_GAMMA, 3.1, 1, true, true, true, 0xc85e6e2c05fa4fab},
    {"gamma shape 0.16", DIST_GAMMA, 3.1, 2.5, true, true, true, 0x895d8b0837fe4154},
    {"weibull 0.7", DIST_WEIBULL, 1.3, 0.7, true, true, true, 0x065caf90e069a2e4},
    {"weibull 3.5", DIST_WEIBULL, 1.3, 3.5, true, true, true, 0xc92c7304eb0ae59b},
    {"pareto 6", DIST_PARETO, 0.8, 6, true, true, true, 0xd83225b43ac13540},
    {"pareto 2.5", DIST_PARETO, 0.8, 2.5, true, false, true, 0x3d093d19c1f218fd},
    {"pareto 0.8", DIST_PARETO, 0.8, 0.8, false, false, true, 0xa4ac518ca31acac6},
    {"uniform", DIST_UNIFORM, 1.5, 4.25, true, true, true, 0xdac0921430d8dff7},
    {"empirical", DIST_EMPIRICAL, 0, 0, true, true, false, 0x982d346880cbfed8},
};
enum { ROWS = sizeof rows / sizeof *rows, DRAWS = 100000 };

static struct dist dist_of(const struct row *row) {
    struct dist d;
    if (row->kind == DIST_EMPIRICAL)
        assert_true(dist_init_empirical(&d, observed, OBSERVED));
    else
        assert_true(dist_init(&d, row->kind, row->a, row->b));
    return d;
}

// DRAWS draws of row i in new memory.
static double *draws_of(size_t i) {
    double *x = malloc(DRAWS * sizeof *x);
    assert_non_null(x);
    struct dist d = dist_of(&rows[i]);
    struct rng r;
    rng_init(&r, 20, 0, 0, (uint32_t)i);
    for (int j = 0; j < DRAWS; j++) x[j] = dist_draw(&d, &r);
    dist_fini(&d);
    return x;
}

struct moments {
    double mean, variance, error_of_variance; // the last: standard error, from the fourth moment seen
};

static struct moments moments_of(const double *x) {
    struct moments m = {0};
    double fourth = 0;
    for (int i = 0; i < DRAWS; i++) m.mean += x[i] / DRAWS;
    for (int i = 0; i < DRAWS; i++) {
        double square = (x[i] - m.mean) * (x[i] - m.mean);
        m.variance += square / (DRAWS - 1);
        fourth += square * square / DRAWS;
    }
    m.error_of_variance = sqrt((fourth - m.variance * m.variance) / DRAWS);
    return m;
}

// |z| > 4 fails a distribution; all z together are chi-square, and too small a sum of squares fails as well: it would
// mean that the test looks at something other than random draws.
static void moments_agree(void **state) {
    (void)state;
    double total = 0;
    int looked = 0;
    for (size_t i = 0; i < ROWS; i++) {
        struct dist d = dist_of(&rows[i]);
        double *x = draws_of(i), variance = dist_scv(&d) * dist_mean(&d) * dist_mean(&d);
        struct moments m = moments_of(x);
        // Where the fourth moment is infinite, the error of the mean is still known from the second.
        double z = (m.mean - dist_mean(&d)) / sqrt(variance / DRAWS);
        double y = (m.variance - variance) / m.error_of_variance;
        if (rows[i].mean) assert_true(fabs(z) < 4), total += z * z, looked++;
        if (rows[i].variance) assert_true(fabs(y) < 4), total += y * y, looked++;
        free(x);
        dist_fini(&d);
    }
    double p = gsl_cdf_chisq_P(total, looked);
    assert_true(p > 1e-3 && p < 1 - 1e-3);
}

// GSL's cdf, in its own parameters.
static double cdf(const struct row *row, double x) {
    double s = row->b * row->b;
    switch (row->kind) {
    case DIST_EXP: return gsl_cdf_exponential_P(x, row->a);
    case DIST_LOGNORMAL: return gsl_cdf_lognormal_P(x, log(row->a) - 0.5 * log1p(s), sqrt(log1p(s)));
    case DIST_GAMMA: return gsl_cdf_gamma_P(x, 1 / s, row->a * s);
    case DIST_WEIBULL: return gsl_cdf_weibull_P(x, row->a, row->b);
    case DIST_PARETO: return gsl_cdf_pareto_P(x, row->b, row->a);
    case DIST_UNIFORM: return gsl_cdf_flat_P(x, row->a, row->b);
    default: return NAN;
    }
}

static int ascending(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

// Kolmogorov-Smirnov: sqrt(n) D exceeds 2.2 with probability 1e-4 and stays below 0.3 with 1e-5; both fail.
static void shapes_agree(void **state) {
    (void)state;
    for (size_t i = 0; i < ROWS; i++) {
        if (!rows[i].shape) continue;
        double *x = draws_of(i), worst = 0;
        qsort(x, DRAWS, sizeof *x, ascending);
        for (int j = 0; j < DRAWS; j++) {
            double p = cdf(&rows[i], x[j]), above = (j + 1.0) / DRAWS - p, below = p - (double)j / DRAWS;
            worst = fmax(worst, fmax(above, below));
        }
        worst *= sqrt(DRAWS);
        if (!(worst > 0.3 && worst < 2.2)) fail_msg("%s: sqrt(n) D = %g", rows[i].name, worst);
        free(x);
    }
}

static void empirical_draws_its_values(void **state) {
    (void)state;
    struct dist d;
    assert_true(dist_init_empirical(&d, observed, OBSERVED));
    assert_true(fabs(dist_mean(&d) - 7.15) < 1e-12);
    assert_true(fabs(dist_scv(&d) * 7.15 * 7.15 - 42.165) < 1e-9);
    struct rng r;
    rng_init(&r, 21, 0, 0, 0);
    int seen[OBSERVED] = {0};
    for (int i = 0; i < 10000; i++) {
        double x = dist_draw(&d, &r);
        size_t k = 0;
        while (k < OBSERVED && observed[k] != x) k++;
        assert_true(k < OBSERVED);
        seen[k]++;
    }
    assert_true(abs(seen[0] - 2000) < 160 && abs(seen[1] - 4000) < 200 && abs(seen[4] - 2000) < 160);
    dist_fini(&d);
}

static void moments_that_do_not_exist(void **state) {
    (void)state;
    struct dist d;
    assert_true(dist_init(&d, DIST_PARETO, 1, 1));
    assert_true(dist_mean(&d) == INFINITY && dist_scv(&d) == INFINITY);
    assert_true(dist_init(&d, DIST_PARETO, 1, 2));
    assert_true(dist_mean(&d) == 2 && dist_scv(&d) == INFINITY);
    assert_true(dist_init(&d, DIST_WEIBULL, 3, 1)); // an exponential
    assert_true(fabs(dist_mean(&d) - 3) < 1e-12 && fabs(dist_scv(&d) - 1) < 1e-12);
    assert_true(dist_init(&d, DIST_UNIFORM, 0, 0));
    assert_true(dist_mean(&d) == 0 && dist_scv(&d) == 0);
}

static void no_variation_is_a_constant(void **state) {
    (void)state;
    struct dist d;
    struct rng r;
    rng_init(&r, 22, 0, 0, 0);
    assert_true(dist_init(&d, DIST_LOGNORMAL, 5.5, 0));
    assert_true(d.kind == DIST_CONSTANT && dist_draw(&d, &r) == 5.5 && dist_scv(&d) == 0);
    assert_true(dist_init(&d, DIST_GAMMA, 5.5, 0));
    assert_true(d.kind == DIST_CONSTANT && dist_draw(&d, &r) == 5.5);
    assert_true(dist_init(&d, DIST_LOGNORMAL, 5.5,
                          1e-9)); // too little for 1 + cv^2 to show, not too little for log1p
    assert_true(d.d > 0.99e-9 && fabs(dist_draw(&d, &r) - 5.5) < 1e-7);
}

static void bad_parameters_are_refused(void **state) {
    (void)state;
    static const struct {
        enum dist_kind kind;
        double a, b;
    } bad[] = {
        {DIST_CONSTANT, -1, 0},   {DIST_CONSTANT, NAN, 0},  {DIST_CONSTANT, INFINITY, 0},
        {DIST_EXP, 0, 0},         {DIST_LOGNORMAL, 0, 1},   {DIST_LOGNORMAL, 1, -0.1},
        {DIST_LOGNORMAL, 1, NAN}, {DIST_GAMMA, -1, 1},      {DIST_GAMMA, 1, INFINITY},
        {DIST_GAMMA, 1, 1e-200},  {DIST_WEIBULL, 1, 0},     {DIST_WEIBULL, 0, 1},
        {DIST_PARETO, 1, 0},      {DIST_PARETO, 1, 1e-320}, {DIST_UNIFORM, 2, 1},
        {DIST_UNIFORM, -1, 1},    {DIST_UNIFORM, 1, NAN},   {DIST_LOGNORMAL, 1, 1e200},
        {DIST_EMPIRICAL, 1, 1},
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct dist d;
        assert_false(dist_init(&d, bad[i].kind, bad[i].a, bad[i].b));
        dist_fini(&d);
    }
    struct dist d;
    assert_false(dist_init_empirical(&d, observed, 0));
    dist_fini(&d);
    const double broken[][2] = {{1, NAN}, {1, -1}, {1, INFINITY}};
    for (int i = 0; i < 3; i++) {
        assert_false(dist_init_empirical(&d, broken[i], 2));
        dist_fini(&d);
    }
}

// FNV-1a over 64-bit words.
static uint64_t hash_of(const double *x) {
    uint64_t hash = 0xcbf29ce484222325;
    for (int i = 0; i < DRAWS; i++) {
        uint64_t bits;
        memcpy(&bits, &x[i], sizeof bits);
        hash = (hash ^ bits) * 0x100000001b3;
        hash ^= hash >> 29; // words, unlike bytes, would leave the low bits of the hash to the low bits alone
    }
    return hash;
}

// The same bits from gcc and clang, at -O0 and -O3, and (the test is run a second time so) on a CPU without FMA.
static void draws_are_golden(void **state) {
    (void)state;
    int wrong = 0;
    for (size_t i = 0; i < ROWS; i++) {
        double *x = draws_of(i);
        uint64_t hash = hash_of(x);
        if (hash != rows[i].golden) {
            print_error("%s: hash 0x%016llx\n", rows[i].name, (unsigned long long)hash);
            wrong++;
        }
        free(x);
    }
    assert_int_equal(wrong, 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(moments_agree),
        cmocka_unit_test(shapes_agree),
        cmocka_unit_test(empirical_draws_its_values),
        cmocka_unit_test(moments_that_do_not_exist),
        cmocka_unit_test(no_variation_is_a_constant),
        cmocka_unit_test(bad_parameters_are_refused),
        cmocka_unit_test(draws_are_golden),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
