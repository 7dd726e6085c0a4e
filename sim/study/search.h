#pragma once
// The cheapest configuration that meets an objective: candidates in order of cost, those that cannot work discarded by
// bounds, the others tried until the first that is known to meet it.
#include "models/model.h"
#include "scenario/plan_spec.h"
#include "study/trial.h"

enum { SEARCH_MOST = 50000, SEARCH_COSTS = 8 }; // candidates; expressions of a cost

// Loads the scenario with these keys set, one case. Release with scenario_fini.
typedef bool (*search_load)(void *context, const struct scenario_set *set, int sets,
                            struct scenario_file *out, struct err *e);

enum fate {
    FATE_UNTRIED,    // dearer than the best, or the search was stopped
    FATE_SAME,       // differs from another only in what its model does not read
    FATE_IMPOSSIBLE, // discarded by bounds
    FATE_FAILS,
    FATE_MEETS
};

struct candidate {
    long point; // of the grid over plan.vary
    double cost[SEARCH_COSTS];
    enum fate fate;
    char why[256]; // FATE_IMPOSSIBLE: a sentence
    struct trial trial;
};

struct search_progress {
    int decided, candidates; // of those that are not the same as others
    long replications;
};

struct search {
    const struct plan_spec *plan;
    const struct models *models;
    search_load load;
    void *context;
    struct run_options run;                                            // jobs, simulate, context, stop
    void (*progress)(void *listener, const struct search_progress *p); // or NULL
    void *listener;

    struct objective objective;
    int candidates, same, impossible; // all; of which
    struct candidate *candidate;      // in order of cost, then of the grid
    // -1 = none. When stopped, cheaper ones than `best` may be open. The runner-up is the next cheaper one, which fails;
    // without a best the one nearest to the objective.
    int best, runner_up;
    long replications;
    bool stopped;
};

// Fills candidates and best; the fields above them are the caller's. Release with search_fini, also after a failure.
// Common random numbers, fixed waves of candidates and fixed looks: the result depends neither on jobs nor on time.
// Every candidate cheaper than `best` was discarded by bounds or judged to fail; with probability plan.confidence all
// verdicts are right but for figures within plan.tolerance of their limit (objective_judge, Bonferroni over candidates).
// False with *e: a candidate that is no valid scenario, ERR_USAGE for too many, else as run_cases.
// Cost: milliseconds a candidate for loading, 5 replications for one that clearly fails, 10 and more for the others.
bool search_run(struct search *s, struct err *e);

// Loads the scenario of a candidate as it was tried: plan's load with its headroom. Release with scenario_fini.
bool search_scenario(const struct search *s, const struct candidate *c, struct scenario_file *out,
                     struct err *e);

// The value of plan.vary[key] at a candidate; NULL where its model does not read the key.
const char *search_value(const struct search *s, const struct candidate *c, int key, const char *model);

// Whether the scenario's load makes enough requests for the plan's percentiles, as far as that is known before it runs.
// False with *e (ERR_CONFIG).
bool search_enough(const struct plan_spec *p, const struct scenario *s, struct err *e);

void search_fini(struct search *s);
