#include "study/plot_json.h"

#include "base/require.h"
#include "study/report.h"

#include <errno.h>
#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { SCHEMA_VERSION = 1 };

// What is read and where its words go.
struct reader {
    struct plot *plot;
    const char *path;
    bool several; // results: names get the scenario's in front
};

static double number(const json_t *object, const char *key) {
    const json_t *x = json_object_get(object, key);
    return json_is_number(x) ? json_number_value(x) : NAN;
}

static const char *string(const json_t *object, const char *key) {
    const char *s = json_string_value(json_object_get(object, key));
    return s ? s : "";
}

static void estimate(struct estimate *out, const json_t *object) {
    const json_t *interval = json_object_get(object, "ci95");
    const json_t *lo = json_array_get(interval, 0), *hi = json_array_get(interval, 1);
    *out = (struct estimate){number(object, "mean"), json_is_number(lo) ? json_number_value(lo) : NAN,
                             json_is_number(hi) ? json_number_value(hi) : NAN, 0, NAN};
    out->n = isnan(out->mean) ? 0 : isnan(out->lo) ? 1 : 2; // how many is not told
}

static void latency(struct latency_estimate *out, const json_t *object) {
    static const char *const name[QUANTILE_COUNT] = {"p50", "p90", "p95", "p99"};
    estimate(&out->mean, json_object_get(object, "mean"));
    for (int q = 0; q < QUANTILE_COUNT; q++) estimate(&out->quantile[q], json_object_get(object, name[q]));
    estimate(&out->max, json_object_get(object, "max"));
}

static enum status status(const char *name) {
    for (int s = STATUS_OK; s <= STATUS_DROPPED; s++)
        if (!strcmp(name, status_name((enum status)s))) return (enum status)s;
    return STATUS_OK;
}

static void blame(double out[BLAME_COUNT], const json_t *object) {
    for (int b = 0; b < BLAME_COUNT; b++) out[b] = number(object, blame_name((enum blame)b));
}

static void resources(struct case_result *c, json_t *object) {
    const char *name;
    json_t *one;
    json_object_foreach(object, name, one) {
        if (c->resources == SEEN_RESOURCES) return;
        snprintf(c->resource[c->resources].name, sizeof c->resource[0].name, "%s", name);
        c->resource[c->resources].utilisation = number(one, "utilisation");
        c->resource[c->resources].queue = number(one, "queue");
        c->resource[c->resources++].full_frac = number(one, "full");
    }
}

static void measured(struct measured *m, const json_t *object) {
    m->given = object != NULL;
    m->throughput_per_s = number(object, "throughput_per_s");
    m->mean_s = number(object, "mean_s");
    m->p50_s = number(object, "p50_s");
    m->p90_s = number(object, "p90_s");
    m->p95_s = number(object, "p95_s");
    m->p99_s = number(object, "p99_s");
    m->fitted = json_is_true(json_object_get(object, "fitted"));
}

static void name_case(const struct reader *r, char out[SCENARIO_NAME], const char *scenario,
                      const char *name) {
    if (r->several && strcmp(scenario, name))
        snprintf(out, SCENARIO_NAME, "%.*s: %.*s", SCENARIO_NAME / 2 - 2, scenario, SCENARIO_NAME / 2 - 2,
                 name);
    else
        snprintf(out, SCENARIO_NAME, "%s", name);
}

static void read_case(const struct reader *r, const char *scenario, const json_t *object) {
    struct case_result *c = &plot_add_row(r->plot, 0)->result;
    const json_t *use = json_object_get(object, "utilisation"), *where = json_object_get(object, "blame");
    name_case(r, c->name, scenario, string(object, "name"));
    c->status = status(string(object, "status"));
    estimate(&c->throughput_per_s, json_object_get(object, "throughput_per_s"));
    latency(&c->latency, json_object_get(object, "latency_s"));
    for (int l = 0; l < LIMIT_COUNT; l++) c->utilisation[l] = number(use, report_station((enum limit)l));
    resources(c, json_object_get(object, "resources"));
    blame(c->blame_mean_s, json_object_get(where, "mean_s"));
    blame(c->blame_p99_s, json_object_get(where, "p99_s"));
    measured(&c->measured, json_object_get(object, "measured"));
}

static void read_comparison(const struct reader *r, const char *scenario, const json_t *object) {
    const json_t *m = json_object_get(object, "measured"), *band = json_object_get(object, "band95");
    const json_t *lo = json_array_get(band, 0), *hi = json_array_get(band, 1);
    struct compared c = {.predicted = number(object, "predicted"),
                         .lo = json_is_number(lo) ? json_number_value(lo) : NAN,
                         .hi = json_is_number(hi) ? json_number_value(hi) : NAN,
                         .measured = {number(m, "median"), number(m, "min"), number(m, "max"),
                                      number(m, "aa"), (int)number(m, "rounds")},
                         .error = number(object, "error"),
                         .tolerance = number(object, "tolerance"),
                         .quantity = QUANTITY_COUNT,
                         .verdict = VERDICT_NONE};
    for (int q = 0; q < QUANTITY_COUNT; q++)
        if (!strcmp(string(object, "quantity"), quantity_name((enum quantity)q)))
            c.quantity = (enum quantity)q;
    for (int v = 0; v < VERDICT_NONE; v++)
        if (!strcmp(string(object, "verdict"), verdict_name((enum verdict)v))) c.verdict = (enum verdict)v;
    name_case(r, c.name, scenario, string(object, "case"));
    if (c.quantity != QUANTITY_COUNT) plot_add_compared(r->plot, &c);
}

// ---- what `plan` tried ----

