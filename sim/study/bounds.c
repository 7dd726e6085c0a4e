#include "study/bounds.h"

#include "base/units.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static void add(struct bounds *b, enum limit l, const char *name, struct need need, double servers) {
    if (!(need.mean_s > 0)) return;
    struct bounds_station *k = &b->station[b->stations++];
    *k = (struct bounds_station){l, "", need.mean_s, need.scv, servers, servers / need.mean_s};
    snprintf(k->name, sizeof k->name, "%s", name);
    if (b->tightest < 0 || k->capacity_per_s < b->station[b->tightest].capacity_per_s)
        b->tightest = b->stations - 1;
}

static double places(const struct scenario *s, const struct demand *d) {
    double each = d->way == DEMAND_PROCESS ? 1 : s->server.threads;
    return each * s->server.workers;
}

static void add_stations(struct bounds *b, const struct scenario *s, const struct demand *d) {
    double workers = s->server.workers;
    add(b, LIMIT_CORE, limit_name(LIMIT_CORE), d->cpu, d->cores);
    add(b, LIMIT_LOOP, limit_name(LIMIT_LOOP), d->loop, workers);
    add(b, LIMIT_LOCK, limit_name(LIMIT_LOCK), d->lock, workers);
    add(b, LIMIT_POOL, limit_name(LIMIT_POOL), d->pool, places(s, d));
    for (int r = 0; r < s->resources && r < SEEN_RESOURCES; r++)
        add(b, LIMIT_RESOURCE, s->resource[r].name, d->resource[r],
            s->resource[r].capacity * (s->resource[r].shared ? 1 : workers));
    add(b, LIMIT_CLIENT, limit_name(LIMIT_CLIENT), d->client, 1);
}

static double mean_rate(const struct load_spec *load) {
    if (load->arrivals != ARRIVALS_TRACE) return load->rate_per_s;
    double last_s = load->trace_count ? (double)load->trace[load->trace_count - 1] * 1e-9 : 0;
    return last_s > 0 ? (double)load->trace_count / last_s : NAN;
}

static double think_of(const struct load_spec *load) {
    double mean = load->client != CLIENT_OPEN && load->has_think ? dist_mean(&load->think) * 1e-9 : 0;
    return isfinite(mean) ? mean : 0;
}

void bounds_of(const struct scenario *s, struct bounds *b) {
    struct demand d;
    const struct load_spec *load = &s->load;
    demand_of(s, &d);
    *b = (struct bounds){.tightest = -1, .latency_s = d.total.mean_s, .floor_s = d.floor_s};
    add_stations(b, s, &d);
    b->capacity_per_s = b->tightest < 0 ? INFINITY : b->station[b->tightest].capacity_per_s;
    b->think_s = think_of(load);
    b->offered_per_s = load->client == CLIENT_OPEN ? mean_rate(load) : NAN;
    double cycle = b->latency_s + b->think_s;
    double loop = load->client == CLIENT_OPEN || !(cycle > 0) ? INFINITY : load->concurrency / cycle;
    b->throughput_per_s = fmin(b->capacity_per_s, fmin(loop, b->offered_per_s)); // fmin passes over NAN
    b->requests =
        load->requests ? (double)load->requests : b->throughput_per_s * (double)load->duration * 1e-9;
}

void bounds_balanced(double sum_s, double most_s, double mean_s, double think_s, int clients, double *low,
                     double *high) {
    double n = clients, others = n - 1;
    *low = n / (sum_s + think_s + others * most_s / (1 + think_s / (n * sum_s)));
    *high = fmin(1 / most_s, n / (sum_s + think_s + others * mean_s / (1 + think_s / sum_s)));
}

double bounds_slack(const struct bounds_station *k, double requests) {
    if (!(requests >= 1)) return INFINITY;
    return 5 * sqrt(k->scv / requests) + k->servers / requests;
}

static const char *station_words(const struct bounds_station *k, char out[96]) {
    static const char *const words[LIMIT_COUNT] = {[LIMIT_CORE] = "the cores",
                                                   [LIMIT_LOOP] = "the event loops",
                                                   [LIMIT_LOCK] = "the locks",
                                                   [LIMIT_POOL] = "the pool",
                                                   [LIMIT_CLIENT] = "the client"};
    if (k->limit == LIMIT_RESOURCE)
        snprintf(out, 96, "the resource %s", k->name);
    else
        snprintf(out, 96, "%s", words[k->limit] ? words[k->limit] : k->name);
    return out;
}

