// Request by request, to the ns: with `costs: none` every model that serves first come first served must do what the
// recursion of Kiefer & Wolfowitz (1955; for one server Lindley 1952) says of the same arrivals and demands. The
// demands are taken from a run in which nobody waits, so that this also shows that every model sees the same ones.
#include "tests/models/lab.h"

#include "base/require.h"
#include "engine/trace.h"

#include <inttypes.h>
#include <stdlib.h>

enum { REQUESTS = 20000, SERVERS = 16 };

struct log {
    struct trace trace; // first: the sink finds the rest
    sim_time begin[REQUESTS], end[REQUESTS];
};

static void emit(struct trace *t, const struct trace_record *r) {
    struct log *log = (struct log *)t;
    if (r->entity >= REQUESTS) return;
    if (r->kind == TRACE_REQUEST_BEGIN) log->begin[r->entity] = r->at;
    if (r->kind == TRACE_REQUEST_END) log->end[r->entity] = r->at;
}

static struct log *run(const char *server, int cores, const char *handler, double rate_per_s) {
    struct log *log = calloc(1, sizeof *log);
    REQUIRE(log);
    log->trace.emit = emit;
    struct scenario_file f;
    struct observation o;
    struct err e = {0};
    lab_load(&f, NULL,
             "machine: {cores: %d}\nserver: {%s, backlog: 100000}\nhandler: [%s]\n"
             "load: {client: open, rate: %.6f/s, requests: %d}\n",
             cores, server, handler, rate_per_s, REQUESTS);
    REQUIRE(lab_try(&f.case_[0], &(struct simulate_options){.trace = &log->trace}, &o, &e));
    REQUIRE(o.done == REQUESTS);
    observation_fini(&o);
    scenario_fini(&f);
    return log;
}

// Each request goes to the server that is free first.
static void serve(const struct log *demand, int servers, sim_time *end) {
    sim_time free_at[SERVERS] = {0};
    for (int i = 0; i < REQUESTS; i++) {
        int first = 0;
        for (int s = 1; s < servers; s++)
            if (free_at[s] < free_at[first]) first = s;
        sim_time start = demand->begin[i] > free_at[first] ? demand->begin[i] : free_at[first];
        end[i] = free_at[first] = start + demand->end[i] - demand->begin[i];
    }
}

struct subject {
    const char *server;
    int servers, cores;
    const char *cpu; // the handler, where it is not to hold the lock
};

static bool agrees(const struct subject *s, const char *time, double load) {
    char handler[96];
    double rate = load * s->servers * 1000;
    snprintf(handler, sizeof handler, "sleep: %s", time);
    struct log *demand = run("model: event_loop", 1, handler, rate);
    snprintf(handler, sizeof handler, "%s: %s", s->cpu ? s->cpu : "cpu", time);
    struct log *seen = run(s->server, s->cores, handler, rate);
    sim_time *end = calloc(REQUESTS, sizeof *end);
    REQUIRE(end);
    serve(demand, s->servers, end);
    int wrong = 0;
    for (int i = 0; i < REQUESTS; i++) {
        if (demand->begin[i] == seen->begin[i] && seen->end[i] == end[i]) continue;
        if (wrong++ == 0)
            printf("%s, %s, load %.2f: request %d, born %" PRId64 " and %" PRId64 " ns, ended at %" PRId64
                   " ns, should have at %" PRId64 "\n",
                   s->server, time, load, i, demand->begin[i], seen->begin[i], seen->end[i], end[i]);
    }
    free(end);
    free(seen);
    free(demand);
    return wrong == 0;
}

int main(void) {
    static const struct subject subject[] = {
        // A loop reads kept connections a turn earlier than new ones, so only among equals is the first served first.
        {"model: event_loop, keep_alive: off", 1, 1, NULL},
        {"model: event_loop, keep_alive: off, accept: one", 1, 1, NULL},
        {"model: event_loop, keep_alive: off", 1, 3, "cpu_nogil"},
        {"model: prefork, workers: 1", 1, 1, NULL},
        {"model: prefork, workers: 4", 4, 4, NULL},
        {"model: prefork, workers: 16", 16, 16, "cpu_nogil"},
        {"model: thread_per_request, threads: 4, gil: none", 4, 5, NULL},
        {"model: thread_per_request, threads: 4", 4, 5, "cpu_nogil"},
        {"model: thread_per_request, threads: 3", 3, 1, "sleep"},
        {"model: threadpool, threads: 4, gil: none", 4, 5, NULL},
        {"model: threadpool, threads: 4", 4, 5, "cpu_nogil"},
        {"model: threadpool, threads: 3", 3, 1, "sleep"},
        {"model: threadpool, threads: 1", 1, 2, NULL},
    };
    static const char *const time[] = {"exp(1ms)", "'lognormal(mean=1ms, cv=2)'", "1ms"};
    int wrong = 0, done = 0;
    for (size_t i = 0; i < sizeof subject / sizeof subject[0]; i++)
        for (int t = 0; t < 3; t++, done++) wrong += !agrees(&subject[i], time[t], t == 0 ? 0.95 : 0.8);
    printf("%d of %d runs of %d requests differ\n", wrong, done, REQUESTS);
    return wrong ? 1 : 0;
}
