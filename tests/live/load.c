// The closed and the open loops, as ab, wrk and the simulator run them.
#include "load_fixture.h"

#include "scenario/arrivals.h"
#include "scenario/streams.h"

#include <math.h>

// --- closed loops

static void test_ab(void **state) {
    (void)state;
    struct run r;
    set_up(&r, canned_plain, CLIENT_AB);
    r.s.load.requests = 500;
    r.s.load.concurrency = 7;
    go(&r);
    assert_int_equal(r.seen.done, 500);
    assert_int_equal(r.report.connects, 500); // one each
    assert_int_equal(atomic_load(&r.server->accepted), 500);
    assert_int_equal(atomic_load(&r.server->old), 500);
    assert_int_equal(r.report.bytes, 500 * (int64_t)strlen(CANNED_OK));
    assert_int_equal(r.report.errors + r.report.not_ok + r.report.reconnects + r.seen.retried, 0);
    tear_down(&r);
}

static void test_wrk(void **state) {
    (void)state;
    struct run r;
    set_up(&r, canned_plain, CLIENT_WRK);
    r.s.load.requests = 1000;
    r.s.load.concurrency = 5;
    go(&r);
    assert_int_equal(r.seen.done, 1000);
    assert_int_equal(r.report.connects, 5); // kept
    assert_int_equal(atomic_load(&r.server->accepted), 5);
    assert_int_equal(atomic_load(&r.server->old), 0);
    assert_int_equal(atomic_load(&r.server->requests), 1000);
    tear_down(&r);
}

static void test_duration(void **state) {
    (void)state;
    struct canned *s = canned_start(canned_plain);
    for (enum client_kind c = CLIENT_AB; c <= CLIENT_WRK; c++) {
        struct run r;
        aim(&r, s->port, c);
        atomic_store(&s->old, 0);
        r.s.load.duration = 150 * SIM_MS;
        r.s.load.concurrency = 3;
        go(&r);
        assert_true(fabs(r.seen.span_s - 0.15) < 1e-9);
        assert_in_range(r.seen.in_system_last, 1, 3);
        assert_true(r.seen.done > 0);
        observation_fini(&r.seen);
    }
    canned_stop(s);
}

// More connections than requests: none is opened for nothing.
static void test_fewer_requests(void **state) {
    (void)state;
    struct run r;
    set_up(&r, canned_plain, CLIENT_WRK);
    r.s.load.requests = 3;
    r.s.load.concurrency = 50;
    go(&r);
    assert_int_equal(r.seen.done, 3);
    assert_int_equal(r.report.connects, 3);
    tear_down(&r);
}

// Looks at the queue before and after the header of the first response, whose end only the close tells.
static bool look_around(struct canned *s, int fd, int number) {
    if (number > 0) return canned_plain(s, fd, number);
    canned_pause_ms(50);
    s->alone = canned_accept(s) == 0 && atomic_load(&s->accepted) == 1;
    canned_say(fd, "HTTP/1.0 200 OK\r\n\r\n");
    for (int i = 0; i < 500 && atomic_load(&s->accepted) < 20; i++) {
        canned_pause_ms(10);
        canned_accept(s);
    }
    s->others = atomic_load(&s->accepted) - 1;
    return false;
}

static void test_ab_first_alone(void **state) {
    (void)state;
    struct run r;
    set_up(&r, look_around, CLIENT_AB);
    r.s.load.requests = 100;
    r.s.load.concurrency = 20;
    go(&r);
    assert_true(r.server->alone);
    assert_int_equal(r.server->others, 19); // and not yet the first one's successor
    assert_int_equal(r.seen.done, 100);
    assert_true(r.seen.latency.max >= 50 * SIM_MS);
    tear_down(&r);
}

// Answers at once and closes later.
static bool linger(struct canned *s, int fd, int number) {
    canned_plain(s, fd, number);
    canned_pause_ms(20);
    return false;
}

// To ab a request ends when the server closes, though its length was announced.
static void test_ab_ends_at_close(void **state) {
    (void)state;
    struct run r;
    set_up(&r, linger, CLIENT_AB);
    r.s.load.requests = 5;
    go(&r);
    assert_int_equal(r.seen.done, 5);
    assert_true(r.seen.latency.min >= 20 * SIM_MS);
    tear_down(&r);
}

// A pause of 20 ms after each of 2 x 5 requests: four pauses each lie inside the run.
static void test_think(void **state) {
    (void)state;
    struct run r;
    set_up(&r, canned_plain, CLIENT_WRK);
    r.s.load.requests = 10;
    r.s.load.concurrency = 2;
    r.s.load.has_think = true;
    assert_true(dist_init(&r.s.load.think, DIST_CONSTANT, 20e6, 0));
    go(&r);
    assert_int_equal(r.seen.done, 10);
    assert_true(r.seen.span_s >= 0.08);
    tear_down(&r);
}

// --- open loop

