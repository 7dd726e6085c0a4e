#include "study/plot_dat.h"
#include "study/plot_pictures.h"

#include <math.h>
#include <string.h>

// What is compared with what is shown: context switches are not judged.
static const struct panel {
    enum quantity quantity;
    const char *words;
    int unit; // 0 requests/s, 1 s
} panels[] = {{QUANTITY_THROUGHPUT, "throughput", 0},
              {QUANTITY_MEAN, "mean latency", 1},
              {QUANTITY_P50, "median", 1},
              {QUANTITY_P95, "95th percentile", 1},
              {QUANTITY_P99, "99th percentile", 1},
              {QUANTITY_CPU, "server CPU per request", 1}};
enum { PANELS = sizeof panels / sizeof panels[0] };

static bool shown(const struct compared *c, enum quantity q) {
    return c->quantity == q && isfinite(c->predicted) && isfinite(c->measured.median);
}

static int count(const struct plot *p, enum quantity q) {
    int n = 0;
    for (int i = 0; i < p->compares; i++) n += shown(&p->compare[i], q);
    return n;
}

// Both axes of a panel are the same, so that equality is the diagonal, and logarithmic, so that equal errors look alike.
static struct plot_axis axis_of(const struct plot *p, enum quantity q) {
    struct plot_axis a;
    plot_axis_start(&a);
    for (int i = 0; i < p->compares; i++) {
        const struct compared *c = &p->compare[i];
        if (!shown(c, q)) continue;
        const double x[] = {c->predicted, c->lo, c->hi, c->measured.min, c->measured.max};
        for (size_t k = 0; k < sizeof x / sizeof x[0]; k++)
            if (x[k] > 0) plot_axis_include(&a, x[k]);
    }
    plot_axis_end_log(&a);
    return a;
}

// Whether a point is named in the picture: it lies outside the band of 10 %.
static bool outside(const struct compared *c) {
    return fabs(c->error) > 0.1;
}

// The number of a case, from 1, in order of appearance.
static int number_of(const struct plot *p, const struct compared *c) {
    int n = 1;
    for (int i = 0; i < p->compares && strcmp(p->compare[i].name, c->name); i++)
        n += i == 0 || strcmp(p->compare[i].name, p->compare[i - 1].name);
    return n;
}

static void write_cases(FILE *out, const struct plot *p) {
    int n = 0;
    fputs("# number, case\n", out);
    for (int i = 0; i < p->compares; i++) {
        if (number_of(p, &p->compare[i]) <= n) continue;
        fprintf(out, "%d", ++n);
        plot_dat_text(out, p->compare[i].name);
        fputc('\n', out);
    }
}

static void write_point(FILE *out, const struct plot *p, const struct compared *c) {
    fprintf(out, "%d", number_of(p, c));
    plot_dat_number(out, c->measured.median);
    plot_dat_number(out, c->measured.min);
    plot_dat_number(out, c->measured.max);
    plot_dat_number(out, c->predicted);
    plot_dat_number(out, isnan(c->lo) ? c->predicted : c->lo);
    plot_dat_number(out, isnan(c->hi) ? c->predicted : c->hi);
    fprintf(out, " %d %d\n", (int)c->verdict, outside(c));
}

static void write_head(FILE *out, const struct plot *p) {
    int n = 0, cases = 0;
    bool bands = false;
    for (int i = 0; i < PANELS; i++) n += count(p, panels[i].quantity) > 0;
    for (int i = 0; i < p->compares; i++) {
        int number = number_of(p, &p->compare[i]);
        bands |= !isnan(p->compare[i].lo);
        if (number > cases) cases = number;
    }
    fputs("# title, panels, whether there are bands of the prediction, cases\n", out);
    plot_dat_text(out, p->title);
    fprintf(out, " %d %d %d\n", n, bands, cases);
    plot_dat_next(out);
}

bool plot_validation_write(FILE *out, const struct plot *p, char why[PLOT_WHY]) {
    int any = 0;
    for (int i = 0; i < PANELS; i++) any += count(p, panels[i].quantity);
    if (!any) {
        snprintf(why, PLOT_WHY, "needs measurements beside predictions, as `validate` writes them");
        return false;
    }
    write_head(out, p);
    write_cases(out, p);
    plot_dat_next(out);
    fputs("# panel, quantity, unit (0 requests/s, 1 s), both axes (from, to)\n", out);
    for (int i = 0, n = 0; i < PANELS; i++) {
        struct plot_axis a = axis_of(p, panels[i].quantity);
        if (!count(p, panels[i].quantity)) continue;
        fprintf(out, "%d", n++);
        plot_dat_text(out, panels[i].words);
        fprintf(out, " %d", panels[i].unit);
        plot_dat_number(out, a.lo);
        plot_dat_number(out, a.hi);
        fputc('\n', out);
    }
    for (int i = 0; i < PANELS; i++) {
        if (!count(p, panels[i].quantity)) continue;
        plot_dat_next(out);
        fprintf(out,
                "# %s: number of the case, measured median, least, greatest, predicted, from, to, verdict (0 "
                "agrees, 1 "
                "misses, 2 too noisy, 3 none), outside of 10 %%\n",
                panels[i].words);
        for (int k = 0; k < p->compares; k++)
            if (shown(&p->compare[k], panels[i].quantity)) write_point(out, p, &p->compare[k]);
    }
    return true;
}
