#include "study/layout.h"

#include "base/memory.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

double layout_mean(const double *x, int columns) {
    double sum = 0;
    for (int c = 0; c < columns; c++) sum += x[c];
    return sum / columns;
}

static bool is_known(const double *row, int columns) {
    for (int c = 0; c < columns; c++)
        if (!isfinite(row[c])) return false;
    return true;
}

static int pack_known(const double *x, int rows, int columns, double *packed) {
    int n = 0;
    for (int r = 0; r < rows; r++) {
        if (!is_known(x + r * columns, columns)) continue;
        memcpy(packed + n++ * columns, x + r * columns, (size_t)columns * sizeof *x);
    }
    return n;
}

static double square(double x) {
    return x * x;
}

// Of rows that are all known, two or more each way.
static void decompose(const double *x, struct layout *l) {
    int rows = l->rows, columns = l->columns;
    double *column = memory_new((size_t)columns, sizeof *column), rows_sum = 0, noise_sum = 0;
    for (int i = 0; i < rows * columns; i++) column[i % columns] += x[i] / rows;
    for (int r = 0; r < rows; r++) {
        double row = layout_mean(x + r * columns, columns);
        rows_sum += square(row - l->mean);
        for (int c = 0; c < columns; c++) noise_sum += square(x[r * columns + c] - row - column[c] + l->mean);
    }
    l->between_rows = columns * rows_sum / (rows - 1);
    l->noise = noise_sum / ((double)(rows - 1) * (columns - 1));
    free(column);
}

struct layout layout_of(const double *x, int rows, int columns) {
    double *packed = memory_new((size_t)rows * (size_t)columns, sizeof *packed);
    struct layout l = {.rows = pack_known(x, rows, columns, packed), .columns = columns};
    l.mean = l.rows ? layout_mean(packed, l.rows * columns) : NAN;
    if (l.rows > 1 && columns > 1) decompose(packed, &l);
    free(packed);
    return l;
}

double layout_kept(const struct layout *l) {
    return l->between_rows > l->noise ? sqrt(1 - l->noise / l->between_rows) : 0;
}

double layout_difference(const struct layout *l) {
    return sqrt(2 * l->noise / l->columns);
}
