#include "study/analytic.h"

#include "base/memory.h"
#include "study/mva.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum { CENTRES = SEEN_RESOURCES + 3, MOST_SERVERS = 4096 };

// ---- one queue ----

// What a scenario without costs and with one step comes down to.
struct single {
    int servers; // 0: as many as requests
    double demand_s, scv;
    bool
        in_order; // served in order of arrival, one server a request; else shared, where only the mean is known
};

static bool simple(const struct scenario *s) {
    bool one = s->endpoints == 1 && s->endpoint[0].steps == 1 && s->endpoint[0].dispatch == DISPATCH_MODEL;
    bool plain =
        s->machine.classes == 1 && s->machine.class[0].smt == 1 && s->server.queue_order == ORDER_FIFO;
    return s->costs.none && one && plain && s->load.timeout == 0;
}

static int capacity_of(const struct scenario *s, const struct handler_step *step) {
    return step->kind == STEP_USE ? s->resource[step->resource].capacity : MOST_SERVERS;
}

static int least(int a, int b) {
    return a < b ? a : b;
}

static bool single_pooled(const struct scenario *s, const struct handler_step *step, bool computes,
                          struct single *q) {
    int threads = s->server.threads, cores = s->machine.class[0].count;
    bool lock = step->kind == STEP_CPU && s->server.gil;
    int servers = !computes ? capacity_of(s, step) : lock ? 1 : cores;
    q->servers = least(threads, servers);
    q->in_order = !computes || threads <= servers;
    return s->server.workers == 1;
}

// Prefork: each process is a server; computing ones must not outnumber the cores to stay in order.
static bool single_process(const struct scenario *s, const struct handler_step *step, bool computes,
                           struct single *q) {
    int workers = s->server.workers, cores = s->machine.class[0].count;
    q->servers = computes ? least(workers, cores) : workers;
    q->in_order = !computes || workers <= cores;
    return !(s->server.keep_alive && s->load.keep_alive) && step->kind != STEP_USE;
}

static bool single_of(const struct scenario *s, const struct demand *d, struct single *q) {
    if (!simple(s)) return false;
    const struct handler_step *step = &s->endpoint[0].step[0];
    bool computes = step->kind == STEP_CPU || step->kind == STEP_CPU_NOGIL;
    *q = (struct single){
        .demand_s = dist_mean(&step->time) * 1e-9, .scv = dist_scv(&step->time), .in_order = true};
    if (computes) q->demand_s /= d->speed;
    if (!isfinite(q->demand_s) || !isfinite(q->scv) || q->demand_s <= 0) return false;
    if (d->way == DEMAND_POOL || d->way == DEMAND_THREADS) return single_pooled(s, step, computes, q);
    if (d->way == DEMAND_PROCESS) return single_process(s, step, computes, q);
    q->servers = computes ? 1 : step->kind == STEP_USE ? capacity_of(s, step) : 0;
    return d->way == DEMAND_LOOP && s->server.workers == 1;
}

static void exact_open(const struct single *q, double rate, struct analytic *a) {
    bool exponential = q->scv == 1;
    double mean = NAN;
    snprintf(a->exact, sizeof a->exact, "%s",
             q->servers == 0   ? "M/G/inf"
             : !exponential    ? "M/G/1"
             : q->servers == 1 ? "M/M/1"
                               : "M/M/c");
    if (q->servers == 0)
        mean = q->demand_s;
    else if (exponential)
        mean = mva_mmc_mean(q->servers, rate, q->demand_s);
    else if (q->servers == 1 && q->in_order)
        mean = mva_mg1_mean(rate, q->demand_s, q->scv);
    a->exact_mean_s = mean;
    a->exact_servers = q->servers;
    a->exact_throughput_per_s = rate;
    if (isnan(mean) || isinf(mean)) a->exact[0] = 0;
    for (int i = 0; i < QUANTILE_COUNT && exponential && q->in_order && a->exact[0]; i++)
        a->exact_quantile_s[i] = q->servers == 0
                                     ? -log(1 - quantile_level[i]) * q->demand_s
                                     : mva_mmc_quantile(q->servers, rate, q->demand_s, quantile_level[i]);
}

static void exact_closed(const struct scenario *s, const struct single *q, struct analytic *a) {
    double *rate, *x, think = a->bounds.think_s;
    int n = s->load.concurrency;
    // Without exponential service only a delay, or as many servers as clients, is insensitive to the distribution.
    bool alone = q->servers == 0 || q->servers >= n;
    if ((q->scv != 1 && !alone) || n > ANALYTIC_CLIENTS) return;
    int servers = alone ? n : q->servers;
    rate = memory_new((size_t)servers, sizeof *rate);
    x = memory_new((size_t)n, sizeof *x);
    mva_servers(q->demand_s, servers, rate);
    mva_throughput(&(struct mva_centre){servers, rate}, 1, think, n, x);
    snprintf(a->exact, sizeof a->exact, "M/M/c//N");
    a->exact_servers = servers;
    a->exact_throughput_per_s = x[n - 1];
    a->exact_mean_s = n / x[n - 1] - think;
    free(rate);
    free(x);
}

