#include "study/report_validation.h"

#include "base/memory.h"
#include "base/units.h"

#include <math.h>
#include <stdlib.h>

// ---- tables ----

static void add_value(struct table *t, enum quantity q, double x) {
    char text[UNITS_TEXT], rate[32];
    if (isnan(x))
        table_add(t, "-");
    else if (q == QUANTITY_THROUGHPUT)
        table_add(t, "%s", report_rate(rate, x));
    else if (q == QUANTITY_VOLUNTARY || q == QUANTITY_INVOLUNTARY)
        table_add(t, "%.2f", x);
    else
        table_add(t, "%s", units_format(text, UNIT_SPAN, x * 1e9));
}

static void add_frac(struct table *t, double x) {
    if (isnan(x))
        table_add(t, "-");
    else
        table_add(t, "%.1f %%", 100 * x);
}

static bool shown(const struct compared *c) {
    return !isnan(c->predicted) || c->measured.rounds > 0;
}

static bool any_band(const struct report_validation *v) {
    for (int i = 0; i < v->rows; i++)
        if (!isnan(v->row[i].lo)) return true;
    return false;
}

static bool any_endpoint(const struct report_validation *v) {
    for (int i = 0; i < v->rows; i++)
        if (v->row[i].endpoint[0]) return true;
    return false;
}

static void add_measured(struct table *t, const struct compared *c) {
    add_value(t, c->quantity, c->measured.median);
    add_value(t, c->quantity, c->measured.min);
    add_value(t, c->quantity, c->measured.max);
    add_frac(t, c->measured.aa);
}

static void measured_columns(struct table *t) {
    table_column(t, "measured", TABLE_RIGHT);
    table_column(t, "min", TABLE_RIGHT);
    table_column(t, "max", TABLE_RIGHT);
    table_column(t, "A/A", TABLE_RIGHT);
}

static void row_columns(struct table *t, const struct report_validation *v) {
    table_init(t);
    table_column(t, "case", TABLE_LEFT);
    if (any_endpoint(v)) table_column(t, "endpoint", TABLE_LEFT);
    table_column(t, "quantity", TABLE_LEFT);
}

static void add_head(struct table *t, const struct report_validation *v, const struct compared *c) {
    table_add(t, "%s", c->name);
    if (any_endpoint(v)) table_add(t, "%s", c->endpoint[0] ? c->endpoint : "all");
    table_add(t, "%s", quantity_name(c->quantity));
}

void report_validation_measured(struct table *t, const struct report_validation *v) {
    row_columns(t, v);
    measured_columns(t);
    for (int i = 0; i < v->rows; i++) {
        if (!shown(&v->row[i])) continue;
        add_head(t, v, &v->row[i]);
        add_measured(t, &v->row[i]);
    }
}

void report_validation_rows(struct table *t, const struct report_validation *v) {
    bool bands = any_band(v);
    row_columns(t, v);
    table_column(t, "predicted", TABLE_RIGHT);
    if (bands) table_column(t, "from", TABLE_RIGHT);
    if (bands) table_column(t, "to", TABLE_RIGHT);
    measured_columns(t);
    table_column(t, "error", TABLE_RIGHT);
    table_column(t, "verdict", TABLE_LEFT);
    for (int i = 0; i < v->rows; i++) {
        const struct compared *c = &v->row[i];
        char text[32];
        if (!shown(c)) continue;
        add_head(t, v, c);
        add_value(t, c->quantity, c->predicted);
        if (bands) add_value(t, c->quantity, c->lo);
        if (bands) add_value(t, c->quantity, c->hi);
        add_measured(t, c);
        table_add(t, "%s", report_error(text, c->error));
        table_add(t, "%s", verdict_name(c->verdict));
    }
}

void report_validation_summary(struct table *t, const struct report_validation *v) {
    static const char *const heads[] = {"cases", "median", "p90",   "counted", "worst",
                                        "agree", "miss",   "noisy", "in band"};
    table_init(t);
    table_column(t, "error of", TABLE_LEFT);
    for (size_t i = 0; i < sizeof heads / sizeof heads[0]; i++) table_column(t, heads[i], TABLE_RIGHT);
    for (int q = 0; q < QUANTITY_COUNT; q++) {
        struct compare_summary s = compare_summarise(v->row, v->rows, (enum quantity)q);
        if (!s.rows) continue;
        table_add(t, "%s", quantity_name((enum quantity)q));
        table_add(t, "%d", s.rows);
        add_frac(t, s.median);
        add_frac(t, s.p90);
        add_frac(t, s.p90_counted);
        add_frac(t, s.worst);
        table_add(t, "%d", s.agrees);
        table_add(t, "%d", s.misses);
        table_add(t, "%d", s.too_noisy);
        if (s.banded)
            table_add(t, "%d of %d", s.in_band, s.banded);
        else
            table_add(t, "-");
    }
}

