#pragma once
// Trying configurations: replications round by round until each is known to meet its objective or to fail.
#include "study/objective.h"
#include "study/run.h"

struct trial {
    const struct scenario *scenario; // the caller's, while it is tried
    int done, look;                  // replications and looks at them so far
    struct objective_sample *sample; // [done]; owned
    struct judgement now;            // after look >= 1
};

void trial_fini(struct trial *t);

// Runs trials[0..count), all of them at the same look, to their next look and judges them. Replication r of each uses
// the streams of replication r, so that all see the same requests (common random numbers). Of *o: jobs, simulate, context,
// stop. When stopped, *complete is false and the trials are as they were. False with *e as run_cases; a load so far beyond
// what is served that the simulator gives it up counts as a replication that failed. ERR_CONFIG where the objective seems
// met by a closed loop that makes too few requests in its duration for one of its percentiles.
// Deterministic: depends on the scenarios alone. Cost: that of the replications.
bool trial_look(struct trial *const *trials, int count, const struct objective *objective,
                const struct run_options *o, bool *complete, struct err *e);
