#include "study/report.h"

#include "base/units.h"

#include <errno.h>
#include <math.h>
#include <string.h>

bool report_write(FILE *out, enum report_format format, const struct report *r, struct err *e) {
    bool ok = true;
    errno = 0;
    switch (format) {
    case REPORT_TEXT: report_text(out, r); break;
    case REPORT_JSON: ok = report_json(out, r); break;
    case REPORT_CSV: report_csv(out, r); break;
    case REPORT_MD: report_md(out, r); break;
    }
    if (ok && !ferror(out)) return true;
    return err_set(e, ERR_HOST, "cannot write the result: %s", strerror(errno ? errno : EIO));
}

const char *report_name(const struct result *r, const struct case_result *c) {
    return c->name[0] ? c->name : r->scenario;
}

const char *report_station(enum limit l) {
    return l == LIMIT_CORE ? "cpu" : l == LIMIT_LOCK ? "gil" : limit_name(l);
}

char *report_error(char out[32], double error_frac) {
    if (isnan(error_frac))
        snprintf(out, 32, "-");
    else
        snprintf(out, 32, "%+.1f %%", 100 * error_frac);
    return out;
}

static void say_dropped(char out[256], const struct case_result *c) {
    char refused[32], late[32];
    double arrived = c->arrived > 0 ? c->arrived : 1;
    snprintf(out, 256,
             "DROPPED: %s of the requests were refused, %s timed out; throughput and latency are those of %s",
             report_percent(refused, c->refused / arrived), report_percent(late, c->timed_out / arrived),
             result_unsteady(c) ? "the requests done, and with so many lost they may have no steady value"
                                : "the requests done");
}

char *report_status(char out[256], const struct case_result *c) {
    out[0] = '\0';
    if (c->status == STATUS_SATURATED)
        snprintf(
            out, 256,
            "SATURATED: more arrives than can be served and the number in the system grew throughout; the "
            "throughput is what was done while falling behind, the capacity may be higher; latencies have no "
            "steady value and are not given");
    else if (c->status == STATUS_TOO_SHORT)
        snprintf(
            out, 256,
            "TOO SHORT: no steady state was found in the observed span; give a longer load.duration or more "
            "load.requests");
    else if (c->status == STATUS_DROPPED)
        say_dropped(out, c);
    return out;
}

char *report_percent(char out[32], double frac) {
    double p = 100 * frac;
    if (isnan(p))
        snprintf(out, 32, "-");
    else if (p > 0 && p < 0.005)
        snprintf(out, 32, "less than 0.01 %%");
    else if (p >= 0.995 && p < 9.95)
        snprintf(out, 32, "%.2g %%", p);
    else
        snprintf(out, 32, "%.*f %%", p == 0 || p >= 9.95 ? 0 : 2, p);
    return out;
}

char *report_count(char out[32], double mean) {
    bool whole = mean >= 9.95 || mean == floor(mean);
    if (mean > 0 && mean < 0.05)
        snprintf(out, 32, "less than 0.1");
    else
        snprintf(out, 32, "%.*f", whole ? 0 : 1, mean);
    return out;
}

char *report_rate(char out[32], double per_s) {
    int digits = 0;
    for (double limit = 1000; digits < 6 && per_s != 0 && fabs(per_s) < limit; limit /= 10) digits++;
    if (isnan(per_s))
        snprintf(out, 32, "-");
    else
        snprintf(out, 32, "%.*f", digits, per_s);
    return out;
}

static const struct case_result *compared(const struct result *r, const struct case_result *c) {
    for (const struct case_result *o = r->case_; c->against[0] && o < c; o++)
        if (!strcmp(o->name, c->against)) return o;
    return NULL;
}

double report_ratio(const struct result *r, const struct case_result *c) {
    const struct case_result *o = compared(r, c);
    return o ? c->throughput_per_s.mean / o->throughput_per_s.mean : NAN;
}

double report_measured_ratio(const struct result *r, const struct case_result *c) {
    const struct case_result *o = compared(r, c);
    return o && o->measured.given && c->measured.given
               ? c->measured.throughput_per_s / o->measured.throughput_per_s
               : NAN;
}

struct shown {
    bool status, measured, ratio;
};

static struct shown columns_wanted(const struct result *r) {
    struct shown w = {false, false, false};
    for (int i = 0; i < r->cases; i++) {
        w.status |= r->case_[i].status != STATUS_OK;
        w.measured |= r->case_[i].measured.given;
        w.ratio |= r->case_[i].against[0] != 0;
    }
    return w;
}

static void add_columns(struct table *t, struct shown w) {
    static const char *const numbers[] = {"req/s", "±", "mean",  "±",      "p50",   "p95",
                                          "p99",   "±", "cpu %", "loop %", "gil %", "pool %"};
    table_column(t, "case", TABLE_LEFT);
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) table_column(t, numbers[i], TABLE_RIGHT);
    table_column(t, "binds", TABLE_LEFT);
    if (w.status) table_column(t, "status", TABLE_LEFT);
    if (w.ratio) table_column(t, "ratio", TABLE_RIGHT);
    if (!w.measured) return;
    table_column(t, "measured", TABLE_RIGHT);
    if (w.ratio) table_column(t, "ratio", TABLE_RIGHT);
    table_column(t, "error", TABLE_RIGHT);
    table_column(t, "row is", TABLE_LEFT);
}

