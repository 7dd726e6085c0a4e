#pragma once
// A runtime's collector, from the stalls that the loads of a running server showed.
#include "calib/attach.h"

// What the loads were about: on the loop's path or the pool's, with a connection for each request or kept ones.
struct attach_answered {
    int64_t requests;
    int passes; // attach_collector counts them
};

struct attach_passes {
    struct attach_answered of[2][2]; // [on the pool's path][connections kept]
    int passes;
    size_t room;
    struct attach_pass {
        double cpu, connections; // ns at the profile's speed; open meanwhile
        bool pool, kept;
    } * pass;
};

// Sets the collector's costs: one full pass per so many requests of the loop's path with a connection each; what of that a
// connection makes, from kept ones, and what a hand-off adds, from the pool's path; the passes' CPU by a line over the
// connections (GSL, gsl_fit_linear) where these differ. Stalls of less than half the median are taken for accidents.
// Passes too short to be seen stay in the stages' costs. No passes: no collector.
void attach_collector(struct attach_passes *p, const struct attach_stack *stack, struct costs *c,
                      struct attachment *about);