// The latency of the objective that is drawn, the slowest of those stated: "p99". NULL where there is none.
static const char *latency_of(const json_t *objective) {
    static const char *const name[] = {"p99", "p95", "p90", "p50", "mean"};
    for (size_t i = 0; i < sizeof name / sizeof name[0]; i++)
        if (json_is_number(json_object_get(objective, name[i]))) return name[i];
    return NULL;
}

// The first of the costs in which configurations differ: the ones after it decide between equals only.
static const char *cost_of(json_t *tried) {
    const char *key, *first = NULL;
    json_t *value, *one;
    size_t i;
    const json_t *costs = json_object_get(json_array_get(tried, 0), "cost");
    json_object_foreach((json_t *)costs, key, value) {
        if (!first) first = key;
        json_array_foreach(tried, i, one) if (number(json_object_get(one, "cost"), key) !=
                                              json_number_value(value)) return key;
    }
    return first;
}

static void name_candidate(char out[96], json_t *set) {
    const char *key;
    json_t *value;
    size_t n = 0;
    out[0] = 0;
    json_object_foreach(set, key, value) {
        const char *dot = strrchr(key, '.'), *text = json_string_value(value);
        if (n < 95)
            n += (size_t)snprintf(out + n, 96 - n, "%s%s=%s", n ? ", " : "", dot ? dot + 1 : key,
                                  text ? text : "");
    }
}

// Whether a configuration that was tried is the one chosen, which may lack keys that its model does not read.
static bool is_chosen(const json_t *tried, const json_t *chosen) {
    const char *key;
    json_t *value;
    if (!json_is_object(chosen)) return false;
    json_object_foreach(
        json_object_get(chosen, "set"), key,
        value) if (!json_equal(value, json_object_get(json_object_get(tried, "set"), key))) return false;
    return true;
}

static void read_candidate(struct plot *p, const json_t *plan, const json_t *tried) {
    const json_t *best = json_object_get(plan, "best"), *next = json_object_get(plan, "runner_up");
    struct plot_candidate *c = plot_add_candidate(p);
    struct estimate e;
    estimate(&e, json_object_get(json_object_get(tried, "figures"), p->objective));
    c->cost = number(json_object_get(tried, "cost"), p->cost);
    c->value = e.mean;
    c->lo = e.lo;
    c->hi = e.hi;
    c->meets = !strcmp(string(tried, "verdict"), "meets");
    c->best = is_chosen(tried, best);
    c->runner_up = !c->best && is_chosen(tried, next);
    name_candidate(c->name, json_object_get(c->best ? best : c->runner_up ? next : tried, "set"));
}

static void read_plan(struct plot *p, const json_t *plan) {
    const json_t *objective = json_object_get(plan, "objective");
    json_t *tried = json_object_get(plan, "tried"), *one;
    const char *latency_name = latency_of(objective), *cost = cost_of(tried);
    size_t i;
    if (!latency_name || !cost) return;
    snprintf(p->objective, sizeof p->objective, "%s", latency_name);
    snprintf(p->cost, sizeof p->cost, "%s", cost);
    p->objective_most = number(objective, latency_name);
    json_array_foreach(tried, i, one) read_candidate(p, plan, one);
}

static bool read_result(const struct reader *r, const json_t *object, struct err *e) {
    const char *scenario = string(object, "scenario");
    size_t i;
    json_t *one;
    double version = number(object, "schema_version");
    if (isnan(version) || !json_is_array(json_object_get(object, "cases"))) {
        err_at(e, ERR_CONFIG, r->path, 1, 1, "not a result: schema_version or cases is missing");
        return err_hint(e, "it is to be what run, measure or validate write with --format json");
    }
    if (version != SCHEMA_VERSION) {
        err_at(e, ERR_CONFIG, r->path, 1, 1, "schema_version %g is not known", version);
        return err_hint(e, "this program reads version %d", SCHEMA_VERSION);
    }
    snprintf(r->plot->title, sizeof r->plot->title, "%s", scenario);
    snprintf(r->plot->question, sizeof r->plot->question, "%s", string(object, "question"));
    json_array_foreach(json_object_get(object, "cases"), i, one) read_case(r, scenario, one);
    json_array_foreach(json_object_get(object, "validation"), i, one) read_comparison(r, scenario, one);
    read_plan(r->plot, json_object_get(object, "plan"));
    return true;
}

static bool read_all(struct plot *p, const char *path, const json_t *all, struct err *e) {
    struct reader r = {p, path, json_is_array(all) && json_array_size(all) > 1};
    bool ok = true;
    if (!json_is_array(all)) return read_result(&r, all, e);
    for (size_t i = 0; ok && i < json_array_size(all); i++) ok = read_result(&r, json_array_get(all, i), e);
    if (ok && r.several) snprintf(p->title, sizeof p->title, "%zu scenarios", json_array_size(all));
    return ok;
}

bool plot_json_load(struct plot *p, const char *path, struct err *e) {
    json_error_t why;
    FILE *file = fopen(path, "r");
    if (!file) return err_set(e, ERR_HOST, "cannot read %s: %s", path, strerror(errno));
    json_t *all = json_loadf(file, 0, &why);
    int failed = ferror(file) ? errno : 0;
    fclose(file);
    if (failed) return err_set(e, ERR_HOST, "cannot read %s: %s", path, strerror(failed));
    if (!all) {
        err_at(e, ERR_CONFIG, path, why.line > 0 ? why.line : 1, why.column > 0 ? why.column : 1, "%s",
               why.text);
        return err_hint(e, "a folder of a sweep or a file of results as JSON can be drawn");
    }
    bool ok = read_all(p, path, all, e);
    json_decref(all);
    if (ok) plot_compare_measured(p);
    return ok;
}
