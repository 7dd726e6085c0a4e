#include "study/report.h"

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

static void put_head(FILE *out) {
    fputs("scenario,case,status,replications,precise", out);
    put_estimate_head(out, "throughput", "_per_s");
    put_estimate_head(out, "mean", "_s");
    for (int q = 0; q < QUANTILE_COUNT; q++) put_estimate_head(out, quantile_name[q], "_s");
    put_estimate_head(out, "max", "_s");
    for (int l = 0; l < LIMIT_COUNT; l++) fprintf(out, ",utilisation_%s", report_station(l));
    for (int l = 0; l < LIMIT_COUNT; l++) fprintf(out, ",queue_%s", report_station(l));
    fputs(",bottleneck,arrived,done,timed_out,refused,retried", out);
    for (int b = 0; b < BLAME_COUNT; b++) fprintf(out, ",mean_%s_s", blame_name(b));
    for (int b = 0; b < BLAME_COUNT; b++) fprintf(out, ",p99_%s_s", blame_name(b));
    fputs(",measured_throughput_per_s,measured_mean_s", out);
    for (int q = 0; q < QUANTILE_COUNT; q++) fprintf(out, ",measured_%s_s", quantile_name[q]);
    fputs(",error_throughput,error_mean", out);
    for (int q = 0; q < QUANTILE_COUNT; q++) fprintf(out, ",error_%s", quantile_name[q]);
    fputs(",fitted\n", out);
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
    fprintf(out, ",%s\n", !m->given ? "" : m->fitted ? "true" : "false");
}

static void put_case(FILE *out, const struct result *r, const struct case_result *c) {
    put_text(out, r->scenario);
    fputc(',', out);
    put_text(out, report_name(r, c));
    fprintf(out, ",%s,%d,%s", status_name(c->status), c->replications, c->precise ? "true" : "false");
    put_estimate(out, &c->throughput_per_s);
    put_latency(out, &c->latency);
    put_numbers(out, c->utilisation, LIMIT_COUNT);
    put_numbers(out, c->queue, LIMIT_COUNT);
    fputc(',', out);
    put_text(out, c->bottleneck_name);
    const double counts[] = {c->arrived, c->done, c->timed_out, c->refused, c->retried};
    put_numbers(out, counts, 5);
    put_numbers(out, c->blame_mean_s, BLAME_COUNT);
    put_numbers(out, c->blame_p99_s, BLAME_COUNT);
    put_measured(out, c);
}

void report_csv(FILE *out, const struct report *r) {
    put_head(out);
    for (int i = 0; i < r->count; i++)
        for (int c = 0; c < r->result[i].cases; c++) put_case(out, &r->result[i], &r->result[i].case_[c]);
}
