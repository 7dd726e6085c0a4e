#include "scenario/result.h"

#include "base/memory.h"
#include "base/require.h"
#include "scenario/bottleneck.h"
#include "scenario/warmup.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const double level = 0.95;       // of every interval
static const double drops_frac = 0.001; // of an open load's requests: more than this is STATUS_DROPPED
static const double unsteady_frac =
    0.1; // lost of an open load's requests: more than this may have no steady state

const double quantile_level[QUANTILE_COUNT] = {0.5, 0.9, 0.95, 0.99};

const char *blame_name(enum blame b) {
    static const char *const name[BLAME_COUNT] = {"accept_wait",   "loop_lag",  "lock_wait",
                                                  "runqueue_wait", "pool_wait", "resource_wait",
                                                  "service",       "client"};
    return name[b];
}

const char *limit_name(enum limit l) {
    static const char *const name[LIMIT_COUNT] = {"core",     "loop",    "lock",  "pool",
                                                  "resource", "backlog", "client"};
    return name[l];
}

const char *status_name(enum status s) {
    static const char *const name[] = {"ok", "saturated", "too_short", "dropped"};
    return name[s];
}

// Room for one number of each observation.
static double *numbers(int n) {
    return memory_new((size_t)n, sizeof(double));
}

// The histogram of observation i that an estimate is about: of one endpoint, or of all requests for -1.
static const struct hist *latency_of(const struct observation *o, int endpoint) {
    return endpoint < 0 ? &o->latency : &o->endpoint_latency[endpoint];
}

static struct estimate estimate_quantile(const struct observation *o, int n, int endpoint, double q) {
    double *x = numbers(n);
    int supported = 0;
    for (int i = 0; i < n; i++) {
        const struct hist *h = latency_of(&o[i], endpoint);
        if (hist_supports(h->count, q)) x[supported++] = (double)hist_quantile(h, q) / 1e9;
    }
    // A mean over those replications alone that happen to be long enough would be biased towards fast ones.
    struct estimate e = estimate_mean(x, supported == n ? n : 0, level);
    free(x);
    return e;
}

static struct latency_estimate estimate_latency(const struct observation *o, int n, int endpoint) {
    struct latency_estimate l;
    double *mean = numbers(n), *max = numbers(n);
    for (int i = 0; i < n; i++) {
        const struct hist *h = latency_of(&o[i], endpoint);
        mean[i] = h->count ? hist_mean(h) / 1e9 : NAN;
        max[i] = h->count ? (double)h->max / 1e9 : NAN;
    }
    l.mean = estimate_mean(mean, n, level);
    l.max = estimate_mean(max, n, level);
    for (int q = 0; q < QUANTILE_COUNT; q++)
        l.quantile[q] = estimate_quantile(o, n, endpoint, quantile_level[q]);
    free(mean);
    free(max);
    return l;
}

static struct estimate estimate_throughput(const struct observation *o, int n, int endpoint) {
    double *x = numbers(n);
    for (int i = 0; i < n; i++) {
        double done = endpoint < 0 ? (double)o[i].done : (double)latency_of(&o[i], endpoint)->count;
        x[i] = o[i].span_s > 0 ? done / o[i].span_s : NAN;
    }
    struct estimate e = estimate_mean(x, n, level);
    free(x);
    return e;
}

static void gather_endpoints(struct case_result *out, const struct scenario *s, const struct observation *o,
                             int n) {
    out->endpoints = s->endpoints > 1 ? s->endpoints : 0;
    if (out->endpoints > SEEN_ENDPOINTS) out->endpoints = SEEN_ENDPOINTS;
    for (int i = 0; i < out->endpoints; i++) {
        snprintf(out->endpoint[i].name, sizeof out->endpoint[i].name, "%s", s->endpoint[i].name);
        out->endpoint[i].throughput_per_s = estimate_throughput(o, n, i);
        out->endpoint[i].latency = estimate_latency(o, n, i);
    }
}

// What the observations say of one station: of all its instances together, and how many servers each has.
struct seen {
    double utilisation, queue, full_frac, instances, size;
};

static const struct seen nothing_seen = {NAN, NAN, NAN, NAN, NAN};

