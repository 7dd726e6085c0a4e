#pragma once
// Reads back what `run`, `measure`, `validate` and `plan` write with --format json.
#include "study/plot.h"

// Adds to *p (initialised, empty) the cases of every result in the file as rows, and its comparisons and candidates. Of several
// results the names of the cases get the scenario's in front. False with *e: ERR_CONFIG at a place where it is not JSON, or not
// a result of a schema_version that is known; ERR_HOST where it cannot be read.
bool plot_json_load(struct plot *p, const char *path, struct err *e);
