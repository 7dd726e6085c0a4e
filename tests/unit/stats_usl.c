#include "stats/usl.h"

#include <math.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

enum { POINTS = 7 };
static const double n[POINTS] = {1, 2, 3, 5, 8, 13, 21};

static void near(double a, double b, double within) {
    if (fabs(a - b) > within) fail_msg("%.12g is not within %g of %.12g", a, within, b);
}

static void fill(double x[POINTS], double lambda, double sigma, double kappa) {
    for (int i = 0; i < POINTS; i++)
        x[i] = lambda * n[i] / (1 + sigma * (n[i] - 1) + kappa * n[i] * (n[i] - 1));
}

// Data of the law's own give its numbers back.
static void finds_what_made_it(void **state) {
    double x[POINTS];
    struct usl u;
    (void)state;
    fill(x, 995.6, 0.0267, 0.000769);
    assert_true(usl_fit(&u, n, x, POINTS));
    near(u.lambda, 995.6, 1e-7);
    near(u.sigma, 0.0267, 1e-9);
    near(u.kappa, 0.000769, 1e-10);
    near(u.error, 0, 1e-9);
    near(u.most_n, 35.5766, 1e-3); // sqrt((1 - 0.0267) / 0.000769)
    assert_true(usl_at(&u, u.most_n) > usl_at(&u, u.most_n - 1));
    assert_true(usl_at(&u, u.most_n) > usl_at(&u, u.most_n + 1));
}

// Faster than linear would take a negative contention: the nearest law that has none is linear growth.
static void never_negative(void **state) {
    double x[POINTS];
    struct usl u;
    (void)state;
    for (int i = 0; i < POINTS; i++) x[i] = 3.7 * pow(n[i], 1.1);
    assert_true(usl_fit(&u, n, x, POINTS));
    assert_true(u.sigma == 0 && u.kappa == 0);
    assert_true(isinf(u.most_n));
    assert_true(u.error > 0.01);
}

static double squares(const struct usl *u, const double *x) {
    double sum = 0;
    for (int i = 0; i < POINTS; i++) {
        double off = x[i] / usl_at(u, n[i]) - 1; // of N/X, in which the law is linear
        sum += off * off;
    }
    return sum;
}

// No neighbour within the bounds is nearer to noisy data.
static void least_squares(void **state) {
    static const double noise[POINTS] = {1.021, 0.983, 1.007, 0.974, 1.031, 0.992, 1.011};
    double x[POINTS];
    struct usl u;
    (void)state;
    fill(x, 412, 0.051, 0.0021);
    for (int i = 0; i < POINTS; i++) x[i] *= noise[i];
    assert_true(usl_fit(&u, n, x, POINTS));
    double best = squares(&u, x);
    for (int p = 0; p < 3; p++)
        for (int side = -1; side <= 1; side += 2) {
            struct usl v = u;
            double *parameter = p == 0 ? &v.lambda : p == 1 ? &v.sigma : &v.kappa;
            *parameter *= 1 + 0.01 * side;
            assert_true(squares(&v, x) > best);
        }
    near(u.error, 0.02, 0.01);
}

static void refuses_too_little(void **state) {
    static const double same[4] = {2, 2, 4, 4}, x[4] = {1, 1.1, 1.9, 2}, negative[4] = {1, 2, -3, 4};
    struct usl u;
    (void)state;
    assert_false(usl_fit(&u, n, x, 3));
    assert_false(usl_fit(&u, same, x, 4));
    assert_false(usl_fit(&u, n, negative, 4));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_what_made_it),
        cmocka_unit_test(never_negative),
        cmocka_unit_test(least_squares),
        cmocka_unit_test(refuses_too_little),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
