#include "study/export.h"

#include "base/memory.h"
#include "base/units.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

bool export_load(struct export *x, struct store *s, struct err *e) {
    const struct store_sweep *w = store_sweep(s);
    *x = (struct export){.sweep = w};
    x->point = memory_new((size_t)w->points, sizeof *x->point);
    x->result = memory_new((size_t)w->points, sizeof *x->result);
    bool ok = true;
    for (int p = 0; ok && p < w->points; p++) {
        if (!store_has_point(w, p)) continue;
        ok = store_result(s, p, &x->result[x->points], e);
        if (!ok) break;
        x->cases_done += x->result[x->points].cases;
        x->cases += w->cases;
        x->point[x->points++] = p;
    }
    if (!ok) export_fini(x);
    return ok;
}

void export_fini(struct export *x) {
    for (int i = 0; i < x->points; i++) result_fini(&x->result[i]);
    free(x->result);
    free(x->point);
    *x = (struct export){0};
}

// ---- the table ----

static bool any_status(const struct export *x) {
    for (int i = 0; i < x->points; i++)
        for (int c = 0; c < x->result[i].cases; c++)
            if (x->result[i].case_[c].status != STATUS_OK) return true;
    return false;
}

// A column of numbers stands right, one of words left.
static enum table_align align_of(const struct store_sweep *w, int key) {
    for (int p = 0; p < w->points; p++)
        if (w->point[p].value[key][0] < '0' || w->point[p].value[key][0] > '9') return TABLE_LEFT;
    return TABLE_RIGHT;
}

static void add_columns(struct table *t, const struct export *x, bool status) {
    static const char *const numbers[] = {"req/s", "±", "mean", "p50", "p99"};
    for (int k = 0; k < x->sweep->keys; k++) table_column(t, x->sweep->key[k], align_of(x->sweep, k));
    if (x->sweep->cases > 1) table_column(t, "case", TABLE_LEFT);
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) table_column(t, numbers[i], TABLE_RIGHT);
    table_column(t, "binds", TABLE_LEFT);
    if (status) table_column(t, "status", TABLE_LEFT);
}

static void add_span(struct table *t, const struct estimate *s) {
    char text[UNITS_TEXT];
    table_add(t, "%s", s->n > 0 ? units_format(text, UNIT_SPAN, s->mean * 1e9) : "-");
}

static void add_width(struct table *t, const struct estimate *e) {
    double frac = estimate_relative(e);
    if (isfinite(frac))
        table_add(t, "%.1f %%", 100 * frac);
    else
        table_add(t, "-");
}

static void add_row(struct table *t, const struct export *x, int i, const struct case_result *c,
                    bool status) {
    static const char *const word[] = {"ok", "SATURATED", "TOO SHORT", "DROPPED"};
    const struct store_point *p = &x->sweep->point[x->point[i]];
    char rate[32];
    for (int k = 0; k < x->sweep->keys; k++) table_add(t, "%s", p->value[k]);
    if (x->sweep->cases > 1) table_add(t, "%s", report_name(&x->result[i], c));
    table_add(t, "%s", report_rate(rate, c->throughput_per_s.mean));
    add_width(t, &c->throughput_per_s);
    add_span(t, &c->latency.mean);
    add_span(t, &c->latency.quantile[QUANTILE_P50]);
    add_span(t, &c->latency.quantile[QUANTILE_P99]);
    table_add(t, "%s", c->bottleneck_name);
    if (status) table_add(t, "%s", word[c->status]);
}

static void fill(struct table *t, const struct export *x) {
    bool status = any_status(x);
    table_init(t);
    add_columns(t, x, status);
    for (int i = 0; i < x->points; i++)
        for (int c = 0; c < x->result[i].cases; c++) add_row(t, x, i, &x->result[i].case_[c], status);
}

static void write_text(FILE *out, const struct export *x, bool colour) {
    const struct store_sweep *w = x->sweep;
    struct table t;
    fprintf(out, colour ? "\033[1m%s\033[0m" : "%s", w->scenario);
    fprintf(out, "%s%s\n\n", w->question[0] ? ": " : "", w->question);
    fill(&t, x);
    table_print(&t, out, 0, colour);
    table_fini(&t);
}

static void write_md(FILE *out, const struct export *x) {
    const struct store_sweep *w = x->sweep;
    struct table t;
    fprintf(out, "### %s\n\n", w->scenario);
    if (w->question[0]) fprintf(out, "%s\n\n", w->question);
    fill(&t, x);
    table_print_md(&t, out);
    table_fini(&t);
}

// ---- JSON and CSV ----

static bool write_report(FILE *out, enum report_format format, const struct export *x, struct err *e) {
    const char *const **value = memory_new((size_t)x->points, sizeof *value);
    for (int i = 0; i < x->points; i++) value[i] = x->sweep->point[x->point[i]].value;
    struct report r = {.result = x->result,
                       .count = x->points,
                       .keys = x->sweep->keys,
                       .key = x->sweep->key,
                       .value = (const char *const *const *)value};
    bool ok = report_write(out, format, &r, e);
    free(value);
    return ok;
}

// ---- OpenMetrics ----

// Label names are letters, digits and _.
static void put_label_name(FILE *out, const char *key) {
    if (*key >= '0' && *key <= '9') fputc('_', out);
    for (; *key; key++) {
        bool plain =
            (*key >= 'a' && *key <= 'z') || (*key >= 'A' && *key <= 'Z') || (*key >= '0' && *key <= '9');
        fputc(plain ? *key : '_', out);
    }
}

