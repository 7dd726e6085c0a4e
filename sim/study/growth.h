#pragma once
// How much load a configuration carries under an objective.
#include "study/trial.h"

struct growth {
    bool open;      // load is a rate per s; else a number of clients
    double carries; // the most that was judged to meet the objective; NAN = none did
    double
        breaks; // the least that was judged to fail, within 2 % (clients: 2 %, or the next one); NAN = none did
    struct judgement at_break; // what failed there
};

// Seeks the load of *s at which the objective breaks, from its own load on: by doubling or halving, then by bisection in
// the logarithm. Taken to be one point: what fails at a load fails above it. `meets` tells that its own load is known to
// meet the objective. `s` must not offer a trace. Loads too small for the objective's percentiles are not tried,
// nor more than 2 million arrivals a replication, nor more clients than load.requests: `breaks` is NAN where none of less fails.
// Of *o and *complete as trial_look; when stopped *out holds what is known.
bool growth_find(const struct scenario *s, const struct objective *objective, bool meets,
                 const struct run_options *o, struct growth *out, bool *complete, struct err *e);

// Puts a load into a scenario: a rate, or a number of clients (rounded).
void growth_set(struct scenario *s, double load);
