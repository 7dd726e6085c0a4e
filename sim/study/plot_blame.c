#include "study/plot_dat.h"
#include "study/plot_pictures.h"

#include "base/units.h"

#include <math.h>

enum { ROWS = 16 };

// What a request waits for; shorter than in a report, as a picture says that it is time.
static const char *const part[BLAME_COUNT] = {"to be accepted", "event loop", "lock",   "core",
                                              "pool",           "resource",   "served", "network, client"};

static double total_of(const double s[BLAME_COUNT]) {
    double sum = 0;
    for (int b = 0; b < BLAME_COUNT; b++) sum += s[b];
    return sum; // NAN where unknown
}

struct bars {
    int count;
    struct bar {
        const struct plot_row *row;
        const double *s;
        double total, at; // at: from the top, in bars, with gaps between cases
        bool tail;
    } bar[2 * ROWS];
    bool has[BLAME_COUNT];
};

static void write_bar(FILE *out, const struct bar *bar) {
    double from = 0;
    for (int b = 0; b < BLAME_COUNT; b++) {
        double to = from + bar->s[b] / bar->total;
        if (bar->s[b] > 0) fprintf(out, "%.6g %d %.6g %.6g\n", bar->at, b, from, to);
        from = to;
    }
}

static void add_bar(struct bars *b, const struct plot_row *r, bool tail) {
    const double gap = 0.35;
    const double *s = tail ? r->result.blame_p99_s : r->result.blame_mean_s;
    double total = total_of(s);
    if (!isfinite(total) || total <= 0) return;
    double at = 0;
    if (b->count) at = b->bar[b->count - 1].at + (b->bar[b->count - 1].row == r ? 1 : 1 + gap);
    b->bar[b->count++] = (struct bar){r, s, total, at, tail};
    for (int i = 0; i < BLAME_COUNT; i++) b->has[i] |= s[i] > 0.005 * total;
}

static void write_names(FILE *out, const struct plot *p, const struct bars *b) {
    char name[96], span[UNITS_TEXT];
    fputs("# height of the bar from the top, what it is of, mean or p99, the whole time\n", out);
    for (int i = 0; i < b->count; i++) {
        bool first = i == 0 || b->bar[i].row != b->bar[i - 1].row;
        fprintf(out, "%.6g", b->bar[i].at);
        plot_dat_text(out, first ? plot_row_name(name, p, b->bar[i].row, -1) : "");
        plot_dat_text(out, b->bar[i].tail ? "p99" : "mean");
        plot_dat_text(out, units_format(span, UNIT_SPAN, 1e9 * b->bar[i].total));
        fputc('\n', out);
    }
    plot_dat_next(out);
}

static void write_parts(FILE *out, const struct bars *b) {
    int n = 0;
    fputs("# part, its place among those that are at least 0.5 % of a bar, its name\n", out);
    for (int i = 0; i < BLAME_COUNT; i++) {
        if (!b->has[i]) continue;
        fprintf(out, "%d %d", i, n++);
        plot_dat_text(out, part[i]);
        fputc('\n', out);
    }
    plot_dat_next(out);
}

bool plot_blame_write(FILE *out, const struct plot *p, char why[PLOT_WHY]) {
    int index[ROWS], rows = plot_pick(p, ROWS, index), parts = 0;
    struct bars b = {0};
    char note[96] = "";
    for (int i = 0; i < rows; i++) {
        add_bar(&b, &p->row[index[i]], false);
        add_bar(&b, &p->row[index[i]], true);
    }
    if (!b.count) {
        snprintf(why, PLOT_WHY, "needs simulated cases that have a steady latency");
        return false;
    }
    if (rows < p->rows) snprintf(note, sizeof note, "%d of %d results", rows, p->rows);
    for (int i = 0; i < BLAME_COUNT; i++) parts += b.has[i];
    fputs("# title, note, bars, parts, height of the last bar\n", out);
    plot_dat_text(out, p->title);
    plot_dat_text(out, note);
    fprintf(out, " %d %d %.6g\n", b.count, parts, b.bar[b.count - 1].at);
    plot_dat_next(out);
    write_names(out, p, &b);
    write_parts(out, &b);
    fputs("# height, part, from, to: shares of the whole\n", out);
    for (int i = 0; i < b.count; i++) write_bar(out, &b.bar[i]);
    return true;
}
