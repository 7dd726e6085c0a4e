// Pairs of runs of which one follows from the other.
#include "each.h"

#include <math.h>

static bool same_blame(const struct observation *a, const struct observation *b, double factor) {
    double x[BLAME_COUNT] = {0}, y[BLAME_COUNT] = {0};
    for (uint32_t i = 0; i < a->blame_slots; i++)
        for (int k = 0; k < BLAME_COUNT; k++) x[k] += a->blame_sum[i][k];
    for (uint32_t i = 0; i < b->blame_slots; i++)
        for (int k = 0; k < BLAME_COUNT; k++) y[k] += b->blame_sum[i][k];
    for (int k = 0; k < BLAME_COUNT; k++)
        if (x[k] * factor != y[k]) return false;
    return true;
}

// The clock has no unit: with every span four times as long (slice and switch interval too) everything takes exactly
// four times as long. The demands are whole ns and mixed at random.
static void scaling(void **state) {
    static const struct scenario_embedded slices[] = {{"slice1", "machine: {slice: {value: 1ms}}"},
                                                      {"slice4", "machine: {slice: {value: 4ms}}"},
                                                      {NULL, NULL}};
    const struct model *m = *state;
    struct observation o[2];
    for (int i = 0; i < 2; i++) {
        int f = i ? 4 : 1;
        lab_run(&o[i], slices,
                "costs: slice%d\nmachine: {cores: 2}\nserver: {model: %s, threads: 5, workers: 2, gil: "
                "{switch_interval: %dms}}\n"
                "endpoints: [{name: a, handler: [{cpu: %dus}]}, {name: b, handler: [{cpu: %dus}, {sleep: "
                "%dus}]}, "
                "{name: c, handler: [{cpu_nogil: %dus}, {cpu: %dus}]}]\n"
                "load: {client: wrk, runs_on: elsewhere, concurrency: 17, think: %dus, duration: %dms}\n",
                f, m->name, 2 * f, 913 * f, 2111 * f, 3001 * f, 5309 * f, 409 * f, 7001 * f, 20000 * f);
    }
    assert_true(o[0].done > 1000);
    assert_int_equal(o[0].done, o[1].done);
    assert_true(o[0].span_s * 4 == o[1].span_s);
    assert_true(o[0].latency.sum * 4 == o[1].latency.sum && o[0].latency.max * 4 == o[1].latency.max);
    assert_true(same_blame(&o[0], &o[1], 4));
    assert_int_equal(o[0].events, o[1].events);
    assert_true(o[0].lock_handoffs == o[1].lock_handoffs);
    observation_fini(&o[0]);
    observation_fini(&o[1]);
}

static bool same_hist(const struct hist *a, const struct hist *b) {
    if (a->count != b->count || a->min != b->min || a->max != b->max || a->sum != b->sum) return false;
    for (uint32_t i = 0; i < a->slots && i < b->slots; i++)
        if (a->slot[i] != b->slot[i]) return false;
    return true;
}

// Handing over that costs nothing is no handing over.
static void free_hand_off(void **state) {
    (void)state;
    const char *text = "machine: {cores: 5}\nserver: {model: %s, threads: 4, gil: none}\nhandler: [cpu: "
                       "'lognormal(mean=1ms, cv=2)', sleep: exp(1ms)]\n"
                       "load: {client: open, rate: 1700/s, requests: 30000}\n";
    struct observation a, b;
    lab_run(&a, NULL, text, "threadpool");
    lab_run(&b, NULL, text, "thread_per_request");
    assert_true(same_hist(&a.latency, &b.latency));
    assert_true(a.station[LIMIT_POOL].queue_s == b.station[LIMIT_POOL].queue_s);
    observation_fini(&a);
    observation_fini(&b);
}