static struct seen gather_station(const struct observation *o, int n,
                                  const struct station_seen *(*pick)(const struct observation *, int),
                                  int which) {
    struct seen sum = {0};
    int counted = 0;
    for (int i = 0; i < n; i++) {
        const struct station_seen *seen = pick(&o[i], which);
        if (seen->servers <= 0 || o[i].span_s <= 0) continue;
        double instances = seen->instances > 0 ? seen->instances : 1;
        sum.utilisation += seen->busy_s / (seen->servers * o[i].span_s);
        sum.queue += seen->queue_s / o[i].span_s;
        sum.full_frac += seen->full_s / (instances * o[i].span_s);
        sum.instances += instances;
        sum.size += seen->servers / instances;
        counted++;
    }
    if (!counted) return nothing_seen;
    return (struct seen){sum.utilisation / counted, sum.queue / counted, sum.full_frac / counted,
                         sum.instances / counted, sum.size / counted};
}

static const struct station_seen *pick_station(const struct observation *o, int which) {
    return &o->station[which];
}

static const struct station_seen *pick_resource(const struct observation *o, int which) {
    return &o->resource[which];
}

static void put_station(struct case_result *out, enum limit l, struct seen seen) {
    out->utilisation[l] = seen.utilisation;
    out->queue[l] = seen.queue;
    out->full_frac[l] = seen.full_frac;
    out->instances[l] = seen.instances;
    out->size[l] = seen.size;
}

static void gather_resources(struct case_result *out, const struct scenario *s, const struct observation *o,
                             int n) {
    put_station(out, LIMIT_RESOURCE, nothing_seen);
    out->resources = s->resources < SEEN_RESOURCES ? s->resources : SEEN_RESOURCES;
    for (int i = 0; i < out->resources; i++) {
        struct seen seen = gather_station(o, n, pick_resource, i);
        snprintf(out->resource[i].name, sizeof out->resource[i].name, "%s", s->resource[i].name);
        out->resource[i].utilisation = seen.utilisation;
        out->resource[i].queue = seen.queue;
        out->resource[i].full_frac = seen.full_frac;
        if (!(seen.utilisation <= out->utilisation[LIMIT_RESOURCE])) put_station(out, LIMIT_RESOURCE, seen);
    }
}

static void gather_stations(struct case_result *out, const struct scenario *s, const struct observation *o,
                            int n) {
    for (int l = 0; l < LIMIT_COUNT; l++) put_station(out, l, gather_station(o, n, pick_station, l));
    gather_resources(out, s, o, n);
}

static void gather_blame(struct case_result *out, const struct observation *o, int n) {
    bool p99 = out->latency.quantile[QUANTILE_P99].n > 0;
    int counted = 0;
    for (int i = 0; i < n; i++) {
        double mean[BLAME_COUNT], tail[BLAME_COUNT];
        if (o[i].latency.count == 0) continue;
        counted++;
        observation_blame_mean(&o[i], mean);
        observation_blame_at(&o[i], 0.99, tail);
        for (int b = 0; b < BLAME_COUNT; b++) {
            out->blame_mean_s[b] += mean[b];
            out->blame_p99_s[b] += tail[b];
        }
    }
    for (int b = 0; b < BLAME_COUNT; b++) {
        out->blame_mean_s[b] = counted ? out->blame_mean_s[b] / counted : NAN;
        out->blame_p99_s[b] = p99 ? out->blame_p99_s[b] / counted : NAN;
    }
}

static void gather_counts(struct case_result *out, const struct observation *o, int n) {
    struct {
        int64_t arrived, done, timed_out, refused, retried;
    } sum = {0};
    double span_s = 0, switches = 0, wakeups = 0, handoffs = 0, cpu_s = 0, voluntary = 0, involuntary = 0;
    for (int i = 0; i < n; i++) {
        sum.arrived += o[i].arrived;
        sum.done += o[i].done;
        sum.timed_out += o[i].timed_out;
        sum.refused += o[i].refused;
        sum.retried += o[i].retried;
        span_s += o[i].span_s;
        cpu_s += o[i].server_cpu_s;
        voluntary += o[i].voluntary;
        involuntary += o[i].involuntary;
        switches += o[i].switches;
        wakeups += o[i].wakeups;
        handoffs += o[i].lock_handoffs;
        out->events += o[i].events;
        // 64-bit FNV-1a over whole words: depends on the order of the replications.
        out->trace_hash = (out->trace_hash ^ o[i].trace_hash) * 0x100000001b3u;
    }
    double done = (double)sum.done;
    out->arrived = (double)sum.arrived / n;
    out->done = done / n;
    out->timed_out = (double)sum.timed_out / n;
    out->refused = (double)sum.refused / n;
    out->retried = (double)sum.retried / n;
    out->span_s = span_s / n;
    out->cpu_per_request_s = done > 0 ? cpu_s / done : NAN;
    out->voluntary_per_request = done > 0 ? voluntary / done : NAN;
    out->involuntary_per_request = done > 0 ? involuntary / done : NAN;
    out->switches_per_request = done > 0 ? switches / done : NAN;
    out->wakeups_per_request = done > 0 ? wakeups / done : NAN;
    out->lock_handoffs_per_s = span_s > 0 ? handoffs / span_s : NAN;
}

