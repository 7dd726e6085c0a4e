#pragma once
// Capacity planning: the cheapest configuration that meets an objective, why nothing cheaper does, how far it carries.
#include "study/bands.h"
#include "study/growth.h"
#include "study/search.h"

enum { PLAN_LIMITS = LIMIT_COUNT + SEEN_RESOURCES };

// A station of the best configuration, and the load at which it would be busy all the time if it went on as now.
struct plan_limit {
    char name[SCENARIO_NAME]; // "lock", or the resource's
    double utilisation;       // 0..1 at the load tried
    double full_at;           // per s
};

struct plan {
    struct search search; // the caller fills its first fields; see search.h

    struct scenario_file best, runner_up; // as they were tried; cases = 0 where there is none
    struct result result;                 // their cases, "best" and "runner-up", as run_cases gives them
    const struct case_result *best_case,
        *runner_up_case;  // in `result`; NULL = none, stopped before, or given up by the simulator
    struct estimate gap;  // runner-up minus best in the runner-up's failing figure, s (paired); n = 0: none
    struct bands bands;   // of the best; given = false where not sought or stopped
    struct growth growth; // of the best; NAN where nothing is known
    int limits;
    struct plan_limit limit[PLAN_LIMITS]; // the first to be full first
    bool stopped;
    const char *phase; // what it does now, for progress
};

// Searches, then looks at what was found. Release with plan_fini, also after a failure. False with *e as search_run.
// When stopped, `stopped` is true and what is known is filled in.
bool plan_find(struct plan *p, struct err *e);

// The most load that the scenario as it is carries: fills best, result, growth and limits; what may vary is not looked
// at. Errors as above, and ERR_CONFIG for a load from a trace.
bool plan_most(struct plan *p, struct err *e);

void plan_fini(struct plan *p);
