#pragma once
// Maps of dotted keys to the values they take, as `sweep` and `plan.vary` hold them.
#include "base/tree.h"
#include "scenario/vary.h"

// Reads a map into *out, an array of *count (>= 1): a value is a text as vary_parse takes it, or a list of items as vary_add
// takes them. `path` is what messages call the map. False with *e (file:line:col). *out and *count, which begin as NULL and
// 0, may always be given to vary_bind_fini.
bool vary_bind(struct vary **out, int *count, const char *path, const struct tree_node *node, struct err *e);

void vary_bind_fini(struct vary *v, int count);

// Whether a key may vary at all, as a scenario's table of keys has it: fills *e (ERR_CONFIG, no place) where not.
bool vary_bind_check(const char *key, struct err *e);
