#pragma once
// What came out: of a simulation or of a measurement, the same type. An observation is one replication or one live
// round; a result gathers the observations of every case.
#include "base/err.h"
#include "scenario/scenario.h"
#include "stats/hist.h"
#include "stats/interval.h"

#include <stdbool.h>
#include <stdint.h>

// Where the time of a request goes. Every ns of a request's latency is in exactly one.
enum blame {
    BLAME_ACCEPT,   // in the listening socket's queue, or dropped from it and tried again
    BLAME_LOOP,     // accepted, waiting for the event loop (or the serving thread) to come round to it
    BLAME_LOCK,     // its thread waits for the global lock
    BLAME_RUNQUEUE, // its thread is runnable and waits for a core (wake-up latency included)
    BLAME_POOL,     // waits for a pool token or thread
    BLAME_RESOURCE, // waits for a bounded resource
    BLAME_SERVICE,  // its thread runs, or it sleeps as its handler says
    BLAME_CLIENT,   // network and the client's own delay at either end
    BLAME_COUNT
};

// What can bind.
enum limit {
    LIMIT_CORE,
    LIMIT_LOOP,
    LIMIT_LOCK,
    LIMIT_POOL,
    LIMIT_RESOURCE,
    LIMIT_BACKLOG,
    LIMIT_CLIENT,
    LIMIT_COUNT
};

// Names as the JSON has them: "accept_wait", ..., and "core", "loop", "lock", ...
const char *blame_name(enum blame b);
const char *limit_name(enum limit l);

// One station that may bind, over the observed span. Additive parts; utilisation = busy_s / (servers * span).
// The loop is busy while its thread runs, not while it waits for the lock: so a loop as busy as the lock is held
// says that the loop holds it, and a loop less busy that others do.
struct station_seen {
    double busy_s;  // server-seconds busy
    double servers; // how many servers in all (0 = the station does not exist)
    double
        instances;  // how many stations of its kind they belong to, such as one pool a worker; 0 counts as 1
    double queue_s; // integral of the number waiting, item-seconds
    double full_s;  // seconds for which every server was busy (pool, resource), summed over instances
    int64_t arrivals, refused;
};

enum { SEEN_RESOURCES = 8, SEEN_ENDPOINTS = 16 };

struct observation {
    double span_s; // observed span: of a finite run its whole length
    int64_t arrived, done, timed_out, refused, retried;
    int64_t in_system_first, in_system_last;      // requests in flight at both ends
    struct hist latency;                          // ns, of done requests
    struct hist endpoint_latency[SEEN_ENDPOINTS]; // as scenario.endpoint, only where there is more than one
    // blame_sum[slot][b]: summed ns of blame b over the requests whose latency falls in histogram slot
    // hist_index(latency) >> OBSERVATION_COARSE; grown on demand.
    double (*blame_sum)[BLAME_COUNT];
    uint64_t *blame_count;
    uint32_t blame_slots;
    struct station_seen station[LIMIT_COUNT];
    struct station_seen resource[SEEN_RESOURCES];
    double server_cpu_s;           // CPU of the server's threads
    double voluntary, involuntary; // context switches of the server: to wait, or pushed off a core
    double switches, wakeups,
        lock_handoffs;           // context switches, wake-ups of sleeping threads, forced hand-overs
    uint64_t events, trace_hash; // simulation: events executed, hash of (time, kind, entity)
    bool saturated;              // the number in the system grew throughout
    bool too_short;              // no steady state was found in the span
};

enum { OBSERVATION_COARSE = 5 }; // 2^4 blame slots per octave

void observation_init(struct observation *o);
void observation_fini(struct observation *o);

// Adds one done request: latency = sum of blame, ns. `endpoint` < SEEN_ENDPOINTS, -1 = only one.
void observation_add(struct observation *o, int64_t latency, const int64_t blame[BLAME_COUNT], int endpoint);

// *into += *from, where `from` follows `into` in time (segments of one run).
void observation_append(struct observation *into, const struct observation *from);

// Mean division of a request's time, in s: over all requests, and over those in the 1 % of ranks around quantile q.
void observation_blame_mean(const struct observation *o, double out_s[BLAME_COUNT]);
void observation_blame_at(const struct observation *o, double q, double out_s[BLAME_COUNT]);

