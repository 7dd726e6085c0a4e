#pragma once
// `calibrate --against`: two cost profiles side by side, for people and for programs.
#include "calib/against.h"

#include <jansson.h>
#include <stdio.h>

// What is compared, and with what.
struct comparing {
    const char *path; // of the older profile, as the user named it; NULL = nothing is to be compared
    struct costs then;
    struct against result; // after comparing_run
};

// Loads the older profile. False with *e, also where nothing in it was measured.
bool comparing_load(struct comparing *c, const char *path, struct err *e);

// Compares; `name` stands for the newer profile. False with *e (ERR_CONFIG) where they have no measured cost in common.
bool comparing_run(struct comparing *c, const struct costs *now, const char *name, struct err *e);

void comparing_fini(struct comparing *c);

// Both intervals of the costs that disagree, and how many agree.
void comparing_print(const struct comparing *c, FILE *out);

// The same and the rest. Times in s.
json_t *comparing_json(const struct comparing *c);

// On stderr: what too many differences mean.
void comparing_remark(const struct comparing *c);
