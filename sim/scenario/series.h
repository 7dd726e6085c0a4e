#pragma once
// Columns of spans in a text file: observed values, arrival times.
#include "base/tree.h"

enum { SERIES_MOST_BYTES = 64 << 20 };

// Reads one value a line (with a unit, or in seconds; empty lines and lines that begin with # are skipped)
// from the file `name`, relative to the source of `place`. Values in ns, >= 0, at most `most`; with
// `ascending` none below the one before it. At least one. *values is to be released with free(). False with
// *e: at `place` where the file cannot be read, else at its line and column.
bool series_read(struct tree_place place, const char *name, double most, bool ascending, double **values,
                 size_t *count, struct err *e);
