#pragma once
// Bounds, exact results and estimates beside a simulation. Each writes nothing where the report has none.
#include "study/analytic.h"
#include "study/report.h"

#include <jansson.h>

// The analytic companion of a case, which lies in the report's results; NULL where there is none.
const struct analytic *report_analytic_of(const struct report *r, const struct result *result,
                                          const struct case_result *c);

// After what is said of one case: simulation, exact result, estimate and bounds side by side, and what each station carries.
void report_analytic_text(FILE *out, const struct report *r, const struct result *result,
                          const struct case_result *c);

// After the list of the cases of one result: the same for all of them.
void report_analytic_md(FILE *out, const struct report *r, const struct result *result);

// Puts "analytic" into the cases of the r->result[i] that `object` holds as JSON.
void report_analytic_json(json_t *object, const struct report *r, int i);
