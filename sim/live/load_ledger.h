#pragma once
// What a live run has seen, cut into segments so that a warm-up can be left out (scenario/warmup.h).
#include "scenario/warmup.h"

struct load_ledger {
    struct observation seen[WARMUP_SEGMENTS];
    struct hist uncorrected[WARMUP_SEGMENTS]; // latency from the actual start, ns
    struct hist lag[WARMUP_SEGMENTS];         // open loop: actual minus intended start, ns
    int segments, at;                         // how many there will be, which is being filled
    sim_time start, each, cut_at; // CLOCK_MONOTONIC: of the run and of the last cut; length of a segment
    int64_t done;                 // requests in all segments
    struct warmup_series series;
};

// For a run of `s` that starts at `start`. Release with load_ledger_fini, which is harmless on a zeroed *l.
void load_ledger_init(struct load_ledger *l, const struct scenario *s, sim_time start);
void load_ledger_fini(struct load_ledger *l);

// The present segment, for counting.
static inline struct observation *load_ledger_now(struct load_ledger *l) {
    return &l->seen[l->at];
}

// When the present segment is over; SIM_NEVER for the last one.
sim_time load_ledger_due(const struct load_ledger *l);

// A request was begun `lag` ns after its intended start.
void load_ledger_lag(struct load_ledger *l, int64_t lag);

// A request is done: latencies from intended and actual start, ns; `endpoint` -1 = there is only one.
void load_ledger_done(struct load_ledger *l, int64_t latency, int64_t uncorrected, int endpoint);

// Ends the present segment, which is not the last one, and begins the next; `in_system` requests are under way.
void load_ledger_cut(struct load_ledger *l, int64_t in_system);

// Ends the run, in whatever segment it is, at time `at`.
void load_ledger_end(struct load_ledger *l, sim_time at, int64_t in_system);

// After the end: adds up what came after the warm-up, into *out and two histograms, all initialised. Sets
// out->too_short, too.
void load_ledger_report(const struct load_ledger *l, const struct scenario *s, struct observation *out,
                        struct hist *uncorrected, struct hist *lag);
