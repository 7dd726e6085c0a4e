#pragma once
// Where the warm-up of a run ends: the one rule by which the simulator and the live load generator cut it. A run is
// observed in segments; those that belong to the warm-up are left out.
#include "scenario/result.h"

enum { WARMUP_SEGMENTS = 20, WARMUP_SERIES = 4096 };

// Mean latencies of consecutive requests, at least five each, in which the end of the warm-up is sought.
struct warmup_series {
    double mean[WARMUP_SERIES]; // s
    int n;
    int64_t batch, in_batch; // requests a mean; of the present one
    double sum;
};

void warmup_series_init(struct warmup_series *w);

// Adds the latency of a request, ns. Any number fit: when the series is full the batches double. Cost: some ns.
void warmup_series_add(struct warmup_series *w, int64_t latency);

// Whether a warm-up is cut: a run of so many requests is reported whole, and so is a closed loop unless it is told a
// warm-up.
bool warmup_is_cut(const struct scenario *s);

// How many of segment[0..segments), in order of time and of equal length, belong to the warm-up of a run for which
// warmup_is_cut; less than `segments`. WARMUP_FIXED: as many as hold that span. WARMUP_AUTO: a tenth of the run, or up to
// MSER-5's cut (White 1997) where what lies before it still belongs to the filling of an empty system; *too_short where
// MSER finds no steady state. O(WARMUP_SERIES).
int warmup_end(const struct run_spec *run, const struct observation *segment, int segments,
               const struct warmup_series *w, bool *too_short);
