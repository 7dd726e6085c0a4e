// Loads that go wrong: timeouts, retries, full backlogs, closed connections; and published runs.
#include "each.h"

#include <math.h>
#include <stdio.h>

static double blame_mean_s(const struct observation *o, enum blame b) {
    double mean[BLAME_COUNT];
    observation_blame_mean(o, mean);
    return mean[b];
}

// 50 connects at one instant (after the first pause), of which the socket holds 4: the others are refused at once, or try again after 1 s, 2 s
// (Linux's SYN retransmission) and say so.
static void full_backlog(void **state) {
    const struct model *m = *state;
    struct observation o;
    const char *text = "server: {model: %s, backlog: 4}\nhandler: [sleep: 1ms]\n"
                       "load: {client: wrk, runs_on: elsewhere, concurrency: 50, think: 500s, duration: "
                       "900s, connect_retry: %s}\n";
    lab_run(&o, NULL, text, m->name, "0s");
    assert_int_equal(o.arrived, 50);
    assert_int_equal(o.refused, 46);
    assert_int_equal(o.done, 4);
    assert_true(o.latency.max <= 4 * SIM_MS);
    observation_fini(&o);
    lab_run(&o, NULL, text, m->name, "1s");
    assert_int_equal(o.refused, 0);
    assert_int_equal(o.station[LIMIT_BACKLOG].refused > 46, 1);
    assert_true(o.done >= 4 * 6); // at 0, 1, 3, 7, 15, 31 s and so on
    assert_true(o.latency.min == SIM_MS);
    assert_true(hist_quantile(&o.latency, 0.3) > 2.9 * SIM_S); // the third group of four
    assert_true(blame_mean_s(&o, BLAME_ACCEPT) > 1);
    observation_fini(&o);
}

// A closed loop that is refused at once asks again after a pause, not at the same instant for ever.
static void refused_closed_loop(void **state) {
    const struct model *m = *state;
    struct observation o;
    lab_run(&o, NULL,
            "server: {model: %s, backlog: 1}\nhandler: [cpu: 1ms]\n"
            "load: {client: wrk, runs_on: elsewhere, concurrency: 50, duration: 0.1s, connect_retry: 0s}\n",
            m->name);
    assert_true(o.refused >= 49 && o.refused <= 50 * 100);
    assert_true(o.done >= 90);
    observation_fini(&o);
}

// A server that takes 50 ms is given up after 10 ms, three times with 1, 2 and 4 ms between: every request is one of
// timed out, and each was tried four times.
static void gives_up(void **state) {
    const struct model *m = *state;
    struct observation o;
    lab_run(&o, NULL,
            "server: {model: %s}\nhandler: [sleep: 50ms]\n"
            "load: {client: open, rate: 20/s, arrivals: deterministic, requests: 40, timeout: 10ms, retries: "
            "3, backoff: 1ms}\n",
            m->name);
    assert_int_equal(o.arrived, 40);
    assert_int_equal(o.timed_out, 40);
    assert_int_equal(o.retried, 120);
    assert_int_equal(o.done, 0);
    // Born at 50 ms x k, over 4 x 10 + 1 + 2 + 4 ms later.
    assert_true(fabs(o.span_s - (40 * 0.05 + 0.047)) < 1e-9);
    observation_fini(&o);
}

// A timeout longer than any request changes nothing.
static void patience(void **state) {
    const struct model *m = *state;
    const char *text = "server: {model: %s}\nhandler: [cpu: exp(1ms)]\nload: {client: open, rate: 600/s, "
                       "requests: 3000%s}\n";
    struct observation a, b;
    lab_run(&a, NULL, text, m->name, "");
    lab_run(&b, NULL, text, m->name, ", timeout: 1000s, retries: 3");
    assert_true(a.latency.sum == b.latency.sum && a.latency.max == b.latency.max);
    assert_int_equal(b.timed_out + b.retried, 0);
    observation_fini(&a);
    observation_fini(&b);
}

