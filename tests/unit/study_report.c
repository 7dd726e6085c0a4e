#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "report_fixture.h"

// Line `n` (from 0) of a text, to be freed.
static char *line(const char *text, int n) {
    while (n-- > 0) text = strchr(text, '\n') + 1;
    return strndup(text, strcspn(text, "\n"));
}

static void holds(const char *text, const char *part) {
    if (!strstr(text, part)) fail_msg("'%s' is not in:\n%s", part, text);
}

static void lacks(const char *text, const char *part) {
    if (strstr(text, part)) fail_msg("'%s' is in:\n%s", part, text);
}

static void test_text_table(void **state) {
    (void)state;
    struct fixture f;
    init(&f);
    char *text = written(REPORT_TEXT, &f.report);
    static const char *const expected[] = {
        "hello: What does it cost?",
        "",
        "case              req/s      ±     mean      ±      p50      p95      p99      ±  cpu %  loop %  "
        "gil %  "
        "pool %  binds  status     measured   error  row is",
        "async             13202  1.0 %  7.58 ms  1.0 %  7.31 ms  9.12 ms        -      -      4      99     "
        "99  "
        "     -  loop   ok            13191  +0.1 %  fitted",
        "open, \"fast\" | 2  13202  1.0 %        -      -        -        -        -      -      4      99   "
        "  99  "
        "   100  loop   SATURATED         -       -  -",
        "hello             13202  1.0 %  7.58 ms  1.0 %  7.31 ms  9.12 ms  16.0 ms  1.0 %      4      99     "
        "99  "
        "     -  db     ok            13191  +0.1 %  predicted",
    };
    for (int i = 0; i < 6; i++) {
        char *l = line(text, i);
        assert_string_equal(l, expected[i]);
        free(l);
    }
    free(text);
}

static void test_text_cases(void **state) {
    (void)state;
    struct fixture f;
    init(&f);
    char *text = written(REPORT_TEXT, &f.report);
    holds(text, "\nasync: the event loop is busy 99 % of the time.\n");
    holds(text, "SATURATED: more arrives than can be served");
    holds(text, "waiting for the loop  7.00 ms  92.3 %           -      -\n");
    lacks(text, "waiting for the pool"); // nothing of it
    holds(text, "mean     7.58 ms   7.10 ms  +6.8 %\n");
    holds(text, "p99 ranges from 9.00 ms to 33.0 ms over the replications");
    holds(text, "intervals are still ±1.0 % wide (wanted: 2 %); more would not narrow them\n");
    holds(text, "the capacity may be higher");
    holds(text, "report    101.0  1.0 %  7.58 ms  1.0 %  7.31 ms");
    holds(text,
          "a replication, in 9.00 s after the warm-up: 1000 requests arrived, 1000 were done, 0 timed out, 3 "
          "were refused; 20750 attempts were retries\n");
    lacks(text, "\033");
    free(text);
}

static void test_colour(void **state) {
    (void)state;
    struct fixture f;
    init(&f);
    f.report.colour = true;
    char *text = written(REPORT_TEXT, &f.report);
    holds(text, "\033[1masync\033[0m: the event loop");
    holds(text, "\033[31mSATURATED");
    free(text);
    text = written(REPORT_JSON, &f.report);
    lacks(text, "\033");
    free(text);
}

// Without measurements and with every case ok, the columns about them are not there.
static void test_columns(void **state) {
    (void)state;
    struct fixture f;
    init(&f);
    f.result.cases = 1;
    f.case_[0].measured.given = false;
    char *text = written(REPORT_TEXT, &f.report);
    lacks(text, "measured");
    lacks(text, "status");
    free(text);
}

// Fields of one CSV line, quotes taken off; returns their number.
static int fields(char *l, char *field[], int most) {
    int n = 0;
    for (char *p = l; n < most; n++) {
        char *to = p;
        bool quoted = *p == '"';
        field[n] = to;
        if (quoted) p++;
        while (*p && (quoted || *p != ',')) {
            if (quoted && *p == '"' && p[1] != '"') {
                quoted = false;
                p++;
                continue;
            }
            if (quoted && *p == '"') p++;
            *to++ = *p++;
        }
        bool last = !*p;
        *to = '\0';
        p++;
        if (last) return n + 1;
    }
    return n;
}

static int column_of(char *head[], int n, const char *name) {
    for (int i = 0; i < n; i++)
        if (!strcmp(head[i], name)) return i;
    fail_msg("no column %s", name);
    return -1;
}

static void test_csv(void **state) {
    (void)state;
    struct fixture f;
    char *head[128], *row[128];
    init(&f);
    char *text = written(REPORT_CSV, &f.report);
    char *l0 = line(text, 0), *l1 = line(text, 1), *l2 = line(text, 2);
    int n = fields(l0, head, 128);
    assert_int_equal(fields(l1, row, 128), n);
    assert_string_equal(row[column_of(head, n, "case")], "async");
    assert_true(atof(row[column_of(head, n, "throughput_per_s")]) == 13201.7);
    assert_true(atof(row[column_of(head, n, "mean_hi_s")]) == 7.58e-3 * 1.01);
    assert_string_equal(row[column_of(head, n, "p99_s")], "");
    assert_string_equal(row[column_of(head, n, "utilisation_gil")], "0.987");
    assert_string_equal(row[column_of(head, n, "mean_loop_lag_s")], "0.007");
    assert_string_equal(row[column_of(head, n, "fitted")], "true");
    assert_int_equal(fields(l2, row, 128), n);
    assert_string_equal(row[1], "open, \"fast\" | 2");
    assert_string_equal(row[column_of(head, n, "status")], "saturated");
    assert_string_equal(row[column_of(head, n, "error_throughput")], "");
    assert_string_equal(row[column_of(head, n, "endpoint")], "");
    free(l0);
    free(l1);
    free(l2);
    free(text);
}

