#pragma once
// Two-way layout: rows (settings) by columns (replications) under common random numbers. What differs between rows, and
// what is left as noise when the part is taken off that all rows of a replication share.

// Mean squares of x[row * columns + column]. Rows with a value that is not finite are left out.
struct layout {
    int rows, columns;   // used; rows < 2 or columns < 2: nothing below but the mean is known (0)
    double mean;         // NAN without rows
    double between_rows; // expectation: noise + columns * variance of the rows' true means
    double noise;        // of a single value
};

// Source: analysis of variance with one value a cell (Scheffe 1959, section 4.2). Cost: O(rows * columns).
struct layout layout_of(const double *x, int rows, int columns);

// Mean of one row of x[0..columns).
double layout_mean(const double *x, int columns);

// Share of the rows' spread that is not noise, as a factor on deviations, 0..1: sqrt(1 - noise / between_rows).
double layout_kept(const struct layout *l);

// Standard error of the difference of the means of two rows.
double layout_difference(const struct layout *l);
