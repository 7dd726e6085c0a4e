// Simulated requests per second of each dispatch model, on one core.
#include "bench.h"

#include "base/require.h"
#include "models/model.h"

#include <stdio.h>
#include <string.h>

#define MODEL(name) extern const struct model model_##name;
#include "models/models.def"
#undef MODEL

#define MODEL(name) &model_##name,
static const struct model *const models[] = {
#include "models/models.def"
};
#undef MODEL
enum { MODELS = sizeof models / sizeof models[0] };

// Simulates a scenario given as text with `n` requests, once.
static double simulate_text(const char *text, int64_t n) {
    struct scenario_model known[MODELS];
    struct models all = {MODELS, models};
    struct scenario_file f;
    struct err e = {0};
    char requests[32];
    for (int i = 0; i < MODELS; i++)
        known[i] = (struct scenario_model){models[i]->name, models[i]->defaults, models[i]->reads};
    snprintf(requests, sizeof requests, "%lld", (long long)n);
    const struct scenario_set set = {"load.requests", requests};
    REQUIRE(
        scenario_load_text(&f, "bench", text, &set, 1, &(struct scenario_models){MODELS, known}, NULL, &e));
    struct observation o;
    observation_init(&o);
    REQUIRE(simulate(models_find(&all, f.case_[0].server.model), &f.case_[0], &(struct simulate_options){0},
                     &o, &e));
    REQUIRE(o.done + o.timed_out + o.refused == n);
    bench_events(o.events);
    double span = o.span_s;
    observation_fini(&o);
    scenario_fini(&f);
    return span;
}

#define PROFILE "costs: configs/costs/i9-13900k.yaml\nmachine: {cores: 2}\n"

static double event_loop(int64_t n) {
    return simulate_text(PROFILE "server: {model: event_loop}\nload: {client: ab, concurrency: 100}\n", n);
}

static double threadpool(int64_t n) {
    return simulate_text(PROFILE "server: {model: threadpool}\nload: {client: ab, concurrency: 100}\n", n);
}

static double thread_per_request(int64_t n) {
    return simulate_text(PROFILE "server: {model: thread_per_request, gil: none}\n"
                                 "load: {client: ab, concurrency: 100}\n",
                         n);
}

static double prefork(int64_t n) {
    return simulate_text(
        PROFILE "server: {model: prefork, workers: 4}\nload: {client: ab, concurrency: 100}\n", n);
}

static double connections(int64_t n) {
    return simulate_text(PROFILE "server: {model: event_loop, backlog: 20000}\n"
                                 "load: {client: wrk, concurrency: 10000}\n",
                         n);
}

static double open_timeouts(int64_t n) {
    return simulate_text(PROFILE "server: {model: event_loop}\n"
                                 "load: {client: open, rate: 10k/s, timeout: 1s}\n",
                         n);
}

const struct bench_case bench_server[] = {
    {"requests_event_loop", "requests/s", event_loop, 200000, 0},
    {"requests_threadpool_gil", "requests/s", threadpool, 100000, 0},
    {"requests_thread_per_request", "requests/s", thread_per_request, 100000, 0},
    {"requests_prefork", "requests/s", prefork, 100000, 0},
    {"requests_10000_connections", "requests/s", connections, 200000, 0},
    {"requests_open_timeouts", "requests/s", open_timeouts, 200000, 0},
    {0},
};
