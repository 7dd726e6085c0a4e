#pragma once
// What depends on more than one key: defaults that follow from others, and combinations that make no sense.
#include "base/tree.h"
#include "scenario/scenario.h"

// Completes and checks a bound case; `root` is its tree, for what was given and where. False with *e.
bool check_case(struct scenario *s, const struct tree_node *root, struct err *e);
