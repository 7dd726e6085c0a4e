#include "study/report_analytic.h"

#include "base/require.h"
#include "base/units.h"

#include <math.h>

static const char *const quantile_name[QUANTILE_COUNT] = {"p50", "p90", "p95", "p99"};

const struct analytic *report_analytic_of(const struct report *r, const struct result *result,
                                          const struct case_result *c) {
    return r->analytic ? &r->analytic[result - r->result][c - result->case_] : NULL;
}

static void add_seconds(struct table *t, double s) {
    char text[UNITS_TEXT];
    table_add(t, "%s", isfinite(s) ? units_format(text, UNIT_SPAN, s * 1e9) : "-");
}

static void add_rate(struct table *t, double per_s) {
    char rate[32];
    table_add(t, "%s", isfinite(per_s) ? report_rate(rate, per_s) : "-");
}

// ---- the comparison ----

static void add_interval(struct table *t, const struct estimate *e) {
    char half[UNITS_TEXT];
    table_add(t, "%s", e->n >= 2 ? units_format(half, UNIT_FRAC, estimate_relative(e)) : "-");
}

static void compare_throughput(struct table *t, const struct analytic *a, const struct case_result *c) {
    char most[32];
    table_add(t, "req/s");
    add_rate(t, c->throughput_per_s.mean);
    add_interval(t, &c->throughput_per_s);
    if (a->exact[0]) add_rate(t, a->exact_throughput_per_s);
    add_rate(t, a->estimate_throughput_per_s);
    table_add(t, "at most %s", report_rate(most, a->bounds.throughput_per_s));
}

static void compare_mean(struct table *t, const struct analytic *a, const struct case_result *c) {
    char least[UNITS_TEXT];
    table_add(t, "mean");
    add_seconds(t, c->latency.mean.mean);
    add_interval(t, &c->latency.mean);
    if (a->exact[0]) add_seconds(t, a->exact_mean_s);
    add_seconds(t, a->estimate_mean_s);
    table_add(t, "at least %s", units_format(least, UNIT_SPAN, a->bounds.latency_s * 1e9));
}

static void compare_quantiles(struct table *t, const struct analytic *a, const struct case_result *c) {
    char least[UNITS_TEXT];
    for (int q = 0; q < QUANTILE_COUNT; q++) {
        if (isnan(a->exact_quantile_s[q])) continue;
        table_add(t, "%s", quantile_name[q]);
        add_seconds(t, c->latency.quantile[q].mean);
        add_interval(t, &c->latency.quantile[q]);
        add_seconds(t, a->exact_quantile_s[q]);
        table_add(t, "-");
        units_format(least, UNIT_SPAN, a->bounds.floor_s * 1e9);
        table_add(t, a->bounds.floor_s > 0 ? "at least %s" : "-", least);
    }
}

static void make_comparison(struct table *t, const struct analytic *a, const struct case_result *c) {
    table_init(t);
    table_column(t, "analytic", TABLE_LEFT);
    table_column(t, "simulated", TABLE_RIGHT);
    table_column(t, "±", TABLE_RIGHT);
    if (a->exact[0]) table_column(t, a->exact, TABLE_RIGHT);
    table_column(t, "estimate", TABLE_RIGHT);
    table_column(t, "bound", TABLE_RIGHT);
    compare_throughput(t, a, c);
    compare_mean(t, a, c);
    compare_quantiles(t, a, c);
}

// ---- the stations ----

static void make_stations(struct table *t, const struct analytic *a) {
    table_init(t);
    table_column(t, "station", TABLE_LEFT);
    table_column(t, "a request needs", TABLE_RIGHT);
    table_column(t, "servers", TABLE_RIGHT);
    table_column(t, "carries at most", TABLE_RIGHT);
    bool open = !isnan(a->bounds.offered_per_s);
    if (open) table_column(t, "offered", TABLE_RIGHT);
    for (int i = 0; i < a->bounds.stations; i++) {
        const struct bounds_station *k = &a->bounds.station[i];
        char share[32], rate[32];
        table_add(t, "%s", k->name);
        add_seconds(t, k->demand_s);
        table_add(t, "%.4g", k->servers);
        table_add(t, "%s/s", report_rate(rate, k->capacity_per_s));
        if (open) table_add(t, "%s", report_percent(share, a->bounds.offered_per_s / k->capacity_per_s));
    }
}

