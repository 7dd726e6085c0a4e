#include "../golden/models.h"
#include "study/analytic.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static struct scenario_file load(const char *text) {
    struct scenario_file f;
    struct err e = {0};
    if (!scenario_load_text(&f, "t", text, NULL, 0, &models_for_tests, NULL, &e)) fail_msg("%s", e.text);
    return f;
}

static const struct bounds_station *station(const struct bounds *b, enum limit l) {
    for (int i = 0; i < b->stations; i++)
        if (b->station[i].limit == l) return &b->station[i];
    return NULL;
}

static void near(double x, double wanted) {
    if (!(fabs(x - wanted) <= 1e-9 * fabs(wanted))) fail_msg("%.15g, not %.15g", x, wanted);
}

#define API                                                                                                  \
    "machine: {cores: 4}\n"                                                                                  \
    "handler: [{cpu: exp(4ms)}, {use: db, for: 40ms}, {cpu_nogil: 1ms}]\n"                                   \
    "resources: {db: {capacity: 20}}\n"

static void pool(void **state) {
    (void)state;
    struct scenario_file f = load(API "server: {model: threadpool, workers: 3, threads: 10}\n"
                                      "load: {client: open, rate: 300/s}\n");
    struct bounds b;
    bounds_of(&f.case_[0], &b);
    near(station(&b, LIMIT_LOCK)->capacity_per_s, 3 / 0.004);
    near(station(&b, LIMIT_CORE)->capacity_per_s, 4 / 0.005);
    near(station(&b, LIMIT_RESOURCE)->capacity_per_s, 60 / 0.040);
    near(station(&b, LIMIT_POOL)->capacity_per_s, 30 / 0.045);
    assert_null(station(&b, LIMIT_LOOP)); // its stages cost nothing
    assert_int_equal(b.station[b.tightest].limit, LIMIT_POOL);
    near(b.latency_s, 0.045);
    near(b.floor_s, 0.041); // the exponential part may be nothing
    near(b.throughput_per_s, 300);
    near(b.requests, 3000);
    near(station(&b, LIMIT_LOCK)->scv, 1);
    near(station(&b, LIMIT_CORE)->scv, 16.0 / 25);
    scenario_fini(&f);
}

static void loop(void **state) {
    (void)state;
    struct scenario_file f =
        load(API "server: {model: event_loop, gil: none}\n"
                 "load: {client: wrk, concurrency: 6, think: 15ms, runs_on: elsewhere}\n");
    struct bounds b;
    bounds_of(&f.case_[0], &b);
    near(station(&b, LIMIT_LOOP)->capacity_per_s, 200);
    assert_true(!station(&b, LIMIT_LOCK) && !station(&b, LIMIT_POOL) && !station(&b, LIMIT_CLIENT));
    near(b.throughput_per_s, 6 / 0.060);
    assert_true(isnan(b.offered_per_s));
    scenario_fini(&f);
}

// Cores of two classes, and what a step without a finite variance leaves.
static void machine(void **state) {
    (void)state;
    struct scenario_file f = load("machine: {cores: [{count: 2, smt: 2, speed: 2}, {count: 4, speed: 0.5}]}\n"
                                  "server: {model: prefork, workers: 8}\n"
                                  "handler: [{cpu: 4ms}, {sleep: 'pareto(1ms, 1.5)'}]\n"
                                  "load: {client: open, rate: 300/s}\n");
    struct bounds b;
    bounds_of(&f.case_[0], &b);
    near(station(&b, LIMIT_CORE)->servers,
         4 + 4 * 0.25); // siblings are cores of their own where nothing costs anything
    near(station(&b, LIMIT_CORE)->demand_s, 0.002);
    near(station(&b, LIMIT_POOL)->demand_s, 0.003);
    near(b.floor_s, 0.003);
    scenario_fini(&f);
}

static void balanced(void **state) {
    (void)state;
    double low, high;
    // Two equal queues: both bounds are the exact n / (D + (n - 1) D / 2).
    bounds_balanced(2, 1, 1, 0, 5, &low, &high);
    near(low, 5.0 / 6);
    near(high, 5.0 / 6);
    struct scenario_file f =
        load("server: {model: event_loop}\nhandler: [{cpu: exp(1ms)}]\n"
             "machine: {cores: 4}\nload: {client: wrk, concurrency: 4, think: exp(6ms)}\n");
    struct analytic a;
    analytic_of(&f.case_[0], &a);
    assert_string_equal(a.exact, "M/M/c//N");
    assert_true(a.balanced_low < a.exact_throughput_per_s && a.exact_throughput_per_s < a.balanced_high);
    near(a.estimate_throughput_per_s, a.exact_throughput_per_s);
    scenario_fini(&f);
}

