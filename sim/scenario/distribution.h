#pragma once
// Distributions as scenarios write them: `2ms`, `exp(1ms)`, `lognormal(mean=10ms, cv=0.5)`,
// `empirical(file.csv)`.
#include "scenario/bind.h"

// Reads the scalar into *out (ns; dist_init done), every span at most row->max ns. `b` gives the error its
// home. Parameters stand in order or by name. A file is looked for below the folder of the source, and read
// now. False with b->e, which points at the parameter. Release *out with dist_fini.
bool distribution_bind(struct bind *b, const struct schema_row *row, const char *path,
                       const struct tree_node *node, struct dist *out);

// Writes it as it would be read: parameters by name, "empirical(N values, HASH)" for a table. Appends to
// *out.
void distribution_format(const struct dist *d, struct text *out);
