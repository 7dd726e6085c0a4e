#pragma once
// From what the loads showed to the costs of the server and of the load generator: those with which the simulator spends
// under each load what was measured.
#include "calib/attach_drive.h"

// One measured value, at the profile's speed.
struct attach_value {
    const struct attach_load *load;
    enum attach_what what;
    double value, sigma; // ns per request, standard error
    double fitted;       // out: what the simulator says with the fitted costs; NAN where none was fitted
};

// Fits the costs of stages, hand-off, cold restart and client and sets them in *c, whose other costs (the machine's, the
// lock's, the stack's facts) must be there. Without `keep_alive` the cost of a connection cannot be told from that of a
// request: the sum is halved, which is a guess. False with *e: the simulator failed (ERR_BROKEN, ERR_HOST), or the fit is
// singular (ERR_HOST with the reason). Cost: some hundred simulations of the loads, 2-6 s.
bool attach_costs_fit(const struct attach_drive *d, struct attach_value *value, int values, bool keep_alive,
                      struct costs *c, struct attachment *about, struct err *e);
