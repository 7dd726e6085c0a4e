#pragma once
// What varies: a key of scenarios and the values it takes, as `--vary KEY=LIST`, `sweep:` and `plan.vary:` write them.
//   1,2,4            values; commas within brackets of any kind do not divide: lognormal(mean=10ms, cv=1),exp(10ms)
//   1..8             whole steps: 1 2 3 ... 8
//   10..50+10        steps of 10
//   1..1024*2        geometric: 1 2 4 ... 1024; the end is taken where a step meets it
//   100/s..800/s*2   both ends in the same unit; 2,4,8..64*2 mixes
// Whether the key and its values mean anything is for scenario_load to say, to which they go as pairs of --set.
#include "base/err.h"

#include <stddef.h>

enum { VARY_MOST = 10000, VARY_KEY = 128 }; // values of a key; bytes of its name

struct vary {
    char key[VARY_KEY];
    int values;
    char **value; // [values], in the order given, no two alike; owned
    size_t capacity;
};

// Reads a list of at least one value. False with *e (ERR_CONFIG, text and hint, no place); then *out holds nothing to free.
// Cost: microseconds.
bool vary_parse(struct vary *out, const char *key, const char *list, struct err *e);

// The same bit by bit, for lists that are lists already: an item is a value or a range and is not divided at commas. *v
// begins as {0} with its key set. False with *e as above; *v is still to be released.
bool vary_add(struct vary *v, const char *item, struct err *e);

void vary_fini(struct vary *v);

// Number of points of the grid over v[0..n), at least 1 (n = 0); VARY_POINTS and more are reported as VARY_POINTS.
enum { VARY_POINTS = 100000000 };
long vary_points(const struct vary *v, int n);

// The values at a point of the grid, index[i] of v[i]: the last key varies fastest. 0 <= point < vary_points.
void vary_at(const struct vary *v, int n, long point, int *index);
