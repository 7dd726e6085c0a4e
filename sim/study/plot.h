#pragma once
// What pictures are drawn from: results with the settings they came out under, and predictions beside measurements.
// C writes data only; the pictures are made by gnuplot from plots/*.gp.
#include "base/err.h"
#include "scenario/compare.h"
#include "scenario/result.h"

#include <stdbool.h>
#include <stdio.h>

enum { PLOT_WHY = 256 };
#define PLOT_NO_SWEEP "needs a sweep" // why a run lacks half of the pictures, said once for all of them

// One case of a run, or one case at one point of a sweep.
struct plot_row {
    int point;    // rows of one point differ in their case only
    int case_;    // where a sweep stores it
    char **value; // [keys] of struct plot, as the user wrote them; owned
    struct case_result result;
    struct hist latency; // ns, of all replications; count 0 where the distribution was not kept
};

// A configuration that `plan` looked at.
struct plot_candidate {
    char name[96];              // its settings, short: "workers=4, threads=20"
    double cost, value, lo, hi; // value: of the objective's latency, s, with its 95 % interval
    bool meets, best, runner_up;
};

struct plot {
    char title[SCENARIO_NAME], question[256];
    int keys; // what a sweep varied; 0 for a run
    char **key;
    int rows;
    struct plot_row *row;
    size_t row_capacity;
    int compares;
    struct compared *compare;
    size_t compare_capacity;
    int candidates;
    struct plot_candidate *candidate;
    size_t candidate_capacity;
    char objective[16];    // "p99": what the candidates' value is of
    double objective_most; // s, NAN where unknown
    char cost[96];         // what is minimised
};

// A picture: plots/NAME.gp draws it from NAME.dat.
struct plot_picture {
    const char *name;
    const char *summary; // a phrase for help
    // Writes the .dat. False with a phrase in `why` where the data do not support the picture ("needs ..."); then nothing
    // has been written. Whether the file could be written is the caller's to ask.
    bool (*write)(FILE *out, const struct plot *p, char why[PLOT_WHY]);
};

// In the order in which they are drawn; the last has the name NULL.
extern const struct plot_picture plot_pictures[];

void plot_init(struct plot *p);
void plot_fini(struct plot *p);

// Adds a key, before any row. Copies the name.
void plot_add_key(struct plot *p, const char *key);

// Adds an empty row at `point`, its values NULL ("" in reading) and its histogram empty. Valid until the next call.
struct plot_row *plot_add_row(struct plot *p, int point);

// Sets a value of a row. Copies the text.
void plot_set_value(struct plot_row *r, int key, const char *value);

void plot_add_compared(struct plot *p, const struct compared *c);
struct plot_candidate *plot_add_candidate(struct plot *p);

// Rows of a run that were measured elsewhere (`measured` in the scenario file) as comparisons, unless there are some.
void plot_compare_measured(struct plot *p);

// Keeps the rows and comparisons of these cases only. False with *e (ERR_USAGE) where one of the names does not occur.
bool plot_keep_cases(struct plot *p, const char *const *name, int names, struct err *e);

// Keeps the rows in which `key` is `value`, as text or as a number. False with *e (ERR_USAGE) where there is no such key
// or no such row, naming those there are.
bool plot_keep_where(struct plot *p, const char *key, const char *value, struct err *e);

// Number of cases, and the distinct names in order of appearance: name[] (room for `most`), at most `most` of them.
int plot_cases(const struct plot *p, const char **name, int most);

// At most `most` rows, all cases of points evenly spread over those there are, in order of case and then of point, into
// index[]. Returns how many.
int plot_pick(const struct plot *p, int most, int *index);

// A row in a few words: its case where there are several, and its values of the keys that vary but for key `without` (-1 =
// all of them). Returns out.
char *plot_row_name(char out[96], const struct plot *p, const struct plot_row *r, int without);