// What the simulator would offer in the same time in the same replication.
static int64_t arrivals_of(const struct scenario *s, uint32_t replication) {
    const struct load_spec *load = &s->load;
    struct arrivals_source a;
    struct rng g;
    int64_t n = 0;
    rng_init(&g, s->run.seed, 0, replication, STREAM_ARRIVALS);
    arrivals_init(&a, load, &g);
    while (arrivals_next(&a) < load->duration) n++;
    return n;
}

static void test_open_offers(void **state) {
    (void)state;
    struct canned *s = canned_start(canned_plain);
    for (enum arrivals a = ARRIVALS_POISSON; a <= ARRIVALS_MMPP2; a++) {
        struct run r;
        open_loop(&r, s->port, a, 1000, 200 * SIM_MS);
        go(&r);
        assert_int_equal(r.seen.arrived, arrivals_of(&r.s, 7));
        if (a == ARRIVALS_DETERMINISTIC) assert_int_equal(r.seen.arrived, 199);
        assert_true(r.report.send_lag_p50_s <= r.report.send_lag_p99_s);
        assert_true(r.report.uncorrected_mean_s > 0);
        assert_true(r.report.uncorrected_mean_s <= hist_mean(&r.seen.latency) * 1e-9);
        observation_fini(&r.seen);
    }
    canned_stop(s);
}

static void test_open_trace(void **state) {
    (void)state;
    sim_time at[] = {0, 0, 0, 60 * SIM_MS, 120 * SIM_MS};
    struct run r;
    set_up(&r, canned_plain, CLIENT_OPEN);
    r.s.load.arrivals = ARRIVALS_TRACE;
    r.s.load.trace = at;
    r.s.load.trace_count = 5;
    r.s.load.requests = 5;
    r.s.load.keep_alive = false;
    go(&r);
    assert_int_equal(r.seen.done, 5);
    assert_int_equal(r.report.connects, 5);
    assert_true(r.seen.span_s >= 0.12);
    tear_down(&r);
}

// Stops for 100 ms in the middle.
static bool stall(struct canned *s, int fd, int number) {
    if (number == 100) canned_pause_ms(100);
    return canned_plain(s, fd, number);
}

// Coordinated omission, which no speed of the machine changes: the 50 requests meant to start while the server stands
// still wait 0 to 100 ms, 2.5 s together. One connection sends one of them and keeps the others back; counted from their
// actual start they have waited for nothing.
static void test_stall(void **state) {
    (void)state;
    struct run r;
    set_up_open(&r, stall, ARRIVALS_DETERMINISTIC, 500, 0);
    r.s.load.requests = 500;
    r.target.connections = 1;
    go(&r);
    double n = (double)r.seen.done,
           kept_back_s = n * (hist_mean(&r.seen.latency) * 1e-9 - r.report.uncorrected_mean_s);
    assert_int_equal(r.seen.done, 500);
    assert_true(kept_back_s > 2);
    assert_true((double)hist_quantile(&r.seen.latency, 0.98) > 60e6);
    assert_true(r.report.send_lag_p99_s > 0.06);
    assert_true(r.report.uncorrected_p99_s < (double)hist_quantile(&r.seen.latency, 0.99) * 1e-9);
    assert_int_equal(r.report.connects, 1);
    tear_down(&r);
}

// The same with connections at will: nothing is kept back, both latencies show the stall.
static void test_stall_many(void **state) {
    (void)state;
    struct run r;
    set_up_open(&r, stall, ARRIVALS_DETERMINISTIC, 500, 0);
    r.s.load.requests = 500;
    go(&r);
    assert_true((double)hist_quantile(&r.seen.latency, 0.98) > 60e6);
    assert_true(r.report.uncorrected_p99_s > 0.06);
    assert_true(r.report.connects > 20);
    tear_down(&r);
}

// Takes 5 ms a request, one at a time: 200/s.
static bool slow(struct canned *s, int fd, int number) {
    canned_pause_ms(5);
    return canned_plain(s, fd, number);
}

// Three times what the server can do is told from what it does with ease, whether connections are bounded or not.
static void test_saturated(void **state) {
    (void)state;
    struct canned *s = canned_start(slow), *quick = canned_start(canned_plain);
    for (int bound = 0; bound <= 4; bound += 4)
        for (int over = 0; over <= 1; over++) {
            struct run r;
            open_loop(&r, over ? s->port : quick->port, ARRIVALS_POISSON, 600, SIM_S);
            r.target.connections = bound;
            go(&r);
            assert_int_equal(r.seen.saturated, over);
            if (over) assert_true(r.seen.in_system_last > 100);
            observation_fini(&r.seen);
        }
    canned_stop(s);
    canned_stop(quick);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        LIVE(test_ab),
        LIVE(test_wrk),
        LIVE(test_duration),
        LIVE(test_fewer_requests),
        LIVE(test_ab_first_alone),
        LIVE(test_ab_ends_at_close),
        LIVE(test_think),
        LIVE(test_open_offers),
        LIVE(test_open_trace),
        LIVE(test_stall),
        LIVE(test_stall_many),
        LIVE(test_saturated),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
