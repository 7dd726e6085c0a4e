#include "study/report_bands.h"

#include "base/require.h"

#include <math.h>
#include <stdlib.h>

const struct bands *report_bands_of(const struct report *r, const struct result *result,
                                    const struct case_result *c) {
    const struct bands *b = r->bands ? &r->bands[result - r->result][c - result->case_] : NULL;
    return b && b->given ? b : NULL;
}

// ---- words and tables, for text and Markdown ----

// Throughputs as rates, all else as spans.
static const char *format_value(char out[UNITS_TEXT], int q, double x) {
    char rate[32];
    if (isinf(x)) return "no bound";
    if (q != QUANTITY_THROUGHPUT) return units_format(out, UNIT_SPAN, x * 1e9);
    snprintf(out, UNITS_TEXT, "%s", report_rate(rate, x));
    return out;
}

static void add_interval(struct table *t, int q, double lo, double hi) {
    char from[UNITS_TEXT], to[UNITS_TEXT];
    if (isnan(lo) || isnan(hi))
        table_add(t, "-");
    else
        table_add(t, "%s .. %s", format_value(from, q, lo), format_value(to, q, hi));
}

static void make_bands(struct table *t, const struct case_result *c, const struct bands *b) {
    const struct latency_estimate *l = &c->latency;
    const struct estimate *plain[BANDS_QUANTITIES] = {&c->throughput_per_s, &l->mean,
                                                      &l->quantile[QUANTILE_P50], &l->quantile[QUANTILE_P95],
                                                      &l->quantile[QUANTILE_P99]};
    table_init(t);
    table_column(t, "95 %", TABLE_LEFT);
    table_column(t, "prediction", TABLE_RIGHT);
    table_column(t, "confidence interval", TABLE_RIGHT);
    table_column(t, "by costs alone", TABLE_RIGHT);
    table_column(t, "band", TABLE_RIGHT);
    for (int q = 0; q < BANDS_QUANTITIES; q++) {
        char value[UNITS_TEXT];
        if (isnan(b->of[q].lo)) continue;
        table_add(t, "%s", quantity_name((enum quantity)q));
        table_add(t, "%s", format_value(value, q, plain[q]->mean));
        add_interval(t, q, plain[q]->lo, plain[q]->hi);
        add_interval(t, q, b->of[q].cost_lo, b->of[q].cost_hi);
        add_interval(t, q, b->of[q].lo, b->of[q].hi);
    }
}

static void add_change(struct table *t, double x) {
    if (isnan(x))
        table_add(t, "-");
    else if (isinf(x))
        table_add(t, "saturates");
    else
        table_add(t, "±%.1f %%", 100 * fabs(x));
}

static void make_list(struct table *t, const struct bands *b) {
    table_init(t);
    table_column(t, "measure this next", TABLE_LEFT);
    table_column(t, "value", TABLE_RIGHT);
    table_column(t, "interval", TABLE_RIGHT);
    table_column(t, "from", TABLE_LEFT);
    table_column(t, "req/s", TABLE_RIGHT);
    table_column(t, "p99", TABLE_RIGHT);
    for (int i = 0; i < b->costs; i++) {
        const struct bands_cost *c = &b->cost[i];
        char value[UNITS_TEXT], lo[UNITS_TEXT], hi[UNITS_TEXT];
        table_add(t, "%s", c->key);
        table_add(t, "%s", units_format(value, c->unit, c->value));
        table_add(t, "%s .. %s", units_format(lo, c->unit, c->lo), units_format(hi, c->unit, c->hi));
        table_add(t, "%s", costs_provenance_name(c->from));
        add_change(t, c->throughput);
        add_change(t, c->p99);
    }
}

static void add_number(struct text *out, int n, const char *one, const char *many) {
    text_addf(out, "%d %s", n, n == 1 ? one : many);
}

static void say_costs(struct text *out, const struct bands *b) {
    if (b->uncertain == 0) {
        if (b->held)
            text_addf(out, "of %d stated costs none has an interval", b->held);
        else
            text_add(out, "the profile states no cost");
        text_add(out, ": the band is the confidence interval alone");
        return;
    }
    add_number(out, b->uncertain, "cost has an interval", "costs have an interval");
    text_addf(out, "; %d joint draws, %d replications each", b->samples, b->replications);
    if (b->held) {
        text_add(out, "; ");
        add_number(out, b->held, "cost has none and is", "costs have none and are");
        text_add(out, " held at the stated value");
    }
    if (b->saturated)
        text_addf(out, "; under %d of the %d draws the load exceeds the capacity", b->saturated, b->samples);
}

// What the list leaves out. Less than 0.1 % is never listed.
static void say_rest(struct text *out, const struct bands *b) {
    static const double least = 0.001;
    double throughput = b->unseen[QUANTITY_THROUGHPUT], p99 = b->unseen[QUANTITY_P99];
    int rest = b->uncertain - b->costs;
    if (rest <= 0) return;
    if (b->costs == 0)
        text_add(out, "no single interval was seen to matter");
    else if (b->costs < BANDS_TOP)
        text_addf(out, "the other %d were not seen to matter", rest);
    else
        text_addf(out, "the other %d matter less or were not seen to", rest);
    char change[32];
    text_addf(out, "; changes below %s of the throughput", report_percent(change, fmax(throughput, least)));
    if (isfinite(p99)) text_addf(out, " and %s of p99", report_percent(change, fmax(p99, least)));
    text_add(out, " would drown in chance (more --reps see finer)");
}

