#include "study/report.h"
#include "study/report_analytic.h"
#include "study/report_bands.h"
#include "study/report_plan.h"
#include "study/report_validation.h"

#include "base/require.h"

#include <inttypes.h>
#include <jansson.h>
#include <math.h>

enum { SCHEMA_VERSION = 1 };

static const char *const quantile_name[QUANTILE_COUNT] = {"p50", "p90", "p95", "p99"};

// JSON knows no NaN.
static json_t *number(double x) {
    return isfinite(x) ? json_real(x) : json_null();
}

// The `_new` calls steal the reference; a failure means no memory.
static void put(json_t *object, const char *key, json_t *value) {
    REQUIRE(value && !json_object_set_new(object, key, value));
}

static json_t *estimate(const struct estimate *e) {
    json_t *object = json_object(), *interval = json_array();
    json_array_append_new(interval, number(e->lo));
    json_array_append_new(interval, number(e->hi));
    put(object, "mean", number(e->mean));
    put(object, "ci95", interval);
    return object;
}

static json_t *latency(const struct latency_estimate *l) {
    json_t *object = json_object();
    put(object, "mean", estimate(&l->mean));
    for (int q = 0; q < QUANTILE_COUNT; q++) put(object, quantile_name[q], estimate(&l->quantile[q]));
    put(object, "max", estimate(&l->max));
    return object;
}

static json_t *stations(const double x[LIMIT_COUNT]) {
    json_t *object = json_object();
    for (int l = 0; l < LIMIT_COUNT; l++) put(object, report_station(l), number(x[l]));
    return object;
}

static json_t *blame_part(const double s[BLAME_COUNT]) {
    json_t *object = json_object();
    for (int b = 0; b < BLAME_COUNT; b++) put(object, blame_name(b), number(s[b]));
    return object;
}

static json_t *blame(const struct case_result *c) {
    json_t *object = json_object();
    put(object, "mean_s", blame_part(c->blame_mean_s));
    put(object, "p99_s", blame_part(c->blame_p99_s));
    return object;
}

static json_t *requests(const struct case_result *c) {
    json_t *object = json_object();
    put(object, "arrived", number(c->arrived));
    put(object, "done", number(c->done));
    put(object, "timed_out", number(c->timed_out));
    put(object, "refused", number(c->refused));
    put(object, "retried", number(c->retried));
    put(object, "span_s", number(c->span_s));
    put(object, "after_warmup", json_boolean(c->warmup_cut));
    return object;
}

static json_t *endpoints(const struct case_result *c) {
    json_t *list = json_array();
    for (int i = 0; i < c->endpoints; i++) {
        json_t *object = json_object();
        put(object, "name", json_string(c->endpoint[i].name));
        put(object, "throughput_per_s", estimate(&c->endpoint[i].throughput_per_s));
        put(object, "latency_s", latency(&c->endpoint[i].latency));
        json_array_append_new(list, object);
    }
    return list;
}

static json_t *resources(const struct case_result *c) {
    json_t *object = json_object();
    for (int i = 0; i < c->resources; i++) {
        json_t *one = json_object();
        put(one, "utilisation", number(c->resource[i].utilisation));
        put(one, "queue", number(c->resource[i].queue));
        put(one, "full", number(c->resource[i].full_frac));
        put(object, c->resource[i].name, one);
    }
    return object;
}

static void put_known(json_t *object, const char *key, double x) {
    if (!isnan(x)) put(object, key, number(x));
}

static void put_measured(json_t *object, const struct case_result *c) {
    static const char *const key[QUANTILE_COUNT] = {"p50_s", "p90_s", "p95_s", "p99_s"};
    const struct measured *m = &c->measured;
    const double quantile[QUANTILE_COUNT] = {m->p50_s, m->p90_s, m->p95_s, m->p99_s};
    if (!m->given) return;
    json_t *measured = json_object(), *error = json_object();
    put_known(measured, "throughput_per_s", m->throughput_per_s);
    put_known(measured, "mean_s", m->mean_s);
    put_known(error, "throughput", c->error_throughput);
    put_known(error, "mean", c->error_mean);
    for (int q = 0; q < QUANTILE_COUNT; q++) {
        put_known(measured, key[q], quantile[q]);
        put_known(error, quantile_name[q], c->error_quantile[q]);
    }
    put(measured, "fitted", json_boolean(m->fitted));
    put(object, "measured", measured);
    put(object, "error", error);
}

static json_t *hexadecimal(uint64_t x) {
    return json_sprintf("%016" PRIx64, x);
}

