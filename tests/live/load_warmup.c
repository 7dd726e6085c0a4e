// What is left out of a live run: as much as the simulator leaves out of the simulated one.
#include "load_fixture.h"

#include "scenario/arrivals.h"
#include "scenario/streams.h"

#include <math.h>

// What the simulator would offer from `from` on.
static int64_t arrivals_since(const struct scenario *s, sim_time from) {
    const struct load_spec *load = &s->load;
    struct arrivals_source a;
    struct rng g;
    int64_t n = 0;
    rng_init(&g, s->run.seed, 0, 7, STREAM_ARRIVALS);
    arrivals_init(&a, load, &g);
    for (sim_time at; (at = arrivals_next(&a)) < load->duration;) n += at >= from;
    return n;
}

static void check(struct run *r, double kept_s, sim_time from) {
    go(r);
    assert_true(fabs(r->seen.span_s - kept_s) < 1e-9);
    // A request that was due just before the cut may have been begun after it.
    int64_t wanted = arrivals_since(&r->s, from);
    assert_in_range(r->seen.arrived, wanted - 20, wanted + 20);
    assert_true(r->report.done > r->seen.done);
    assert_false(r->seen.too_short);
    tear_down(r);
}

// A tenth where nothing is said and the server is steady; the segments that hold the span where one is given.
static void test_open(void **state) {
    (void)state;
    struct run r;
    set_up_open(&r, canned_plain, ARRIVALS_POISSON, 1000, 400 * SIM_MS);
    r.s.run.warmup = WARMUP_AUTO;
    check(&r, 0.36, 40 * SIM_MS);
    set_up_open(&r, canned_plain, ARRIVALS_POISSON, 1000, 400 * SIM_MS);
    r.s.run.warmup = WARMUP_FIXED;
    r.s.run.warmup_time = 90 * SIM_MS;
    check(&r, 0.3, 100 * SIM_MS);
}

static bool slow_start(struct canned *s, int fd, int number) {
    if (number == 0) canned_pause_ms(150);
    return canned_plain(s, fd, number);
}

// What the warm-up has hidden is in none of the figures: neither latency nor either start's.
static void test_hidden(void **state) {
    (void)state;
    for (enum warmup w = WARMUP_NONE; w <= WARMUP_FIXED; w++) {
        struct run r;
        set_up_open(&r, slow_start, ARRIVALS_DETERMINISTIC, 500, 800 * SIM_MS);
        r.s.run.warmup = w;
        r.s.run.warmup_time = 400 * SIM_MS;
        go(&r);
        assert_int_equal(r.seen.latency.max >= 140 * SIM_MS, w == WARMUP_NONE);
        assert_int_equal(r.report.uncorrected_max_s >= 0.14, w == WARMUP_NONE);
        assert_in_range(r.report.done, 350, 399); // the last may be under way at the end
        tear_down(&r);
    }
}

// A closed loop is reported whole unless it is told a warm-up, and so is a run of so many requests in any case.
static void test_closed(void **state) {
    (void)state;
    struct run r;
    for (int fixed = 0; fixed <= 1; fixed++) {
        set_up(&r, canned_plain, CLIENT_WRK);
        r.s.load.duration = 200 * SIM_MS;
        r.s.run.warmup = fixed ? WARMUP_FIXED : WARMUP_AUTO;
        r.s.run.warmup_time = 50 * SIM_MS;
        go(&r);
        assert_true(fabs(r.seen.span_s - (fixed ? 0.15 : 0.2)) < 1e-9);
        tear_down(&r);
    }
    set_up_open(&r, canned_plain, ARRIVALS_POISSON, 1000, 0);
    r.s.run.warmup = WARMUP_AUTO;
    r.s.load.requests = 100;
    go(&r);
    assert_int_equal(r.seen.done, 100);
    tear_down(&r);
}

static void *stop_it(void *stop) {
    canned_pause_ms(120);
    atomic_store((atomic_int *)stop, SIGINT);
    return NULL;
}

// Stopped, it keeps what came after the warm-up, or all of it where there was nothing after it.
static void test_stopped(void **state) {
    (void)state;
    for (int long_warmup = 0; long_warmup <= 1; long_warmup++) {
        struct run r;
        pthread_t thread;
        set_up_open(&r, canned_plain, ARRIVALS_DETERMINISTIC, 1000, SIM_S);
        r.s.run.warmup = WARMUP_FIXED;
        r.s.run.warmup_time = long_warmup ? 900 * SIM_MS : 50 * SIM_MS;
        assert_int_equal(pthread_create(&thread, NULL, stop_it, &r.stop), 0);
        go(&r);
        pthread_join(thread, NULL);
        assert_true(r.seen.span_s > 0 && r.seen.span_s < 0.9);
        tear_down(&r);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {LIVE(test_open), LIVE(test_hidden), LIVE(test_closed),
                                       LIVE(test_stopped)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
