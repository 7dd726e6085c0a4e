#pragma once
// From a tree to a struct, by the rows of a schema.
#include "base/tree.h"
#include "scenario/schema.h"

struct bind {
    const struct schema *schema;
    // Binds the types that are not plain values; NULL = there are none.
    bool (*special)(struct bind *b, const struct schema_row *row, const char *path,
                    const struct tree_node *node, void *into);
    void *context;   // of `special`
    bool apart;      // bind the rows that are apart (SCHEMA_APART) and no others; false: the others
    bool given_only; // leave what is not given as it is
    struct err *e;
};

enum { BIND_PATH = 512 }; // room for a key with its path

// Fills the struct `into` from a map: every row below the pattern `prefix` ("" = the root, "machine.cores[]"
// = an item) that is given, or has a default. Unknown keys are refused first. `path` is what messages call
// the map ("handler.0"). False with b->e.
bool bind_map(struct bind *b, const char *prefix, const char *path, const struct tree_node *map, void *into);

// Refuses the keys of a map that no row below `prefix` knows. False with b->e.
bool bind_keys(struct bind *b, const char *prefix, const char *path, const struct tree_node *map);

// One value of a row at into + row->offset.
bool bind_value(struct bind *b, const struct schema_row *row, const char *path, const struct tree_node *node,
                void *into);

// Reads a number in the row's unit and checks its range.
bool bind_number(struct bind *b, const struct schema_row *row, const char *path, const struct tree_node *node,
                 double *out);

// The text of a scalar, or NULL with b->e where it is a list, a map or nothing.
const char *bind_text(struct bind *b, const char *path, const struct tree_node *node, const char *wanted);

// on, off, true, false.
bool bind_bool(struct bind *b, const char *path, const struct tree_node *node, bool *out);

// A name into out of SCENARIO_NAME bytes: printable, not empty, not too long.
bool bind_name(struct bind *b, const char *path, const struct tree_node *node, char *out);

// Index of the scalar in `names`; -1 with b->e (did you mean).
int bind_choice(struct bind *b, const char *path, const struct tree_node *node, const char *const *names);

// Fails unless node is a list (map) of 1..most items.
bool bind_list(struct bind *b, const char *path, const struct tree_node *node, int most);
bool bind_is_map(struct bind *b, const char *path, const struct tree_node *node);

// Writes "path.key" to out.
void bind_join(char out[BIND_PATH], const char *path, const char *key);

// Fills *e at a place with "path: text"; without the path where the place names it already (--set path).
// Returns false.
bool bind_fail(struct tree_place place, const char *path, struct err *e, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));

// Gives an error that has text and hint, but no place, its place and path. Returns false.
bool bind_place(struct tree_place place, const char *path, struct err *e);

// Whether the scalar is written as nothing: empty, ~ or null without quotes.
bool bind_is_nothing(const struct tree_node *node);
