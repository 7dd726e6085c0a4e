#include "study/plot_dat.h"
#include "study/plot_levels.h"
#include "study/plot_pictures.h"

#include "base/units.h"

#include <math.h>
#include <string.h>

enum { CASES = 4, MOST_LEVELS = 40 };

struct map {
    int key[2]; // across, up
    struct plot_levels level[2];
    const char *name[CASES];
    int cases, found;
    struct plot_axis heat; // of p99, s
};

// The two keys that vary, the one with more values across.
static bool keys_of(const struct plot *p, struct map *m, char why[PLOT_WHY]) {
    int n = 0, varied = plot_levels_varied(p);
    if (varied != 2) {
        snprintf(why, PLOT_WHY,
                 !p->keys     ? PLOT_NO_SWEEP
                 : varied < 2 ? "needs a sweep over two keys"
                              : "needs two keys, and %d vary; hold the others with --where KEY=VALUE",
                 varied);
        return false;
    }
    for (int k = 0; k < p->keys && n < 2; k++) {
        plot_levels_of(&m->level[n], p, k);
        m->key[n] = k;
        if (m->level[n].count > 1)
            n++;
        else
            plot_levels_fini(&m->level[n]);
    }
    if (m->level[1].count > m->level[0].count) {
        struct plot_levels l = m->level[0];
        int key = m->key[0];
        m->level[0] = m->level[1];
        m->key[0] = m->key[1];
        m->level[1] = l;
        m->key[1] = key;
    }
    return true;
}

static void release(struct map *m) {
    plot_levels_fini(&m->level[0]);
    plot_levels_fini(&m->level[1]);
}

static void write_levels(FILE *out, const struct map *m, int axis) {
    fprintf(out, "# %s: place, value\n", axis ? "up" : "across");
    for (int i = 0; i < m->level[axis].count; i++) {
        fprintf(out, "%d", i);
        plot_dat_text(out, m->level[axis].text[i]);
        fputc('\n', out);
    }
    plot_dat_next(out);
}

// A latency in two significant digits or more, short enough for a cell: "5.2 ms", "149 ms".
static void short_span(char out[UNITS_TEXT], double s) {
    static const char *const name[] = {"s", "ms", "us", "ns"};
    int u = 0;
    for (; u < 3 && s < 0.9995; u++) s *= 1e3;
    snprintf(out, UNITS_TEXT, s < 9.95 ? "%.1f %s" : "%.0f %s", s, name[u]);
}

static void write_cell(FILE *out, const struct map *m, const struct plot_row *r) {
    char span[UNITS_TEXT] = "-";
    double x = r->result.latency.quantile[QUANTILE_P99].mean;
    bool saturated = r->result.status == STATUS_SATURATED, known = isfinite(x);
    // Dark cells, those of the lower half, take light letters.
    bool light = known && plot_axis_place(&m->heat, x) < 0.5;
    fprintf(out, "%d %d", plot_levels_find(&m->level[0], r->value[m->key[0]]),
            plot_levels_find(&m->level[1], r->value[m->key[1]]));
    plot_dat_number(out, x);
    if (known) short_span(span, x);
    plot_dat_text(out, saturated ? "sat." : span);
    fprintf(out, " %d\n", light);
}

static void write_head(FILE *out, const struct plot *p, const struct map *m) {
    char note[96] = "";
    if (m->cases < m->found) snprintf(note, sizeof note, "%d of %d cases", m->cases, m->found);
    fputs("# title, note, key across, key up, columns, rows, panels, heat (from, to, logarithmic), s\n", out);
    plot_dat_text(out, p->title);
    plot_dat_text(out, note);
    for (int i = 0; i < 2; i++) plot_dat_text(out, p->key[m->key[i]]);
    fprintf(out, " %d %d %d", m->level[0].count, m->level[1].count, m->cases);
    plot_dat_axis(out, &m->heat);
    fputc('\n', out);
    plot_dat_next(out);
}

static void write_map(FILE *out, const struct plot *p, const struct map *m) {
    write_head(out, p, m);
    write_levels(out, m, 0);
    write_levels(out, m, 1);
    fputs("# panel, case\n", out);
    for (int c = 0; c < m->cases; c++) {
        fprintf(out, "%d", c);
        plot_dat_text(out, m->name[c]);
        fputc('\n', out);
    }
    for (int c = 0; c < m->cases; c++) {
        plot_dat_next(out);
        fputs("# place across, place up, p99 (s), the same in words, letters light\n", out);
        for (int i = 0; i < p->rows; i++)
            if (!strcmp(p->row[i].result.name, m->name[c])) write_cell(out, m, &p->row[i]);
    }
}

static void heat_of(struct map *m, const struct plot *p) {
    plot_axis_start(&m->heat);
    for (int i = 0; i < p->rows; i++)
        plot_axis_include(&m->heat, p->row[i].result.latency.quantile[QUANTILE_P99].mean);
    bool any = m->heat.lo <= m->heat.hi;
    double lo = m->heat.lo, hi = m->heat.hi;
    plot_axis_end(&m->heat);
    if (any) m->heat.lo = lo, m->heat.hi = hi > lo ? hi : lo * 1.01; // colours need no margin
}

bool plot_heatmap_write(FILE *out, const struct plot *p, char why[PLOT_WHY]) {
    const char *all[64];
    struct map m = {0};
    if (!keys_of(p, &m, why)) return false;
    m.cases = m.found = plot_cases(p, all, 64);
    if (m.cases > CASES) m.cases = CASES;
    memcpy(m.name, all, (size_t)m.cases * sizeof *all);
    heat_of(&m, p);
    bool fits = m.level[0].count <= MOST_LEVELS && m.level[1].count <= MOST_LEVELS;
    if (fits)
        write_map(out, p, &m);
    else
        snprintf(why, PLOT_WHY, "needs at most %d values of a key to be legible", MOST_LEVELS);
    release(&m);
    return fits;
}
