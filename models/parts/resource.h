#pragma once
// A bounded resource: a connection pool, a token limiter. First-come first-served or last-come first-served.
#include "models/parts/request.h"
#include "models/parts/station.h"

struct resource {
    int capacity, used;
    bool lifo;
    struct request_queue waiting; // LIFO: newest first
    struct station queue, held;
    sim_time full_since, full; // time for which every unit was in use
};

void resource_init(struct resource *x, int capacity, bool lifo);

// Takes a unit for r: true at once where one is free and nobody waits; else r waits (its books are the caller's) and
// r->granted is called when its turn has come; the unit is then r's.
bool resource_take(struct resource *x, struct machine *m, struct request *r);

// Gives a unit back; the next in line has it before this returns.
void resource_give(struct resource *x, struct machine *m);

// Adds its totals up to now to *seen.
void resource_sample(struct resource *x, const struct machine *m, struct station_seen *seen);
