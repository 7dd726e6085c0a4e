#pragma once
// The values that a key takes among the rows.
#include "base/units.h"
#include "study/plot.h"

struct plot_levels {
    int count;
    const char **text; // distinct, ascending where numeric, else in order of appearance; the plot's
    double *number;    // in the unit's scale, spans in s; NAN where not numeric
    bool numeric;      // all are numbers of one unit
    enum unit unit;
};

// Of key number `key`. Release with plot_levels_fini. O(rows * count).
void plot_levels_of(struct plot_levels *l, const struct plot *p, int key);
void plot_levels_fini(struct plot_levels *l);

// Index of a value, -1 where it is none of them.
int plot_levels_find(const struct plot_levels *l, const char *text);

// The numeric key with the most values (at least `least`), load.concurrency first among equals; -1 where there is none.
int plot_levels_longest(const struct plot *p, int least);

// How many keys take more than one value.
int plot_levels_varied(const struct plot *p);

// What a picture's axis calls a key: "load.concurrency", "load.rate (requests/s)". Returns out.
char *plot_levels_title(char out[96], const struct plot *p, int key, const struct plot_levels *l);