static void say_balanced(FILE *out, const struct analytic *a, const char *before) {
    char low[32], high[32];
    if (isnan(a->balanced_low)) return;
    fprintf(out, "%sbalanced-job bounds, for exponential service: %s to %s req/s\n", before,
            report_rate(low, a->balanced_low), report_rate(high, a->balanced_high));
}

// ---- text and Markdown ----

void report_analytic_text(FILE *out, const struct report *r, const struct result *result,
                          const struct case_result *c) {
    const struct analytic *a = report_analytic_of(r, result, c);
    struct table t;
    if (!a) return;
    make_comparison(&t, a, c);
    table_print(&t, out, 2, r->colour);
    table_fini(&t);
    make_stations(&t, a);
    if (t.cells) table_print(&t, out, 2, r->colour);
    table_fini(&t);
    say_balanced(out, a, "  ");
}

void report_analytic_md(FILE *out, const struct report *r, const struct result *result) {
    for (int i = 0; r->analytic && i < result->cases; i++) {
        const struct case_result *c = &result->case_[i];
        const struct analytic *a = report_analytic_of(r, result, c);
        struct table t;
        fprintf(out, "\n**%s**\n\n", report_name(result, c));
        make_comparison(&t, a, c);
        table_print_md(&t, out);
        table_fini(&t);
        make_stations(&t, a);
        if (t.cells) fputc('\n', out);
        if (t.cells) table_print_md(&t, out);
        table_fini(&t);
        say_balanced(out, a, "\n");
    }
}

// ---- JSON ----

static json_t *number(double x) {
    return isfinite(x) ? json_real(x) : json_null();
}

static void put(json_t *object, const char *key, json_t *value) {
    REQUIRE(value && !json_object_set_new(object, key, value));
}

static json_t *stations(const struct bounds *b) {
    json_t *list = json_array();
    for (int i = 0; i < b->stations; i++) {
        const struct bounds_station *k = &b->station[i];
        json_array_append_new(list, json_pack("{s:s, s:o, s:o, s:o}", "name", k->name, "demand_s",
                                              number(k->demand_s), "servers", number(k->servers),
                                              "capacity_per_s", number(k->capacity_per_s)));
    }
    return list;
}

static json_t *bounds(const struct analytic *a) {
    json_t *o = json_object();
    put(o, "throughput_per_s", number(a->bounds.throughput_per_s));
    put(o, "latency_s", number(a->bounds.latency_s));
    put(o, "balanced_per_s", json_pack("[o,o]", number(a->balanced_low), number(a->balanced_high)));
    put(o, "stations", stations(&a->bounds));
    return o;
}

static json_t *exact(const struct analytic *a) {
    json_t *o = json_object();
    if (!a->exact[0]) {
        json_decref(o);
        return json_null();
    }
    put(o, "queue", json_string(a->exact));
    put(o, "servers", json_integer(a->exact_servers));
    put(o, "throughput_per_s", number(a->exact_throughput_per_s));
    put(o, "mean_s", number(a->exact_mean_s));
    for (int q = 0; q < QUANTILE_COUNT; q++) put(o, quantile_name[q], number(a->exact_quantile_s[q]));
    return o;
}

void report_analytic_json(json_t *object, const struct report *r, int i) {
    const struct result *result = &r->result[i];
    json_t *cases = json_object_get(object, "cases");
    for (int c = 0; r->analytic && c < result->cases; c++) {
        const struct analytic *a = report_analytic_of(r, result, &result->case_[c]);
        json_t *o = json_object();
        put(o, "bounds", bounds(a));
        put(o, "exact", exact(a));
        put(o, "estimate",
            json_pack("{s:o, s:o}", "throughput_per_s", number(a->estimate_throughput_per_s), "mean_s",
                      number(a->estimate_mean_s)));
        put(json_array_get(cases, (size_t)c), "analytic", o);
    }
}
