// Predictions beside measurements: medians, A/A, verdicts, summaries.
#include "scenario/compare.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

static void close_to(double x, double y) {
    assert_true(fabs(x - y) < 1e-12);
}

static void test_repeated(void **state) {
    (void)state;
    const double x[] = {10, 12, NAN, 11, 13, 10, 20};
    struct repeated r = repeated_of(x, 7);
    assert_int_equal(r.rounds, 6);
    close_to(r.median, 11.5);
    close_to(r.min, 10);
    close_to(r.max, 20);
    // even rounds 10, 11, 10; odd rounds 12, 13, 20
    close_to(r.aa, 3 / 11.5);
    assert_true(isnan(repeated_of(x, 2).aa)); // too few to tell
    assert_int_equal(repeated_of(NULL, 0).rounds, 0);
    assert_true(isnan(repeated_of(NULL, 0).median));
}

static enum verdict judged(double predicted, double median, double aa, double tolerance) {
    struct compared c = {
        .predicted = predicted, .measured = {median, median, median, aa, 10}, .tolerance = tolerance};
    compare_judge(&c);
    return c.verdict;
}

static void test_verdicts(void **state) {
    (void)state;
    assert_int_equal(judged(104, 100, 0.01, 0.05), VERDICT_AGREES);
    assert_int_equal(judged(106, 100, 0.01, 0.05), VERDICT_MISSES);
    assert_int_equal(judged(94, 100, 0.01, 0.05), VERDICT_MISSES);
    assert_int_equal(judged(106, 100, 0.07, 0.05),
                     VERDICT_AGREES); // the measurement differs from itself by more
    assert_int_equal(judged(106, 100, 0.11, 0.05), VERDICT_TOO_NOISY);
    assert_int_equal(judged(104, 100, 0.11, 0.05), VERDICT_TOO_NOISY); // agreement by chance is none
    assert_int_equal(judged(104, 100, NAN, 0.05), VERDICT_AGREES);
    assert_int_equal(judged(NAN, 100, 0.01, 0.05), VERDICT_NONE);
    assert_int_equal(judged(104, NAN, NAN, 0.05), VERDICT_NONE);
    assert_int_equal(judged(104, 100, 0.01, NAN), VERDICT_NONE); // shown, not judged
}

static void test_summary(void **state) {
    (void)state;
    struct compared row[12];
    for (int i = 0; i < 12; i++) {
        row[i] = (struct compared){.quantity = i < 10 ? QUANTITY_P50 : QUANTITY_P99,
                                   .predicted = 100 + i,
                                   .lo = i < 4 ? 99.5 : NAN,
                                   .hi = i < 4 ? 100.5 + i : NAN,
                                   .measured = {100, 90, 110, 0.01, 10},
                                   .tolerance = 0.05};
        if (i == 1) row[i].lo = 100.5;         // the measured value lies below
        if (i == 9) row[i].measured.aa = 0.09; // as far apart as the error is
        compare_judge(&row[i]);
    }
    struct compare_summary s = compare_summarise(row, 12, QUANTITY_P50);
    assert_int_equal(s.rows, 10);
    close_to(s.median, 0.045);
    close_to(s.p90, 0.08);
    close_to(s.p90_counted, 0.07);
    close_to(s.worst, 0.09);
    assert_int_equal(s.agrees, 7);
    assert_int_equal(s.misses, 3);
    assert_int_equal(s.banded, 4);
    assert_int_equal(s.in_band, 3);
    assert_int_equal(compare_summarise(row, 12, QUANTITY_MEAN).rows, 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_repeated),
        cmocka_unit_test(test_verdicts),
        cmocka_unit_test(test_summary),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
