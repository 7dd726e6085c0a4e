#include "calib/figure.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

static const struct figure_spec cpu = {"x", FIGURE_CPU, "test"}, span = {"x", FIGURE_SPAN, "test"},
                                share = {"x", FIGURE_SHARE, "test"};

static void add_round(struct figure *f, int number, double value, double speed) {
    const double speeds[2] = {speed, NAN};
    figure_add(f, 0, value);
    figure_close(f, number, speeds);
}

// Ranks (from 1) of the 95 % interval of a median: Conover 1999, table of the binomial distribution at p = 1/2.
static void test_ranks(void **state) {
    (void)state;
    static const int known[][3] = {{1, 1, 1},  {5, 1, 5},   {6, 1, 6},    {8, 1, 8},    {9, 2, 8},
                                   {10, 2, 9}, {20, 6, 15}, {30, 10, 21}, {50, 18, 33}, {100, 40, 61}};
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        int low, high;
        figure_ranks(known[i][0], &low, &high);
        assert_int_equal(low + 1, known[i][1]);
        assert_int_equal(high + 1, known[i][2]);
    }
}

static void test_round_is_median_of_samples(void **state) {
    (void)state;
    struct figure f;
    const double speed[2] = {1, 1};
    figure_init(&f, &span, "p");
    figure_close(&f, 0, speed);
    assert_int_equal(f.rounds, 0);
    figure_add(&f, 0, 7.25);
    figure_drop(&f);
    for (int i = 0; i < 5; i++) figure_add(&f, 0, (double[]){31.5, 2.5, 900, 4.5, 3.5}[i]);
    figure_close(&f, 3, speed);
    assert_int_equal(f.rounds, 1);
    assert_float_equal(f.round[0].value, 4.5, 0);
    assert_ptr_equal(figure_round_of(&f, 3), &f.round[0]);
    assert_null(figure_round_of(&f, 2));
    figure_fini(&f);
}

// Half of the rounds on a core that is 1.9 times as slow: scaled, they agree.
static void test_scaling(void **state) {
    (void)state;
    struct figure f, g;
    struct figure_estimate x;
    figure_init(&f, &cpu, "p");
    figure_init(&g, &span, "p");
    for (int i = 0; i < 12; i++) {
        bool slow = i % 2;
        add_round(&f, i, slow ? 1900 : 1000, slow ? 0.4 / 1.9 : 0.4);
        add_round(&g, i, slow ? 1900 : 1000, slow ? 0.4 / 1.9 : 0.4);
    }
    figure_estimate(&f, 0.5, &x);
    assert_float_equal(x.value, 800, 1e-6);
    assert_float_equal(x.lo, 800, 1e-6);
    assert_float_equal(x.hi, 800, 1e-6);
    figure_estimate(&g, 0.5, &x);
    assert_float_equal(x.value, 1450, 1e-6);
    figure_fini(&f);
    figure_fini(&g);
}

static void test_interval_holds_median(void **state) {
    (void)state;
    uint64_t seed = 2385;
    for (int n = 1; n < 60; n++) {
        struct figure f;
        struct figure_estimate x;
        figure_init(&f, &span, "p");
        for (int i = 0; i < n; i++) {
            seed = seed * 6364136223846793005u + 1442695040888963407u;
            add_round(&f, i, (double)(seed >> 40) - 1e5, 1);
        }
        figure_estimate(&f, 1, &x);
        assert_true(0 <= x.lo && x.lo <= x.value && x.value <= x.hi);
        figure_fini(&f);
    }
}

static void test_nothing_known(void **state) {
    (void)state;
    struct figure f;
    struct figure_estimate x;
    figure_init(&f, &span, "p");
    figure_estimate(&f, 1, &x);
    assert_true(isnan(x.value) && isnan(x.lo) && isnan(x.hi) && isnan(x.early));
    assert_true(x.agrees);
    figure_fini(&f);
}

// Eight rounds, the second half `factor` times the first, each with a spread of +-4 %.
static bool halves_agree(double factor) {
    struct figure f;
    struct figure_estimate x;
    figure_init(&f, &span, "p");
    for (int i = 0; i < FIGURE_HALVES; i++)
        add_round(&f, i, 20000 * (1 + 0.02 * (i % 4 - 2)) * (i < FIGURE_HALVES / 2 ? 1 : factor), 1);
    figure_estimate(&f, 1, &x);
    figure_fini(&f);
    assert_float_equal(x.late / x.early, factor, 1e-9);
    return x.agrees;
}

static void test_halves(void **state) {
    (void)state;
    assert_true(halves_agree(1));
    assert_true(halves_agree(1.05));
    assert_false(halves_agree(1.2));
    assert_false(halves_agree(0.8));
}

// 7 of 10: Wilson's interval is [0.397, 0.892] (Wilson 1927; Agresti & Coull 1998 give the formula).
static void test_share(void **state) {
    (void)state;
    struct figure f;
    struct figure_estimate x;
    const double speed[2] = {1, 1};
    figure_init(&f, &share, "p");
    figure_count(&f, 3, 4);
    figure_close(&f, 0, speed);
    figure_count(&f, 4, 5);
    figure_count(&f, 0, 1);
    figure_close(&f, 1, speed);
    figure_estimate(&f, 1, &x);
    assert_float_equal(x.value, 0.7, 1e-12);
    assert_float_equal(x.lo, 0.3968, 1e-4);
    assert_float_equal(x.hi, 0.8922, 1e-4);
    figure_fini(&f);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ranks),         cmocka_unit_test(test_round_is_median_of_samples),
        cmocka_unit_test(test_scaling),       cmocka_unit_test(test_interval_holds_median),
        cmocka_unit_test(test_nothing_known), cmocka_unit_test(test_halves),
        cmocka_unit_test(test_share),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
