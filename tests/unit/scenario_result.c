#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "result_fixture.h"

// The division of the mean is exact; around a quantile it is that of the requests of these ranks.
static void test_blame(void **state) {
    (void)state;
    struct fixture f = fixture();
    double mean[BLAME_COUNT], tail[BLAME_COUNT], middle[BLAME_COUNT];
    for (int i = 0; i < 980; i++) add(&f.o, 3, 1, -1);
    for (int i = 0; i < 20; i++) add(&f.o, 70, 69, -1);
    observation_blame_mean(&f.o, mean);
    close_to(mean[BLAME_LOCK], (980 * 1e-3 + 20 * 69e-3) / 1000, 1e-12);
    close_to(mean[BLAME_SERVICE], (980 * 2e-3 + 20 * 1e-3) / 1000, 1e-12);
    observation_blame_at(&f.o, 0.99, tail);
    close_to(tail[BLAME_LOCK], 69e-3, 1e-12);
    close_to(tail[BLAME_SERVICE], 1e-3, 1e-12);
    observation_blame_at(&f.o, 0.5, middle);
    close_to(middle[BLAME_LOCK], 1e-3, 1e-12);
    // Ranks 975 to 985 of 1000: half of them slow.
    observation_blame_at(&f.o, 0.98, middle);
    close_to(middle[BLAME_LOCK], 35e-3, 1e-9);
    observation_fini(&f.o);
}

static void test_blame_of_nothing(void **state) {
    (void)state;
    struct observation o;
    double blame[BLAME_COUNT];
    observation_init(&o);
    observation_blame_at(&o, 0.99, blame);
    for (int b = 0; b < BLAME_COUNT; b++) assert_true(blame[b] == 0);
    add(&o, 5, 2, -1);
    observation_blame_at(&o, 0.99, blame);
    close_to(blame[BLAME_LOCK], 2e-3, 1e-12);
    observation_fini(&o);
}

// Two halves appended say what the whole says.
static void test_append(void **state) {
    (void)state;
    struct fixture whole = fixture(), first = fixture(), second = fixture(), none = fixture();
    for (int i = 1; i <= 1000; i++) {
        add(&whole.o, 1 + i % 83, 1, i % 2);
        add(i <= 300 ? &first.o : &second.o, 1 + i % 83, 1, i % 2);
    }
    first.o.in_system_first = 3;
    first.o.in_system_last = second.o.in_system_first = 5;
    second.o.in_system_last = 8;
    station(&first, LIMIT_POOL, 0.25, 40, 1);
    station(&second, LIMIT_POOL, 0.75, 40, 3);
    first.o.station[LIMIT_POOL].instances = second.o.station[LIMIT_POOL].instances = 4;
    observation_append(&first.o, &second.o);
    observation_append(&none.o, &first.o);
    assert_true(first.o.station[LIMIT_POOL].instances == 4 && none.o.station[LIMIT_POOL].instances == 4);
    assert_int_equal(first.o.done, 1000);
    assert_int_equal(first.o.arrived, 1000);
    assert_int_equal(first.o.in_system_first, 3);
    assert_int_equal(first.o.in_system_last, 8);
    assert_true(first.o.span_s == 20);
    assert_true(first.o.station[LIMIT_POOL].servers == 40);
    assert_true(first.o.station[LIMIT_POOL].busy_s == 0.5 * 40 * 20);
    assert_int_equal(hist_quantile(&first.o.latency, 0.9), hist_quantile(&whole.o.latency, 0.9));
    assert_int_equal(first.o.endpoint_latency[1].count, 500);
    double a[BLAME_COUNT], b[BLAME_COUNT];
    observation_blame_at(&first.o, 0.9, a);
    observation_blame_at(&whole.o, 0.9, b);
    assert_memory_equal(a, b, sizeof a);
    observation_fini(&none.o);
    observation_fini(&whole.o);
    observation_fini(&first.o);
    observation_fini(&second.o);
}

