#pragma once
// Reads a stored sweep for drawing.
#include "study/plot.h"

// Adds to *p (initialised, empty) every case that is complete at every point of the sweep in `dir`, without the distributions;
// *missing (may be NULL) counts those that are not complete. False with *e as store_open.
bool plot_store_load(struct plot *p, const char *dir, int *missing, struct err *e);

// Adds the distributions of those rows of the same sweep that pictures of distributions choose (plot_pick of PLOT_LINES), some
// 100 KB each.
bool plot_store_latencies(struct plot *p, const char *dir, struct err *e);
