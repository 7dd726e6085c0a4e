#include "study/plot_dat.h"
#include "study/plot_pictures.h"
#include "study/plot_series.h"

#include <math.h>
#include <string.h>

// A station of the picture: a limit, or one bounded resource by its name.
struct station {
    enum limit limit;
    const char *resource; // NULL for a limit
    char words[SCENARIO_NAME + 16], brief[SCENARIO_NAME];
};

enum { STATIONS = 12, ROWS = 16 };

static double usage_of(const struct station *s, const struct case_result *c) {
    if (!s->resource) return c->utilisation[s->limit];
    for (int i = 0; i < c->resources; i++)
        if (!strcmp(c->resource[i].name, s->resource)) return c->resource[i].utilisation;
    return NAN;
}

static void add_resources(struct station *s, int *n, const struct case_result *c) {
    for (int i = 0; i < c->resources; i++) {
        bool known = false;
        for (int k = 0; k < *n; k++) known |= s[k].resource && !strcmp(s[k].resource, c->resource[i].name);
        if (known || *n == STATIONS) continue;
        s[*n] = (struct station){.limit = LIMIT_RESOURCE, .resource = c->resource[i].name};
        snprintf(s[*n].brief, sizeof s[*n].brief, "%s", c->resource[i].name);
        snprintf(s[*n].words, sizeof s[*n].words, "resource %s", c->resource[i].name);
        ++*n;
    }
}

static double busiest(const struct station *s, const struct plot *p) {
    double most = NAN;
    for (int r = 0; r < p->rows; r++) most = fmax(most, usage_of(s, &p->row[r].result));
    return most;
}

// The stations that exist in some row; those that hardly ever work only where they are the cores. The listening socket's queue
// is left out: a share of its room says nothing.
static int stations_of(struct station s[STATIONS], const struct plot *p) {
    static const struct station all[] = {{LIMIT_CORE, NULL, "cores", "cores"},
                                         {LIMIT_LOOP, NULL, "event loops", "loops"},
                                         {LIMIT_LOCK, NULL, "global locks", "locks"},
                                         {LIMIT_POOL, NULL, "thread pools", "pools"},
                                         {LIMIT_CLIENT, NULL, "load generator", "client"}};
    const double little = 0.05;
    int n = 0, kept = 0;
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) s[n++] = all[i];
    for (int r = 0; r < p->rows; r++) add_resources(s, &n, &p->row[r].result);
    for (int i = 0; i < n; i++) {
        double most = busiest(&s[i], p);
        if (most > little || (s[i].limit == LIMIT_CORE && most >= 0)) s[kept++] = s[i];
    }
    return kept;
}

static void write_stations(FILE *out, const struct station *s, int n) {
    fputs("# panel, station, the same in brief\n", out);
    for (int i = 0; i < n; i++) {
        fprintf(out, "%d", i);
        plot_dat_text(out, s[i].words);
        plot_dat_text(out, s[i].brief);
        fputc('\n', out);
    }
    plot_dat_next(out);
}

bool plot_usage_write(FILE *out, const struct plot *p, char why[PLOT_WHY]) {
    struct station s[STATIONS];
    int index[ROWS], n = stations_of(s, p), rows = plot_pick(p, ROWS, index);
    char note[96] = "", name[96];
    if (!n || !rows) {
        snprintf(why, PLOT_WHY, rows ? "needs stations" : "needs results of cases");
        return false;
    }
    if (rows < p->rows) snprintf(note, sizeof note, "%d of %d results", rows, p->rows);
    fputs("# title, note, rows, panels\n", out);
    plot_dat_text(out, p->title);
    plot_dat_text(out, note);
    fprintf(out, " %d %d\n", rows, n);
    plot_dat_next(out);
    write_stations(out, s, n);
    fputs("# row, its name, then for each panel the share of the time in which it is busy\n", out);
    for (int i = 0; i < rows; i++) {
        fprintf(out, "%d", i);
        plot_dat_text(out, plot_row_name(name, p, &p->row[index[i]], -1));
        for (int k = 0; k < n; k++) plot_dat_number(out, usage_of(&s[k], &p->row[index[i]].result));
        fputc('\n', out);
    }
    return true;
}

static void write_lines(FILE *out, const struct plot_series *lines, const struct station *s, int n) {
    fputs("# key, then for each panel the share of the time in which it is busy\n", out);
    for (int i = 0; i < lines->lines; i++) {
        const struct plot_line *l = &lines->line[i];
        if (i) plot_dat_next(out);
        fprintf(out, "# line: %s\n", l->name);
        for (int k = 0; k < l->points; k++) {
            fprintf(out, "%.6g", l->x[k]);
            for (int m = 0; m < n; m++) plot_dat_number(out, usage_of(&s[m], &l->row[k]->result));
            fputc('\n', out);
        }
    }
}

static void write_names(FILE *out, const struct plot_series *lines) {
    fputs("# line, its name\n", out);
    for (int i = 0; i < lines->lines; i++) {
        fprintf(out, "%d", i);
        plot_dat_text(out, lines->line[i].name);
        fputc('\n', out);
    }
    plot_dat_next(out);
}

bool plot_stations_write(FILE *out, const struct plot *p, char why[PLOT_WHY]) {
    struct station s[STATIONS];
    struct plot_series lines;
    struct plot_axis x;
    int n = stations_of(s, p), key = plot_levels_longest(p, 2);
    char title[96], note[96];
    if (key < 0 || !n) {
        snprintf(why, PLOT_WHY, p->keys ? "needs a key whose values are numbers" : PLOT_NO_SWEEP);
        return false;
    }
    plot_series_of(&lines, p, key, PLOT_LINES);
    plot_axis_start(&x);
    for (int i = 0; i < lines.levels.count; i++) plot_axis_include(&x, lines.levels.number[i]);
    plot_axis_end(&x);
    fputs("# title, key, note, lines, panels, axis of the key (from, to, logarithmic), its tics (0 any)\n",
          out);
    plot_dat_text(out, p->title);
    plot_dat_text(out, plot_levels_title(title, p, key, &lines.levels));
    plot_dat_text(out, plot_series_note(note, &lines));
    fprintf(out, " %d %d", lines.lines, n);
    plot_dat_axis(out, &x);
    fprintf(out, " %d\n", plot_series_tics(&lines, &x));
    plot_dat_next(out);
    write_stations(out, s, n);
    write_names(out, &lines);
    plot_series_write_tics(out, &lines);
    write_lines(out, &lines, s, n);
    plot_series_fini(&lines);
    return true;
}
