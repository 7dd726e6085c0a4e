#pragma once
// Lines of a picture: rows that differ in one key only, in its order.
#include "study/plot.h"
#include "study/plot_dat.h"
#include "study/plot_levels.h"

enum { PLOT_LINES = 7 }; // colours that tell apart for everybody, and by which text can be read

struct plot_line {
    char name[96]; // the case where there are several, and other keys that vary
    int points;
    const struct plot_row **row; // [points]
    double *x;                   // [points], ascending
};

struct plot_series {
    int key;
    struct plot_levels levels; // of the key
    int lines, found;          // found > lines: evenly picked ones of those
    struct plot_line line[PLOT_LINES];
};

// At most `most` (<= PLOT_LINES) lines along `key`, which must be numeric. Release with plot_series_fini. O(rows * lines).
void plot_series_of(struct plot_series *s, const struct plot *p, int key, int most);
void plot_series_fini(struct plot_series *s);

// "7 of 20 lines" where some are left out, else "". Returns out.
char *plot_series_note(char out[96], const struct plot_series *s);

// Where the values of the key stand on an axis: their number where each can have a tic of its own without touching its
// neighbour, else 0. As a block: value, text.
int plot_series_tics(const struct plot_series *s, const struct plot_axis *x);
void plot_series_write_tics(FILE *out, const struct plot_series *s);