static enum status find_status(const struct case_result *c, const struct scenario *s,
                               const struct observation *o, int n) {
    int saturated = 0, too_short = 0;
    for (int i = 0; i < n; i++) {
        saturated += o[i].saturated;
        too_short += o[i].too_short || o[i].done == 0;
    }
    double dropped = c->timed_out + c->refused;
    if (2 * saturated >= n && saturated > 0) return STATUS_SATURATED;
    if (s->load.client == CLIENT_OPEN && dropped > drops_frac * c->arrived) return STATUS_DROPPED;
    if (2 * too_short >= n && too_short > 0) return STATUS_TOO_SHORT;
    return STATUS_OK;
}

bool result_unsteady(const struct case_result *c) {
    return c->status == STATUS_SATURATED ||
           (c->status == STATUS_DROPPED && c->timed_out + c->refused > unsteady_frac * c->arrived);
}

static void gather_p99_range(struct case_result *out, const struct observation *o, int n) {
    out->p99_min_s = out->p99_max_s = NAN;
    if (out->latency.quantile[QUANTILE_P99].n == 0) return;
    for (int i = 0; i < n; i++) {
        double p99 = (double)hist_quantile(&o[i].latency, 0.99) / 1e9;
        out->p99_min_s = fmin(out->p99_min_s, p99); // fmin and fmax pass over NAN
        out->p99_max_s = fmax(out->p99_max_s, p99);
    }
}

static double error_of(const struct estimate *predicted, double measured) {
    return predicted->n > 0 && measured > 0 ? (predicted->mean - measured) / measured : NAN;
}

static void gather_errors(struct case_result *out, const struct measured *m) {
    const double quantile[QUANTILE_COUNT] = {m->p50_s, m->p90_s, m->p95_s, m->p99_s};
    out->measured = *m;
    out->error_throughput = m->given ? error_of(&out->throughput_per_s, m->throughput_per_s) : NAN;
    out->error_mean = m->given ? error_of(&out->latency.mean, m->mean_s) : NAN;
    for (int q = 0; q < QUANTILE_COUNT; q++)
        out->error_quantile[q] = m->given ? error_of(&out->latency.quantile[q], quantile[q]) : NAN;
}

// Of a saturated case only the throughput can become precise.
static bool is_precise(const struct case_result *c, const struct run_spec *run) {
    if (run->replications > 0) return true;
    return estimate_relative(&c->throughput_per_s) <= run->precision_frac &&
           (c->status == STATUS_SATURATED || estimate_relative(&c->latency.mean) <= run->precision_frac);
}

static void forget_latency(struct latency_estimate *l) {
    const struct estimate unknown = {NAN, NAN, NAN, 0, NAN};
    l->mean = l->max = unknown;
    for (int q = 0; q < QUANTILE_COUNT; q++) l->quantile[q] = unknown;
}

static void forget_unsteady(struct case_result *out) {
    forget_latency(&out->latency);
    for (int i = 0; i < out->endpoints; i++) forget_latency(&out->endpoint[i].latency);
    for (int b = 0; b < BLAME_COUNT; b++) out->blame_mean_s[b] = out->blame_p99_s[b] = NAN;
    out->p99_min_s = out->p99_max_s = NAN;
}

void result_gather(struct case_result *out, const struct scenario *s, const struct observation *o, int n) {
    REQUIRE(n >= 1);
    *out = (struct case_result){.replications = n, .trace_hash = 0xcbf29ce484222325u};
    snprintf(out->name, sizeof out->name, "%s", s->name);
    snprintf(out->against, sizeof out->against, "%s", s->against);
    out->throughput_per_s = estimate_throughput(o, n, -1);
    out->latency = estimate_latency(o, n, -1);
    gather_endpoints(out, s, o, n);
    gather_stations(out, s, o, n);
    gather_counts(out, o, n);
    gather_blame(out, o, n);
    gather_p99_range(out, o, n);
    out->status = find_status(out, s, o, n);
    out->warmup_cut = warmup_is_cut(s);
    bottleneck_find(out, s); // looks at where the time goes, steady or not
    if (out->status == STATUS_SATURATED) forget_unsteady(out);
    gather_errors(out, &s->measured);
    out->precision_frac = s->run.replications > 0 ? NAN : s->run.precision_frac;
    out->precise = is_precise(out, &s->run);
}

void result_fini(struct result *r) {
    free(r->case_);
    free(r->missing);
    *r = (struct result){0};
}