// Three replications by hand: throughput 20, 22, 27 /s; t(2, 0.975) = 4.302653 (Law & Kelton, table T.1).
static void test_estimates(void **state) {
    (void)state;
    struct fixture f = fixture();
    struct observation o[3];
    struct case_result c;
    const int done[3] = {200, 220, 270};
    for (int i = 0; i < 3; i++) {
        observation_init(&o[i]);
        o[i].span_s = 10;
        for (int k = 0; k < done[i]; k++) add(&o[i], 4 + i, 1, -1);
    }
    f.s.run.replications = 0;
    result_gather(&c, &f.s, o, 3);
    close_to(c.throughput_per_s.mean, 23, 1e-9);
    close_to(c.throughput_per_s.hi - 23, 4.302653 * sqrt(13.0 / 3), 1e-4);
    close_to(c.latency.mean.mean, 5e-3, 1e-12);
    close_to(c.latency.quantile[QUANTILE_P50].mean, 5e-3, 5e-3 / 512);
    close_to(c.latency.max.mean, 5e-3, 1e-12);
    close_to(c.done, 230, 1e-9);
    assert_int_equal(c.status, STATUS_OK);
    assert_false(c.precise);
    // 200 requests hold no interval of p99, whatever the other replications hold.
    assert_int_equal(c.latency.quantile[QUANTILE_P99].n, 0);
    assert_true(isnan(c.blame_p99_s[BLAME_LOCK]) && isnan(c.p99_min_s));
    close_to(c.blame_mean_s[BLAME_LOCK], 1e-3, 1e-12);
    f.s.run.precision_frac = 0.5;
    result_gather(&c, &f.s, o, 3);
    assert_true(c.precise);
    for (int i = 0; i < 3; i++) observation_fini(&o[i]);
    observation_fini(&f.o);
}

// Where a replication completed nothing, the parts still add up to the mean latency; counts divide a whole sum.
static void test_blame_of_replications_without_an_answer(void **state) {
    (void)state;
    struct fixture f = fixture();
    struct observation o[3];
    struct case_result c;
    double sum = 0;
    for (int i = 0; i < 3; i++) {
        observation_init(&o[i]);
        o[i].span_s = 10;
        for (int k = 0; i > 0 && k < 10; k++) add(&o[i], 4 * i, 1, -1);
    }
    o[0].arrived = 5;
    result_gather(&c, &f.s, o, 3);
    for (int b = 0; b < BLAME_COUNT; b++) sum += c.blame_mean_s[b];
    close_to(c.latency.mean.mean, 6e-3, 1e-12);
    close_to(sum, c.latency.mean.mean, 1e-12);
    close_to(c.blame_mean_s[BLAME_LOCK], 1e-3, 1e-12);
    assert_true(c.done == 20.0 / 3 && c.arrived == 25.0 / 3 && c.span_s == 10);
    for (int i = 0; i < 3; i++) observation_fini(&o[i]);
    observation_fini(&f.o);
}

static void test_warmup_cut(void **state) {
    (void)state;
    struct fixture f = fixture();
    struct case_result c;
    static const bool expected[2][2][3] = {
        {{false, false, false}, {false, false, false}},
        {{false, false, true}, {true, false, true}}}; // [duration][open][warmup]
    for (int i = 0; i < 12; i++) {
        f.s.load.duration = i / 6 ? 1000000000 : 0;
        f.s.load.client = i / 3 % 2 ? CLIENT_OPEN : CLIENT_WRK;
        f.s.run.warmup = (enum warmup)(i % 3);
        result_gather(&c, &f.s, &f.o, 1);
        assert_int_equal(c.warmup_cut, expected[i / 6][i / 3 % 2][i % 3]);
    }
    observation_fini(&f.o);
}

static void test_unsteady(void **state) {
    (void)state;
    struct case_result c = {.arrived = 1000, .timed_out = 60, .refused = 40, .status = STATUS_DROPPED};
    assert_false(result_unsteady(&c));
    c.refused = 41;
    assert_true(result_unsteady(&c));
    c.status = STATUS_OK; // a closed loop offers no more than it gets
    assert_false(result_unsteady(&c));
    c.status = STATUS_SATURATED;
    assert_true(result_unsteady(&c));
}

static void test_p99_range(void **state) {
    (void)state;
    struct fixture f = fixture();
    struct observation o[2];
    struct case_result c;
    for (int i = 0; i < 2; i++) {
        observation_init(&o[i]);
        o[i].span_s = 10;
        for (int k = 0; k < 1000; k++) add(&o[i], k < 980 ? 10 : 10 + 40 * i, 0, -1);
    }
    result_gather(&c, &f.s, o, 2);
    close_to(c.p99_min_s, 10e-3, 1e-5);
    close_to(c.p99_max_s, 50e-3, 5e-5);
    close_to(c.latency.quantile[QUANTILE_P99].mean, 30e-3, 1e-4);
    for (int i = 0; i < 2; i++) observation_fini(&o[i]);
    observation_fini(&f.o);
}