// Keep-alive saves accepting and closing: faster, and one connection for each user instead of each request.
static void keep_alive(void **state) {
    const struct model *m = *state;
    const char *text =
        "costs: " LAB_PROFILE
        "\nmachine: {cores: 4}\nserver: {model: %s, keep_alive: %s, workers: 4}\nhandler: [cpu: 50us]\n"
        "load: {client: wrk, runs_on: elsewhere, concurrency: 4, requests: 3000}\n";
    struct observation on, off;
    lab_run(&on, NULL, text, m->name, "on");
    lab_run(&off, NULL, text, m->name, "off");
    assert_int_equal(on.station[LIMIT_BACKLOG].arrivals, 4);
    assert_true(off.station[LIMIT_BACKLOG].arrivals >= 3000 && off.station[LIMIT_BACKLOG].arrivals <= 3004);
    assert_int_equal(on.done, 3000);
    assert_int_equal(off.done, 3000);
    observation_fini(&on);
    observation_fini(&off);
}

// A client on the server's cores takes them from the server; one elsewhere does not.
static void client_place(void **state) {
    const struct model *m = *state;
    const char *text =
        "costs: " LAB_PROFILE "\nmachine: {cores: 1}\nserver: {model: %s}\nhandler: [cpu: 20us]\n"
        "load: {client: ab, runs_on: %s, concurrency: 8, requests: 2000}\n";
    struct observation here, there;
    lab_run(&here, NULL, text, m->name, "server");
    lab_run(&there, NULL, text, m->name, "elsewhere");
    assert_true(here.span_s > there.span_s + 2000 * 30e-6 * 0.9); // ab: 30 us a request
    assert_true(here.station[LIMIT_CLIENT].busy_s > 2000 * 30e-6 * 0.9);
    assert_true(there.station[LIMIT_CLIENT].servers == 0);
    observation_fini(&here);
    observation_fini(&there);
}

// --- the generator's own thread

static double mean_latency_s(const char *model, const char *client, const char *keep) {
    char text[400];
    const struct scenario_embedded costs[] = {{"exact", text}, {NULL, NULL}};
    struct observation o;
    snprintf(text, sizeof text,
             "machine: {idle_exit: [{at: 0, cost: {value: 50us}}]}\n"
             "client: {request: {value: 60us}%s}\n",
             client);
    lab_run(&o, costs,
            "costs: exact\nmachine: {cores: 2}\nserver: {model: %s}\nhandler: [cpu: 1ms]\n"
            "load: {client: open, runs_on: server, rate: 100/s, arrivals: deterministic, requests: 50, "
            "keep_alive: %s}\n",
            model, keep);
    double mean = hist_mean(&o.latency) * 1e-9;
    observation_fini(&o);
    return mean;
}

// An exact generator does not wake up only when its request is due: it is awake by then.
static void awake_in_time(void **state) {
    const struct model *m = *state;
    double woken = mean_latency_s(m->name, "", "on");
    double awake = mean_latency_s(m->name, ", lead: {value: 200us}", "on");
    assert_true(fabs(woken - awake - 50e-6) < 2e-6);
}

// A server hears of a connection before its request: it wakes up while the request is being sent.
static void connection_comes_first(void **state) {
    const struct model *m = *state;
    double together = mean_latency_s(m->name, "", "off");
    double first = mean_latency_s(m->name, ", send: {value: 40us}", "off");
    assert_true(fabs(together - first - 40e-6) < 2e-6);
}

static double kept_latency_s(const char *model, const char *rest) {
    char text[400];
    const struct scenario_embedded costs[] = {{"exact", text}, {NULL, NULL}};
    struct observation o;
    snprintf(text, sizeof text,
             "machine: {send_rest: {value: %s}}\nclient: {request: {value: 60us}, send: {value: 40us}}\n"
             "server: {write: {cpu: {value: 20us}}}\n",
             rest);
    lab_run(&o, costs,
            "costs: exact\nmachine: {cores: 2}\nserver: {model: %s}\nhandler: [cpu: 1ms]\n"
            "load: {client: wrk, runs_on: server, concurrency: 1, requests: 200}\n",
            model);
    double mean = hist_mean(&o.latency) * 1e-9;
    observation_fini(&o);
    return mean;
}

