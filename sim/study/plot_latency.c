#include "study/plot_dat.h"
#include "study/plot_pictures.h"
#include "study/plot_series.h"

#include <math.h>

// What both pictures draw: rows whose distribution is known.
struct curves {
    int rows;
    const struct plot_row *row[PLOT_LINES];
};

// Of a saturated case latencies grow for as long as one looks: they have no distribution.
static bool steady(const struct plot_row *r) {
    return r->latency.count && r->result.status != STATUS_SATURATED;
}

static bool choose(struct curves *c, const struct plot *p, char why[PLOT_WHY]) {
    int index[PLOT_LINES];
    *c = (struct curves){0};
    int n = plot_pick(p, PLOT_LINES, index);
    for (int i = 0; i < n; i++)
        if (steady(&p->row[index[i]])) c->row[c->rows++] = &p->row[index[i]];
    if (!c->rows)
        snprintf(why, PLOT_WHY, "%s", p->keys ? "needs a case that is complete and steady" : PLOT_NO_SWEEP);
    return c->rows > 0;
}

static double latency_at(const struct hist *h, double q) {
    return 1e-9 * (double)hist_quantile(h, q);
}

static void write_head(FILE *out, const struct plot *p, const struct curves *c) {
    char note[96] = "";
    struct plot_axis a;
    plot_axis_start(&a);
    for (int i = 0; i < c->rows; i++) {
        // One request in thousands must not decide how much of the picture the others get.
        plot_axis_include(&a, latency_at(&c->row[i]->latency, 0.005));
        plot_axis_include(&a, latency_at(&c->row[i]->latency, 0.999));
    }
    plot_axis_end(&a);
    if (c->rows < p->rows) snprintf(note, sizeof note, "%d of %d distributions", c->rows, p->rows);
    fputs("# title, note, curves, axis of latency (from, to, logarithmic), s\n", out);
    plot_dat_text(out, p->title);
    plot_dat_text(out, note);
    fprintf(out, " %d", c->rows);
    plot_dat_axis(out, &a);
    fputc('\n', out);
    plot_dat_next(out);
}

static void write_name(FILE *out, const struct plot *p, const struct plot_row *r, int i) {
    char name[96];
    fprintf(out, "%d", i);
    plot_dat_text(out, plot_row_name(name, p, r, -1));
}

// Names stand beside their curves at heights of their own, so that they do not cover each other.
static void write_cdf_names(FILE *out, const struct plot *p, const struct curves *c) {
    fputs("# curve, its name, where it stands: latency (s), share of the requests\n", out);
    for (int i = 0; i < c->rows; i++) {
        double q = c->rows > 1 ? 0.9 - 0.8 * i / (c->rows - 1) : 0.5;
        write_name(out, p, c->row[i], i);
        plot_dat_number(out, latency_at(&c->row[i]->latency, q));
        plot_dat_number(out, q);
        fputc('\n', out);
    }
}

bool plot_latency_cdf(FILE *out, const struct plot *p, char why[PLOT_WHY]) {
    enum { STEPS = 200 };
    struct curves c;
    if (!choose(&c, p, why)) return false;
    write_head(out, p, &c);
    write_cdf_names(out, p, &c);
    for (int i = 0; i < c.rows; i++) {
        plot_dat_next(out);
        fputs("# latency (s), share of the requests that took no longer\n", out);
        for (int k = 0; k <= STEPS; k++)
            fprintf(out, "%.6g %.6g\n", latency_at(&c.row[i]->latency, (double)k / STEPS), (double)k / STEPS);
    }
    return true;
}

// The last percentile that the sample supports, as 1/(1-q) in steps of a tenth of a decade.
enum { PER_DECADE = 10, DECADES = 7 };

// The spectrum begins at a fifth of the requests: its least latency would stretch the axis and tells nothing.
enum { FIRST_STEP = 1 };

static double level_at(int step) {
    return 1 - pow(10, -(double)step / PER_DECADE);
}

static int last_step(const struct hist *h) {
    int last = FIRST_STEP;
    for (int k = 1; k <= DECADES * PER_DECADE && (level_at(k) < 0.5 || hist_supports(h->count, level_at(k)));
         k++)
        last = k;
    return last;
}

static void write_spectrum_names(FILE *out, const struct plot *p, const struct curves *c) {
    double at[PLOT_LINES];
    struct plot_axis a;
    plot_axis_start(&a);
    for (int i = 0; i < c->rows; i++)
        for (int k = FIRST_STEP; k <= last_step(&c->row[i]->latency); k++)
            plot_axis_include(&a, latency_at(&c->row[i]->latency, level_at(k)));
    plot_axis_end(&a);
    for (int i = 0; i < c->rows; i++) {
        const struct hist *h = &c->row[i]->latency;
        at[i] = plot_axis_place(&a, latency_at(h, level_at(last_step(h))));
    }
    plot_axis_spread(at, c->rows, 0.05);
    fputs("# curve, its name, height of the name, and the axis of latency (from, to, logarithmic)\n", out);
    for (int i = 0; i < c->rows; i++) {
        write_name(out, p, c->row[i], i);
        plot_dat_number(out, at[i]);
        plot_dat_axis(out, &a);
        fputc('\n', out);
    }
}

bool plot_latency_spectrum(FILE *out, const struct plot *p, char why[PLOT_WHY]) {
    struct curves c;
    if (!choose(&c, p, why)) return false;
    write_head(out, p, &c);
    write_spectrum_names(out, p, &c);
    for (int i = 0; i < c.rows; i++) {
        const struct hist *h = &c.row[i]->latency;
        plot_dat_next(out);
        fputs("# 1/(1 - share of the requests), latency (s); as far as the sample supports it\n", out);
        for (int k = FIRST_STEP; k <= last_step(h); k++)
            fprintf(out, "%.6g %.6g\n", 1 / (1 - level_at(k)), latency_at(h, level_at(k)));
    }
    return true;
}
