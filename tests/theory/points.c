#include "battery.h"
#include "formula.h"

#include "tests/models/lab.h"

#include "base/require.h"

#include <math.h>

// All service times have the mean 1 ms; everything else follows from the load.
static const double service_s = 1e-3;

// Processor sharing is what is left of fair shares when slices are short.
static const struct scenario_embedded profiles[] = {
    {"slices", "machine: {slice: {value: 20us, from: guess, source: \"short against 1 ms\"}}\n"},
    {NULL, NULL},
};

// An open load of `requests` at `servers` x `load` x 1000/s; `server`, `handler`, `extra` as in a scenario.
struct open {
    const char *costs, *server, *handler, *extra;
    int cores;
    double requests; // in all replications together
};

static struct point *next_point(struct battery *b, double load) {
    REQUIRE(b->points < MOST_POINTS);
    struct point *p = &b->point[b->points++];
    *p = (struct point){.load = load};
    for (int q = 0; q < QUANTITIES; q++) p->theory[q] = NAN;
    return p;
}

static struct point *add_open(struct battery *b, const char *name, int servers, double load, struct open o) {
    struct point *p = next_point(b, load);
    double rate = load * servers / service_s, duration_s = o.requests * b->scale / REPLICATIONS / rate;
    snprintf(p->name, sizeof p->name, "%s", name);
    lab_load(&p->file, profiles,
             "costs: %s\nmachine: {cores: %d}\nserver: {%s}\nhandler: [%s]\nresources: {db: {capacity: %d}}\n"
             "load: {client: open, rate: %.9f/s, duration: %.6fs%s}\nrun: {seed: 1, warmup: %.6fs}\n",
             o.costs ? o.costs : "none", o.cores ? o.cores : servers, o.server,
             o.handler ? o.handler : "cpu: exp(1ms)", servers, rate, duration_s, o.extra ? o.extra : "",
             duration_s / 20);
    return p;
}

// --- one server

static void mm1(struct battery *b, double load, double requests) {
    struct point *p = add_open(b, "M/M/1 event_loop", 1, load,
                               (struct open){.server = "model: event_loop", .requests = requests});
    double sojourn = formula_mmc(1, load / service_s, service_s);
    p->theory[MEAN] = sojourn;
    p->theory[THROUGHPUT] = load / service_s;
    p->theory[CORE_USE] = load;
    // The sojourn time is exponential (Kleinrock 1975, eq. 5.119).
    p->theory[P50] = sojourn * log(2);
    p->theory[P90] = sojourn * log(10);
    p->theory[P95] = sojourn * log(20);
    p->theory[P99] = sojourn * log(100);
}

// First come first served at one server, whichever model it is.
static void mg1(struct battery *b, const char *name, const char *server, const char *handler, double scv,
                double load, double requests) {
    struct point *p =
        add_open(b, name, 1, load, (struct open){.server = server, .handler = handler, .requests = requests});
    p->theory[MEAN] = formula_mg1(load / service_s, service_s, scv);
    p->theory[CORE_USE] = load;
}

static void one_server(struct battery *b) {
    const char *loop = "model: event_loop";
    mm1(b, 0.1, 1e6);
    mm1(b, 0.3, 1e6);
    mm1(b, 0.5, 2e6);
    mm1(b, 0.7, 6e6);
    mm1(b, 0.8, 14e6);
    mm1(b, 0.9, 44e6);
    mm1(b, 0.95, 20e6);
    mg1(b, "M/M/1 prefork", "model: prefork", "cpu: exp(1ms)", 1, 0.8, 14e6);
    mg1(b, "M/M/1 event_loop, accept one", "model: event_loop, accept: one", "cpu: exp(1ms)", 1, 0.8, 14e6);
    mg1(b, "M/M/1 event_loop, lock released", loop, "cpu_nogil: exp(1ms)", 1, 0.8, 14e6);
    mg1(b, "M/D/1 event_loop", loop, "cpu: 1ms", 0, 0.5, 1e6);
    mg1(b, "M/D/1 event_loop", loop, "cpu: 1ms", 0, 0.8, 5e6);
    mg1(b, "M/D/1 event_loop", loop, "cpu: 1ms", 0, 0.9, 18e6);
    mg1(b, "M/D/1 event_loop", loop, "cpu: 1ms", 0, 0.95, 12e6);
    mg1(b, "M/G/1 lognormal cv 0.5", loop, "cpu: 'lognormal(mean=1ms, cv=0.5)'", 0.25, 0.8, 10e6);
    mg1(b, "M/G/1 lognormal cv 2", loop, "cpu: 'lognormal(mean=1ms, cv=2)'", 4, 0.5, 40e6);
    mg1(b, "M/G/1 lognormal cv 2", loop, "cpu: 'lognormal(mean=1ms, cv=2)'", 4, 0.7, 50e6);
    mg1(b, "M/G/1 gamma cv 0.5", loop, "cpu: 'gamma(mean=1ms, cv=0.5)'", 0.25, 0.9, 28e6);
    mg1(b, "M/G/1 gamma cv 1.5", loop, "cpu: 'gamma(mean=1ms, cv=1.5)'", 2.25, 0.7, 10e6);
    mg1(b, "M/G/1 uniform", loop, "cpu: 'uniform(0.5ms, 1.5ms)'", 1.0 / 12, 0.9, 18e6);
    mg1(b, "M/G/1 Erlang 2 in two steps", loop, "{cpu: exp(0.5ms)}, {cpu: exp(0.5ms)}", 0.5, 0.8, 10e6);
}

