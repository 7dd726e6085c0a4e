// Conservation: laws between the numbers of one run, for every model under every kind of load and server.
#include "each.h"

#include <math.h>

static double blame_total(const struct observation *o, int b) {
    double sum = 0;
    for (uint32_t i = 0; i < o->blame_slots; i++) sum += o->blame_sum[i][b];
    return sum;
}

static void check_counts(const struct observation *o) {
    assert_int_equal(o->arrived + o->in_system_first,
                     o->done + o->timed_out + o->refused + o->in_system_last);
    assert_int_equal(o->latency.count, o->done);
}

static void check_blame(const struct observation *o) {
    double sum = 0;
    for (int b = 0; b < BLAME_COUNT; b++) {
        double part = blame_total(o, b);
        assert_true(part >= 0);
        sum += part;
    }
    assert_true(sum == o->latency.sum); // whole ns below 2^53: exact
}

static void check_stations(const struct observation *o) {
    for (int i = 0; i < LIMIT_COUNT; i++) {
        const struct station_seen *s = &o->station[i];
        assert_true(s->busy_s >= 0 && s->queue_s >= 0 && s->full_s >= 0);
        assert_true(s->busy_s <= s->servers * o->span_s * (1 + 1e-9));
    }
}

static void check(const struct observation *o) {
    check_counts(o);
    check_blame(o);
    check_stations(o);
}

// --- every combination

static const char *const loads[] = {
    "client: ab, concurrency: 16, requests: 200",
    "client: wrk, concurrency: 16, duration: 0.1s",
    "client: open, rate: 3000/s, requests: 200, timeout: 30ms, retries: 2, backoff: exp(5ms)",
    "client: open, rate: 4000/s, duration: 0.1s, timeout: 9ms, keep_alive: off",
};

static void with(const struct model *m, int workers, const char *server, int handler, int load) {
    struct observation o;
    static const char *const steps[] = {
        "[{cpu: exp(300us)}]",
        "[{cpu: exp(100us)}, {sleep: exp(2ms)}, {cpu_nogil: exp(200us)}, {use: db, for: exp(1ms)}]"};
    lab_run(&o, NULL,
            "costs: " LAB_PROFILE "\nmachine: {cores: [{count: 1, smt: 2}, {count: 1, speed: 0.57}]}\n"
            "server: {model: %s, workers: %d, threads: 8, %s}\nresources: {db: {capacity: 3}}\nhandler: %s\n"
            "load: {%s}\n",
            m->name, workers, server, steps[handler], loads[load]);
    check(&o);
    assert_true(load < 3 ? o.done > 0
                         : o.arrived > 0); // the last gives up faster than an overloaded server answers
    observation_fini(&o);
}

static void every_combination(void **state) {
    static const char *const accept[] = {"drain", "one", "reuseport"};
    static const char *const gil[] = {"none", "{switch_interval: 1ms}"};
    char server[128];
    for (int i = 0; i < 3 * 3 * 2 * 2 * 2; i++) {
        int workers = 1 << i % 3;
        snprintf(server, sizeof server, "accept: %s, gil: %s, keep_alive: %s, queue_order: %s",
                 accept[i / 3 % 3], gil[i / 9 % 2], i / 18 % 2 ? "on" : "off", i / 36 % 2 ? "lifo" : "fifo");
        for (int load = 0; load < 4; load++) with(*state, workers, server, (i + load) % 2, load);
    }
}

// --- Little's law from outside

// Closed loop without pauses: `users` requests are under way at every moment.
static void little_closed(void **state) {
    const struct model *m = *state;
    enum { USERS = 10 };
    struct observation o;
    lab_run(
        &o, NULL,
        "costs: " LAB_PROFILE
        "\nmachine: {cores: 2}\nserver: {model: %s, workers: 2}\nhandler: [cpu: exp(1ms), sleep: exp(2ms)]\n"
        "load: {client: wrk, concurrency: %d, duration: 5s}\n",
        m->name, USERS);
    check(&o);
    double area_s = o.latency.sum * 1e-9, whole_s = USERS * o.span_s;
    assert_true(area_s <= whole_s * (1 + 1e-9));
    assert_true(whole_s - area_s <= USERS * (double)o.latency.max * 1e-9 * 1.5 + 1e-9);
    assert_true(o.done > 500);
    observation_fini(&o);
}

