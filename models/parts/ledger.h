#pragma once
// What a simulated run has seen: requests by outcome and latency, cut into segments so that a warm-up can be left out
// afterwards, and the series of means that the cut is found from.
#include "models/parts/request.h"
#include "models/parts/station.h"
#include "scenario/warmup.h"

enum { LEDGER_SEGMENTS = WARMUP_SEGMENTS };

// Totals since the start of the run.
struct ledger_totals {
    struct station_seen station[LIMIT_COUNT], resource[SEEN_RESOURCES];
    double server_cpu_s; // threads of the server on a core
};

struct ledger {
    struct observation segment[LEDGER_SEGMENTS];
    int segments, at;      // how many there will be, which is being filled
    struct station system; // requests between birth and end
    int64_t arrived, done, timed_out, refused, retried;
    struct warmup_series series;
    struct ledger_totals totals; // at the last cut, like the counts of the machine and the area of `system`
    struct machine_counts counts;
    double area;
    sim_time cut_at;
    double segment_area[LEDGER_SEGMENTS]; // mean number in the system
    int64_t arrivals_each; // arrivals that end a segment; 0 = time does, and the warm-up is cut
    bool multi;            // more than one endpoint
    // Fills the totals since the start of every station; set by whoever built the server.
    void (*sample)(void *owner, struct ledger_totals *totals);
    void *owner;
};

// `segments` 1 = the run is reported whole.
struct ledger *ledger_create(int segments, bool multi);
void ledger_destroy(struct ledger *l);

void ledger_arrive(struct ledger *l, struct machine *m, struct request *r);
// A request ends; its books are settled first. Latency and blame of done requests are recorded.
void ledger_done(struct ledger *l, struct machine *m, struct request *r);
void ledger_timed_out(struct ledger *l, struct machine *m, struct request *r);
void ledger_refused(struct ledger *l, struct machine *m, struct request *r);
// The client will try again: the attempt ends, the request does not.
void ledger_retried(struct ledger *l);

// Ends the present segment.
void ledger_cut(struct ledger *l, struct machine *m);

// After the last cut: appends the segments behind the warm-up (scenario/warmup.h) to *out. Sets out->too_short and
// out->saturated.
void ledger_report(struct ledger *l, struct machine *m, bool open, struct observation *out);