enum status { STATUS_OK, STATUS_SATURATED, STATUS_TOO_SHORT, STATUS_DROPPED };
const char *status_name(enum status s); // "ok", "saturated", "too_short", "dropped"

enum { QUANTILE_P50, QUANTILE_P90, QUANTILE_P95, QUANTILE_P99, QUANTILE_COUNT };
extern const double quantile_level[QUANTILE_COUNT]; // .5 .9 .95 .99

struct latency_estimate {
    struct estimate mean, quantile[QUANTILE_COUNT], max; // s; n = 0 where the sample cannot support it
};

struct case_result {
    char name[SCENARIO_NAME], against[SCENARIO_NAME];
    enum status status;
    int replications;
    bool precise;          // the wanted precision was reached (true where replications were given)
    double precision_frac; // the precision wanted; NAN where replications were given
    struct estimate throughput_per_s;
    struct latency_estimate latency;
    int endpoints; // 0 where there is only one
    struct {
        char name[SCENARIO_NAME];
        struct estimate throughput_per_s;
        struct latency_estimate latency;
    } endpoint[SEEN_ENDPOINTS];
    double
        utilisation[LIMIT_COUNT]; // fraction, mean of the observations; NAN where the station does not exist
    double queue[LIMIT_COUNT];    // mean number waiting
    double full_frac
        [LIMIT_COUNT]; // fraction of the time in which every server of an instance was busy, their mean
    double instances[LIMIT_COUNT], size[LIMIT_COUNT]; // how many there are, and servers of each; NAN likewise
    int resources; // bounded resources; LIMIT_RESOURCE above is the busiest of them
    struct {
        char name[SCENARIO_NAME];
        double utilisation, queue, full_frac;
    } resource[SEEN_RESOURCES];
    enum limit bottleneck;
    // The resource's name for LIMIT_RESOURCE, "none" where the server would do more (bottleneck_find), else limit_name.
    char bottleneck_name[SCENARIO_NAME];
    char sentence[256]; // "the lock is held 97 % of the time; the pool of 40 is never full"
    double blame_mean_s[BLAME_COUNT], blame_p99_s[BLAME_COUNT]; // blame_p99: NAN where p99 is not supported
    double arrived, done, timed_out, refused, retried;          // per replication, mean
    double span_s;                                              // observed in a replication, mean
    bool warmup_cut; // the counts and the span are those after a warm-up
    double cpu_per_request_s, voluntary_per_request,
        involuntary_per_request; // of the server; per done request
    double switches_per_request, wakeups_per_request, lock_handoffs_per_s;
    uint64_t events, trace_hash; // summed; hashes combined in order of replication
    double p99_min_s, p99_max_s; // range of p99 over the replications (one collector pass more or less)
    struct measured measured;
    // (predicted - measured) / measured, NAN where either is unknown.
    double error_throughput, error_mean, error_quantile[QUANTILE_COUNT];
};

struct result {
    char scenario[SCENARIO_NAME], question[256];
    uint64_t seed, digest;
    int cases;
    struct case_result *case_;
    bool
        incomplete; // stopped: some cases hold fewer replications than wanted, and of `missing` there was none
    int missing_cases;
    char (*missing)[SCENARIO_NAME];
};

// Gathers n >= 1 observations (in order of replication) of one case into *out: estimates, utilisations, bottleneck and
// its sentence, blame, errors against `s->measured`. A quantile is estimated only where every observation holds enough
// requests for it (hist_supports). A case is saturated, or too short, where at least half of its observations are.
// Of a saturated case latency, blame and errors are NAN (n = 0): they grow as long as one looks. Cost: some us per observation.
void result_gather(struct case_result *out, const struct scenario *s, const struct observation *o, int n);

// Arrivals, requests done and the rest of the counts are sums over the replications divided by n.
// Means of blame are, like the mean latency, those of the replications in which a request was done; NAN where in none.

// Whether throughput and latency may have no steady value, so that more replications narrow nothing: the case is
// saturated, or more than 10 % of an open load's requests were refused or timed out.
bool result_unsteady(const struct case_result *c);

// Releases the cases; *r is empty afterwards.
void result_fini(struct result *r);
