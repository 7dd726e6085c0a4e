#include "study/plot_dat.h"

#include "base/require.h"

#include <math.h>

void plot_axis_start(struct plot_axis *a) {
    *a = (struct plot_axis){INFINITY, -INFINITY, false};
}

void plot_axis_include(struct plot_axis *a, double x) {
    if (!isfinite(x)) return;
    if (x < a->lo) a->lo = x;
    if (x > a->hi) a->hi = x;
}

void plot_axis_end(struct plot_axis *a) {
    const double decades = 1.5, margin = 1.08;
    if (a->lo > 0 && a->hi / a->lo > pow(10, decades)) {
        plot_axis_end_log(a);
        return;
    }
    a->hi = a->lo > a->hi || a->hi <= 0 ? 1 : a->hi * margin;
    a->lo = 0;
}

void plot_axis_end_log(struct plot_axis *a) {
    const double margin = 0.06; // of the range, and at least 10 %
    if (a->lo > a->hi || a->lo <= 0) *a = (struct plot_axis){1, 10, true};
    double step = fmax(pow(a->hi / a->lo, margin), 1.1);
    *a = (struct plot_axis){a->lo / step, a->hi * step, true};
}

double plot_axis_place(const struct plot_axis *a, double x) {
    double at = a->log ? log(x / a->lo) / log(a->hi / a->lo) : (x - a->lo) / (a->hi - a->lo);
    return at < 0 ? 0 : at > 1 ? 1 : at;
}

void plot_axis_spread(double *at, int n, double least) {
    int order[PLOT_SPREAD];
    REQUIRE(n <= PLOT_SPREAD);
    for (int i = 0; i < n; i++) {
        int k = i;
        for (; k > 0 && at[order[k - 1]] > at[i]; k--) order[k] = order[k - 1];
        order[k] = i;
    }
    for (int i = 1; i < n; i++) at[order[i]] = fmax(at[order[i]], at[order[i - 1]] + least);
    double limit = 1;
    for (int i = n - 1; i >= 0; i--, limit -= least) {
        if (at[order[i]] <= limit) break;
        at[order[i]] = limit;
    }
}

void plot_dat_number(FILE *out, double x) {
    if (isfinite(x))
        fprintf(out, " %.6g", x);
    else
        fputs(" NaN", out);
}

void plot_dat_estimate(FILE *out, const struct estimate *e) {
    plot_dat_number(out, e->mean);
    plot_dat_number(out, isnan(e->lo) ? e->mean : e->lo);
    plot_dat_number(out, isnan(e->hi) ? e->mean : e->hi);
}

void plot_dat_text(FILE *out, const char *text) {
    fputs(" \"", out);
    for (; *text; text++) fputc(*text == '"' ? '\'' : (unsigned char)*text < ' ' ? ' ' : *text, out);
    fputc('"', out);
}

void plot_dat_axis(FILE *out, const struct plot_axis *a) {
    plot_dat_number(out, a->lo);
    plot_dat_number(out, a->hi);
    fprintf(out, " %d", a->log);
}

void plot_dat_next(FILE *out) {
    fputs("\n\n", out);
}