// The pool's queue, integrated over time, is what the requests say they waited for it; the same for a resource and the
// listening socket. All requests end before the run does.
static void little_queues(void **state) {
    const struct model *m = *state;
    struct observation o;
    lab_run(&o, NULL,
            "machine: {cores: 4}\nserver: {model: %s, workers: 2, threads: 3, gil: none, keep_alive: off}\n"
            "resources: {db: {capacity: 2}}\nhandler: [{cpu: exp(1ms)}, {use: db, for: exp(1ms)}]\n"
            "load: {client: open, rate: 800/s, requests: 20000, keep_alive: off}\n",
            m->name);
    check(&o);
    assert_int_equal(o.done, 20000);
    assert_true(fabs(blame_total(&o, BLAME_POOL) * 1e-9 -
                     (each_reads(m, "threads") ? o.station[LIMIT_POOL].queue_s : 0)) < 1e-6);
    assert_true(fabs(blame_total(&o, BLAME_RESOURCE) * 1e-9 - o.resource[0].queue_s) < 1e-6);
    assert_true(fabs(blame_total(&o, BLAME_ACCEPT) * 1e-9 - o.station[LIMIT_BACKLOG].queue_s) < 1e-6);
    assert_true(blame_total(&o, BLAME_SERVICE) > 0);
    observation_fini(&o);
}

// Every model sees the same demands: all requests together are served for the same time, to the ns.
static void same_demands(void **state) {
    static double first;
    const struct model *m = *state;
    struct observation o;
    lab_run(&o, NULL,
            "machine: {cores: 3}\nserver: {model: %s}\nhandler: [cpu: 'lognormal(mean=1ms, cv=2)', sleep: "
            "exp(3ms)]\n"
            "load: {client: open, rate: 300/s, requests: 5000}\n",
            m->name);
    assert_int_equal(o.done, 5000);
    double service = blame_total(&o, BLAME_SERVICE);
    if (first == 0) first = service;
    assert_true(service == first);
    assert_true(fabs(service * 1e-9 / 5000 / 4e-3 - 1) < 0.1);
    observation_fini(&o);
}

// The endpoints' shares and demands come out, and together they are the whole.
static void endpoints(void **state) {
    const struct model *m = *state;
    struct observation o;
    lab_run(&o, NULL,
            "machine: {cores: 4}\nserver: {model: %s, gil: none}\n"
            "endpoints: [{name: list, weight: 0.8, %shandler: [{cpu: 1ms}]}, {name: report, weight: 0.2, "
            "%shandler: [{cpu: 3ms}]}]\nload: {client: open, rate: 200/s, requests: 20000}\n",
            m->name, each_reads(m, "dispatch.loop") ? "dispatch: loop, " : "",
            each_reads(m, "dispatch.pool") ? "dispatch: pool, " : "");
    check(&o);
    const struct hist *list = &o.endpoint_latency[0], *report = &o.endpoint_latency[1];
    assert_int_equal(list->count + report->count, o.done);
    assert_true(fabs((double)list->count / 20000 - 0.8) < 4 * sqrt(0.16 / 20000));
    assert_true(list->min == SIM_MS && report->min == 3 * SIM_MS);
    assert_true(list->sum + report->sum == o.latency.sum);
    assert_true(blame_total(&o, BLAME_SERVICE) == (double)list->count * 1e6 + (double)report->count * 3e6);
    observation_fini(&o);
}

int main(void) {
    static const struct each_property p[] = {
        {"laws hold in every combination", every_combination},
        {"Little's law, closed loop", little_closed},
        {"Little's law, queues", little_queues},
        {"all models see the same demands", same_demands},
        {"endpoints", endpoints},
    };
    return each_run("models/laws", p, sizeof p / sizeof p[0]);
}
