#include "study/report.h"
#include "study/report_analytic.h"
#include "study/report_bands.h"

#include "base/units.h"

#include <math.h>

enum colour { BOLD = 1, RED = 31, YELLOW = 33 };

static void paint(FILE *out, const struct report *r, enum colour c, const char *text) {
    if (r->colour)
        fprintf(out, "\033[%dm%s\033[0m", (int)c, text);
    else
        fputs(text, out);
}

static void add_seconds(struct table *t, double s) {
    char text[UNITS_TEXT];
    table_add(t, "%s", isnan(s) ? "-" : units_format(text, UNIT_SPAN, s * 1e9));
}

static void add_share(struct table *t, double part, double whole) {
    if (isnan(part) || whole <= 0)
        table_add(t, "-");
    else
        table_add(t, "%.1f %%", 100 * part / whole);
}

static double total(const double s[BLAME_COUNT]) {
    double sum = 0;
    for (int b = 0; b < BLAME_COUNT; b++) sum += s[b];
    return sum;
}

static const char *blame_words(enum blame b) {
    static const char *const words[BLAME_COUNT] = {"waiting to be accepted",
                                                   "waiting for the loop",
                                                   "waiting for the lock",
                                                   "waiting for a core",
                                                   "waiting for the pool",
                                                   "waiting for a resource",
                                                   "served",
                                                   "network and client"};
    return words[b];
}

// What a blame table leaves out: less than 0.05 % of both columns.
static bool negligible(const struct case_result *c, enum blame b) {
    double p99 = isnan(c->blame_p99_s[b]) ? 0 : c->blame_p99_s[b] / total(c->blame_p99_s);
    return c->blame_mean_s[b] < 0.0005 * total(c->blame_mean_s) && p99 < 0.0005;
}

static void print_blame(FILE *out, const struct report *r, const struct case_result *c) {
    double mean = total(c->blame_mean_s), p99 = total(c->blame_p99_s);
    if (isnan(mean) || mean <= 0) return;
    struct table t;
    table_init(&t);
    table_column(&t, "where the time goes", TABLE_LEFT);
    table_column(&t, "mean", TABLE_RIGHT);
    table_column(&t, "share", TABLE_RIGHT);
    table_column(&t, "around p99", TABLE_RIGHT);
    table_column(&t, "share", TABLE_RIGHT);
    for (int b = 0; b < BLAME_COUNT; b++) {
        if (negligible(c, b)) continue;
        table_add(&t, "%s", blame_words(b));
        add_seconds(&t, c->blame_mean_s[b]);
        add_share(&t, c->blame_mean_s[b], mean);
        add_seconds(&t, c->blame_p99_s[b]);
        add_share(&t, c->blame_p99_s[b], p99);
    }
    table_print(&t, out, 2, r->colour);
    table_fini(&t);
}

static void print_endpoints(FILE *out, const struct report *r, const struct result *result,
                            const struct case_result *c) {
    struct table t;
    report_endpoints(&t, result, c);
    if (t.cells) table_print(&t, out, 2, r->colour);
    table_fini(&t);
}

static void add_compared(struct table *t, const char *what, double predicted, double measured, double error) {
    char text[32];
    if (isnan(measured)) return;
    table_add(t, "%s", what);
    add_seconds(t, predicted);
    add_seconds(t, measured);
    table_add(t, "%s", report_error(text, error));
}

// Latencies measured, where the scenario gives some; the throughput is in the table of the cases.
static void print_compared(FILE *out, const struct report *r, const struct case_result *c) {
    static const char *const name[QUANTILE_COUNT] = {"p50", "p90", "p95", "p99"};
    const struct measured *m = &c->measured;
    const double measured[QUANTILE_COUNT] = {m->p50_s, m->p90_s, m->p95_s, m->p99_s};
    if (!m->given) return;
    struct table t;
    table_init(&t);
    table_column(&t, "latency", TABLE_LEFT);
    table_column(&t, m->fitted ? "fitted" : "predicted", TABLE_RIGHT);
    table_column(&t, "measured", TABLE_RIGHT);
    table_column(&t, "error", TABLE_RIGHT);
    add_compared(&t, "mean", c->latency.mean.mean, m->mean_s, c->error_mean);
    for (int q = 0; q < QUANTILE_COUNT; q++)
        add_compared(&t, name[q], c->latency.quantile[q].mean, measured[q], c->error_quantile[q]);
    if (t.cells) table_print(&t, out, 2, r->colour);
    table_fini(&t);
}