// What is left of a send when its receiver has been told goes on beside the receiver, there and back; at most the whole of it.
static void told_early(void **state) {
    const struct model *m = *state;
    double late = kept_latency_s(m->name, "0us"), early = kept_latency_s(m->name, "5us");
    assert_true(fabs(late - early - 10e-6) < 2e-6);
    assert_true(fabs(late - kept_latency_s(m->name, "1ms") - 60e-6) < 2e-6);
}

static double fresh_latency_s(const char *model, const char *rest) {
    char text[300];
    const struct scenario_embedded costs[] = {{"exact", text}, {NULL, NULL}};
    struct observation o;
    snprintf(
        text, sizeof text,
        "machine: {connect_rest: {value: %s}}\nclient: {request: {value: 20us}, connect: {value: 60us}}\n",
        rest);
    lab_run(&o, costs,
            "costs: exact\nmachine: {cores: 2}\nserver: {model: %s}\nhandler: [cpu: 1ms]\n"
            "load: {client: ab, runs_on: server, concurrency: 1, requests: 200}\n",
            model);
    double mean = hist_mean(&o.latency) * 1e-9;
    observation_fini(&o);
    return mean;
}

// So does what is left of a connect when the server knows of it; at most the whole of it.
static void connected_early(void **state) {
    const struct model *m = *state;
    double late = fresh_latency_s(m->name, "0us");
    assert_true(fabs(late - fresh_latency_s(m->name, "5us") - 5e-6) < 2e-6);
    assert_true(fabs(late - fresh_latency_s(m->name, "1ms") - 60e-6) < 2e-6);
}

// A connect that the kernel tries again by itself costs the generator nothing, and is not its own.
static void connected_again(void **state) {
    const struct model *m = *state;
    static const struct scenario_embedded costs[] = {
        {"exact", "machine: {connect_rest: {value: 5us}}\n"
                  "client: {request: {value: 20us}, connect: {value: 60us}, lead: {value: 200us}}\n"},
        {NULL, NULL}};
    struct observation o;
    lab_run(&o, costs,
            "costs: exact\nmachine: {cores: 2}\nserver: {model: %s, workers: 1, threads: 1, backlog: 1}\n"
            "handler: [cpu: 1ms]\nload: {client: open, runs_on: server, rate: 1200/s, duration: 1s, "
            "connect_retry: 0.3ms, keep_alive: off}\n",
            m->name);
    assert_true(o.done > 500);
    observation_fini(&o);
}

// --- published

static int64_t anyio(const char *model) {
    struct observation o;
    lab_run(&o, NULL,
            "costs: " LAB_PROFILE
            "\nmachine: {cores: 4}\nserver: {model: %s, threads: 40}\nhandler: [sleep: 10s]\n"
            "load: {client: wrk, concurrency: 100, duration: 60s}\n",
            model);
    int64_t done = o.done;
    observation_fini(&o);
    return done;
}

// AnyIO's limiter: 100 connections for 60 s of handlers that sleep 10 s complete 200 requests through 40 threads, and
// 500 as coroutines (agronholm/anyio discussion of the default limiter).
static void anyio_limit(void **state) {
    (void)state;
    assert_int_equal(anyio("threadpool"), 200);
    assert_int_equal(anyio("event_loop"), 500);
}

int main(void) {
    static const struct each_property p[] = {
        {"full backlog", full_backlog},
        {"refused closed loop", refused_closed_loop},
        {"gives up and tries again", gives_up},
        {"patience costs nothing", patience},
        {"keep-alive", keep_alive},
        {"where the client runs", client_place},
        {"awake in time", awake_in_time},
        {"connection comes first", connection_comes_first},
        {"told early", told_early},
        {"connected early", connected_early},
        {"connected again", connected_again},
    };
    const struct CMUnitTest published[] = {cmocka_unit_test(anyio_limit)};
    return each_run("models/clients", p, sizeof p / sizeof p[0]) +
           cmocka_run_group_tests_name("published", published, NULL, NULL);
}