static void test_errors(void **state) {
    (void)state;
    struct fixture f = fixture();
    struct case_result c;
    for (int i = 0; i < 1000; i++) add(&f.o, 8, 0, -1);
    f.s.measured = (struct measured){.given = true,
                                     .throughput_per_s = 80,
                                     .mean_s = 0.01,
                                     .p50_s = NAN,
                                     .p90_s = NAN,
                                     .p95_s = NAN,
                                     .p99_s = 0.016};
    result_gather(&c, &f.s, &f.o, 1);
    close_to(c.error_throughput, 0.25, 1e-12);
    close_to(c.error_mean, -0.2, 1e-12);
    assert_true(isnan(c.error_quantile[QUANTILE_P50]));
    close_to(c.error_quantile[QUANTILE_P99], -0.5, 1e-3);
    f.s.measured.given = false;
    result_gather(&c, &f.s, &f.o, 1);
    assert_true(isnan(c.error_throughput));
    observation_fini(&f.o);
}

static void test_status(void **state) {
    (void)state;
    struct fixture f = fixture();
    struct case_result c;
    for (int i = 0; i < 998; i++) add(&f.o, 8, 0, -1);
    f.o.arrived = 1000;
    f.o.refused = 2;
    f.s.load.client = CLIENT_AB;
    result_gather(&c, &f.s, &f.o, 1);
    assert_int_equal(c.status, STATUS_OK);
    f.s.load.client = CLIENT_OPEN;
    result_gather(&c, &f.s, &f.o, 1);
    assert_int_equal(c.status, STATUS_DROPPED);
    f.o.too_short = true;
    f.o.refused = 1; // 0.1 % is not more than 0.1 %
    result_gather(&c, &f.s, &f.o, 1);
    assert_int_equal(c.status, STATUS_TOO_SHORT);
    assert_true(c.latency.mean.n == 1);
    f.o.saturated = true;
    result_gather(&c, &f.s, &f.o, 1);
    assert_int_equal(c.status, STATUS_SATURATED);
    assert_true(c.latency.mean.n == 0 && isnan(c.latency.mean.mean) && isnan(c.blame_mean_s[BLAME_LOCK]));
    close_to(c.throughput_per_s.mean, 99.8, 1e-9);
    observation_fini(&f.o);
}

// One noisy replication of three does not make a case saturated.
static void test_status_majority(void **state) {
    (void)state;
    struct fixture f = fixture();
    struct observation o[3];
    struct case_result c;
    for (int i = 0; i < 3; i++) {
        observation_init(&o[i]);
        o[i].span_s = 1;
        add(&o[i], 2, 0, -1);
    }
    o[1].saturated = true;
    result_gather(&c, &f.s, o, 3);
    assert_int_equal(c.status, STATUS_OK);
    o[2].saturated = true;
    result_gather(&c, &f.s, o, 3);
    assert_int_equal(c.status, STATUS_SATURATED);
    for (int i = 0; i < 3; i++) observation_fini(&o[i]);
    observation_fini(&f.o);
}

static void test_endpoints(void **state) {
    (void)state;
    struct fixture f = fixture();
    struct endpoint two[2] = {{.name = "list", .weight = 0.8}, {.name = "report", .weight = 0.2}};
    struct case_result c;
    f.s.endpoints = 2;
    f.s.endpoint = two;
    for (int i = 0; i < 100; i++) add(&f.o, i % 5 ? 1 : 31, 0, i % 5 == 0);
    result_gather(&c, &f.s, &f.o, 1);
    assert_int_equal(c.endpoints, 2);
    assert_string_equal(c.endpoint[1].name, "report");
    close_to(c.endpoint[0].throughput_per_s.mean, 8, 1e-12);
    close_to(c.endpoint[1].latency.mean.mean, 31e-3, 1e-12);
    assert_int_equal(c.endpoint[1].latency.quantile[QUANTILE_P99].n, 0);
    observation_fini(&f.o);
}

static void test_result_of_a_server_that_does_not_answer(void **state) {
    (void)state;
    struct fixture f = fixture();
    struct case_result c;
    result_gather(&c, &f.s, &f.o, 1);
    assert_int_equal(c.status, STATUS_TOO_SHORT);
    assert_int_equal(c.latency.mean.n, 0);
    assert_true(c.throughput_per_s.mean == 0);
    for (int l = 0; l < LIMIT_COUNT; l++) assert_true(isnan(c.utilisation[l]));
    observation_fini(&f.o);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_blame),
        cmocka_unit_test(test_blame_of_nothing),
        cmocka_unit_test(test_append),
        cmocka_unit_test(test_estimates),
        cmocka_unit_test(test_blame_of_replications_without_an_answer),
        cmocka_unit_test(test_warmup_cut),
        cmocka_unit_test(test_unsteady),
        cmocka_unit_test(test_p99_range),
        cmocka_unit_test(test_errors),
        cmocka_unit_test(test_status),
        cmocka_unit_test(test_status_majority),
        cmocka_unit_test(test_endpoints),
        cmocka_unit_test(test_result_of_a_server_that_does_not_answer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
