#pragma once
// A configuration as a tree of scalars, lists and maps, each knowing where it was written. Nodes are never
// changed once made: an operation returns a new root that shares what did not change, so layers (base file,
// file, case, command line) are cheap. All memory belongs to one struct tree.
#include "base/err.h"
#include "base/text.h"

#include <stddef.h>

enum { TREE_DEPTH = 64, TREE_KEYS = 1000 }; // deepest nesting; most keys of one map

enum tree_kind { TREE_SCALAR, TREE_LIST, TREE_MAP };

// Where text came from: a file, memory, or the command line.
struct tree_source {
    const char *name;   // as messages show it
    const char *folder; // what relative paths in it start from; "" = the current folder
    bool pair;          // one key=value without a file: its places have line and column 0
};

struct tree_place {
    const struct tree_source *source;
    int line, col; // from 1; 0 on the command line
};

struct tree_node;

struct tree_entry {
    const char *key;         // NULL in a list
    struct tree_place place; // of the key; in a list of the value
    const struct tree_node *value;
};

struct tree_node {
    enum tree_kind kind;
    struct tree_place place;
    const char *text; // scalar; never NULL there
    bool plain;       // scalar written without quotes
    bool one_line;    // scalar whose characters stand side by side in the file: column = place.col + offset
    int count;        // list, map
    const struct tree_entry *entry;
};

struct tree;

struct tree *tree_create(void);
void tree_destroy(struct tree *t);

// Memory and copies that live as long as the tree.
void *tree_alloc(struct tree *t, size_t bytes);
const char *tree_copy(struct tree *t, const char *s);
const struct tree_source *tree_source(struct tree *t, const char *name, const char *folder);

// The source of a single pair "KEY=VALUE" without a file ("--set KEY").
const struct tree_source *tree_source_pair(struct tree *t, const char *name);

// New nodes. tree_group takes a list or map of entries[0..count), which it copies.
const struct tree_node *tree_scalar(struct tree *t, struct tree_place place, const char *text);
const struct tree_node *tree_group(struct tree *t, enum tree_kind kind, struct tree_place place,
                                   const struct tree_entry *entries, int count);

// The entry of that key in a map, or NULL.
const struct tree_entry *tree_entry(const struct tree_node *map, const char *key);

// The node at a dotted path (list items by number from 0: "handler.0.cpu"), or NULL; "" is the root itself.
const struct tree_node *tree_at(const struct tree_node *root, const char *path);

// The root with `over` laid upon it: maps merge key by key, everything else replaces. Keys keep the order of
// `base`, new ones follow.
const struct tree_node *tree_merge(struct tree *t, const struct tree_node *base,
                                   const struct tree_node *over);

// The root with `value` merged in at a dotted path; maps on the way are made where they lack. A number names
// an item of a list, which must exist. `place` is where the path was written. NULL with *e when the path
// cannot be followed.
const struct tree_node *tree_set(struct tree *t, const struct tree_node *root, const char *path,
                                 struct tree_place place, const struct tree_node *value, struct err *e);

// The root without the key at a dotted path of maps; the same root where it is absent.
const struct tree_node *tree_without(struct tree *t, const struct tree_node *root, const char *path);

// Fills *e with ERR_CONFIG at a place and returns false.
bool tree_fail(struct tree_place place, struct err *e, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

// The path of a file named in `source`: `name` itself where absolute, else below the source's folder.
// Replaces *out.
void tree_file(const struct tree_source *source, const char *name, struct text *out);
