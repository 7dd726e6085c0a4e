#pragma once
// The layers of a scenario, laid one upon the other: a model's defaults, base files, the file, a case's
// `set`, --set.
#include "base/tree.h"
#include "scenario/scenario.h"

// Parses a scenario's text, which stands in `folder` ("" = the current one), and lays it upon what it
// extends. NULL with *e.
const struct tree_node *layers_parse(struct tree *t, const char *name, const char *folder, const char *text,
                                     size_t size, struct err *e);

// Lays the map of a case's `set` upon the root. NULL with *e.
const struct tree_node *layers_set(struct tree *t, const struct tree_node *root, const struct tree_node *set,
                                   struct err *e);

// Lays --set pairs upon the root. NULL with *e, whose file is "--set KEY".
const struct tree_node *layers_command_line(struct tree *t, const struct tree_node *root,
                                            const struct scenario_set *set, int sets, struct err *e);

// Lays the root upon "key=value" pairs (NULL-terminated list, or NULL): a preset's or the model's own defaults. Their
// places have the file "ORIGIN KEY" and line 0. NULL with *e.
const struct tree_node *layers_defaults(struct tree *t, const struct tree_node *root, const char *origin,
                                        const char *const *pairs, struct err *e);

// The folder part of a path, "" where it has none.
const char *layers_folder(struct tree *t, const char *path);