// A row for each endpoint follows that of its case, with as many fields.
static void test_csv_endpoints(void **state) {
    (void)state;
    struct fixture f;
    char *head[128], *row[128];
    init(&f);
    strcpy(f.case_[2].against, "async");
    f.case_[2].throughput_per_s.mean = 6600.85;
    char *text = written(REPORT_CSV, &f.report);
    char *l0 = line(text, 0), *whole = line(text, 3), *report = line(text, 5);
    int n = fields(l0, head, 128);
    assert_int_equal(fields(whole, row, 128), n);
    assert_string_equal(row[column_of(head, n, "endpoint")], "");
    assert_string_equal(row[column_of(head, n, "bottleneck")], "resource");
    assert_string_equal(row[column_of(head, n, "bottleneck_name")], "db");
    assert_string_equal(row[column_of(head, n, "ratio")], "0.5");
    assert_int_equal(fields(report, row, 128), n);
    assert_string_equal(row[column_of(head, n, "case")], "hello");
    assert_string_equal(row[column_of(head, n, "endpoint")], "report");
    assert_string_equal(row[column_of(head, n, "throughput_per_s")], "101");
    assert_string_equal(row[column_of(head, n, "p99_s")], "0.016");
    assert_string_equal(row[column_of(head, n, "utilisation_cpu")], "");
    assert_string_equal(row[n - 1], "");
    free(l0);
    free(whole);
    free(report);
    free(text);
}

static void test_percents_and_counts(void **state) {
    (void)state;
    static const double frac[] = {0, 0.00001, 0.0013, 0.02, 0.025, 0.0996, 0.31, 0.999, 1, NAN};
    static const char *const percent[] = {
        "0 %", "less than 0.01 %", "0.13 %", "2 %", "2.5 %", "10 %", "31 %", "100 %", "100 %", "-"};
    static const double mean[] = {0, 0.01, 0.3, 2.44, 3, 9.96, 99.5, 20750, 3e7};
    static const char *const count[] = {"0",  "less than 0.1", "0.3",   "2.4",     "3",
                                        "10", "100",           "20750", "30000000"};
    char text[32];
    for (int i = 0; i < 10; i++) assert_string_equal(report_percent(text, frac[i]), percent[i]);
    for (int i = 0; i < 9; i++) assert_string_equal(report_count(text, mean[i]), count[i]);
}

// How much is lost decides whether what is left can be steady.
static void test_dropped(void **state) {
    (void)state;
    struct case_result c = {.status = STATUS_DROPPED, .arrived = 1000, .refused = 25, .timed_out = 75};
    char text[256];
    assert_string_equal(
        report_status(text, &c),
        "DROPPED: 2.5 % of the requests were refused, 7.5 % timed out; throughput and latency are "
        "those of the requests done");
    c.refused = 925.1;
    assert_string_equal(
        report_status(text, &c),
        "DROPPED: 93 % of the requests were refused, 7.5 % timed out; throughput and latency are "
        "those of the requests done, and with so many lost they may have no steady value");
}

static void test_md(void **state) {
    (void)state;
    struct fixture f;
    init(&f);
    char *text = written(REPORT_MD, &f.report);
    holds(text, "### hello\n\nWhat does it cost?\n\n| case | req/s | ± | mean | ± | p50 |");
    holds(text, "|---|---:|---:|");
    holds(text, "| open, \"fast\" \\| 2 | 13202 |");
    holds(text, "| case | endpoint | req/s | ± | mean | ± | p50 | p95 | p99 | ± |\n");
    holds(text, "| hello | report | 101.0 | 1.0 % | 7.58 ms | 1.0 % |");
    holds(text, "- **async**: the event loop is busy 99 % of the time.\n");
    free(text);
}

static void test_write_error(void **state) {
    (void)state;
    struct fixture f;
    init(&f);
    for (int format = REPORT_TEXT; format <= REPORT_MD; format++) {
        struct err e = {0};
        FILE *out = fopen("/dev/full", "w");
        assert_non_null(out);
        setvbuf(out, NULL, _IONBF, 0);
        assert_false(report_write(out, (enum report_format)format, &f.report, &e));
        assert_int_equal(e.kind, ERR_HOST);
        assert_string_equal(e.text, "cannot write the result: No space left on device");
        fclose(out);
    }
}

static void test_rates(void **state) {
    (void)state;
    static const double rate[] = {13190.52, 999.96, 454.22, 31.47, 7.1, 0.01234, 0};
    static const char *const shown[] = {"13191", "1000.0", "454.2", "31.47", "7.100", "0.01234", "0"};
    struct fixture f;
    init(&f);
    f.result.cases = 1;
    for (int i = 0; i < 7; i++) {
        struct table t;
        f.case_[0].throughput_per_s.mean = rate[i];
        report_cases(&t, &f.result);
        assert_string_equal(t.cell[1], shown[i]);
        table_fini(&t);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_csv_endpoints),
        cmocka_unit_test(test_percents_and_counts),
        cmocka_unit_test(test_dropped),
        cmocka_unit_test(test_text_table),
        cmocka_unit_test(test_text_cases),
        cmocka_unit_test(test_colour),
        cmocka_unit_test(test_columns),
        cmocka_unit_test(test_csv),
        cmocka_unit_test(test_md),
        cmocka_unit_test(test_write_error),
        cmocka_unit_test(test_rates),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