static void put_details(json_t *object, const struct case_result *c) {
    char status[256];
    put(object, "status_text", json_string(report_status(status, c)));
    put(object, "sentence", json_string(c->sentence));
    put(object, "precise", json_boolean(c->precise));
    put(object, "precision_wanted", number(c->precision_frac));
    put(object, "queue", stations(c->queue));
    put(object, "full", stations(c->full_frac));
    put(object, "resources", resources(c));
    put(object, "blame", blame(c));
    put(object, "p99_range_s", json_pack("[o,o]", number(c->p99_min_s), number(c->p99_max_s)));
    put(object, "server_cpu_per_request_s", number(c->cpu_per_request_s));
    put(object, "voluntary_switches_per_request", number(c->voluntary_per_request));
    put(object, "involuntary_switches_per_request", number(c->involuntary_per_request));
    put(object, "switches_per_request", number(c->switches_per_request));
    put(object, "wakeups_per_request", number(c->wakeups_per_request));
    put(object, "lock_handoffs_per_s", number(c->lock_handoffs_per_s));
    put(object, "events", json_integer((json_int_t)c->events));
    put(object, "trace_hash", hexadecimal(c->trace_hash));
}

static json_t *case_object(const struct result *r, const struct case_result *c) {
    json_t *object = json_object();
    put(object, "name", json_string(report_name(r, c)));
    put(object, "status", json_string(status_name(c->status)));
    put(object, "replications", json_integer(c->replications));
    put(object, "throughput_per_s", estimate(&c->throughput_per_s));
    put(object, "latency_s", latency(&c->latency));
    put(object, "utilisation", stations(c->utilisation));
    put(object, "bottleneck", json_string(limit_name(c->bottleneck)));
    put(object, "bottleneck_name", json_string(c->bottleneck_name));
    put(object, "requests", requests(c));
    if (c->endpoints) put(object, "endpoints", endpoints(c));
    put_measured(object, c);
    if (c->against[0])
        put(object, "against",
            json_pack("{s:s, s:o, s:o}", "case", c->against, "ratio", number(report_ratio(r, c)),
                      "measured_ratio", number(report_measured_ratio(r, c))));
    put_details(object, c);
    return object;
}

static json_t *missing(const struct result *r) {
    json_t *list = json_array();
    for (int i = 0; i < r->missing_cases; i++) json_array_append_new(list, json_string(r->missing[i]));
    return list;
}

static json_t *result_object(const struct result *r, const struct report_validation *v) {
    json_t *object = json_object(), *cases = json_array();
    put(object, "schema_version", json_integer(SCHEMA_VERSION));
    put(object, "scenario", json_string(r->scenario));
    put(object, "question", json_string(r->question));
    put(object, "seed", json_integer((json_int_t)r->seed));
    put(object, "digest", hexadecimal(r->digest));
    put(object, "version", json_string(DISPATCHSIM_VERSION));
    for (int i = 0; i < r->cases; i++) json_array_append_new(cases, case_object(r, &r->case_[i]));
    put(object, "cases", cases);
    put(object, "complete", json_boolean(!r->incomplete));
    if (r->incomplete) put(object, "missing_cases", missing(r));
    if (v) put(object, "validation", report_validation_json(v));
    if (v) put(object, "summary", report_validation_summary_json(v));
    if (v) put(object, "speed", report_validation_speed_json(v));
    return object;
}

// A number where it is written as JSON writes one, else the text.
static json_t *setting(const char *value) {
    json_t *number_ = json_loads(value, JSON_DECODE_ANY, NULL);
    if (json_is_number(number_)) return number_;
    json_decref(number_);
    return json_string(value);
}

static json_t *settings(const struct report *r, int i) {
    json_t *object = json_object();
    for (int k = 0; k < r->keys; k++) put(object, r->key[k], setting(r->value[i][k]));
    return object;
}

static json_t *nth(const struct report *r, int i) {
    json_t *object = result_object(&r->result[i], r->validation ? &r->validation[i] : NULL);
    report_bands_json(object, r, i);
    report_analytic_json(object, r, i);
    if (r->plan) put(object, "plan", report_plan_json(r->plan, r->plan_most));
    if (r->keys) put(object, "set", settings(r, i));
    return object;
}

bool report_json(FILE *out, const struct report *r) {
    bool one = r->count == 1 && !r->keys;
    json_t *all = one ? nth(r, 0) : json_array();
    for (int i = 0; !one && i < r->count; i++) json_array_append_new(all, nth(r, i));
    bool ok = !json_dumpf(all, out, JSON_INDENT(2) | JSON_REAL_PRECISION(17)) && fputc('\n', out) != EOF;
    json_decref(all);
    return ok;
}
