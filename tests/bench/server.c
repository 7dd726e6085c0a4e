// Simulated requests per second of each dispatch model on one core, and how the cost grows.
#include "bench.h"

#include "base/require.h"
#include "models/model.h"
#include "models/parts/request.h"

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

// The text of a scenario with the cost profile before it and `%d` in it replaced.
static void complete(char *out, size_t size, const char *text, int64_t arg) {
    int n = snprintf(out, size, "costs: " BENCH_SOURCE "/configs/costs/i9-13900k.yaml\n");
    for (const char *c = text; *c && (size_t)n + 24 < size; c++) {
        if (c[0] == '%' && c[1] == 'd')
            n += snprintf(out + n, size - (size_t)n, "%lld", (long long)arg), c++;
        else
            out[n++] = *c;
    }
    out[n] = '\0';
}

double bench_simulate(const char *text, int64_t n, int64_t arg) {
    struct scenario_model known[MODELS];
    struct models all = {MODELS, models};
    struct scenario_file f;
    struct err e = {0};
    char whole[1000], requests[32];
    for (int i = 0; i < MODELS; i++)
        known[i] = (struct scenario_model){models[i]->name, models[i]->defaults, models[i]->reads};
    complete(whole, sizeof whole, text, arg);
    snprintf(requests, sizeof requests, "%lld", (long long)n);
    const struct scenario_set set = {"load.requests", requests};
    if (!scenario_load_text(&f, "bench", whole, &set, 1, &(struct scenario_models){MODELS, known}, NULL, &e))
        require_failed(__FILE__, __LINE__, e.text);
    struct observation o;
    observation_init(&o);
    if (!simulate(models_find(&all, f.case_[0].server.model), &f.case_[0], &(struct simulate_options){0}, &o,
                  &e))
        require_failed(__FILE__, __LINE__, e.text);
    REQUIRE(o.done + o.timed_out + o.refused == n);
    bench_events(o.events);
    double span = o.span_s;
    observation_fini(&o);
    scenario_fini(&f);
    return span;
}

#define CLOSED(client, clients) "load: {client: " client ", concurrency: " clients "}\n"
#define SMALL                   "machine: {cores: 2}\n"

static double event_loop(int64_t n, int64_t c) {
    return bench_simulate(SMALL "server: {model: event_loop}\n" CLOSED("ab", "%d"), n, c);
}

static double threadpool(int64_t n, int64_t c) {
    return bench_simulate(SMALL "server: {model: threadpool}\n" CLOSED("ab", "%d"), n, c);
}

static double thread_per_request(int64_t n, int64_t c) {
    return bench_simulate(SMALL "server: {model: thread_per_request, gil: none}\n" CLOSED("ab", "%d"), n, c);
}

static double prefork(int64_t n, int64_t c) {
    return bench_simulate(SMALL "server: {model: prefork, workers: 4}\n" CLOSED("ab", "%d"), n, c);
}

// Kept connections, each with a request at any time.
static double connections(int64_t n, int64_t c) {
    return bench_simulate(SMALL "server: {model: event_loop, backlog: 200000}\n" CLOSED("wrk", "%d"), n, c);
}

static double open_timeouts(int64_t n, int64_t rate_per_s) {
    return bench_simulate(
        SMALL "server: {model: event_loop}\nload: {client: open, rate: %d/s, timeout: 1s}\n", n, rate_per_s);
}

// --- growth: one thing grows, the rest stays as it is

// Open requests that all wait: a load of 2,000 a second for handlers that sleep, arg of them at once.
static double waiting(int64_t n, int64_t at_once) {
    return bench_simulate(SMALL "server: {model: event_loop}\nhandler: [{sleep: %ds}]\n"
                                "load: {client: open, rate: 2k/s}\n",
                          n, at_once / 2000);
}

// As many clients as threads, and each thread has work without the lock for a while.
static double threads(int64_t n, int64_t t) {
    return bench_simulate("machine: {cores: 8}\nserver: {model: threadpool, threads: %d}\n"
                          "handler: [{cpu: 20us}, {sleep: exp(1ms)}]\n" CLOSED("wrk", "%d"),
                          n, t);
}