static void print_line(FILE *out, const char *before, void (*say)(struct text *, const struct bands *),
                       const struct bands *b) {
    struct text t = {0};
    say(&t, b);
    if (t.length) fprintf(out, "%s%s\n", before, text_string(&t));
    text_fini(&t);
}

void report_bands_text(FILE *out, const struct report *r, const struct result *result,
                       const struct case_result *c) {
    const struct bands *b = report_bands_of(r, result, c);
    struct table t;
    if (!b) return;
    print_line(out, "  prediction band: ", say_costs, b);
    make_bands(&t, c, b);
    if (t.cells) table_print(&t, out, 2, r->colour);
    table_fini(&t);
    if (!b->uncertain) return;
    make_list(&t, b);
    if (t.cells) table_print(&t, out, 2, r->colour);
    table_fini(&t);
    print_line(out, "  ", say_rest, b);
}

static void write_md_table(FILE *out, struct table *t) {
    if (t->cells) {
        table_print_md(t, out);
        fputc('\n', out);
    }
    table_fini(t);
}

void report_bands_md(FILE *out, const struct report *r, const struct result *result) {
    for (int i = 0; i < result->cases; i++) {
        const struct case_result *c = &result->case_[i];
        const struct bands *b = report_bands_of(r, result, c);
        struct table t;
        if (!b) continue;
        fprintf(out, "\n#### %s: prediction band\n\n", report_name(result, c));
        make_bands(&t, c, b);
        write_md_table(out, &t);
        print_line(out, "- ", say_costs, b);
        if (!b->uncertain) continue;
        print_line(out, "- ", say_rest, b);
        fputc('\n', out);
        make_list(&t, b);
        write_md_table(out, &t);
    }
}

// ---- JSON ----

// JSON knows neither NaN nor infinity.
static json_t *number(double x) {
    return isfinite(x) ? json_real(x) : json_null();
}

static json_t *pair(double lo, double hi) {
    return json_pack("[o,o]", number(lo), number(hi));
}

static void put(json_t *object, const char *key, json_t *value) {
    REQUIRE(value && !json_object_set_new(object, key, value));
}

static void put_quantities(json_t *object, const struct bands *b, bool costs_alone) {
    static const char *const key[BANDS_QUANTITIES] = {"throughput_per_s", "mean_s", "p50_s", "p95_s",
                                                      "p99_s"};
    for (int q = 0; q < BANDS_QUANTITIES; q++) {
        const struct band *band = &b->of[q];
        put(object, key[q], costs_alone ? pair(band->cost_lo, band->cost_hi) : pair(band->lo, band->hi));
    }
}

static json_t *bands_object(const struct bands *b) {
    json_t *object = json_object(), *alone = json_object();
    put_quantities(object, b, false);
    put_quantities(alone, b, true);
    put(object, "costs_alone", alone);
    put(object, "uncertain_costs", json_integer(b->uncertain));
    put(object, "held_costs", json_integer(b->held));
    put(object, "samples", json_integer(b->samples));
    put(object, "replications", json_integer(b->replications));
    put(object, "saturated_samples", json_integer(b->saturated));
    put(object, "unseen",
        json_pack("{s:o, s:o}", "throughput", number(b->unseen[QUANTITY_THROUGHPUT]), "p99",
                  number(b->unseen[QUANTITY_P99])));
    return object;
}

static json_t *cost_object(const struct bands_cost *c) {
    static const double second = 1e9;
    double unit = c->unit == UNIT_SPAN ? second : 1;
    json_t *object = json_object();
    put(object, "cost", json_string(c->key));
    put(object, "unit",
        json_string(c->unit == UNIT_SPAN   ? "s"
                    : c->unit == UNIT_FRAC ? "fraction"
                                           : "number"));
    put(object, "value", number(c->value / unit));
    put(object, "interval", pair(c->lo / unit, c->hi / unit));
    put(object, "from", json_string(costs_provenance_name(c->from)));
    put(object, "throughput", number(c->throughput));
    put(object, "p99", number(c->p99));
    put(object, "saturates", json_boolean(isinf(c->p99)));
    return object;
}

void report_bands_json(json_t *object, const struct report *r, int i) {
    const struct result *result = &r->result[i];
    json_t *cases = json_object_get(object, "cases");
    for (int c = 0; c < result->cases; c++) {
        const struct bands *b = report_bands_of(r, result, &result->case_[c]);
        json_t *one = json_array_get(cases, (size_t)c), *list = json_array();
        if (b) put(one, "bands", bands_object(b));
        for (int k = 0; b && k < b->costs; k++) json_array_append_new(list, cost_object(&b->cost[k]));
        if (b)
            put(one, "sensitivity", list);
        else
            json_decref(list);
    }
}