static double half_width(const struct case_result *c) {
    double throughput = estimate_relative(&c->throughput_per_s), mean = estimate_relative(&c->latency.mean);
    return c->status != STATUS_SATURATED && mean > throughput ? mean : throughput;
}

static void print_precision(FILE *out, const struct case_result *c) {
    char wanted[32];
    double reached = half_width(c);
    if (c->precise) return;
    if (isfinite(reached))
        fprintf(out, "  after %d replications the intervals are still ±%.1f %% wide", c->replications,
                100 * reached);
    else
        fprintf(out, "  %d replication%s cannot say how sure this is", c->replications,
                c->replications == 1 ? "" : "s");
    if (isfinite(c->precision_frac)) fprintf(out, " (wanted: %s)", report_percent(wanted, c->precision_frac));
    if (result_unsteady(c)) fputs("; more would not narrow them", out);
    fputc('\n', out);
}

// p99 is a cliff where one rare pause more or less decides it; a mean over replications hides that.
static void print_p99_range(FILE *out, const struct case_result *c) {
    char low[UNITS_TEXT], high[UNITS_TEXT];
    if (!(c->p99_max_s > 1.5 * c->p99_min_s)) return;
    fprintf(out, "  p99 ranges from %s to %s over the replications\n",
            units_format(low, UNIT_SPAN, c->p99_min_s * 1e9),
            units_format(high, UNIT_SPAN, c->p99_max_s * 1e9));
}

// Requests in flight at either end of what was observed arrived before it or are done after it.
static void print_lost(FILE *out, const struct case_result *c) {
    char late[32], refused[32], retried[32], span[UNITS_TEXT];
    if (c->timed_out + c->refused + c->retried <= 0) return;
    fprintf(out,
            "  a replication, in %s%s: %.0f requests arrived, %.0f were done, %s timed out, %s were refused",
            units_format(span, UNIT_SECONDS, c->span_s), c->warmup_cut ? " after the warm-up" : "",
            c->arrived, c->done, report_count(late, c->timed_out), report_count(refused, c->refused));
    fprintf(out, "; %s attempts were retries\n", report_count(retried, c->retried));
}

static void print_case(FILE *out, const struct report *r, const struct result *result,
                       const struct case_result *c) {
    char status[256];
    fputc('\n', out);
    paint(out, r, BOLD, report_name(result, c));
    fprintf(out, ": %s.\n", c->sentence);
    if (c->status != STATUS_OK) {
        fputs("  ", out);
        paint(out, r, c->status == STATUS_SATURATED ? RED : YELLOW, report_status(status, c));
        fputc('\n', out);
    }
    print_precision(out, c);
    print_p99_range(out, c);
    print_lost(out, c);
    print_compared(out, r, c);
    print_endpoints(out, r, result, c);
    print_blame(out, r, c);
    report_bands_text(out, r, result, c);
    report_analytic_text(out, r, result, c);
}

static void print_result(FILE *out, const struct report *r, const struct result *result) {
    struct table t;
    paint(out, r, BOLD, result->scenario);
    fprintf(out, "%s%s\n\n", result->question[0] ? ": " : "", result->question);
    report_cases(&t, result);
    table_print(&t, out, 0, r->colour);
    table_fini(&t);
    if (result->incomplete) fputc('\n', out);
    report_incomplete(out, result);
    for (int i = 0; i < result->cases; i++) print_case(out, r, result, &result->case_[i]);
}

void report_text(FILE *out, const struct report *r) {
    for (int i = 0; i < r->count; i++) {
        if (i > 0) fputs("\n\n", out);
        print_result(out, r, &r->result[i]);
    }
}