// Under common random numbers one more process never makes anybody wait longer: not in the mean, not at the worst.
static void more_workers(void **state) {
    (void)state;
    double mean = INFINITY, max = INFINITY;
    for (int workers = 1; workers <= 8; workers++) {
        struct observation o;
        lab_run(&o, NULL,
                "machine: {cores: 8}\nserver: {model: prefork, workers: %d, backlog: 100000}\nhandler: [cpu: "
                "'lognormal(mean=1ms, cv=3)']\n"
                "load: {client: open, rate: 1900/s, requests: 20000}\n",
                workers);
        assert_int_equal(o.done, 20000);
        assert_true(o.latency.sum <= mean && (double)o.latency.max <= max);
        mean = o.latency.sum;
        max = (double)o.latency.max;
        observation_fini(&o);
    }
}

// A longer switch interval, fewer forced hand-overs; without a lock, none.
static void switch_interval(void **state) {
    (void)state;
    static const char *const gil[] = {"{switch_interval: 0.5ms}", "{switch_interval: 2ms}",
                                      "{switch_interval: 8ms}", "{switch_interval: 100ms}", "none"};
    double before = INFINITY;
    for (int i = 0; i < 5; i++) {
        struct observation o;
        lab_run(
            &o, NULL,
            "machine: {cores: 4}\nserver: {model: threadpool, threads: 4, gil: %s}\nhandler: [cpu: 20ms]\n"
            "load: {client: wrk, runs_on: elsewhere, concurrency: 8, requests: 500}\n",
            gil[i]);
        assert_true(o.lock_handoffs < before || (o.lock_handoffs == 0 && before == 0));
        before = o.lock_handoffs;
        if (i < 3) assert_true(o.lock_handoffs > 100);
        observation_fini(&o);
    }
    assert_true(before == 0);
}

// The order in which a pool serves its queue decides who waits, not how much work is done.
static void queue_order(void **state) {
    const struct model *m = *state;
    if (!each_reads(m, "queue_order")) return;
    const char *text = "machine: {cores: 3}\nserver: {model: %s, threads: 2, gil: none, queue_order: "
                       "%s}\nhandler: [cpu: exp(1ms)]\n"
                       "load: {client: open, rate: 1700/s, requests: 40000}\n";
    struct observation fifo, lifo;
    lab_run(&fifo, NULL, text, m->name, "fifo");
    lab_run(&lifo, NULL, text, m->name, "lifo");
    assert_true(fabs(lifo.span_s / fifo.span_s - 1) < 1e-3);
    assert_true(fabs(lifo.latency.sum / fifo.latency.sum - 1) < 0.05);
    assert_true(hist_quantile(&lifo.latency, 0.5) < 0.8 * (double)hist_quantile(&fifo.latency, 0.5));
    assert_true(hist_quantile(&lifo.latency, 0.99) > 1.5 * (double)hist_quantile(&fifo.latency, 0.99));
    observation_fini(&fifo);
    observation_fini(&lifo);
}

// Two processes on two cores do twice the work of one, in every model, where connections are spread over them (a loop
// that accepts at no cost would take them all). What is begun at the end is missing.
static void doubling(void **state) {
    const struct model *m = *state;
    const char *text =
        "machine: {cores: %d}\nserver: {model: %s, workers: %d, accept: reuseport}\nhandler: [cpu: 1ms]\n"
        "load: {client: wrk, runs_on: elsewhere, concurrency: 200, duration: 10s}\n";
    struct observation one, two;
    lab_run(&one, NULL, text, 1, m->name, 1);
    lab_run(&two, NULL, text, 2, m->name, 2);
    assert_true(one.done <= 10000 && one.done > 9950);
    assert_true(two.done <= 20000 && two.done > 19900);
    observation_fini(&one);
    observation_fini(&two);
}

int main(void) {
    static const struct each_property p[] = {
        {"everything scales with time", scaling},
        {"queue order", queue_order},
        {"two processes", doubling},
    };
    const struct CMUnitTest pairs[] = {
        cmocka_unit_test(free_hand_off),
        cmocka_unit_test(more_workers),
        cmocka_unit_test(switch_interval),
    };
    return each_run("models/twins", p, sizeof p / sizeof p[0]) +
           cmocka_run_group_tests_name("pairs", pairs, NULL, NULL);
}
