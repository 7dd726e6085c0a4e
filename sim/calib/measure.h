#pragma once
// Executes scenarios for real: the micro-server, or a server of the user's own, and the load generator, round by round,
// with the speed of the machine sampled beside each run.
#include "live/host.h"
#include "live/host_speed.h"
#include "live/host_stolen.h"
#include "live/load.h"
#include "scenario/compare.h"

#include <stdatomic.h>

struct measure_round {
    struct observation seen;
    struct load_report load;
    struct host_speed_seen speed;  // speed index during the run, slow where by the profile's index
    double dense;                  // host_speed_dense during the run
    double pace;                   // subject_pace, mean of before and after the run
    double server_cpu_s;           // of all workers during the load; NAN where nobody knows
    double voluntary, involuntary; // context switches of all workers during the load; likewise
    double
        others_frac; // share of the machine that went to other programs meanwhile (others.h); NAN where not known
};

struct measure_case {
    int rounds;
    struct measure_round *round;
};

struct measurement {
    int cases;
    struct host_stolen stolen; // seen between the runs
    struct measure_case *case_;
};

struct measure_options {
    int rounds;             // per case, >= 1
    const atomic_int *stop; // not 0: end early with the rounds that are complete; NULL = never
    // Told before each run; NULL = nobody listens.
    void (*progress)(void *listener, int done, int all);
    void *listener;
};

// Runs every case `rounds` times, interleaved (round 1 of each case, round 2 of each case ...; in each round in another order,
// drawn by the first case's seed), so that a change of the host's speed meets all of them. Each run has a micro-server of
// its own on a free port; a server of the user's own (server.command, server.url) lives through all runs and is shared by
// the cases that start it alike. *complete is false where it was stopped. False with *e (ERR_HOST); then *out holds nothing to free.
bool measure_cases(const struct scenario_file *f, const struct measure_options *o, struct measurement *out,
                   bool *complete, struct err *e);

void measure_fini(struct measurement *m);

// One quantity over the rounds of a case. Percentiles only where every round supports them.
struct repeated measure_quantity(const struct measure_case *c, enum quantity q);

// The same of one endpoint (as scenario.endpoint, where there are several; -1 = all requests): throughput and latencies;
// what the server's processes used is known of all requests together.
struct repeated measure_endpoint(const struct measure_case *c, int endpoint, enum quantity q);

// Median speed beside the rounds of a case.
double measure_speed(const struct measure_case *c);

// Share of the samples beside the rounds of a case, all together, in which a core was slow; NAN where there is none.
double measure_slow(const struct measure_case *c);

// Speed of slow cores over that of others, median of the rounds that saw both; NAN = none did.
double measure_slow_speed(const struct measure_case *c);

// Standard deviation of the logarithm of the speed of slow cores, root mean square over the rounds; NAN = none can say.
double measure_slow_spread(const struct measure_case *c);

// Time of a line of cache from core to core, ns: median over the rounds of a case (NAN where not known), and beside each
// round in which it was seen, into line[0..rounds of the case); how many those are.
double measure_line(const struct measure_case *c);
int measure_lines(const struct measure_case *c, double *line);

// Median speed of dense work beside the rounds of a case.
double measure_dense(const struct measure_case *c);

// Share of the machine that other programs took, median over the rounds; NAN where not known.
double measure_others(const struct measure_case *c);

// Median pace of the server's own work, in iterations per ms of CPU; 0 where it is not known.
double measure_pace(const struct measure_case *c);

// Whether the load generator was the limit in more than half of the rounds: the figures then say nothing of the server.
bool measure_generator_bound(const struct measure_case *c);

// Responses of all rounds whose status was neither 2xx nor 3xx: they count as done, but not as what was to be measured.
int64_t measure_not_ok(const struct measure_case *c);