// Whether growth is looked for, and the load is even enough to be told from a queue that grows.
static bool growth_shows(const struct scenario *s) {
    const struct load_spec *load = &s->load;
    bool even = load->arrivals == ARRIVALS_POISSON || load->arrivals == ARRIVALS_DETERMINISTIC;
    bool watched = load->requests > 0 || s->run.warmup != WARMUP_NONE;
    // What times out leaves the system: then the loss shows, once there was time for it.
    bool in_time = load->timeout == 0 || load->requests > 0 || load->timeout < load->duration / 8;
    return load->client == CLIENT_OPEN && even && watched && in_time;
}

// Excess of the offered rate over a capacity that shows in n requests: half of it is the growth between the second and
// the last quarter of a run, against 4.5 sqrt(n / 2) by chance; plus 5 deviations of what arrives and of what it needs.
static double excess_that_shows(const struct bounds_station *k, double n) {
    if (!(n >= 1)) return INFINITY;
    return 4.5 * sqrt(2 / n) + 5 * sqrt((1 + k->scv) / n) + k->servers / n;
}

bool bounds_overload(const struct bounds *b, const struct scenario *s, double lost_frac, char out[256]) {
    char name[96], can[UNITS_TEXT], offered[UNITS_TEXT];
    double n =
        s->load.requests ? (double)s->load.requests : b->offered_per_s * (double)s->load.duration * 1e-9;
    if (!growth_shows(s) || b->tightest < 0) return false;
    for (int i = 0; i < b->stations; i++) {
        const struct bounds_station *k = &b->station[i];
        double excess = b->offered_per_s / k->capacity_per_s - 1;
        bool lost_shows = excess / (1 + excess) / 2 > lost_frac;
        if (!(excess > excess_that_shows(k, n)) || !lost_shows || k->limit == LIMIT_CLIENT) continue;
        const struct bounds_station *t = &b->station[b->tightest];
        snprintf(out, 256, "%s cannot carry more than %s of the %s", station_words(t, name),
                 units_format(can, UNIT_RATE, t->capacity_per_s),
                 units_format(offered, UNIT_RATE, b->offered_per_s));
        return true;
    }
    return false;
}

static double standard_error(const struct estimate *e) {
    return e->n >= 2 ? (e->hi - e->lo) / 2 / t_quantile(0.975, e->n - 1) : 0;
}

static bool throughput_holds(const struct bounds *b, const struct case_result *c, char out[256]) {
    static const double rounding = 1e-3; // stages are whole ns, and boundaries cut requests
    double seen = c->throughput_per_s.mean - 5 * standard_error(&c->throughput_per_s);
    char name[96], a[UNITS_TEXT], m[UNITS_TEXT];
    for (int i = 0; i < b->stations; i++) {
        const struct bounds_station *k = &b->station[i];
        double slack = bounds_slack(k, c->done * c->replications) + k->servers / fmax(c->done, 1);
        if (seen <= k->capacity_per_s * (1 + rounding + slack)) continue;
        snprintf(out, 256, "%s a second were served, and %s cannot carry more than %s",
                 units_format(a, UNIT_NONE, c->throughput_per_s.mean), station_words(k, name),
                 units_format(m, UNIT_RATE, k->capacity_per_s));
        return false;
    }
    return true;
}

// Requests that a run by duration cuts off are the long ones: only where they are few is their absence no matter.
static bool latency_comparable(const struct bounds *b, const struct scenario *s,
                               const struct case_result *c) {
    if (c->timed_out + c->refused > 0 || c->latency.mean.n == 0) return false;
    return s->load.requests > 0 || b->latency_s < 0.002 * c->span_s;
}

bool bounds_hold(const struct bounds *b, const struct scenario *s, const struct case_result *c,
                 char out[256]) {
    static const double rounding = 5e-3;
    if (!throughput_holds(b, c, out)) return false;
    if (!latency_comparable(b, s, c)) return true;
    struct demand d;
    demand_of(s, &d);
    double chance = 5 * sqrt(d.total.scv / fmax(c->done * c->replications, 1));
    double seen = c->latency.mean.mean + 5 * standard_error(&c->latency.mean);
    if (seen >= b->latency_s * (1 - rounding - chance)) return true;
    char a[UNITS_TEXT], m[UNITS_TEXT];
    snprintf(out, 256, "the mean latency is %s, and no request can take less than %s on average",
             units_format(a, UNIT_SPAN, c->latency.mean.mean * 1e9),
             units_format(m, UNIT_SPAN, b->latency_s * 1e9));
    return false;
}