static double lock_free_threads(int64_t n, int64_t t) {
    return bench_simulate("machine: {cores: 8}\nserver: {model: thread_per_request, threads: %d, gil: none}\n"
                          "handler: [{cpu: 20us}]\n" CLOSED("wrk", "%d"),
                          n, t);
}

static double workers(int64_t n, int64_t w) {
    return bench_simulate("machine: {cores: 8}\nserver: {model: event_loop, workers: %d}\n"
                          "handler: [{cpu: 20us}]\n" CLOSED("ab", "500"),
                          n, w);
}

static double cores(int64_t n, int64_t c) {
    return bench_simulate("machine: {cores: %d}\nserver: {model: event_loop, workers: 64}\n"
                          "handler: [{cpu: 200us}]\n" CLOSED("ab", "500"),
                          n, c);
}

// Bytes of a request, and what one that waits adds to a process: its connection, its client and all their timers, too.
static double memory_request(int64_t n, int64_t arg) {
    (void)n;
    (void)arg;
    return sizeof(struct request);
}

static double memory_waiting(int64_t n, int64_t arg) {
    (void)arg;
    const struct bench_case few = {.run = waiting, .n = 3 * n, .arg = n},
                            many = {.run = waiting, .n = 3 * n, .arg = 2 * n};
    return (bench_resident(&many) - bench_resident(&few)) / (double)n;
}

const struct bench_case bench_server[] = {
    {"requests_event_loop", "requests/s", BENCH_RATE, event_loop, 200000, 100, ">= 2000000", false},
    {"requests_threadpool_gil", "requests/s", BENCH_RATE, threadpool, 100000, 100, ">= 700000", false},
    {"requests_thread_per_request", "requests/s", BENCH_RATE, thread_per_request, 100000, 100, NULL, false},
    {"requests_prefork", "requests/s", BENCH_RATE, prefork, 100000, 100, NULL, false},
    {"requests_10000_connections", "requests/s", BENCH_RATE, connections, 200000, 10000, ">= 666667", false},
    {"requests_open_timeouts", "requests/s", BENCH_RATE, open_timeouts, 200000, 10000, NULL, false},
    {"memory_request", "B", BENCH_VALUE, memory_request, 1, 0, "<= 256", true},
    {"memory_waiting", "B", BENCH_VALUE, memory_waiting, 40000, 0, NULL, true},
    {0},
};

#define GROWTH(name, run, arg)                                                                               \
    { "growth_" name "_" #arg, "ns/request", BENCH_NS, run, 200000, arg, NULL, false }

// An event costs the same however large the server is, 48 to 113 ns, but for caches: 170 ns at 100,000 connections. What
// grows is the number of events a request, where all pollers of one listening socket are woken by each connection and
// all but one find nothing (workers: 6 events at 1, 737 at 256; cores likewise, as 64 workers run at once): that is the
// work a real server has without EPOLLEXCLUSIVE.
const struct bench_case bench_growth[] = {
    GROWTH("connections", connections, 10),
    GROWTH("connections", connections, 100),
    GROWTH("connections", connections, 1000),
    GROWTH("connections", connections, 10000),
    GROWTH("connections", connections, 100000),
    GROWTH("waiting", waiting, 2000),
    GROWTH("waiting", waiting, 20000),
    GROWTH("waiting", waiting, 100000),
    GROWTH("threads", threads, 1),
    GROWTH("threads", threads, 16),
    GROWTH("threads", threads, 256),
    GROWTH("threads", threads, 1024),
    GROWTH("threads", threads, 4096),
    GROWTH("lock_free_threads", lock_free_threads, 16),
    GROWTH("lock_free_threads", lock_free_threads, 256),
    GROWTH("lock_free_threads", lock_free_threads, 4096),
    GROWTH("workers", workers, 1),
    GROWTH("workers", workers, 4),
    GROWTH("workers", workers, 16),
    GROWTH("workers", workers, 64),
    GROWTH("workers", workers, 256),
    GROWTH("cores", cores, 1),
    GROWTH("cores", cores, 4),
    GROWTH("cores", cores, 16),
    GROWTH("cores", cores, 64),
    GROWTH("cores", cores, 256),
    {0},
};
