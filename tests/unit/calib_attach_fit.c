// Costs that are fitted together come out right, with honest intervals, or not at all.
#include "calib/attach_fit.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

enum { VALUES = 8 };

// What eight loads show of three costs: shares of each, and a little that is not linear.
struct loads {
    double share[VALUES][3], bend;
    int calls, fail_at;
};

static const struct loads plain = {
    {{1, 1, 0}, {1, 0.2, 0}, {1, 0, 0}, {1, 1, 1}, {1, 0.2, 1}, {1, 0.5, 0.5}, {0, 1, 0.3}, {1, 0.1, 2}},
    0,
    0,
    0};

static bool predict(void *context, const double *x, double *out, struct err *e) {
    struct loads *l = context;
    if (++l->calls == l->fail_at) return err_set(e, ERR_BROKEN, "it broke");
    for (int i = 0; i < VALUES; i++) {
        out[i] = 0;
        for (int k = 0; k < 3; k++) {
            assert_true(x[k] >= 0);
            out[i] += l->share[i][k] * x[k];
        }
        out[i] += l->bend * out[i] * out[i];
    }
    return true;
}

struct fixture {
    struct loads loads;
    struct attach_unknown unknown[3];
    double measured[VALUES], sigma[VALUES], predicted[VALUES];
    struct attach_problem problem;
};

// Loads measured exactly for costs `truth`.
static void prepare(struct fixture *f, const struct loads *loads, const double truth[3]) {
    struct err e;
    *f = (struct fixture){.loads = *loads,
                          .unknown = {{"bread", 40, 0, 0}, {"wine", 60, 0, 0}, {"cheese", 20, 0, 0}}};
    assert_true(predict(&f->loads, truth, f->measured, &e));
    for (int i = 0; i < VALUES; i++) f->sigma[i] = 0.7 + 0.1 * i;
    f->problem = (struct attach_problem){.unknowns = 3,
                                         .values = VALUES,
                                         .unknown = f->unknown,
                                         .measured = f->measured,
                                         .sigma = f->sigma,
                                         .predicted = f->predicted,
                                         .predict = predict,
                                         .context = &f->loads};
    f->loads.calls = 0;
}

static void test_exact(void **state) {
    (void)state;
    static const double truth[] = {71.5, 23.25, 8.125};
    struct attach_fitted out;
    struct fixture f;
    struct err e;
    for (int bent = 0; bent < 2; bent++) {
        struct loads loads = plain;
        loads.bend = bent * 0.001;
        prepare(&f, &loads, truth);
        assert_true(attach_fit(&f.problem, &out, &e));
        assert_false(out.singular);
        assert_true(out.misfit < 0.05);
        for (int k = 0; k < 3; k++) {
            assert_true(fabs(f.unknown[k].value - truth[k]) < 0.05);
            assert_true(f.unknown[k].lo < truth[k] && truth[k] < f.unknown[k].hi);
        }
        for (int i = 0; i < VALUES; i++) assert_true(fabs(f.predicted[i] - f.measured[i]) < 0.1);
    }
}

// Rough derivatives lead to the same place.
static void test_slope(void **state) {
    (void)state;
    static const double truth[] = {71.5, 23.25, 8.125};
    double slope[VALUES * 3];
    struct attach_fitted out;
    struct loads loads = plain;
    struct fixture f;
    struct err e;
    loads.bend = 0.001;
    for (int i = 0; i < VALUES; i++)
        for (int k = 0; k < 3; k++) slope[i * 3 + k] = plain.share[i][k] * (k == 2 ? 0.8 : 1);
    prepare(&f, &loads, truth);
    f.problem.slope = slope;
    assert_true(attach_fit(&f.problem, &out, &e));
    assert_false(out.singular);
    for (int k = 0; k < 3; k++) assert_true(fabs(f.unknown[k].value - truth[k]) < 0.3);
    assert_true(f.loads.calls <= 30);
}

// Known sigmas give the interval, and a misfit beyond them widens it.
static void test_interval(void **state) {
    (void)state;
    static const double truth[] = {71.5, 23.25, 8.125};
    static const double off[VALUES] = {1, -1, 1, -1, 1, -1, 1, -1};
    struct attach_fitted out;
    struct fixture f;
    struct err e;
    double width[2];
    for (int i = 0; i < 2; i++) {
        prepare(&f, &plain, truth);
        for (int k = 0; k < VALUES; k++) f.measured[k] += off[k] * f.sigma[k] * (i ? 5 : 0.2);
        assert_true(attach_fit(&f.problem, &out, &e));
        assert_int_equal(out.misfit > 1, i);
        width[i] = f.unknown[1].hi - f.unknown[1].lo;
    }
    assert_true(width[1] > 3 * width[0]);
    prepare(&f, &plain, truth);
    for (int k = 0; k < VALUES; k++) f.sigma[k] *= 2;
    assert_true(attach_fit(&f.problem, &out, &e));
    assert_true(fabs(f.unknown[1].hi - f.unknown[1].lo - 2 * width[0]) < 0.05 * width[0]);
}

// What the loads would make negative is nought, and the others are the best that goes with that.
static void test_nought(void **state) {
    (void)state;
    static const double truth[] = {71.5, 23.25, 0};
    struct attach_fitted out;
    struct fixture f;
    struct err e;
    prepare(&f, &plain, truth);
    for (int i = 0; i < VALUES; i++) f.measured[i] -= 4 * f.loads.share[i][2];
    assert_true(attach_fit(&f.problem, &out, &e));
    assert_true(f.unknown[2].value == 0 && f.unknown[2].lo == 0 && f.unknown[2].hi > 0);
    assert_true(fabs(f.unknown[0].value - truth[0]) < 5);
}

static void test_singular(void **state) {
    (void)state;
    static const double truth[] = {71.5, 23.25, 8.125};
    struct loads alike = plain, absent = plain;
    struct attach_fitted out;
    struct fixture f;
    struct err e;
    for (int i = 0; i < VALUES; i++) {
        alike.share[i][2] = 0.7 * alike.share[i][1];
        absent.share[i][0] = 0;
    }
    prepare(&f, &alike, truth);
    assert_true(attach_fit(&f.problem, &out, &e));
    assert_true(out.singular);
    assert_non_null(strstr(out.reason, "wine and cheese"));
    assert_null(strstr(out.reason, "bread"));
    prepare(&f, &absent, truth);
    assert_true(attach_fit(&f.problem, &out, &e));
    assert_true(out.singular);
    assert_string_equal(out.reason, "no load depends on bread");
}

static void test_failure(void **state) {
    (void)state;
    static const double truth[] = {71.5, 23.25, 8.125};
    struct attach_fitted out;
    struct fixture f;
    for (int at = 1; at < 8; at++) {
        struct err e = {0};
        prepare(&f, &plain, truth);
        f.loads.fail_at = at;
        assert_false(attach_fit(&f.problem, &out, &e));
        assert_int_equal(e.kind, ERR_BROKEN);
        assert_int_equal(f.loads.calls, at); // and nothing was asked after that
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_exact),    cmocka_unit_test(test_slope),
                                       cmocka_unit_test(test_interval), cmocka_unit_test(test_nought),
                                       cmocka_unit_test(test_singular), cmocka_unit_test(test_failure)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
