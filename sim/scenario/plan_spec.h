#pragma once
// The `plan` block of a scenario file: what must be met, what may vary, what it costs.
#include "base/tree.h"
#include "scenario/vary.h"

#include <stdbool.h>

enum plan_quantity { PLAN_MEAN, PLAN_P50, PLAN_P90, PLAN_P95, PLAN_P99, PLAN_QUANTITIES };

// "mean", "p50", ...
const char *plan_spec_quantity(enum plan_quantity q);

struct plan_spec {
    double rate_per_s;               // load of an open loop to be carried; 0 = as `load` says
    int clients;                     // of a closed loop; 0 = as `load` says
    double limit_s[PLAN_QUANTITIES]; // each at most; NAN = no limit
    double lost_frac;                // timed out or refused, at most
    double headroom_frac;            // the limits hold at (1 + headroom) times the load
    double confidence;               // of the whole selection, (0, 1)
    double tolerance_frac;           // within this of its limit a figure may be taken for either side
    int varies;
    struct vary *vary; // owned; none = the file as it is
    int costs;
    char **cost; // owned; expressions (cost_expr.h), compared in turn
};

// Reads the block. False with *e (file:line:col); *p may always be given to plan_spec_fini.
bool plan_spec_bind(struct plan_spec *p, const struct tree_node *node, struct err *e);
void plan_spec_fini(struct plan_spec *p);
