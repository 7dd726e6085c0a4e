#pragma once
// The parts that .dat files share: numbers, texts, axes, and places for names at the ends of lines. A .dat file holds
// blocks with two blank lines between; columns are separated by blanks, texts quoted, unknown numbers NaN.
#include "study/plot.h"

// One range of values, chosen over all that was included.
struct plot_axis {
    double lo, hi;
    bool log; // the range spans more than 1.5 decades
};

void plot_axis_start(struct plot_axis *a);

// NAN and infinities are left out.
void plot_axis_include(struct plot_axis *a, double x);

// Chooses the scale, and adds a margin: linear axes begin at 0. Nothing included gives 0..1.
void plot_axis_end(struct plot_axis *a);

// The same, but always logarithmic, for positive values.
void plot_axis_end_log(struct plot_axis *a);

// Where a value lies on it, 0 at the lower end and 1 at the upper.
double plot_axis_place(const struct plot_axis *a, double x);

// Moves the places at[0..n) (0..1) apart, so that none are nearer than `least`, keeping their order; as far as there is
// room for all. n <= PLOT_SPREAD.
enum { PLOT_SPREAD = 16 };
void plot_axis_spread(double *at, int n, double least);

// " 12.5", six significant digits.
void plot_dat_number(FILE *out, double x);

// An estimate as three numbers: mean, from, to (NaN where nothing is known; the mean itself where no interval is).
void plot_dat_estimate(FILE *out, const struct estimate *e);

// ` "text"`; quotes within become apostrophes, control characters blanks.
void plot_dat_text(FILE *out, const char *text);

// ` lo hi log`
void plot_dat_axis(FILE *out, const struct plot_axis *a);

// Ends a block.
void plot_dat_next(FILE *out);