static void add_rate(struct table *t, double per_s) {
    char text[32];
    table_add(t, "%s", report_rate(text, per_s));
}

static void add_width(struct table *t, const struct estimate *e) {
    double frac = estimate_relative(e);
    if (isfinite(frac))
        table_add(t, "%.1f %%", 100 * frac);
    else
        table_add(t, "-");
}

static void add_span(struct table *t, const struct estimate *s) {
    char text[UNITS_TEXT];
    table_add(t, "%s", s->n > 0 ? units_format(text, UNIT_SPAN, s->mean * 1e9) : "-");
}

// 100 is kept for what is full all the time, as in the sentences.
static void add_percent(struct table *t, double frac) {
    if (isnan(frac))
        table_add(t, "-");
    else if (frac > 0 && frac < 0.005)
        table_add(t, "<1");
    else
        table_add(t, "%.0f", frac < 0.9995 ? fmin(100 * frac, 99) : 100 * frac);
}

static void add_status(struct table *t, enum status s) {
    static const char *const word[] = {"ok", "SATURATED", "TOO SHORT", "DROPPED"};
    table_add(t, "%s", word[s]);
}

static void add_ratio(struct table *t, double ratio) {
    if (isnan(ratio))
        table_add(t, "-");
    else
        table_add(t, "%.*f", ratio < 10 ? 3 : 1, ratio);
}

static void add_measured(struct table *t, const struct result *r, const struct case_result *c,
                         struct shown w) {
    char text[32];
    add_rate(t, c->measured.given ? c->measured.throughput_per_s : NAN);
    if (w.ratio) add_ratio(t, report_measured_ratio(r, c));
    table_add(t, "%s", report_error(text, c->error_throughput));
    table_add(t, "%s", !c->measured.given ? "-" : c->measured.fitted ? "fitted" : "predicted");
}

static void add_case(struct table *t, const struct result *r, const struct case_result *c, struct shown w) {
    table_add(t, "%s", report_name(r, c));
    add_rate(t, c->throughput_per_s.mean);
    add_width(t, &c->throughput_per_s);
    add_span(t, &c->latency.mean);
    add_width(t, &c->latency.mean);
    add_span(t, &c->latency.quantile[QUANTILE_P50]);
    add_span(t, &c->latency.quantile[QUANTILE_P95]);
    add_span(t, &c->latency.quantile[QUANTILE_P99]);
    add_width(t, &c->latency.quantile[QUANTILE_P99]);
    add_percent(t, c->utilisation[LIMIT_CORE]);
    add_percent(t, c->utilisation[LIMIT_LOOP]);
    add_percent(t, c->utilisation[LIMIT_LOCK]);
    add_percent(t, c->utilisation[LIMIT_POOL]);
    table_add(t, "%s", c->bottleneck_name);
    if (w.status) add_status(t, c->status);
    if (w.ratio) add_ratio(t, report_ratio(r, c));
    if (w.measured) add_measured(t, r, c, w);
}

void report_cases(struct table *t, const struct result *r) {
    struct shown w = columns_wanted(r);
    table_init(t);
    add_columns(t, w);
    for (int i = 0; i < r->cases; i++) add_case(t, r, &r->case_[i], w);
}

static void add_endpoint(struct table *t, const struct case_result *c, int i) {
    const struct latency_estimate *l = &c->endpoint[i].latency;
    table_add(t, "%s", c->endpoint[i].name);
    add_rate(t, c->endpoint[i].throughput_per_s.mean);
    add_width(t, &c->endpoint[i].throughput_per_s);
    add_span(t, &l->mean);
    add_width(t, &l->mean);
    add_span(t, &l->quantile[QUANTILE_P50]);
    add_span(t, &l->quantile[QUANTILE_P95]);
    add_span(t, &l->quantile[QUANTILE_P99]);
    add_width(t, &l->quantile[QUANTILE_P99]);
}

void report_endpoints(struct table *t, const struct result *r, const struct case_result *c) {
    static const char *const numbers[] = {"req/s", "±", "mean", "±", "p50", "p95", "p99", "±"};
    table_init(t);
    if (!c) table_column(t, "case", TABLE_LEFT);
    table_column(t, "endpoint", TABLE_LEFT);
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) table_column(t, numbers[i], TABLE_RIGHT);
    for (const struct case_result *k = c ? c : r->case_; k < (c ? c + 1 : r->case_ + r->cases); k++)
        for (int i = 0; i < k->endpoints; i++) {
            if (!c) table_add(t, "%s", report_name(r, k));
            add_endpoint(t, k, i);
        }
}

void report_incomplete(FILE *out, const struct result *r) {
    if (!r->incomplete) return;
    fputs("INCOMPLETE: the run was stopped; ", out);
    if (r->missing_cases == 0) fputs("no case is missing, some hold fewer replications than wanted", out);
    for (int i = 0; i < r->missing_cases; i++) fprintf(out, "%s%s", i ? ", " : "missing: ", r->missing[i]);
    fputc('\n', out);
}
