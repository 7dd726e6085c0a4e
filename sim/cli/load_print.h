#pragma once
// What `load` prints.
#include "live/load.h"
#include "scenario/result.h"

#include <stdio.h>

struct load_print {
    const char *url;
    const struct scenario *scenario; // its load and seed
    const struct load_target *target;
    const struct observation *seen;
    const struct case_result *result; // of `seen`
    const struct load_report *report;
    bool complete; // false: stopped by a signal
};

void load_print_text(FILE *out, const struct load_print *p);

// The keys of a result with one case, and beside them `uncorrected_latency_s` (open loop) and `generator`.
// False where writing fails.
bool load_print_json(FILE *out, const struct load_print *p);

// Why the figures cannot be trusted, without a dot; NULL where they can.
const char *load_print_doubt(const struct load_print *p);
