// A scenario with several endpoints, from the generator to the server and back: each request asks for the endpoint that
// the simulator would give it, and is counted there.
#include "peer.h"

#include "live/demand.h"
#include "live/load.h"

enum { REQUESTS = 400 };

static const char names[2][16] = {"quick one/%", "slow"};

static struct load_target target_of(const struct serve *v) {
    struct load_target t = {.path = "/", .host = "127.0.0.1"};
    t.address.sin_family = AF_INET;
    t.address.sin_port = htons((uint16_t)serve_port(v));
    t.address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return t;
}

static void load(struct scenario_file *f, const char *model, const char *client) {
    peer_load(f,
              "server: {model: %s, threads: 4, workers: 2}\n"
              "endpoints: [{name: \"%s\", weight: 3, handler: [sleep: 100us]}, "
              "{name: \"%s\", weight: 1, handler: [sleep: 5ms]}]\n"
              "load: {client: %s, concurrency: 2, requests: %d}\nrun: {seed: 11}\n",
              model, names[0], names[1], client, REQUESTS);
}

// Two connections, because each process of prefork keeps one to itself.
static void asks_for_its_endpoint(void **state) {
    const char *client = *state;
    for (const char *const *model = serve_models(); *model; model++) {
        struct scenario_file f;
        struct observation seen;
        struct load_report report;
        struct err e = {0};
        int64_t wanted[2] = {0};
        load(&f, *model, client);
        const struct scenario *s = &f.case_[0];
        for (uint64_t i = 0; i < REQUESTS; i++) wanted[demand_endpoint(s, i)]++;
        assert_true(wanted[1] > REQUESTS / 8 && wanted[0] > wanted[1]);
        struct serve *v = peer_start(&f);
        struct load_target target = target_of(v);
        observation_init(&seen);
        if (!load_run(s, 5, &target, NULL, &seen, &report, &e)) fail_msg("%s", e.text);
        struct serve_seen done = peer_stop(v);
        assert_int_equal(report.not_ok + report.errors, 0);
        for (int i = 0; i < 2; i++) {
            assert_int_equal(seen.endpoint_latency[i].count, wanted[i]);
            assert_int_equal(done.endpoint[i], wanted[i]);
        }
        assert_int_equal(seen.latency.count, REQUESTS);
        assert_true(seen.endpoint_latency[1].min >= 5 * SIM_MS);
        observation_fini(&seen);
        scenario_fini(&f);
    }
}

// A number that the request carries decides what it demands, over any order of arrival.
static void carries_its_number(void **state) {
    (void)state;
    struct scenario_file f;
    struct observation seen;
    struct load_report report;
    struct err e = {0};
    peer_load(&f, "server: {model: event_loop}\n"
                  "endpoints: [{name: a, weight: 1, handler: [sleep: exp(2ms)]}, "
                  "{name: b, weight: 1, handler: [sleep: 1ms]}]\n"
                  "load: {client: wrk, concurrency: 1, requests: 200}\nrun: {seed: 3}\n");
    const struct scenario *s = &f.case_[0];
    int64_t least = 0;
    for (uint64_t i = 0; i < 200; i++) least += demand_step(s, demand_endpoint(s, i), 0, i);
    struct serve *v = peer_start(&f);
    struct load_target target = target_of(v);
    observation_init(&seen);
    if (!load_run(s, 5, &target, NULL, &seen, &report, &e)) fail_msg("%s", e.text);
    peer_stop(v);
    assert_true(seen.latency.sum >= (double)least);
    observation_fini(&seen);
    scenario_fini(&f);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test_prestate(asks_for_its_endpoint, (void *)"ab"),
                                       cmocka_unit_test_prestate(asks_for_its_endpoint, (void *)"wrk"),
                                       cmocka_unit_test(carries_its_number)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
