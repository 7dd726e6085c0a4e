#pragma once
// Predictions beside measurements, as people and programs read them.
#include "scenario/compare.h"
#include "study/report.h"

#include <jansson.h>

// The speed at which a case was predicted, as it was seen beside the measurement.
struct report_speed {
    const char *name;
    double relative;  // 1 = the profile's; 0 = not known
    double slow_frac; // share of the samples in which a core was slow; NAN = not known
    double line_ns;   // a line of cache from core to core; NAN = not known
    double
        stolen_frac; // share of the time in which the host had the cores, between all runs; NAN = not known
};

struct report_validation {
    const struct compared *row; // [rows], cases in order of the file, quantities in order of enum quantity
    int rows;
    const struct report_speed *speed; // [speeds], one a case; none where nothing was predicted
    int speeds;
};

// A table of the rows that have a prediction or a measurement, and one of the summary per quantity.
void report_validation_rows(struct table *t, const struct report_validation *v);
// The same without prediction, error and verdict.
void report_validation_measured(struct table *t, const struct report_validation *v);
void report_validation_summary(struct table *t, const struct report_validation *v);

// Both, as text with blank lines between or as Markdown.
void report_validation_print(FILE *out, const struct report_validation *v, bool markdown);

// DESIGN's contract: "validation" (a list) and "summary" (an object by quantity). The caller owns both.
json_t *report_validation_json(const struct report_validation *v);
json_t *report_validation_speed_json(const struct report_validation *v); // "speed", a list by case
json_t *report_validation_summary_json(const struct report_validation *v);
