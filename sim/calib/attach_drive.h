#pragma once
// The loads that calibrate a running server, each executed for real and, by the same scenario, in the simulator. They
// validate nothing afterwards.
#include "calib/attach.h"
#include "calib/attach_stall.h"
#include "calib/attach_tree.h"
#include "calib/figure.h"

// What a load tells, per request. ATTACH_OTHER: threads beside the loops' (a pool's).
enum attach_what { ATTACH_LOOP, ATTACH_OTHER, ATTACH_CLIENT, ATTACH_WHATS };

enum attach_job {
    ATTACH_STAGES, // in every round, for the stages' costs
    ATTACH_REST,   // the same, one client that pauses: for the cost of a cold restart
    ATTACH_LONG,   // rarely, and many requests: for the collector
};

struct attach_load {
    enum attach_job job;
    bool pool; // drives the path whose requests go to the pool
    enum client_kind client;
    int connections, requests;                     // of a fast server; fewer where each takes long
    sim_time rest;                                 // pause of the client
    const struct figure_spec figure[ATTACH_WHATS]; // .key NULL: not noted
};

// The loads, `*count` of them.
const struct attach_load *attach_loads(int *count);

// What all loads of one calibration share.
struct attach_drive {
    const struct attach_options *options;
    const struct attach_stack *stack;
    struct attach_tree tree;
    struct attach_series series; // of the last run
    double counted_ns;           // CPU that a wake-up's latency adds to the woken thread's clock ...
    double restart_ns;           // ... and more where the idle core had stopped its tick
    double scale;                // part of the requests of each load, 0 < scale <= 1
};

struct attach_seen {
    double value[ATTACH_WHATS]; // ns of CPU per request; stalls taken off
    double line_ns;             // a line of cache from core to core; 0 = not seen
    double speed, dense;        // index and speed of dense work beside it (live/host_speed.h)
    double pace,
        dense_at_pace; // the server's pace before it, and dense work at that moment; 0 = not asked for
    double per_s;      // requests per second
    int requests, connects;
    int stalls;
    double stall_ns[64]; // CPU of each
};

// The scenario of a load with the costs `c` (NULL = none). Release with scenario_fini. False with *e.
bool attach_drive_scenario(const struct attach_drive *d, const struct attach_load *l, const struct costs *c,
                           struct scenario_file *out, struct err *e);

// Executes it once. False with *e (ERR_HOST); also where the server answers with something else than 2xx or 3xx.
bool attach_drive_run(struct attach_drive *d, const struct attach_load *l, struct attach_seen *out,
                      struct err *e);

// Asks for the pace now; 0 where stopped meanwhile. False with *e (ERR_HOST) where the path does not say.
bool attach_drive_pace(const struct attach_drive *d, double *per_ms, struct err *e);

// What the simulator says of it, for costs `c`. False with *e.
bool attach_drive_predict(const struct attach_drive *d, const struct attach_load *l, const struct costs *c,
                          double out[ATTACH_WHATS], struct err *e);

// Puts a first load on the server: learns which threads run its loops and how long the loads may be. False with *e, which
// says so where the processes that were named did not serve it.
bool attach_drive_warm(struct attach_drive *d, struct err *e);
