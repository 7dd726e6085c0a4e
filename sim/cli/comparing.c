#include "cli/comparing.h"

#include "base/require.h"
#include "base/units.h"
#include "study/table.h"

#include <math.h>

enum { NAMED = 4 };

static void load_visit(void *context, const struct cost_item *item) {
    int *measured = context;
    *measured += item->cost->from == FROM_PROBE || item->cost->from == FROM_FIT;
}

bool comparing_load(struct comparing *c, const char *path, struct err *e) {
    int measured = 0;
    if (!costs_load(&c->then, path, e)) return false;
    c->path = path;
    costs_each(&c->then, load_visit, &measured);
    return measured > 0 || err_set(e, ERR_CONFIG, "%s: no cost in it was measured", path);
}

bool comparing_run(struct comparing *c, const struct costs *now, const char *name, struct err *e) {
    against_compare(&c->result, now, &c->then);
    return c->result.compared > 0 ||
           err_set(e, ERR_CONFIG, "%s and %s have no measured cost in common", name, c->path);
}

void comparing_fini(struct comparing *c) {
    against_fini(&c->result);
}

// ---- text ----

static void add_cost(struct table *t, const struct against_row *r, const struct cost *c) {
    char value[UNITS_TEXT], lo[UNITS_TEXT], hi[UNITS_TEXT];
    if (r->on_off) {
        table_add(t, "%s", c->value != 0 ? "on" : "off");
        table_add(t, "%s", "");
        return;
    }
    table_add(t, "%s", units_format(value, r->unit, c->value));
    table_add(t, "%s .. %s", units_format(lo, r->unit, c->lo), units_format(hi, r->unit, c->hi));
}

static void print_disagreements(const struct against *a, FILE *out) {
    struct table t;
    table_init(&t);
    table_column(&t, "differs", TABLE_LEFT);
    table_column(&t, "now", TABLE_RIGHT);
    table_column(&t, "95 % interval", TABLE_RIGHT);
    table_column(&t, "then", TABLE_RIGHT);
    table_column(&t, "95 % interval", TABLE_RIGHT);
    table_column(&t, "now over then", TABLE_RIGHT);
    for (int i = 0; i < a->rows; i++) {
        const struct against_row *r = &a->row[i];
        if (r->where != AGAINST_BOTH || r->agrees) continue;
        table_add(&t, "%s", r->key);
        add_cost(&t, r, &r->now);
        add_cost(&t, r, &r->then);
        if (r->on_off || r->then.value <= 0)
            table_add(&t, "%s", "-");
        else
            table_add(&t, "%.2f", r->now.value / r->then.value);
    }
    table_print(&t, out, 0, false);
    table_fini(&t);
}

static const char *known(const char *text) {
    return text[0] ? text : "unknown";
}

void comparing_print(const struct comparing *c, FILE *out) {
    const struct against *a = &c->result;
    fprintf(out, "against %s: %s, kernel %s, %s\n", c->path, known(c->then.host), known(c->then.kernel),
            known(c->then.date));
    if (fabs(a->speed - 1) > 0.001)
        fprintf(out, "its CPU costs are given for the speed of now (times %.4g)\n", a->speed);
    if (a->agree < a->compared) print_disagreements(a, out);
    fprintf(out, "%d of %d costs agree within their intervals or to 3 %%", a->agree, a->compared);
    if (a->rows > a->compared)
        fprintf(out, "; %d were measured in one of the two only", a->rows - a->compared);
    fputc('\n', out);
}

// ---- what it means ----

// "a, b and 3 others".
static void say_which(const struct against *a) {
    int differ = a->compared - a->agree, named = 0;
    for (int i = 0; i < a->rows && named < NAMED; i++) {
        if (a->row[i].where != AGAINST_BOTH || a->row[i].agrees) continue;
        fprintf(stderr, "%s%s", named == 0 ? "" : named + 1 == differ ? " and " : ", ", a->row[i].key);
        named++;
    }
    if (differ > named) fprintf(stderr, " and %d other%s", differ - named, differ - named == 1 ? "" : "s");
}

void comparing_remark(const struct comparing *c) {
    const struct against *a = &c->result;
    if (!a->same_host) {
        fprintf(stderr, "dispatchsim: %s is of another machine or kernel: what differs is not noise\n",
                c->path);
    } else if (!against_enough(a)) {
        fprintf(stderr,
                "dispatchsim: fewer than %d %% of the costs agree with %s: the machine is too noisy for ",
                AGAINST_ENOUGH_PERCENT, c->path);
        say_which(a);
        fputs(", or has changed\n", stderr);
    }
}

// ---- JSON ----

static json_t *cost_json(const struct against_row *r, bool there, const struct cost *c) {
    double unit = r->unit == UNIT_SPAN ? 1e-9 : 1;
    if (!there) return json_null();
    return json_pack("{sf s[ff]}", "value", c->value * unit, "ci95", c->lo * unit, c->hi * unit);
}

static json_t *row_json(const struct against_row *r) {
    return json_pack("{ss ss so so so}", "cost", r->key, "unit", r->unit == UNIT_SPAN ? "s" : "1", "now",
                     cost_json(r, r->where != AGAINST_THEN, &r->now), "then",
                     cost_json(r, r->where != AGAINST_NOW, &r->then), "agrees",
                     r->where == AGAINST_BOTH ? json_boolean(r->agrees) : json_null());
}

json_t *comparing_json(const struct comparing *c) {
    const struct against *a = &c->result;
    json_t *rows = json_array();
    for (int i = 0; i < a->rows; i++) json_array_append_new(rows, row_json(&a->row[i]));
    json_t *all =
        json_pack("{ss ss ss ss sb sf si si sb so}", "profile", c->path, "host", c->then.host, "kernel",
                  c->then.kernel, "date", c->then.date, "same_host", a->same_host, "speed", a->speed,
                  "compared", a->compared, "agree", a->agree, "enough", against_enough(a), "costs", rows);
    REQUIRE(all);
    return all;
}
