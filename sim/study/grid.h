#pragma once
// The points of a sweep: every combination of the values of the varied keys, each a scenario of its own.
#include "base/err.h"
#include "scenario/scenario.h"
#include "scenario/vary.h"
#include "study/store.h"

#include <stdbool.h>

enum { GRID_ROWS = 20000, GRID_KEYS = 12 }; // most point-cases; most keys

// What a grid is made of.
struct grid_source {
    const char *path; // of the scenario file
    const struct scenario_set *set;
    int sets;
    const struct scenario_models *models;
    const struct vary *vary;      // the last varies fastest; in force after `set`
    int varies;                   // 1..GRID_KEYS
    const char *const *case_name; // the cases wanted
    int cases;                    // 0 = all
};

struct grid {
    struct store_sweep sweep;   // shard 1/1
    struct scenario_file *file; // [sweep.points], with all cases of the file
    int *case_of;               // [sweep.cases] index of each wanted case in a file
};

// Loads and checks the scenario at every point, on `jobs` threads; *g does not depend on their number. False with *e: what
// scenario_load says of the first point in order that is refused, with the point named; ERR_USAGE where a key varies twice
// or is set too, or the grid is too large, or a case is unknown. Then *g holds nothing to free.
// Cost: some ms a point and thread, and 20 KB a point and case.
bool grid_load(struct grid *g, const struct grid_source *source, int jobs, struct err *e);

void grid_fini(struct grid *g);

// The wanted case `case_` at a point.
const struct scenario *grid_case(const struct grid *g, int point, int case_);

// "server.threads=4, load.concurrency=10": a point as people write it, cut off where out is too small. Returns out.
char *grid_name(const struct store_sweep *s, int point, char *out, size_t size);
