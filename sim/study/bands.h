#pragma once
// Prediction bands: what the intervals of the costs make of a prediction, and which cost moves it most.
#include "scenario/compare.h"
#include "scenario/result.h"
#include "study/run.h"

#include <stdbool.h>

enum {
    BANDS_QUANTITIES = QUANTITY_P99 + 1, // throughput, mean, p50, p95, p99: the first of enum quantity
    BANDS_SAMPLES = 40,                  // joint draws of the costs
    BANDS_CANDIDATES = 12,               // costs tried one at a time
    BANDS_TOP = 8,                       // costs listed
};

// An interval of 95 %, in the quantity's unit. Both ends are NAN where the quantity has no prediction; hi is INFINITY
// where more than 2.5 % of the draws let the load exceed the capacity.
struct band {
    double lo, hi; // the whole: costs and replications
    double cost_lo,
        cost_hi; // from the intervals of the costs alone; both the prediction where they change nothing
};

// What one cost does. Changes are relative to the prediction: half of what happens from lo to hi of its interval, all
// other costs as stated; positive: more of the cost, more of the quantity. INFINITY: the load exceeds the capacity at
// one end. NAN: not known.
struct bands_cost {
    char key[64];
    double value, lo, hi;
    enum unit unit;
    enum provenance from;
    double throughput, p99;
};

struct bands {
    bool given;                // false: not sought, or stopped
    int uncertain, held;       // costs with an interval, and without (kept at their value)
    int samples, replications; // draws and replications of each; 0 where nothing is uncertain
    int saturated;             // draws under which the load exceeds the capacity
    struct band of[BANDS_QUANTITIES];
    double unseen[BANDS_QUANTITIES]; // changes up to this (three standard errors) are not told from chance
    int costs;                       // listed: changes seen, of 0.1 % or more, by the larger of both
    struct bands_cost cost[BANDS_TOP];
};

// The bands of one case, given the prediction `plain` that run_cases made of it. Simulates BANDS_SAMPLES joint draws of
// the uncertain costs (study/uncertain.h) and, where `list` is set, up to BANDS_CANDIDATES costs one at a time at both
// ends of their interval (those that go best with throughput or p99 over the draws), all with the seed and the first
// replications of the case (common random numbers). The draws' spread is cleared of the part that is noise of few
// replications (study/layout.h) and joined to the confidence interval of `plain` as independent: root of the sum of
// squares, each side for itself.
// Of *o: jobs, simulate, context, stop and progress, which is told replications over all of this and rows as cases.
// The result depends on scenario, seed and plain->replications alone. When stopped, *complete is false and *out is not
// given. False with *e as run_cases. Cost: about 9 times the replications of `plain`, 82 at least.
bool bands_of(const struct scenario *s, const struct case_result *plain, const struct run_options *o,
              bool list, struct bands *out, bool *complete, struct err *e);
