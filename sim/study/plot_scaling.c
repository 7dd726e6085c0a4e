#include "study/plot_dat.h"
#include "study/plot_pictures.h"
#include "study/plot_series.h"

#include "stats/usl.h"

#include <math.h>
#include <string.h>

enum { CURVE = 60, LINES = 4 };

// What throughput is to grow with, in order of preference. Clients are no servers, yet the law was derived for them too.
static const char *const keys[] = {"server.workers", "machine.cores", "server.threads", "load.concurrency"};

static int key_of(const struct plot *p) {
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++)
        for (int k = 0; k < p->keys; k++) {
            struct plot_levels l;
            if (strcmp(p->key[k], keys[i])) continue;
            plot_levels_of(&l, p, k);
            bool enough = l.numeric && l.count >= 3 && l.number[0] > 0;
            plot_levels_fini(&l);
            if (enough) return k;
        }
    return -1;
}

// One line with its references.
struct growth {
    int points;
    double n[256], x[256];
    bool fits;
    struct usl usl;
    double one; // throughput of one: of the first point, divided by its N
};

static void growth_of(struct growth *g, const struct plot_line *l) {
    *g = (struct growth){0};
    for (int i = 0; i < l->points && g->points < 256; i++) {
        double x = l->row[i]->result.throughput_per_s.mean;
        if (!(x > 0)) continue;
        g->n[g->points] = l->x[i];
        g->x[g->points++] = x;
    }
    if (g->points) g->one = g->x[0] / g->n[0];
    g->fits = usl_fit(&g->usl, g->n, g->x, g->points);
}

// What rounding leaves of nothing.
static double tidy(double percent) {
    return percent < 1e-6 ? 0 : percent;
}

enum { SAID = 192 };

static void describe(char out[SAID], const struct growth *g) {
    char most[48] = "";
    if (!g->fits) {
        snprintf(out, SAID, "too few points for a fit");
        return;
    }
    // What lies far beyond the last point is no finding.
    double last = g->n[g->points - 1];
    if (g->usl.most_n < 10 * last)
        snprintf(most, sizeof most, "most at %.0f", g->usl.most_n);
    else
        snprintf(most, sizeof most,
                 usl_at(&g->usl, 2 * last) > 1.02 * usl_at(&g->usl, last) ? "still growing" : "flat");
    snprintf(out, SAID, "contention %.3g %%, coherency %.2g %%, %s; fit within %.1f %%",
             tidy(100 * g->usl.sigma), tidy(100 * g->usl.kappa), most, 100 * g->usl.error);
}

static void write_labels(FILE *out, const struct plot_series *s, const struct growth *g,
                         const struct plot_axis *y) {
    double at[LINES];
    char text[SAID];
    for (int i = 0; i < s->lines; i++) at[i] = g[i].points ? plot_axis_place(y, g[i].x[g[i].points - 1]) : 0;
    plot_axis_spread(at, s->lines, 0.06);
    fputs("# line, its name, height of the name, what the fit says\n", out);
    for (int i = 0; i < s->lines; i++) {
        fprintf(out, "%d", i);
        plot_dat_text(out, s->line[i].name);
        plot_dat_number(out, at[i]);
        describe(text, &g[i]);
        plot_dat_text(out, text);
        fputc('\n', out);
    }
}

static void write_points(FILE *out, const struct plot_line *l) {
    fprintf(out, "# line: %s\n# N, requests/s, from, to\n", l->name);
    for (int i = 0; i < l->points; i++) {
        fprintf(out, "%.6g", l->x[i]);
        plot_dat_estimate(out, &l->row[i]->result.throughput_per_s);
        fputc('\n', out);
    }
}

static void write_references(FILE *out, const struct growth *g, const struct plot_axis *x) {
    double lo = x->log ? x->lo : fmax(x->lo, g->n[0]);
    plot_dat_next(out);
    fputs("# N, requests/s after the universal scalability law, linear growth\n", out);
    for (int k = 0; k <= CURVE; k++) {
        double f = (double)k / CURVE, n = x->log ? lo * pow(x->hi / lo, f) : lo + f * (x->hi - lo);
        fprintf(out, "%.6g", n);
        plot_dat_number(out, g->fits ? usl_at(&g->usl, n) : NAN);
        plot_dat_number(out, g->points ? g->one * n : NAN);
        fputc('\n', out);
    }
}

static void axes_of(const struct plot_series *s, const struct growth *g, struct plot_axis *x,
                    struct plot_axis *y) {
    plot_axis_start(x);
    plot_axis_start(y);
    for (int i = 0; i < s->lines; i++)
        for (int k = 0; k < g[i].points; k++) {
            plot_axis_include(x, g[i].n[k]);
            plot_axis_include(y, g[i].x[k]);
            plot_axis_include(y, s->line[i].row[k]->result.throughput_per_s.hi);
        }
    // Both alike, so that linear growth is a straight line.
    bool log = x->hi / x->lo > 30 || y->hi / y->lo > 30;
    (log ? plot_axis_end_log : plot_axis_end)(x);
    (log ? plot_axis_end_log : plot_axis_end)(y);
}

bool plot_scaling_write(FILE *out, const struct plot *p, char why[PLOT_WHY]) {
    struct plot_series s;
    struct growth g[LINES];
    struct plot_axis x, y;
    char title[96], note[96];
    int key = key_of(p);
    if (key < 0) {
        snprintf(why, PLOT_WHY,
                 p->keys ? "needs three values or more of server.workers, machine.cores, server.threads or "
                           "load.concurrency"
                         : PLOT_NO_SWEEP);
        return false;
    }
    plot_series_of(&s, p, key, LINES);
    for (int i = 0; i < s.lines; i++) growth_of(&g[i], &s.line[i]);
    axes_of(&s, g, &x, &y);
    fputs("# title, key, note, lines, axes (from, to, logarithmic): key, its tics (0 any), requests/s\n",
          out);
    plot_dat_text(out, p->title);
    plot_dat_text(out, plot_levels_title(title, p, key, &s.levels));
    plot_dat_text(out, plot_series_note(note, &s));
    fprintf(out, " %d", s.lines);
    plot_dat_axis(out, &x);
    fprintf(out, " %d", plot_series_tics(&s, &x));
    plot_dat_axis(out, &y);
    fputc('\n', out);
    plot_dat_next(out);
    write_labels(out, &s, g, &y);
    plot_dat_next(out);
    plot_series_write_tics(out, &s);
    for (int i = 0; i < s.lines; i++) {
        if (i) plot_dat_next(out);
        write_points(out, &s.line[i]);
        write_references(out, &g[i], &x);
    }
    plot_series_fini(&s);
    return true;
}
