#include "scenario/arrivals.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

enum { MANY = 400000, WINDOWS = 2000 };

static void begin(struct arrivals_source *a, struct rng *g, const struct load_spec *load) {
    rng_init(g, 11, 0, 0, 1);
    arrivals_init(a, load, g);
}

static void test_deterministic(void **state) {
    (void)state;
    struct load_spec load = {.client = CLIENT_OPEN, .arrivals = ARRIVALS_DETERMINISTIC, .rate_per_s = 3};
    struct arrivals_source a;
    struct rng g;
    begin(&a, &g, &load);
    for (int64_t k = 1; k <= 3000;
         k++) // a third of a second is no whole number of ns: roundings must not add up
        assert_int_equal(arrivals_next(&a), (k * SIM_S * 2 + 3) / 6);
}

static void test_trace(void **state) {
    (void)state;
    sim_time at[] = {0, 5, 5, 9};
    struct load_spec load = {
        .client = CLIENT_OPEN, .arrivals = ARRIVALS_TRACE, .trace = at, .trace_count = 4, .rate_per_s = 0};
    struct arrivals_source a;
    struct rng g;
    begin(&a, &g, &load);
    for (int i = 0; i < 4; i++) assert_int_equal(arrivals_next(&a), at[i]);
    for (int i = 0; i < 3; i++) assert_int_equal(arrivals_next(&a), SIM_NEVER);
}

// Gaps of a Poisson process of 2000/s: mean and standard deviation 0.5 ms, each within 4.5 standard errors (the variance
// of an exponential's sample variance is 8/n of its square); never backwards.
static void test_poisson(void **state) {
    (void)state;
    struct load_spec load = {.client = CLIENT_OPEN, .arrivals = ARRIVALS_POISSON, .rate_per_s = 2000};
    struct arrivals_source a;
    struct rng g;
    double sum = 0, squares = 0;
    begin(&a, &g, &load);
    for (sim_time i = 0, before = 0; i < MANY; i++) {
        sim_time t = arrivals_next(&a);
        assert_true(t >= before);
        double gap = (double)(t - before) / 0.5e6;
        sum += gap;
        squares += gap * gap;
        before = t;
    }
    double mean = sum / MANY, variance = squares / MANY - mean * mean;
    assert_true(fabs(mean - 1) < 4.5 / sqrt(MANY));
    assert_true(fabs(variance - 1) < 4.5 * sqrt(8.0 / MANY));
}

// Mean and index of dispersion of the counts in windows of `width` ns.
static void count_windows(const struct load_spec *load, sim_time width, double *mean, double *dispersion) {
    struct arrivals_source a;
    struct rng g;
    double sum = 0, squares = 0;
    begin(&a, &g, load);
    sim_time next = arrivals_next(&a);
    for (sim_time w = 1; w <= WINDOWS; w++) {
        double n = 0;
        for (; next < w * width; next = arrivals_next(&a)) n++;
        sum += n;
        squares += n * n;
    }
    *mean = sum / WINDOWS;
    *dispersion = (squares / WINDOWS - *mean * *mean) / *mean;
}

// MMPP2 of mean rate 1000/s, busy 20 % of the time at 5 times the calm rate, bursts of 50 ms: calm 555.6/s, busy 2777.8/s.
// Counts in windows of t = 1 s: mean 1000; with s = 1/50ms + 1/200ms = 25/s the index of dispersion is
// 1 + 2 (b-q)^2 f(1-f) / (r s) (1 - (1 - exp(-s t)) / (s t)) = 1 + 63.2 * 0.96 = 61.7 (Fischer & Meier-Hellstern 1993).
// Its own standard error over 2,000 windows is near sqrt(2/2000) = 3.2 %; that of the mean sqrt(61.7 * 1000 / 2000) = 5.6.
static void test_bursts(void **state) {
    (void)state;
    struct load_spec load = {.client = CLIENT_OPEN,
                             .arrivals = ARRIVALS_MMPP2,
                             .rate_per_s = 1000,
                             .burst_ratio = 5,
                             .burst_frac = 0.2,
                             .burst_length = 50 * SIM_MS};
    double mean, dispersion, f = 0.2, q = 1000 / (f * 5 + 1 - f), b = 5 * q, s = 25;
    double wanted = 1 + 2 * (b - q) * (b - q) * f * (1 - f) / (1000 * s) * (1 - (1 - exp(-s)) / s);
    count_windows(&load, SIM_S, &mean, &dispersion);
    assert_true(fabs(mean - 1000) < 4.5 * 5.6);
    assert_true(fabs(dispersion / wanted - 1) < 4.5 * 0.032);
    load.arrivals = ARRIVALS_POISSON; // and the measure itself tells them apart
    count_windows(&load, SIM_S, &mean, &dispersion);
    assert_true(fabs(dispersion - 1) < 4.5 * 0.032);
}

// A rate so small that the next arrival lies past the clock is an arrival never, not an overflow.
static void test_never(void **state) {
    (void)state;
    for (enum arrivals kind = ARRIVALS_POISSON; kind <= ARRIVALS_MMPP2; kind++) {
        struct load_spec load = {.client = CLIENT_OPEN,
                                 .arrivals = kind,
                                 .rate_per_s = 1e-12,
                                 .burst_ratio = 5,
                                 .burst_frac = 0.2,
                                 .burst_length = 1000000 * SIM_S};
        struct arrivals_source a;
        struct rng g;
        begin(&a, &g, &load);
        for (int i = 0; i < 3; i++) assert_int_equal(arrivals_next(&a), SIM_NEVER);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_deterministic), cmocka_unit_test(test_trace), cmocka_unit_test(test_poisson),
        cmocka_unit_test(test_bursts),        cmocka_unit_test(test_never),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
