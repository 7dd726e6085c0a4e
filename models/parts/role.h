#pragma once
// What rests and comes back cold.
#include "models/parts/machine.h"

// A rest after which caches and predictors are cold belongs to a role (the loop of a process, its pool), whichever of
// its threads runs and wherever. See facts in costs.h: cold, cold_busy, cold_work.
struct role {
    sim_time last_ran;
    sim_time cold_left; // addition not yet paid
    sim_time work_left; // work over which the rest of it is spread
    int running;        // threads of the role on a core now
};

// One of its threads begins to run on a core: what the rest before it costs is to be paid from now on. NULL is never cold.
void role_starts(struct machine *m, struct role *r);

// One of its threads has done `ns` of a handler's own work: what of it was warm before is to be paid for from now on.
void role_burnt(const struct machine *m, struct role *r, sim_time ns);

// One of its threads leaves a core at `now`.
void role_stops(struct role *r, sim_time now);

// The CPU added to the next `work` ns of a role that came back cold.
sim_time role_extra(const struct machine *m, struct role *r, sim_time work);
