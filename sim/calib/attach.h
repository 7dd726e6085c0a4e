#pragma once
// Calibrates a server that is running already, of whatever make, from outside: its no-op endpoints are driven with few
// clients and with many, the CPU time of its threads is read from /proc, and the costs are those with which the simulator
// spends the same under the same loads. Nothing is put into the server and no privilege is needed beyond reading one's
// own processes.
#include "calib/attach_stack.h"
#include "calib/calibrate.h"
#include "live/load.h"

struct attach_options {
    struct calibrate_options machine; // `quick`, `stop`, `progress` and `listener` count for the whole
    struct load_target target;        // host and port
    pid_t process;                    // that serves it, or its parent
    const char *loop_path;            // no-op that the event loop itself answers
    const char *pool_path;            // no-op that a thread of its pool answers; NULL = it has none
    const char *
        pace_path; // answers how many iterations of its work take 1 ms of CPU (server.pace); NULL = not asked
    const struct attach_stack *stack; // NULL = as its mapped files tell
    // Simulates one replication of a scenario that holds its costs; *out is initialised.
    bool (*simulate)(void *context, const struct scenario *s, struct observation *out, struct err *e);
    void *context;
};

// What was found beside the costs.
struct attachment {
    const struct attach_stack *stack;
    int processes, workers;       // of the server; of them with an event loop of their own that does work
    int loads;                    // executed
    bool keep_alive;              // it keeps connections
    int stalls[2];                // long passes of a collector seen: loop path, pool path
    double requests_per_stall[2]; // NAN where none
    double misfit;                // of the costs' fit, 1 = within the measured spread
};

// Measures machine (calibrate.h's probes) and server and fills *out as calibrate_run does: release with calibrate_fini.
// CPU costs are for the speed index that the server had meanwhile, which the profile carries. Cost: about 50 s, 14 s with
// `quick`; the server is at work for half of it. False with *e: ERR_USAGE (no such process; it does not serve the URL; a
// path that is not found), ERR_HOST, ERR_BROKEN (simulator).
bool attach_run(const struct attach_options *o, struct calibration *out, struct attachment *about,
                struct err *e);
