#include "cli/load_print.h"

#include "base/require.h"
#include "base/units.h"
#include "study/report.h"
#include "study/table.h"

#include <jansson.h>
#include <math.h>

static const char *const clients[] = {"ab", "wrk", "open"}; // as enum client_kind
static const char *const quantiles[QUANTILE_COUNT] = {"p50", "p90", "p95", "p99"};

static bool is_open(const struct load_print *p) {
    return p->scenario->load.client == CLIENT_OPEN;
}

// CPU that the generator needed, as a share of one core; what it spun away waiting for a start is left out.
static double busy_frac(const struct load_report *r) {
    return r->wall_s > 0 ? fmax(0, r->cpu_s - r->spin_s) / r->wall_s : 0;
}

const char *load_print_doubt(const struct load_print *p) {
    if (p->report->was_limit)
        return "the generator was the limit: it was busy all the time, sent its requests late, or ran out of "
               "connections";
    if (p->report->unheard)
        return "the server has ended: nobody listens any more, and the throughput counts the time since then";
    if (p->seen->done == 0 && p->complete) return "no request was answered";
    return NULL;
}

// A latency from the actual start is as well supported as one from the intended start.
static double uncorrected(const struct load_print *p, int q) {
    const struct load_report *r = p->report;
    const double s[QUANTILE_COUNT] = {r->uncorrected_p50_s, r->uncorrected_p90_s, r->uncorrected_p95_s,
                                      r->uncorrected_p99_s};
    return p->result->latency.quantile[q].n > 0 ? s[q] : NAN;
}

static void add_row(struct table *t, const struct load_print *p, const char *name, double s,
                    double actual_s) {
    char text[UNITS_TEXT];
    table_add(t, "%s", name);
    table_add(t, "%s", units_format(text, UNIT_SPAN, s * 1e9));
    if (is_open(p)) table_add(t, "%s", units_format(text, UNIT_SPAN, actual_s * 1e9));
}

static void print_latencies(FILE *out, const struct load_print *p) {
    const struct latency_estimate *l = &p->result->latency;
    struct table t;
    table_init(&t);
    table_column(&t, "latency", TABLE_LEFT);
    table_column(&t, is_open(p) ? "from intended start" : "", TABLE_RIGHT);
    if (is_open(p)) table_column(&t, "from actual start", TABLE_RIGHT);
    add_row(&t, p, "mean", l->mean.mean, p->report->uncorrected_mean_s);
    for (int q = 0; q < QUANTILE_COUNT; q++)
        add_row(&t, p, quantiles[q], l->quantile[q].mean, uncorrected(p, q));
    add_row(&t, p, "max", l->max.mean, p->report->uncorrected_max_s);
    table_print(&t, out, 2, false);
    table_fini(&t);
}

static void print_head(FILE *out, const struct load_print *p) {
    const struct load_spec *load = &p->scenario->load;
    char rate[32], span[UNITS_TEXT];
    fprintf(out, "%s: %s, ", p->url, clients[load->client]);
    if (!is_open(p))
        fprintf(out, "%d connection%s\n\n", load->concurrency, load->concurrency == 1 ? "" : "s");
    else if (load->arrivals == ARRIVALS_TRACE)
        fprintf(out, "%zu arrivals from a trace\n\n", load->trace_count);
    else
        fprintf(out, "%s requests/s offered\n\n", report_rate(rate, load->rate_per_s));
    fprintf(out, "  %.0f requests done in %s%s: %s requests/s\n", p->result->done,
            units_format(span, UNIT_SPAN, p->seen->span_s * 1e9),
            p->result->warmup_cut ? " after the warm-up" : "",
            report_rate(rate, p->result->throughput_per_s.mean));
}

static void print_troubles(FILE *out, const struct load_print *p) {
    const struct observation *o = p->seen;
    const struct load_report *r = p->report;
    if (o->timed_out + o->refused + o->retried + r->errors + r->not_ok)
        fprintf(out,
                "  %lld timed out, %lld refused or broken off, %lld attempts were retries, %lld broke, %lld "
                "answers had a status other than 2xx or 3xx\n",
                (long long)o->timed_out, (long long)o->refused, (long long)o->retried, (long long)r->errors,
                (long long)r->not_ok);
    if (o->in_system_last) fprintf(out, "  %lld were under way at the end\n", (long long)o->in_system_last);
}

