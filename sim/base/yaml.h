#pragma once
// YAML (libyaml's event interface) into a tree. Refused, with file:line:col: what is not UTF-8, anchors and
// aliases, tags, keys that are not plain text, the same key twice, nesting past TREE_DEPTH, more than
// TREE_KEYS keys in a map, more than one document, none at all, and more than YAML_MOST bytes.
#include "base/tree.h"

enum { YAML_MOST = 4 << 20 }; // bytes

// Parses text[0..size). The result belongs to `t`; `source` must too. NULL with *e (ERR_CONFIG).
// Cost: about 100 ns a byte at most.
const struct tree_node *yaml_parse(struct tree *t, const struct tree_source *source, const char *text,
                                   size_t size, struct err *e);

// Reads a whole file ("-" = standard input) of at most `most` bytes, NUL-terminated, to be released with
// free(); its size without the NUL in *size. NULL with *e: ERR_HOST where it cannot be read, ERR_CONFIG where
// it is longer.
char *yaml_read(const char *path, size_t most, size_t *size, struct err *e);
