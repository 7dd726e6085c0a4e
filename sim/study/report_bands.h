#pragma once
// Prediction bands, as people and programs read them. Each writes nothing where the report has none.
#include "study/bands.h"
#include "study/report.h"

#include <jansson.h>

// The bands of a case, which lies in the report's results; NULL where there are none.
const struct bands *report_bands_of(const struct report *r, const struct result *result,
                                    const struct case_result *c);

// After what is said of one case: a table of the bands, and the costs to measure next.
void report_bands_text(FILE *out, const struct report *r, const struct result *result,
                       const struct case_result *c);

// After the list of the cases of one result: the same for all of them.
void report_bands_md(FILE *out, const struct report *r, const struct result *result);

// Puts "bands" and "sensitivity" into the cases of the r->result[i] that `object` holds as JSON.
void report_bands_json(json_t *object, const struct report *r, int i);