static void overload(void **state) {
    (void)state;
    char why[256];
    struct bounds b;
    struct scenario_file f = load("server: {model: event_loop}\nhandler: [{cpu: 4ms}]\n"
                                  "load: {client: open, rate: 500/s, duration: 30s}\n");
    struct scenario *s = &f.case_[0];
    bounds_of(s, &b);
    assert_true(bounds_overload(&b, s, 0.001, why));
    assert_string_equal(why, "the cores cannot carry more than 250 /s of the 500 /s");
    assert_false(bounds_overload(&b, s, 0.6, why)); // so much may be lost
    s->load.rate_per_s = 251;                       // too near to show in 30 s
    bounds_of(s, &b);
    assert_false(bounds_overload(&b, s, 0.001, why));
    s->load.rate_per_s = 500;
    s->load.duration = 20 * SIM_MS; // 10 requests
    bounds_of(s, &b);
    assert_false(bounds_overload(&b, s, 0.001, why));
    s->load.duration = 30 * SIM_S;
    s->load.arrivals = ARRIVALS_MMPP2;
    bounds_of(s, &b);
    assert_false(bounds_overload(&b, s, 0.001, why));
    scenario_fini(&f);
}

static struct estimate about(double mean, double half) {
    return (struct estimate){mean, mean - half, mean + half, 10, mean};
}

static void outside(void **state) {
    (void)state;
    char why[256];
    struct bounds b;
    struct scenario_file f = load("server: {model: event_loop}\nhandler: [{cpu: 4ms}]\n"
                                  "load: {client: open, rate: 240/s, duration: 30s}\n");
    const struct scenario *s = &f.case_[0];
    struct case_result c = {.done = 7200, .replications = 10, .span_s = 30};
    bounds_of(s, &b);
    c.throughput_per_s = about(240, 1);
    c.latency.mean = about(0.020, 0.001);
    assert_true(bounds_hold(&b, s, &c, why));
    c.throughput_per_s = about(253, 0.3);
    assert_false(bounds_hold(&b, s, &c, why));
    assert_string_equal(why, "253 a second were served, and the cores cannot carry more than 250 /s");
    c.throughput_per_s = about(253, 3); // within what chance does
    assert_true(bounds_hold(&b, s, &c, why));
    c.throughput_per_s = about(240, 1);
    c.latency.mean = about(0.0038, 1e-6);
    assert_false(bounds_hold(&b, s, &c, why));
    assert_string_equal(why,
                        "the mean latency is 3.80 ms, and no request can take less than 4.00 ms on average");
    c.timed_out = 1; // then the longest are missing
    assert_true(bounds_hold(&b, s, &c, why));
    scenario_fini(&f);
}

static void exact(const char *text, const char *queue, double mean) {
    struct scenario_file f = load(text);
    struct analytic a;
    analytic_of(&f.case_[0], &a);
    assert_string_equal(a.exact, queue);
    if (queue[0]) near(a.exact_mean_s, mean);
    scenario_fini(&f);
}

#define OPEN "load: {client: open, rate: 400/s}\nmachine: {cores: 4}\n"

static void textbook(void **state) {
    (void)state;
    exact(OPEN "server: {model: event_loop}\nhandler: [{cpu: exp(2ms)}]\n", "M/M/1", 0.010);
    exact(OPEN "server: {model: event_loop}\nhandler: [{cpu: 2ms}]\n", "M/G/1", 0.006);
    exact(OPEN "server: {model: event_loop}\nhandler: [{sleep: 2s}]\n", "M/G/inf", 2);
    exact(OPEN "server: {model: threadpool, gil: none, threads: 1}\nhandler: [{cpu: exp(2ms)}]\n", "M/M/1",
          0.010);
    exact(OPEN "server: {model: threadpool, threads: 2}\nhandler: [{sleep: exp(2ms)}]\n", "M/M/c",
          0.002 / 0.84);
    // Two steps, a second worker, or too much: none.
    exact(OPEN "server: {model: event_loop}\nhandler: [{cpu: exp(1ms)}, {cpu: exp(1ms)}]\n", "", 0);
    exact(OPEN "server: {model: event_loop, workers: 2}\nhandler: [{cpu: exp(2ms)}]\n", "", 0);
    exact(OPEN "server: {model: event_loop}\nhandler: [{cpu: exp(3ms)}]\n", "", 0);
}

// What the loop's own endpoint waits for holds no thread of the pool: a delay, beside a pool of one thread.
static void mixed(void **state) {
    (void)state;
    struct scenario_file f = load("load: {client: open, rate: 100/s}\nmachine: {cores: 4}\n"
                                  "server: {model: threadpool, gil: none, threads: 1}\n"
                                  "endpoints:\n"
                                  "  - {name: slow, weight: 1, dispatch: loop, handler: [{sleep: 100ms}]}\n"
                                  "  - {name: pooled, weight: 1, handler: [{sleep: 2ms}]}\n");
    struct analytic a;
    analytic_of(&f.case_[0], &a);
    near(a.estimate_mean_s, 0.05 + 0.001 / 0.9);
    scenario_fini(&f);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(pool),     cmocka_unit_test(loop),
                                       cmocka_unit_test(machine),  cmocka_unit_test(balanced),
                                       cmocka_unit_test(overload), cmocka_unit_test(outside),
                                       cmocka_unit_test(textbook), cmocka_unit_test(mixed)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