static void find_exact(const struct scenario *s, const struct demand *d, struct analytic *a) {
    struct single q;
    bool poisson = s->load.client == CLIENT_OPEN && s->load.arrivals == ARRIVALS_POISSON;
    if (!single_of(s, d, &q)) return;
    if (poisson)
        exact_open(&q, s->load.rate_per_s, a);
    else if (s->load.client != CLIENT_OPEN && s->load.place == PLACE_SERVER)
        exact_closed(s, &q, a);
}

// ---- a network of queues for each worker ----

struct network {
    int centres;
    struct mva_centre centre[CENTRES];
    double *rate[CENTRES]; // owned
    double scv[CENTRES];   // of what requests need there
    double delay_s;
};

static void add_centre(struct network *n, double demand_s, int servers, double scv) {
    if (!(demand_s > 0) || n->centres == CENTRES) return;
    double *rate = memory_new((size_t)servers, sizeof *rate);
    mva_servers(demand_s, servers, rate);
    n->scv[n->centres] = servers == 1 ? scv : 1;
    n->rate[n->centres] = rate;
    n->centre[n->centres++] = (struct mva_centre){servers, rate};
}

static void network_fini(struct network *n) {
    for (int i = 0; i < n->centres; i++) free(n->rate[i]);
}

static int share_of(double servers, int workers) {
    int each = (int)(servers / workers + 0.5);
    return each < 1 ? 1 : least(each, MOST_SERVERS);
}

// What requests wait for in a place of the pool, or what they wait for elsewhere.
static void add_waits(struct network *n, const struct scenario *s, const struct demand *d, bool in_pool) {
    double held = 0, wait = in_pool ? d->pool_wait : d->handler_wait - d->pool_wait;
    for (int r = 0; r < s->resources && r < SEEN_RESOURCES; r++) {
        int workers = s->resource[r].shared ? s->server.workers : 1;
        double use = in_pool ? d->pool_resource[r] : d->resource[r].mean_s - d->pool_resource[r];
        add_centre(n, use, share_of(s->resource[r].capacity, workers), 1);
        held += use;
    }
    n->delay_s += fmax(wait - held, 0);
}

// What the collector takes of each request's time, on average.
static double collector(const struct scenario *s, enum demand_way way) {
    const struct gc_costs *g = &s->costs.gc;
    if (!s->server.gc || g->requests_per_young.value <= 0) return 0;
    double middle_every = fmax(g->middle_every.value, 1), full_every = fmax(g->full_every.value, 1);
    double middle = g->middle.value + (g->full.value - g->middle.value) / full_every;
    // As worker_collect and its callers count a request's allocations.
    double allocates = s->load.keep_alive && s->server.keep_alive ? 1 - g->per_connection.value : 1;
    if (way == DEMAND_POOL) allocates += g->hand_off.value;
    return allocates * (g->young.value + (middle - g->young.value) / middle_every) /
           g->requests_per_young.value * 1e-9;
}

static double closing(const struct scenario *s, const struct demand *d) {
    return s->load.keep_alive || d->way == DEMAND_OTHER ? 0
                                                        : s->costs.server.close.cpu.value * 1e-9 / d->speed;
}

// The pool with what its threads do inside: a closed network of 1..threads customers makes its rates.
static void add_pool(struct network *n, const struct scenario *s, const struct demand *d) {
    struct network in = {0};
    int threads = least(s->server.threads, ANALYTIC_CLIENTS);
    double thread_cpu = d->pool.mean_s - d->pool_wait;
    add_centre(&in, thread_cpu, s->server.gil ? 1 : share_of(d->cores, s->server.workers), d->lock.scv);
    add_waits(&in, s, d, true);
    double *rate = memory_new((size_t)threads, sizeof *rate);
    if (in.centres)
        mva_throughput(in.centre, in.centres, in.delay_s, threads, rate);
    else
        for (int k = 1; k <= threads; k++) rate[k - 1] = in.delay_s > 0 ? k / in.delay_s : INFINITY;
    network_fini(&in);
    n->scv[n->centres] = 1;
    n->rate[n->centres] = rate;
    n->centre[n->centres++] = (struct mva_centre){threads, rate};
}

