#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "report_fixture.h"
#include "study/report_bands.h"

// Bands of the first case of the fixture; its second is saturated, its third was stopped before it had any.
struct banded {
    struct fixture f;
    struct bands bands[3];
    const struct bands *of_result[1];
};

static void init_bands(struct banded *b) {
    init(&b->f);
    memset(b->bands, 0, sizeof b->bands);
    for (int i = 0; i < 3; i++)
        for (int q = 0; q < BANDS_QUANTITIES; q++) b->bands[i].of[q] = (struct band){NAN, NAN, NAN, NAN};
    b->bands[0].given = b->bands[1].given = true;
    b->bands[0].uncertain = 5;
    b->bands[0].held = 1;
    b->bands[0].samples = 40;
    b->bands[0].replications = 3;
    b->bands[0].saturated = 4;
    b->bands[0].of[QUANTITY_THROUGHPUT] = (struct band){12000, 14000, 12100, 13900};
    b->bands[0].of[QUANTITY_MEAN] = (struct band){7e-3, INFINITY, 7.1e-3, INFINITY};
    b->bands[0].unseen[QUANTITY_THROUGHPUT] = 0.012;
    b->bands[0].unseen[QUANTITY_P99] = NAN;
    b->bands[0].costs = 2;
    b->bands[0].cost[0] =
        (struct bands_cost){"server.accept.cpu", 28e3, 20e3, 36e3, UNIT_SPAN, FROM_FIT, -0.041, INFINITY};
    b->bands[0].cost[1] =
        (struct bands_cost){"machine.smt_yield", 1.25, 1.2, 1.3, UNIT_NONE, FROM_PUBLISHED, 0.03, NAN};
    b->bands[1].held = 7;
    b->of_result[0] = b->bands;
    b->f.report.bands = b->of_result;
}

static void holds(const char *text, const char *part) {
    if (!strstr(text, part)) fail_msg("'%s' is not in:\n%s", part, text);
}

static int times(const char *text, const char *part) {
    int n = 0;
    for (const char *p = text; (p = strstr(p, part)); p++) n++;
    return n;
}

static void test_text(void **state) {
    (void)state;
    struct banded b;
    init_bands(&b);
    char *text = written(REPORT_TEXT, &b.f.report);
    holds(text, "5 costs have an interval; 40 joint draws, 3 replications each; 1 cost has none and is held "
                "at the stated "
                "value; under 4 of the 40 draws the load exceeds the capacity\n");
    holds(text, "  throughput       13202       13070 .. 13334       12100 .. 13900       12000 .. 14000\n");
    holds(text, "  mean           7.58 ms   7.50 ms .. 7.66 ms  7.10 ms .. no bound  7.00 ms .. no bound\n");
    holds(text, "  server.accept.cpu  28.0 us  20.0 us .. 36.0 us  fit        ±4.1 %  saturates\n");
    holds(text, "  machine.smt_yield     1.25        1.20 .. 1.30  published  ±3.0 %          -\n");
    holds(text,
          "the other 3 were not seen to matter; changes below 1.2 % of the throughput would drown in chance");
    holds(text, "of 7 stated costs none has an interval: the band is the confidence interval alone\n");
    assert_int_equal(times(text, "prediction band:"), 2);
    free(text);
    b.f.report.bands = NULL;
    text = written(REPORT_TEXT, &b.f.report);
    assert_int_equal(times(text, "prediction band:"), 0);
    free(text);
}

// A list that is full does not say that the rest did nothing; an empty one says so.
static void test_rest(void **state) {
    (void)state;
    struct banded b;
    init_bands(&b);
    b.bands[0].uncertain = 11;
    for (int i = 2; i < BANDS_TOP; i++) b.bands[0].cost[i] = b.bands[0].cost[1];
    b.bands[0].costs = BANDS_TOP;
    char *text = written(REPORT_TEXT, &b.f.report);
    holds(text, "the other 3 matter less or were not seen to");
    free(text);
    b.bands[0].costs = 0;
    text = written(REPORT_TEXT, &b.f.report);
    holds(text, "no single interval was seen to matter");
    assert_int_equal(times(text, "measure this next"), 0);
    free(text);
}

static void test_md(void **state) {
    (void)state;
    struct banded b;
    init_bands(&b);
    char *text = written(REPORT_MD, &b.f.report);
    holds(text, "\n#### async: prediction band\n\n| 95 % | prediction |");
    holds(text, "| throughput | 13202 | 13070 .. 13334 | 12100 .. 13900 | 12000 .. 14000 |\n");
    holds(text, "| server.accept.cpu | 28.0 us | 20.0 us .. 36.0 us | fit | ±4.1 % | saturates |\n");
    assert_int_equal(times(text, "prediction band\n"), 2);
    free(text);
}

static json_t *first_case(json_t *root, int i) {
    return json_array_get(json_object_get(root, "cases"), (size_t)i);
}

static void test_json(void **state) {
    (void)state;
    struct banded b;
    init_bands(&b);
    char *text = written(REPORT_JSON, &b.f.report);
    json_t *root = json_loads(text, 0, NULL), *one = first_case(root, 0);
    assert_non_null(root);
    double lo, hi, from, to, throughput;
    const char *cost, *unit, *source;
    json_t *open_end, *p99, *no_p99;
    int saturates;
    assert_int_equal(json_unpack(one, "{s:{s:[F,F], s:[F,o], s:[o,o]}}", "bands", "throughput_per_s", &lo,
                                 &hi, "mean_s", &from, &open_end, "p99_s", &no_p99, &p99),
                     0);
    assert_true(lo == 12000 && hi == 14000 && from == 7e-3);
    assert_true(json_is_null(open_end) && json_is_null(no_p99));
    assert_int_equal(json_unpack(json_array_get(json_object_get(one, "sensitivity"), 0),
                                 "{s:s, s:s, s:[F,F], s:s, s:F, s:o, s:b}", "cost", &cost, "unit", &unit,
                                 "interval", &from, &to, "from", &source, "throughput", &throughput, "p99",
                                 &p99, "saturates", &saturates),
                     0);
    assert_string_equal(cost, "server.accept.cpu");
    assert_string_equal(unit, "s");
    assert_string_equal(source, "fit");
    assert_true(from == 20e-6 && to == 36e-6 && throughput == -0.041 && json_is_null(p99) && saturates);
    assert_int_equal(json_array_size(json_object_get(one, "sensitivity")), 2);
    assert_int_equal(json_array_size(json_object_get(first_case(root, 1), "sensitivity")), 0);
    assert_non_null(json_object_get(first_case(root, 1), "bands"));
    assert_null(json_object_get(first_case(root, 2), "bands"));
    json_decref(root);
    free(text);
}

// Every row has as many fields as the head; the columns of the bands are the last ones.
static void test_csv(void **state) {
    (void)state;
    struct banded b;
    init_bands(&b);
    char *text = written(REPORT_CSV, &b.f.report), *rest = text;
    int fields = -1;
    for (int row = 0; row < 2; row++) { // the second case has a comma in its name
        char *line = strsep(&rest, "\n");
        int n = times(line, ",");
        if (fields < 0) fields = n;
        assert_int_equal(n, fields);
    }
    holds(text, ",throughput_band_lo_per_s,throughput_band_hi_per_s,mean_band_lo_s,");
    holds(strchr(text, 0) + 1, ",12000,14000,0.007,,,,,,,");
    assert_true(times(rest, ",,,,,,,,,,\n") >= 2);
    free(text);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_text), cmocka_unit_test(test_rest), cmocka_unit_test(test_md),
        cmocka_unit_test(test_json), cmocka_unit_test(test_csv),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
