#pragma once
// Runs the points of a sweep and stores what they give, as it comes.
#include "study/grid.h"
#include "study/ranks.h"
#include "study/run.h"
#include "study/store.h"

struct sweep_progress {
    int points_done, points; // of this store's, with all their cases
    int replications_done, replications_wanted;
    int simulated; // of the replications done: by this call, not read back from the store
};

struct sweep_options {
    int jobs; // threads here, >= 1
    bool (*simulate)(void *context, const struct scenario *s, const struct simulate_options *o,
                     struct observation *out, struct err *e); // as in run_options
    void *context;
    void (*progress)(void *listener,
                     const struct sweep_progress *p); // one call at a time, from any thread; or NULL
    void *listener;
    const atomic_int *stop; // not 0: start nothing more. NULL = never
    struct ranks *ranks;    // other processes that simulate too; NULL = none
};

// Simulates what `store` (made or resumed for this grid) lacks of its points. All points and cases use the same random
// streams as run_cases does, so that a point's result is that of `run --set`, bit for bit, whatever the number of threads,
// shards, ranks and interruptions. What is so far beyond what is served that the simulator gives it up is stored as saturated. When stopped, *complete is false, and what was complete is stored.
// False with *e: as run_cases, with the point named, or where the store cannot be written.
bool sweep_run(const struct grid *g, struct store *store, const struct sweep_options *o, bool *complete,
               struct err *e);

// In the processes that are not the first: simulates what the first one asks for, until it has enough.
void sweep_serve(const struct grid *g, const struct sweep_options *o);
