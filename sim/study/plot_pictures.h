#pragma once
// The pictures, as struct plot_picture's `write`; what each block of a .dat holds is said in its first lines.
#include "study/plot.h"

bool plot_curve_write(FILE *out, const struct plot *p, char why[PLOT_WHY]);
bool plot_stations_write(FILE *out, const struct plot *p, char why[PLOT_WHY]);
bool plot_latency_cdf(FILE *out, const struct plot *p, char why[PLOT_WHY]);
bool plot_latency_spectrum(FILE *out, const struct plot *p, char why[PLOT_WHY]);
bool plot_usage_write(FILE *out, const struct plot *p, char why[PLOT_WHY]);
bool plot_blame_write(FILE *out, const struct plot *p, char why[PLOT_WHY]);
bool plot_validation_write(FILE *out, const struct plot *p, char why[PLOT_WHY]);
bool plot_scaling_write(FILE *out, const struct plot *p, char why[PLOT_WHY]);
bool plot_heatmap_write(FILE *out, const struct plot *p, char why[PLOT_WHY]);
bool plot_frontier_write(FILE *out, const struct plot *p, char why[PLOT_WHY]);
