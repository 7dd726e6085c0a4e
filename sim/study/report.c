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

char *report_status(char out[256], const struct case_result *c) {
    double arrived = c->arrived > 0 ? c->arrived : 1;
    out[0] = '\0';
    if (c->status == STATUS_SATURATED)
        snprintf(
            out, 256,
            "SATURATED: more arrives than can be served and the number in the system grew throughout; the "
            "throughput is the capacity, latencies have no steady value and are not given");
    else if (c->status == STATUS_TOO_SHORT)
        snprintf(
            out, 256,
            "TOO SHORT: no steady state was found in the observed span; give a longer load.duration or more "
            "load.requests");
    else if (c->status == STATUS_DROPPED)
        snprintf(
            out, 256,
            "DROPPED: %.2g %% of the requests were refused, %.2g %% timed out; throughput and latency are "
            "those of the requests done",
            100 * c->refused / arrived, 100 * c->timed_out / arrived);
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
    static const char *const numbers[] = {"req/s", "±",     "mean",   "p50",   "p95",
                                          "p99",   "cpu %", "loop %", "gil %", "pool %"};
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

static void add_measured(struct table *t, const struct result *r, const struct case_result *c, struct shown w) {
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
    add_span(t, &c->latency.quantile[QUANTILE_P50]);
    add_span(t, &c->latency.quantile[QUANTILE_P95]);
    add_span(t, &c->latency.quantile[QUANTILE_P99]);
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
