#include "study/report.h"
#include "study/report_bands.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const char *const quantile_name[QUANTILE_COUNT] = {"p50", "p90", "p95", "p99"};

// A field, quoted where RFC 4180 asks for it.
static void put_text(FILE *out, const char *s) {
    if (!strpbrk(s, ",\"\n\r")) {
        fputs(s, out);
        return;
    }
    fputc('"', out);
    for (; *s; s++) {
        if (*s == '"') fputc('"', out);
        fputc(*s, out);
    }
    fputc('"', out);
}

// The shortest digits that read back as the same number; nothing for an unknown one.
static void put_number(FILE *out, double x) {
    char text[32] = "";
    fputc(',', out);
    if (!isfinite(x)) return;
    for (int digits = 15; digits <= 17; digits++) {
        snprintf(text, sizeof text, "%.*g", digits, x);
        if (strtod(text, NULL) == x) break;
    }
    fputs(text, out);
}

static void put_estimate(FILE *out, const struct estimate *e) {
    put_number(out, e->mean);
    put_number(out, e->lo);
    put_number(out, e->hi);
}

static void put_estimate_head(FILE *out, const char *name, const char *unit) {
    fprintf(out, ",%s%s,%s_lo%s,%s_hi%s", name, unit, name, unit, name, unit);
}

// Columns that exist only where bands were sought.
static void put_bands_head(FILE *out) {
    for (int q = 0; q < BANDS_QUANTITIES; q++) {
        const char *name = quantity_name((enum quantity)q), *unit = q == QUANTITY_THROUGHPUT ? "per_s" : "s";
        fprintf(out, ",%s_band_lo_%s,%s_band_hi_%s", name, unit, name, unit);
    }
}

static void put_bands(FILE *out, const struct bands *b) {
    for (int q = 0; q < BANDS_QUANTITIES; q++) {
        put_number(out, b ? b->of[q].lo : NAN);
        put_number(out, b ? b->of[q].hi : NAN);
    }
}

static void put_head(FILE *out, const struct report *r) {
    fputs("scenario", out);
    for (int i = 0; i < r->keys; i++) {
        fputc(',', out);
        put_text(out, r->key[i]);
    }
    fputs(",case,endpoint,status,replications,precise", out);
    put_estimate_head(out, "throughput", "_per_s");
    put_estimate_head(out, "mean", "_s");
    for (int q = 0; q < QUANTILE_COUNT; q++) put_estimate_head(out, quantile_name[q], "_s");
    put_estimate_head(out, "max", "_s");
    for (int l = 0; l < LIMIT_COUNT; l++) fprintf(out, ",utilisation_%s", report_station(l));
    for (int l = 0; l < LIMIT_COUNT; l++) fprintf(out, ",queue_%s", report_station(l));
    fputs(",bottleneck,bottleneck_name,arrived,done,timed_out,refused,retried", out);
    for (int b = 0; b < BLAME_COUNT; b++) fprintf(out, ",mean_%s_s", blame_name(b));
    for (int b = 0; b < BLAME_COUNT; b++) fprintf(out, ",p99_%s_s", blame_name(b));
    fputs(",measured_throughput_per_s,measured_mean_s", out);
    for (int q = 0; q < QUANTILE_COUNT; q++) fprintf(out, ",measured_%s_s", quantile_name[q]);
    fputs(",error_throughput,error_mean", out);
    for (int q = 0; q < QUANTILE_COUNT; q++) fprintf(out, ",error_%s", quantile_name[q]);
    fputs(",fitted,ratio,measured_ratio", out);
    if (r->bands) put_bands_head(out);
    fputc('\n', out);
}

static void put_latency(FILE *out, const struct latency_estimate *l) {
    put_estimate(out, &l->mean);
    for (int q = 0; q < QUANTILE_COUNT; q++) put_estimate(out, &l->quantile[q]);
    put_estimate(out, &l->max);
}

static void put_numbers(FILE *out, const double *x, int n) {
    for (int i = 0; i < n; i++) put_number(out, x[i]);
}

static void put_measured(FILE *out, const struct case_result *c) {
    const struct measured *m = &c->measured;
    const double given[] = {m->throughput_per_s, m->mean_s, m->p50_s, m->p90_s, m->p95_s, m->p99_s};
    for (int i = 0; i < 6; i++) put_number(out, m->given ? given[i] : NAN);
    put_number(out, c->error_throughput);
    put_number(out, c->error_mean);
    put_numbers(out, c->error_quantile, QUANTILE_COUNT);
    fprintf(out, ",%s", !m->given ? "" : m->fitted ? "true" : "false");
}

// What a row of a case and one of an endpoint share.
static void put_start(FILE *out, const struct report *report, const struct result *r,
                      const struct case_result *c, const char *endpoint) {
    put_text(out, r->scenario);
    for (int i = 0; i < report->keys; i++) {
        fputc(',', out);
        put_text(out, report->value[r - report->result][i]);
    }
    fputc(',', out);
    put_text(out, report_name(r, c));
    fputc(',', out);
    put_text(out, endpoint);
    fprintf(out, ",%s,%d,%s", status_name(c->status), c->replications, c->precise ? "true" : "false");
}

// Stations, counts and the rest are known of the case alone.
static void put_endpoint(FILE *out, const struct report *report, const struct result *r,
                         const struct case_result *c, int i) {
    enum { REST = 2 * LIMIT_COUNT + 2 + 5 + 2 * BLAME_COUNT + 2 * (2 + QUANTILE_COUNT) + 3 };
    put_start(out, report, r, c, c->endpoint[i].name);
    put_estimate(out, &c->endpoint[i].throughput_per_s);
    put_latency(out, &c->endpoint[i].latency);
    for (int k = 0; k < REST; k++) fputc(',', out);
    if (report->bands) put_bands(out, NULL);
    fputc('\n', out);
}

static void put_case(FILE *out, const struct report *report, const struct result *r,
                     const struct case_result *c) {
    put_start(out, report, r, c, "");
    put_estimate(out, &c->throughput_per_s);
    put_latency(out, &c->latency);
    put_numbers(out, c->utilisation, LIMIT_COUNT);
    put_numbers(out, c->queue, LIMIT_COUNT);
    fprintf(out, ",%s,", limit_name(c->bottleneck));
    put_text(out, c->bottleneck_name);
    const double counts[] = {c->arrived, c->done, c->timed_out, c->refused, c->retried};
    put_numbers(out, counts, 5);
    put_numbers(out, c->blame_mean_s, BLAME_COUNT);
    put_numbers(out, c->blame_p99_s, BLAME_COUNT);
    put_measured(out, c);
    put_number(out, report_ratio(r, c));
    put_number(out, report_measured_ratio(r, c));
    if (report->bands) put_bands(out, report_bands_of(report, r, c));
    fputc('\n', out);
    for (int i = 0; i < c->endpoints; i++) put_endpoint(out, report, r, c, i);
}

void report_csv(FILE *out, const struct report *r) {
    put_head(out, r);
    for (int i = 0; i < r->count; i++)
        for (int c = 0; c < r->result[i].cases; c++) put_case(out, r, &r->result[i], &r->result[i].case_[c]);
}
