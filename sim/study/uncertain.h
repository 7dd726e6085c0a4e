#pragma once
// The uncertain costs of a profile: those with an interval. How they are drawn together.
#include "scenario/costs.h"

#include <stddef.h>
#include <stdint.h>

struct uncertain_cost {
    char key[64];         // as costs_each names it
    size_t offset;        // of its struct cost in struct costs
    double value, lo, hi; // lo < hi
    double min, max;      // legal range
    bool above, on_off;   // as in struct cost_item
    enum unit unit;
    enum provenance from;
};

struct uncertain {
    int count, held; // held: stated in the profile, but without an interval (switches aside)
    struct uncertain_cost *cost;
    size_t capacity;
};

// Collects them from a profile; release with uncertain_fini. The speed index (`speed`) is left out: nothing
// simulated reads it. Cost: microseconds.
void uncertain_find(struct uncertain *u, const struct costs *c);
void uncertain_fini(struct uncertain *u);

// The value of a cost at the normal score z: `value` at 0, lo and hi at -1.96 and +1.96, so that they enclose 95 %.
// Log-normal on either side of the value where lo > 0 (both sides have their own width: an interval need not be
// symmetric), normal where lo = 0; held within the legal range. A switch is on above its middle.
double uncertain_at(const struct uncertain_cost *u, double z);

// Puts a value into a profile.
void uncertain_set(const struct uncertain_cost *u, struct costs *c, double value);

// Normal scores of `samples` >= 1 joint draws, z[sample * count + cost]: a Latin hypercube, in which every cost takes
// the middle of each of `samples` equally probable strata exactly once. A cost's column depends on the seed and its key
// alone, not on what else is uncertain. The costs are taken as independent of each other: where a fit traded one for
// another, the truth is narrower. Source: McKay, Beckman & Conover 1979. Cost: 100 ns a number.
void uncertain_sample(const struct uncertain *u, uint64_t seed, int samples, double *z);
