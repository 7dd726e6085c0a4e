#pragma once
// Arrival processes of an open load: when each request is meant to start. The simulator and the live load generator
// take their arrivals from here, so that the same seed offers both the same requests at the same times.
#include "scenario/scenario.h"
#include "stats/rng.h"

struct arrivals_source {
    const struct load_spec *load;
    struct rng *rng; // STREAM_ARRIVALS of the replication
    sim_time last;   // what arrivals_next returned last, 0 before
    uint64_t given;  // how many it has returned
    bool burst;      // MMPP2: in the busy state, which ends at
    sim_time state_until;
    double gap_busy, gap_calm; // mean gaps, ns; the other processes know only gap_calm
};

// *a begins at time 0; `load` (client: open) and `r` must outlive it. MMPP2 draws twice, the others do not.
void arrivals_init(struct arrivals_source *a, const struct load_spec *load, struct rng *r);

// Time of the next arrival, ns, never before the one before it; SIM_NEVER after the last of a trace, and past 126 years. Bursty arrivals are
// a Markov-modulated Poisson process of two states (Fischer & Meier-Hellstern 1993) with the scenario's mean rate.
// Cost: some 5 ns.
sim_time arrivals_next(struct arrivals_source *a);