static void deterministic_arrivals(struct battery *b) {
    struct point *p = add_open(b, "D/D/1 event_loop", 1, 0.8,
                               (struct open){.server = "model: event_loop",
                                             .handler = "cpu: 1ms",
                                             .extra = ", arrivals: deterministic",
                                             .requests = 4e5});
    p->theory[MEAN] = service_s;
    p->exact = true;
    for (int i = 0; i < 2; i++) {
        double load = i ? 0.9 : 0.7;
        p = add_open(b, "D/M/1 event_loop", 1, load,
                     (struct open){.server = "model: event_loop",
                                   .extra = ", arrivals: deterministic",
                                   .requests = i ? 20e6 : 3e6});
        p->theory[MEAN] = formula_dm1(load / service_s, service_s);
        p->theory[CORE_USE] = load;
    }
}

// --- several servers

static void mmc(struct battery *b, const char *name, int servers, double load, struct open o) {
    struct point *p = add_open(b, name, servers, load, o);
    p->theory[MEAN] = formula_mmc(servers, load * servers / service_s, service_s);
    p->theory[THROUGHPUT] = load * servers / service_s;
}

static void prefork(struct battery *b, int servers, double load, double requests) {
    char name[48], server[64];
    snprintf(name, sizeof name, "M/M/%d prefork", servers);
    snprintf(server, sizeof server, "model: prefork, workers: %d", servers);
    mmc(b, name, servers, load, (struct open){.server = server, .requests = requests});
    b->point[b->points - 1].theory[CORE_USE] = load;
}

static void several_servers(struct battery *b) {
    prefork(b, 2, 0.5, 1e6);
    prefork(b, 2, 0.8, 12e6);
    prefork(b, 2, 0.95, 16e6);
    prefork(b, 8, 0.7, 1e6);
    prefork(b, 8, 0.9, 26e6);
    prefork(b, 16, 0.95, 10e6);
    // One more core, so that loop or acceptor, which cost nothing, need not wait for one.
    mmc(b, "M/M/4 thread_per_request", 4, 0.8,
        (struct open){
            .server = "model: thread_per_request, threads: 4, gil: none", .cores = 5, .requests = 8e6});
    mmc(b, "M/M/4 thread_per_request", 4, 0.9,
        (struct open){
            .server = "model: thread_per_request, threads: 4, gil: none", .cores = 5, .requests = 36e6});
    mmc(b, "M/M/4 threadpool", 4, 0.8,
        (struct open){.server = "model: threadpool, threads: 4, gil: none", .cores = 5, .requests = 8e6});
    mmc(b, "M/M/4 threadpool", 4, 0.9,
        (struct open){.server = "model: threadpool, threads: 4, gil: none", .cores = 5, .requests = 36e6});
    mmc(b, "M/M/4 threadpool, last first", 4, 0.8,
        (struct open){.server = "model: threadpool, threads: 4, gil: none, queue_order: lifo",
                      .cores = 5,
                      .requests = 8e6});
    mmc(b, "M/M/3 threadpool that sleeps, lock", 3, 0.8,
        (struct open){.server = "model: threadpool, threads: 3",
                      .handler = "sleep: exp(1ms)",
                      .cores = 1,
                      .requests = 8e6});
    mmc(b, "M/M/3 resource, event_loop", 3, 0.8,
        (struct open){.server = "model: event_loop",
                      .handler = "{use: db, for: exp(1ms)}",
                      .cores = 1,
                      .requests = 10e6});
}

// Connections spread at random over loops of their own: each is an M/M/1.
static void split_stream(struct battery *b) {
    struct point *p =
        add_open(b, "3 x M/M/1 reuseport", 3, 0.8,
                 (struct open){.server = "model: event_loop, workers: 3, accept: reuseport, keep_alive: off",
                               .requests = 10e6});
    p->theory[MEAN] = formula_mmc(1, 0.8 / service_s, service_s);
    p->theory[CORE_USE] = 0.8;
}