// What the predictions were made for.
static void print_speed(FILE *out, const struct report_validation *v) {
    double *known = memory_new((size_t)v->speeds + 1, sizeof *known), slow = 0;
    double *line = memory_new((size_t)v->speeds + 1, sizeof *line);
    int n = 0;
    for (int i = 0; i < v->speeds; i++) {
        line[i] = v->speed[i].line_ns;
        if (v->speed[i].relative > 0) known[n++] = v->speed[i].relative;
        slow += isnan(v->speed[i].slow_frac) ? 0 : v->speed[i].slow_frac;
    }
    struct repeated all = repeated_of(known, n);
    if (n)
        fprintf(
            out,
            "speed beside the loads, 1 = the profile's: %.2f (%.2f .. %.2f over the cases); cores slow %.0f "
            "%% of the time\n",
            all.median, all.min, all.max, 100 * slow / v->speeds);
    struct repeated lines = repeated_of(line, v->speeds);
    if (lines.rounds)
        fprintf(out, "a line of cache from core to core: %.0f ns (%.0f .. %.0f over the cases)\n",
                lines.median, lines.min, lines.max);
    if (v->speeds && !isnan(v->speed[0].stolen_frac))
        fprintf(out, "the host took the cores for %.2f %% of the time\n", 100 * v->speed[0].stolen_frac);
    free(line);
    free(known);
}

void report_validation_print(FILE *out, const struct report_validation *v, bool markdown) {
    void (*const fill[])(struct table *, const struct report_validation *) = {report_validation_rows,
                                                                              report_validation_summary};
    for (int i = 0; i < 2; i++) {
        struct table t;
        fill[i](&t, v);
        if (i) fputc('\n', out);
        if (markdown)
            table_print_md(&t, out);
        else
            table_print(&t, out, 0, false);
        table_fini(&t);
    }
    fputs("\ncounted: the 90th percentile where an error within the A/A spread is none\n", out);
    print_speed(out, v);
}

// ---- JSON ----

static json_t *number(double x) {
    return isfinite(x) ? json_real(x) : json_null();
}

static json_t *row_json(const struct compared *c) {
    json_t *band = isnan(c->lo) ? json_null() : json_pack("[o,o]", number(c->lo), number(c->hi));
    return json_pack("{s:s, s:s*, s:s, s:o, s:o, s:{s:o, s:o, s:o, s:o, s:i}, s:o, s:o, s:s}", "case",
                     c->name, "endpoint", c->endpoint[0] ? c->endpoint : NULL, "quantity",
                     quantity_name(c->quantity), "predicted", number(c->predicted), "band95", band,
                     "measured", "median", number(c->measured.median), "min", number(c->measured.min), "max",
                     number(c->measured.max), "aa", number(c->measured.aa), "rounds", c->measured.rounds,
                     "error", number(c->error), "tolerance", number(c->tolerance), "verdict",
                     verdict_name(c->verdict));
}

json_t *report_validation_json(const struct report_validation *v) {
    json_t *list = json_array();
    for (int i = 0; i < v->rows; i++)
        if (shown(&v->row[i])) json_array_append_new(list, row_json(&v->row[i]));
    return list;
}

json_t *report_validation_speed_json(const struct report_validation *v) {
    json_t *list = json_array();
    for (int i = 0; i < v->speeds; i++)
        json_array_append_new(
            list, json_pack("{s:s, s:o, s:o, s:o, s:o}", "case", v->speed[i].name, "relative",
                            number(v->speed[i].relative), "slow", number(v->speed[i].slow_frac), "line_s",
                            number(1e-9 * v->speed[i].line_ns), "stolen", number(v->speed[i].stolen_frac)));
    return list;
}

json_t *report_validation_summary_json(const struct report_validation *v) {
    json_t *object = json_object();
    for (int q = 0; q < QUANTITY_COUNT; q++) {
        struct compare_summary s = compare_summarise(v->row, v->rows, (enum quantity)q);
        if (!s.rows) continue;
        json_object_set_new(object, quantity_name((enum quantity)q),
                            json_pack("{s:i, s:o, s:o, s:o, s:o, s:i, s:i, s:i, s:i, s:i}", "cases", s.rows,
                                      "median", number(s.median), "p90", number(s.p90), "p90_counted",
                                      number(s.p90_counted), "worst", number(s.worst), "agrees", s.agrees,
                                      "misses", s.misses, "too_noisy", s.too_noisy, "banded", s.banded,
                                      "in_band", s.in_band));
    }
    return object;
}