static void put_label(FILE *out, const char *key, const char *value) {
    fputc(',', out);
    put_label_name(out, key);
    fputs("=\"", out);
    for (; *value; value++) {
        if (*value == '\n')
            fputs("\\n", out);
        else if (*value == '"' || *value == '\\')
            fprintf(out, "\\%c", *value);
        else
            fputc(*value, out);
    }
    fputc('"', out);
}

// One sample; nothing for an unknown value. `name` and `label` tell what is beside the point and the case.
struct sample {
    const char *family, *label, *is;
    double value;
};

static void put_sample(FILE *out, const struct export *x, int i, const struct case_result *c,
                       const struct sample *s) {
    const struct store_sweep *w = x->sweep;
    if (!isfinite(s->value)) return;
    fprintf(out, "dispatchsim_%s{scenario=\"", s->family);
    for (const char *p = w->scenario; *p; p++) {
        if (*p == '"' || *p == '\\') fputc('\\', out);
        fputc(*p, out);
    }
    fputc('"', out);
    for (int k = 0; k < w->keys; k++) put_label(out, w->key[k], w->point[x->point[i]].value[k]);
    put_label(out, "case", report_name(&x->result[i], c));
    if (s->label) put_label(out, s->label, s->is);
    fprintf(out, "} %.17g\n", s->value);
}

typedef void put_family(FILE *out, const struct export *x, int i, const struct case_result *c,
                        const char *family);

static void put_throughput(FILE *out, const struct export *x, int i, const struct case_result *c,
                           const char *family) {
    const struct estimate *e = &c->throughput_per_s;
    put_sample(out, x, i, c, &(struct sample){family, "bound", "mean", e->mean});
    put_sample(out, x, i, c, &(struct sample){family, "bound", "lower", e->lo});
    put_sample(out, x, i, c, &(struct sample){family, "bound", "upper", e->hi});
}

static void put_mean(FILE *out, const struct export *x, int i, const struct case_result *c,
                     const char *family) {
    const struct estimate *e = &c->latency.mean;
    put_sample(out, x, i, c, &(struct sample){family, "bound", "mean", e->mean});
    put_sample(out, x, i, c, &(struct sample){family, "bound", "lower", e->lo});
    put_sample(out, x, i, c, &(struct sample){family, "bound", "upper", e->hi});
}

static void put_quantiles(FILE *out, const struct export *x, int i, const struct case_result *c,
                          const char *family) {
    static const char *const level[QUANTILE_COUNT] = {"0.5", "0.9", "0.95", "0.99"};
    for (int q = 0; q < QUANTILE_COUNT; q++)
        put_sample(out, x, i, c, &(struct sample){family, "quantile", level[q], c->latency.quantile[q].mean});
}

static void put_utilisation(FILE *out, const struct export *x, int i, const struct case_result *c,
                            const char *family) {
    for (int l = 0; l < LIMIT_COUNT; l++)
        put_sample(out, x, i, c,
                   &(struct sample){family, "station", report_station((enum limit)l), c->utilisation[l]});
}

static void put_replications(FILE *out, const struct export *x, int i, const struct case_result *c,
                             const char *family) {
    put_sample(out, x, i, c, &(struct sample){family, NULL, NULL, c->replications});
}

// The samples of a family stand together, and its name ends in its unit.
static void write_openmetrics(FILE *out, const struct export *x) {
    static const struct {
        const char *name, *unit, *help;
        put_family *put;
    } family[] = {
        {"throughput_per_second", "per_second", "Requests done a second, and the 95 % interval.",
         put_throughput},
        {"latency_mean_seconds", "seconds", "Mean latency, and the 95 % interval.", put_mean},
        {"latency_seconds", "seconds", "Latency at a quantile, where the sample supports it.", put_quantiles},
        {"utilisation_ratio", "ratio", "Share of the time that a station is busy.", put_utilisation},
        {"replications", NULL, "Independent replications simulated.", put_replications},
    };
    for (size_t f = 0; f < sizeof family / sizeof family[0]; f++) {
        fprintf(out, "# TYPE dispatchsim_%s gauge\n", family[f].name);
        if (family[f].unit) fprintf(out, "# UNIT dispatchsim_%s %s\n", family[f].name, family[f].unit);
        fprintf(out, "# HELP dispatchsim_%s %s\n", family[f].name, family[f].help);
        for (int i = 0; i < x->points; i++)
            for (int c = 0; c < x->result[i].cases; c++)
                family[f].put(out, x, i, &x->result[i].case_[c], family[f].name);
    }
    fputs("# EOF\n", out);
}

bool export_write(FILE *out, enum export_format format, const struct export *x, bool colour, struct err *e) {
    bool ok = true;
    errno = 0;
    switch (format) {
    case EXPORT_TEXT: write_text(out, x, colour); break;
    case EXPORT_MD: write_md(out, x); break;
    case EXPORT_JSON: ok = write_report(out, REPORT_JSON, x, e); break;
    case EXPORT_CSV: ok = write_report(out, REPORT_CSV, x, e); break;
    case EXPORT_OPENMETRICS: write_openmetrics(out, x); break;
    case EXPORT_HGRM: break;
    }
    if (!ok || !ferror(out)) return ok;
    return err_set(e, ERR_HOST, "cannot write the result: %s", strerror(errno ? errno : EIO));
}
