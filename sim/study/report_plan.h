#pragma once
// What a plan found, as people and programs read it.
#include "study/plan.h"
#include "study/report.h"

#include <jansson.h>

// The answer, the runner-up, what limits and how far it carries, what the costs' intervals mean for it, the settings of the
// server; then the cases that were simulated as report_text has them. `most`: of plan_most.
void report_plan_text(FILE *out, const struct plan *p, bool most, bool colour);

// The same as Markdown.
void report_plan_md(FILE *out, const struct plan *p, bool most);

// One row a candidate in order of cost, in the order of its columns: keys that vary, costs, fate, replications, mean and
// interval of each figure of the objective. Of plan_most (`most`) one row: carries,
// carries_with_headroom, breaks (per s, or clients) and the figure that breaks. RFC 4180, unknown = empty.
void report_plan_csv(FILE *out, const struct plan *p, bool most);

// {"objective", "candidates": {...counts}, "best": {"set", "cost", "figures", "settings"}, "runner_up", "load", "limits",
// "tried": [candidates that were simulated]}; null where there is none. The caller owns it.
json_t *report_plan_json(const struct plan *p, bool most);
