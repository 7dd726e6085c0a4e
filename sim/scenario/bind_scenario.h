#pragma once
// A resolved tree of scenario keys into struct scenario, value by value; what depends on several values is
// check.h's.
#include "base/tree.h"
#include "scenario/scenario.h"

// Binds all keys but name, extends, costs and cases. *s must be zeroed; on failure it may be partly filled
// and is still to be released with bind_scenario_fini. Reads the files that distributions and traces name.
// False with *e.
bool bind_scenario(struct scenario *s, const struct tree_node *root, struct err *e);

// Binds name, measured and fitted of one item of `cases`; `path` is "cases.0" or the like. False with *e.
bool bind_scenario_case(struct scenario *s, const char *path, const struct tree_node *item, struct err *e);

// Releases the arrays of one case.
void bind_scenario_fini(struct scenario *s);