static void print_generator(FILE *out, const struct load_print *p) {
    const struct load_report *r = p->report;
    char a[UNITS_TEXT], b[UNITS_TEXT];
    fprintf(out, "\n  generator: %.0f %% of a core", 100 * busy_frac(r));
    if (is_open(p))
        fprintf(out, " and %.0f %% spent in waiting exactly; sent %s late at the median, %s at p99",
                r->wall_s > 0 ? 100 * r->spin_s / r->wall_s : 0,
                units_format(a, UNIT_SPAN, r->send_lag_p50_s * 1e9),
                units_format(b, UNIT_SPAN, r->send_lag_p99_s * 1e9));
    fprintf(out, "; %lld connections, %s read; steal time %s\n", (long long)r->connects,
            units_format(a, UNIT_BYTES, (double)r->bytes), units_format(b, UNIT_SPAN, r->steal_s * 1e9));
}

void load_print_text(FILE *out, const struct load_print *p) {
    print_head(out, p);
    print_troubles(out, p);
    fputc('\n', out);
    print_latencies(out, p);
    print_generator(out, p);
}

// ---- JSON ----

static json_t *number(double x) {
    return isfinite(x) ? json_real(x) : json_null();
}

// Steals the reference; a failure means no memory.
static void put(json_t *object, const char *key, json_t *value) {
    REQUIRE(value && !json_object_set_new(object, key, value));
}

static void put_count(json_t *object, const char *key, int64_t n) {
    put(object, key, json_integer((json_int_t)n));
}

// One run knows no interval.
static json_t *estimate(double mean) {
    json_t *object = json_object();
    put(object, "mean", number(mean));
    put(object, "ci95", json_pack("[n,n]"));
    return object;
}

static json_t *latency(const struct latency_estimate *l) {
    json_t *object = json_object();
    put(object, "mean", estimate(l->mean.mean));
    for (int q = 0; q < QUANTILE_COUNT; q++) put(object, quantiles[q], estimate(l->quantile[q].mean));
    put(object, "max", estimate(l->max.mean));
    return object;
}

static json_t *uncorrected_latency(const struct load_print *p) {
    json_t *object = json_object();
    put(object, "mean", estimate(p->seen->done ? p->report->uncorrected_mean_s : NAN));
    for (int q = 0; q < QUANTILE_COUNT; q++) put(object, quantiles[q], estimate(uncorrected(p, q)));
    put(object, "max", estimate(p->seen->done ? p->report->uncorrected_max_s : NAN));
    return object;
}

static json_t *requests(const struct observation *o) {
    json_t *object = json_object();
    put_count(object, "arrived", o->arrived);
    put_count(object, "done", o->done);
    put_count(object, "timed_out", o->timed_out);
    put_count(object, "refused", o->refused);
    put_count(object, "retried", o->retried);
    put_count(object, "under_way", o->in_system_last);
    return object;
}

static json_t *generator(const struct load_print *p) {
    const struct load_report *r = p->report;
    json_t *object = json_object();
    put(object, "was_limit", json_boolean(r->was_limit));
    put(object, "send_lag_p50_s", is_open(p) ? number(r->send_lag_p50_s) : json_null());
    put(object, "send_lag_p99_s", is_open(p) ? number(r->send_lag_p99_s) : json_null());
    put(object, "cpu_s", number(r->cpu_s));
    put(object, "spin_s", number(r->spin_s));
    put(object, "wall_s", number(r->wall_s));
    put(object, "steal_s", number(r->steal_s));
    put_count(object, "connects", r->connects);
    put_count(object, "reconnects", r->reconnects);
    put_count(object, "bytes", r->bytes);
    put_count(object, "errors", r->errors);
    put_count(object, "not_ok", r->not_ok);
    put_count(object, "unheard", r->unheard);
    return object;
}

static json_t *case_object(const struct load_print *p) {
    json_t *object = json_object();
    put(object, "name", json_string(clients[p->scenario->load.client]));
    put(object, "status", json_string(status_name(p->result->status)));
    put_count(object, "replications", 1);
    put(object, "complete", json_boolean(p->complete));
    put(object, "span_s", number(p->seen->span_s));
    put(object, "after_warmup", json_boolean(p->result->warmup_cut));
    put(object, "throughput_per_s", estimate(p->result->throughput_per_s.mean));
    put(object, "latency_s", latency(&p->result->latency));
    if (is_open(p)) put(object, "uncorrected_latency_s", uncorrected_latency(p));
    put(object, "requests", requests(p->seen));
    put(object, "generator", generator(p));
    return object;
}

bool load_print_json(FILE *out, const struct load_print *p) {
    json_t *object = json_object(), *cases = json_array();
    put_count(object, "schema_version", 1);
    put(object, "scenario", json_string(p->url));
    put_count(object, "seed", (int64_t)p->scenario->run.seed);
    put(object, "version", json_string(DISPATCHSIM_VERSION));
    json_array_append_new(cases, case_object(p));
    put(object, "cases", cases);
    bool ok = !json_dumpf(object, out, JSON_INDENT(2) | JSON_REAL_PRECISION(17)) && fputc('\n', out) != EOF;
    json_decref(object);
    return ok;
}
