#include "study/uncertain.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>

static void close_to(double x, double expected, double relative) {
    if (!(fabs(x - expected) <= relative * fabs(expected))) fail_msg("%.6g is not near %.6g", x, expected);
}

static void set_cost(struct cost *c, double value, double lo, double hi) {
    *c = (struct cost){.value = value, .lo = lo, .hi = hi, .from = FROM_FIT};
}

static struct uncertain_cost a_cost(double value, double lo, double hi) {
    return (struct uncertain_cost){.key = "x", .value = value, .lo = lo, .hi = hi, .min = 0, .max = 1e6};
}

static void test_scores(void **state) {
    (void)state;
    struct uncertain_cost c = a_cost(20, 10, 60), zero = a_cost(20, 0, 60);
    assert_true(uncertain_at(&c, 0) == 20);
    close_to(uncertain_at(&c, -1.959963984540054), 10, 1e-12);
    close_to(uncertain_at(&c, 1.959963984540054), 60, 1e-12);
    close_to(uncertain_at(&c, 2 * 1.959963984540054), 180, 1e-12); // log-normal: factor 3 twice
    close_to(uncertain_at(&c, -2 * 1.959963984540054), 5, 1e-12);
    assert_true(uncertain_at(&zero, 0) == 20);
    close_to(uncertain_at(&zero, 2 * 1.959963984540054), 100, 1e-12); // normal: 40 twice
    close_to(uncertain_at(&zero, -0.979981992270027), 10, 1e-12);
    assert_true(uncertain_at(&zero, -3) == 0);
    // One end at the value: certain on that side.
    c.lo = 20;
    assert_true(uncertain_at(&c, -2) == 20);
}

static void test_legal_range(void **state) {
    (void)state;
    struct uncertain_cost c = a_cost(0.9, 0.8, 1);
    c.max = 1;
    assert_true(uncertain_at(&c, 2.24) == 1);
    c.min = 0.75;
    assert_true(uncertain_at(&c, -6) == 0.75);
    c = a_cost(1, 0, 2);
    c.above = true; // 0 itself is illegal; an interval in memory may say it all the same
    c.lo = 0.1;
    c.min = 0.05;
    assert_true(uncertain_at(&c, -6) == 0.1);
    c = a_cost(1, 0, 1);
    c.on_off = true;
    assert_true(uncertain_at(&c, 0) == 1 && uncertain_at(&c, 2.2) == 1 && uncertain_at(&c, -2.2) == 0);
}

static void test_find(void **state) {
    (void)state;
    struct costs c;
    struct uncertain u;
    costs_none(&c);
    set_cost(&c.server.call.cpu, 7, 6, 9);
    set_cost(&c.server.close.cpu, 7, 7, 7); // held
    set_cost(&c.speed, 7, 6, 9);            // nothing simulated reads it
    set_cost(&c.server.batch_flush, 1, 1, 1);
    c.machine.cold.points = 2;
    set_cost(&c.machine.cold.point[1].cost, 50, 40, 60);
    uncertain_find(&u, &c);
    assert_int_equal(u.count, 2);
    assert_int_equal(u.held, 1);
    assert_string_equal(u.cost[0].key, "machine.cold.1.cost");
    assert_string_equal(u.cost[1].key, "server.call.cpu");
    assert_int_equal(u.cost[1].unit, UNIT_SPAN);
    uncertain_set(&u.cost[0], &c, 55);
    assert_true(c.machine.cold.point[1].cost.value == 55);
    uncertain_fini(&u);
}

// Every column holds each stratum once; columns differ from each other, with the seed, and not with their neighbours.
static void test_hypercube(void **state) {
    (void)state;
    enum { N = 40 };
    struct uncertain_cost cost[] = {a_cost(1, 0, 2), a_cost(1, 0, 2)};
    struct uncertain both = {.count = 2, .cost = cost}, second = {.count = 1, .cost = &cost[1]};
    double z[2 * N], again[2 * N], alone[N], sum = 0, product = 0;
    strcpy(cost[1].key, "y");
    uncertain_sample(&both, 5, N, z);
    uncertain_sample(&second, 5, N, alone);
    uncertain_sample(&both, 6, N, again);
    assert_memory_not_equal(z, again, sizeof z);
    for (int c = 0; c < 2; c++) {
        for (int stratum = 0; stratum < N; stratum++) {
            int inside = 0;
            for (int k = 0; k < N; k++) {
                double p = erfc(-z[2 * k + c] / sqrt(2)) / 2;
                inside += p > (double)stratum / N && p < (stratum + 1.0) / N;
            }
            assert_int_equal(inside, 1);
        }
    }
    for (int k = 0; k < N; k++) {
        assert_true(alone[k] == z[2 * k + 1]);
        sum += z[2 * k];
        product += z[2 * k] * z[2 * k + 1];
    }
    assert_true(fabs(sum) < 1e-6);
    assert_true(fabs(product) < 0.5 * N); // about 3.2 standard deviations of a correlation of 40 pairs
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_scores),
        cmocka_unit_test(test_legal_range),
        cmocka_unit_test(test_find),
        cmocka_unit_test(test_hypercube),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
