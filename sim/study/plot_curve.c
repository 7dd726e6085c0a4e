#include "study/plot_dat.h"
#include "study/plot_pictures.h"
#include "study/plot_series.h"

#include <math.h>
#include <string.h>

// The slowest latency that any row supports.
enum { MEAN = QUANTILE_COUNT };
static const char *const words[] = {"median", "90th percentile", "95th percentile", "99th percentile",
                                    "mean latency"};

static const struct estimate *latency_of(const struct plot_row *r, int which) {
    return which == MEAN ? &r->result.latency.mean : &r->result.latency.quantile[which];
}

static int supported(const struct plot_series *s) {
    for (int q = QUANTILE_P99; q >= QUANTILE_P50; q--)
        for (int i = 0; i < s->lines; i++)
            for (int k = 0; k < s->line[i].points; k++)
                if (isfinite(latency_of(s->line[i].row[k], q)->mean)) return q;
    return MEAN;
}

struct axes {
    struct plot_axis x, rate, latency;
    int which, saturated;
};

static void axes_of(struct axes *a, const struct plot_series *s) {
    a->which = supported(s);
    a->saturated = 0;
    plot_axis_start(&a->x);
    plot_axis_start(&a->rate);
    plot_axis_start(&a->latency);
    for (int i = 0; i < s->lines; i++)
        for (int k = 0; k < s->line[i].points; k++) {
            const struct plot_row *r = s->line[i].row[k];
            a->saturated += r->result.status == STATUS_SATURATED;
            plot_axis_include(&a->x, s->line[i].x[k]);
            plot_axis_include(&a->rate, r->result.throughput_per_s.mean);
            plot_axis_include(&a->rate, r->result.throughput_per_s.hi);
            plot_axis_include(&a->latency, latency_of(r, a->which)->mean);
            plot_axis_include(&a->latency, latency_of(r, a->which)->hi);
        }
    plot_axis_end(&a->x);
    plot_axis_end(&a->rate);
    plot_axis_end(&a->latency);
}

static void write_labels(FILE *out, const struct plot_series *s, const struct axes *a) {
    double rate[PLOT_LINES], latency[PLOT_LINES];
    const double least = 0.075; // a line of text, in heights of a panel
    for (int i = 0; i < s->lines; i++) {
        const struct plot_line *l = &s->line[i];
        rate[i] = latency[i] = 1; // saturated at the end: beyond the top
        for (int k = 0; k < l->points; k++) {
            double x = latency_of(l->row[k], a->which)->mean, y = l->row[k]->result.throughput_per_s.mean;
            if (isfinite(y)) rate[i] = plot_axis_place(&a->rate, y);
            latency[i] = isfinite(x) ? plot_axis_place(&a->latency, x) : 1;
        }
    }
    plot_axis_spread(rate, s->lines, least);
    plot_axis_spread(latency, s->lines, least);
    for (int i = 0; i < s->lines; i++) {
        fprintf(out, "%d", i);
        plot_dat_text(out, s->line[i].name);
        plot_dat_number(out, rate[i]);
        plot_dat_number(out, latency[i]);
        fputc('\n', out);
    }
}

static void write_line(FILE *out, const struct plot_line *l, int which) {
    fprintf(out, "# line: %s\n", l->name);
    for (int k = 0; k < l->points; k++) {
        const struct plot_row *r = l->row[k];
        fprintf(out, "%.6g", l->x[k]);
        plot_dat_estimate(out, &r->result.throughput_per_s);
        plot_dat_estimate(out, latency_of(r, which));
        fprintf(out, " %d\n", r->result.status == STATUS_SATURATED);
    }
}

bool plot_curve_write(FILE *out, const struct plot *p, char why[PLOT_WHY]) {
    struct plot_series s;
    struct axes a;
    char title[96], note[96];
    int key = plot_levels_longest(p, 2);
    if (key < 0) {
        snprintf(why, PLOT_WHY, p->keys ? "needs a key whose values are numbers" : PLOT_NO_SWEEP);
        return false;
    }
    plot_series_of(&s, p, key, PLOT_LINES);
    axes_of(&a, &s);
    fputs("# title, key, note, name of the latency, lines, axes (from, to, logarithmic): key, requests/s, "
          "latency "
          "in s; points that are saturated\n",
          out);
    plot_dat_text(out, p->title);
    plot_dat_text(out, plot_levels_title(title, p, key, &s.levels));
    plot_dat_text(out, plot_series_note(note, &s));
    plot_dat_text(out, words[a.which]);
    fprintf(out, " %d", s.lines);
    plot_dat_axis(out, &a.x);
    fprintf(out, " %d", plot_series_tics(&s, &a.x));
    plot_dat_axis(out, &a.rate);
    plot_dat_axis(out, &a.latency);
    fprintf(out, " %d\n", a.saturated);
    plot_dat_next(out);
    fputs("# line, its name, height of the name in both panels\n", out);
    write_labels(out, &s, &a);
    plot_dat_next(out);
    plot_series_write_tics(out, &s);
    fputs("# key, requests/s, from, to, latency (s), from, to, saturated\n", out);
    for (int i = 0; i < s.lines; i++) {
        if (i) plot_dat_next(out);
        write_line(out, &s.line[i], a.which);
    }
    plot_series_fini(&s);
    return true;
}
