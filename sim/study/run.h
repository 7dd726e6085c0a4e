#pragma once
// Runs every case of a scenario file: replications in parallel, in fixed rounds until the precision is reached.
#include "base/err.h"
#include "models/model.h"
#include "scenario/result.h"
#include "scenario/scenario.h"

#include <stdatomic.h>
#include <stdbool.h>

struct run_progress {
    int cases_done, cases;
    int replications_done,
        replications_wanted; // over all cases; wanted grows when a case needs another round
};

struct run_options {
    int jobs; // threads, >= 1; the result does not depend on it
    // One replication of one case, called from several threads at once; `context` is handed on. *out is initialised.
    bool (*simulate)(void *context, const struct scenario *s, const struct simulate_options *o,
                     struct observation *out, struct err *e);
    void *context;
    // Told of every replication that ends, one call at a time but from any thread. NULL = nobody listens.
    void (*progress)(void *listener, const struct run_progress *p);
    void *listener;
    // Told the result of every case when it has all its replications, as `progress` is. NULL = nobody wants it.
    void (*case_done)(void *case_context, int case_, const struct case_result *result);
    void *case_context;
    const atomic_int *stop; // not 0: start nothing more. NULL = never
    struct trace *trace;    // receives replication 0 of case `trace_case`; NULL = none
    int trace_case;
};

// Simulates all cases of *f into *out (release with result_fini). All cases use point 0, so that they see identical
// requests (common random numbers). After each of estimate_next_round's rounds a case ends when the half-widths of
// throughput and mean latency are within run.precision_frac, when run.max_replications are done, or at once where
// run.replications is given; and after the first of the rounds where result_unsteady says that more would narrow nothing.
// When stopped, every case holds what its complete replications say (a gapless run of them from 0); cases with none
// are left out, and *complete (may be NULL) is false, as out->incomplete and out->missing say. False with *e on the first failure in order of case and
// replication among those run; then *out holds nothing to free.
// Cost: that of the replications; keeps the observations of the unfinished cases, some 100 KB each.
bool run_cases(const struct scenario_file *f, const struct run_options *o, struct result *out, bool *complete,
               struct err *e);