static void infinite_servers(struct battery *b) {
    static const char *const handler[] = {"sleep: exp(1ms)", "sleep: 'lognormal(mean=1ms, cv=2)'",
                                          "sleep: 'pareto(0.6ms, 2.5)'"};
    static const char *const name[] = {"M/M/inf event_loop sleeps", "M/G/inf lognormal cv 2",
                                       "M/G/inf Pareto 2.5"};
    for (int i = 0; i < 3; i++) {
        struct point *p =
            add_open(b, name[i], 1, 0.9,
                     (struct open){.server = "model: event_loop", .handler = handler[i], .requests = 1e6});
        p->theory[MEAN] = service_s;
    }
}

// --- finite room and finite sources

static void mmck(struct battery *b, int servers, int places, double load) {
    char name[48], server[96];
    snprintf(name, sizeof name, "M/M/%d/%d prefork", servers, places);
    snprintf(server, sizeof server, "model: prefork, workers: %d, backlog: %d", servers, places - servers);
    struct point *p =
        add_open(b, name, servers, load,
                 (struct open){.server = server, .extra = ", connect_retry: 0s", .requests = 2e6});
    struct formula_mmck f = formula_mmck(servers, places, load * servers / service_s, service_s);
    p->theory[MEAN] = f.sojourn;
    p->theory[THROUGHPUT] = f.throughput;
    p->theory[BLOCKING] = f.blocking;
    p->theory[CORE_USE] = f.throughput * service_s / servers;
}

static void repair(struct battery *b, const char *model, int users, int servers, double think_ms) {
    struct formula_repair f = formula_repair(users, servers, think_ms * 1e-3, service_s);
    struct point *p = next_point(b, f.busy / servers);
    double duration_s = 2.5e6 * b->scale / REPLICATIONS / f.throughput;
    snprintf(p->name, sizeof p->name, "repair %d users, %d %s", users, servers, model);
    lab_load(&p->file, profiles,
             "costs: none\nmachine: {cores: %d}\nserver: {model: %s, workers: %d}\nhandler: [cpu: exp(1ms)]\n"
             "load: {client: wrk, runs_on: elsewhere, concurrency: %d, think: exp(%.6fms), duration: %.6fs}\n"
             "run: {seed: 1, warmup: %.6fs}\n",
             servers, model, servers, users, think_ms, duration_s, duration_s / 20);
    p->theory[MEAN] = f.residence;
    p->theory[THROUGHPUT] = f.throughput;
    p->theory[CORE_USE] = f.busy / servers;
}

static void finite_room(struct battery *b) {
    mmck(b, 1, 2, 0.7);
    mmck(b, 1, 5, 0.8);
    mmck(b, 1, 5, 1.2);
    mmck(b, 2, 10, 0.9);
    mmck(b, 4, 8, 1.0);
    repair(b, "event_loop", 5, 1, 10);
    repair(b, "event_loop", 10, 1, 10);
    repair(b, "event_loop", 40, 1, 50);
    repair(b, "prefork", 10, 1, 8);
    repair(b, "prefork", 20, 3, 6);
    repair(b, "prefork", 30, 8, 3);
}

// Processor sharing: the mean depends on the service time's mean alone (Kleinrock 1976, eq. 4.18). A slice of 2 % of
// the service time leaves an error of 0.1 % (measured: 0.4 % at a slice of 10 %, 1.8 % at 20 %).
static void processor_sharing(struct battery *b) {
    static const char *const handler[] = {"cpu: exp(1ms)", "cpu: 'lognormal(mean=1ms, cv=2)'", "cpu: 1ms"};
    static const char *const name[] = {"M/M/1 shared processor", "M/G/1 shared, lognormal cv 2",
                                       "M/D/1 shared processor"};
    static const double requests[] = {2e6, 3.5e6, 1e6, 5e6, 9e6, 2e6};
    for (int i = 0; i < 6; i++) {
        double load = i < 3 ? 0.5 : 0.7;
        struct point *p =
            add_open(b, name[i % 3], 1, load,
                     (struct open){.costs = "slices",
                                   .handler = handler[i % 3],
                                   .cores = 1,
                                   .server = "model: thread_per_request, threads: 1000, gil: none",
                                   .requests = requests[i]});
        p->theory[MEAN] = service_s / (1 - load);
        p->theory[CORE_USE] = load;
    }
}

void battery_init(struct battery *b, double scale) {
    *b = (struct battery){.scale = scale};
    one_server(b);
    deterministic_arrivals(b);
    several_servers(b);
    split_stream(b);
    infinite_servers(b);
    finite_room(b);
    processor_sharing(b);
}

void battery_fini(struct battery *b) {
    for (int i = 0; i < b->points; i++) scenario_fini(&b->point[i].file);
}