static void build(struct network *n, const struct scenario *s, const struct demand *d) {
    double own = collector(s, d->way) / d->speed + closing(s, d);
    n->delay_s = s->load.place == PLACE_SERVER ? d->client.mean_s : 2 * s->costs.network.value * 1e-9;
    if (d->way == DEMAND_POOL || d->way == DEMAND_THREADS) {
        add_centre(n, d->loop.mean_s + own, 1, d->loop.scv);
        if (d->pool.mean_s > 0) add_pool(n, s, d);
        add_waits(n, s, d, false); // of endpoints that the loop answers itself
    } else if (d->way == DEMAND_PROCESS) {
        add_centre(n, d->pool.mean_s + own, 1, d->pool.scv);
    } else {
        add_centre(n, d->loop.mean_s + own, 1, d->loop.scv);
        add_waits(n, s, d, false);
    }
}

// Waiting at one centre of an open network.
static double open_residence(const struct network *n, int i, double rate) {
    const struct mva_centre *c = &n->centre[i];
    if (c->rates == 1) return mva_mg1_mean(rate, 1 / c->rate[0], n->scv[i]);
    return mva_open_number(c, rate) / rate;
}

static void estimate_open(const struct network *n, const struct scenario *s, struct analytic *a) {
    double rate = a->bounds.offered_per_s / s->server.workers, mean = n->delay_s;
    for (int i = 0; i < n->centres; i++) mean += open_residence(n, i, rate);
    if (!isfinite(mean)) return;
    a->estimate_mean_s = mean;
    a->estimate_throughput_per_s = a->bounds.offered_per_s;
}

static void estimate_closed(const struct network *n, const struct scenario *s, struct analytic *a) {
    int workers = s->server.workers, clients = share_of(s->load.concurrency, workers);
    if (clients > ANALYTIC_CLIENTS || !n->centres) return;
    double *x = memory_new((size_t)clients, sizeof *x);
    mva_throughput(n->centre, n->centres, n->delay_s + a->bounds.think_s, clients, x);
    a->estimate_throughput_per_s = fmin(x[clients - 1] * workers, a->bounds.throughput_per_s);
    a->estimate_mean_s = s->load.concurrency / a->estimate_throughput_per_s - a->bounds.think_s;
    free(x);
}

static void find_estimate(const struct scenario *s, const struct demand *d, struct analytic *a) {
    struct network n = {0};
    if (a->bounds.offered_per_s >= a->bounds.capacity_per_s) return;
    build(&n, s, d);
    if (s->load.client == CLIENT_OPEN)
        estimate_open(&n, s, a);
    else
        estimate_closed(&n, s, a);
    network_fini(&n);
}

// Whether the station is a queue of its own. Loop and lock are the same work seen twice, and with a core for each thread
// that can run nobody waits for one.
static bool separate(const struct scenario *s, const struct bounds_station *k) {
    double runnable = s->server.workers + (s->load.place == PLACE_SERVER);
    return !(k->limit == LIMIT_CORE && k->servers >= runnable) &&
           !(k->limit == LIMIT_LOCK && s->server.workers == 1);
}

// Only where each station is one server and no pool holds its threads meanwhile.
static void find_balanced(const struct scenario *s, const struct demand *d, struct analytic *a) {
    const struct bounds *b = &a->bounds;
    double sum = 0, most = 0;
    int queues = 0;
    if (s->load.client == CLIENT_OPEN || d->way != DEMAND_LOOP) return;
    for (int i = 0; i < b->stations; i++) {
        const struct bounds_station *k = &b->station[i];
        if (!separate(s, k)) continue;
        if (k->servers != 1) return;
        sum += k->demand_s;
        most = fmax(most, k->demand_s);
        queues++;
    }
    double delay = fmax(b->latency_s + d->client.mean_s - sum, 0) + b->think_s;
    if (queues)
        bounds_balanced(sum, most, sum / queues, delay, s->load.concurrency, &a->balanced_low,
                        &a->balanced_high);
}

void analytic_of(const struct scenario *s, struct analytic *a) {
    struct demand d;
    *a = (struct analytic){.balanced_low = NAN,
                           .balanced_high = NAN,
                           .exact_throughput_per_s = NAN,
                           .exact_mean_s = NAN,
                           .estimate_throughput_per_s = NAN,
                           .estimate_mean_s = NAN};
    for (int q = 0; q < QUANTILE_COUNT; q++) a->exact_quantile_s[q] = NAN;
    bounds_of(s, &a->bounds);
    demand_of(s, &d);
    find_balanced(s, &d, a);
    find_exact(s, &d, a);
    find_estimate(s, &d, a);
}
