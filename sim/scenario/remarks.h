#pragma once
// What is allowed and yet probably not meant.
#include "base/tree.h"
#include "scenario/scenario.h"

// Adds the remarks of one case to *f (its remarks and remark[]), each once. `root` is the case's tree,
// `common` the tree that all cases share.
void remarks_case(struct scenario_file *f, const struct scenario *s, const struct scenario_model *model,
                  const struct tree_node *root, const struct tree_node *common);

// Adds the remark on keys of the common tree that none of the cases' models reads. `used` has one model a
// case.
void remarks_common(struct scenario_file *f, const struct tree_node *common,
                    const struct scenario_model *const *used);
