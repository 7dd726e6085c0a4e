// The histogram against a sorted array, its layout over the whole range, and the sample sizes that support a quantile.
#include "stats/fmath.h"
#include "stats/hist.h"
#include "stats/rng.h"

#include <gsl/gsl_cdf.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static int ascending(const void *a, const void *b) {
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

// n values over many octaves, in new memory. 50,000 of them stay below 2^53 in sum, where sums are exact.
static int64_t *values_of(uint32_t stream, int n) {
    struct rng r;
    rng_init(&r, 30, 0, 0, stream);
    int64_t *x = malloc((size_t)n * sizeof *x);
    assert_non_null(x);
    for (int i = 0; i < n; i++) x[i] = (int64_t)fmath_exp(28 * rng_unit(&r));
    return x;
}

static void layout_is_seamless(void **state) {
    (void)state;
    const uint32_t last = hist_index(INT64_MAX);
    for (uint32_t i = 0; i < last; i++) {
        int64_t low = hist_slot_low(i), width = hist_slot_width(i);
        assert_true(hist_index(low) == i && hist_index(low + (width - 1)) == i);
        assert_true(hist_slot_low(i + 1) == low + width);
        assert_true(width == 1 || low / width >= 1 << HIST_BITS); // the promised relative error
    }
    assert_true(hist_slot_low(last) + (hist_slot_width(last) - 1) == INT64_MAX);
}

static void small_values_are_exact(void **state) {
    (void)state;
    for (int64_t v = 0; v < 2 << HIST_BITS; v++) {
        uint32_t i = hist_index(v);
        assert_true(hist_slot_low(i) == v && hist_slot_width(i) == 1);
    }
    assert_true(hist_slot_width(hist_index(2 << HIST_BITS)) == 2);
}

static void edges(void **state) {
    (void)state;
    static const int64_t value[] = {0, 1, 1 << HIST_BITS, 2 << HIST_BITS, INT64_MAX};
    struct hist h;
    hist_init(&h);
    assert_true(h.min > h.max);
    assert_true(hist_quantile(&h, 0.5) == 0 && hist_mean(&h) == 0);
    for (int i = 0; i < 5; i++) hist_add(&h, value[i]);
    assert_true(h.count == 5 && h.min == 0 && h.max == INT64_MAX);
    assert_true(hist_quantile(&h, 0) == 0);
    assert_true(hist_quantile(&h, 0.2) == 1);
    assert_true(hist_quantile(&h, 0.4) == 1 << HIST_BITS);
    assert_true(hist_quantile(&h, 0.6) == (2 << HIST_BITS) + 1); // the middle of a slot of two
    assert_true(hist_quantile(&h, 0.8) == INT64_MAX);
    assert_true(hist_quantile(&h, 1) == INT64_MAX);
    hist_clear(&h);
    assert_true(h.count == 0 && h.min > h.max && hist_quantile(&h, 1) == 0);
    for (int i = 0; i < 3; i++) hist_add(&h, 1000003);
    assert_true(hist_quantile(&h, 0.5) == 1000003); // clamped: one value is its own median
    assert_true(hist_mean(&h) == 1000003);
    hist_fini(&h);
}

// `ab` sorts n times and prints element n*p/100, in integers, for every whole percent p.
static void quantile_is_that_of_ab(void **state) {
    (void)state;
    for (int n = 1; n <= 1000; n++) {
        struct hist h;
        hist_init(&h);
        for (int i = 0; i < n; i++) hist_add(&h, i);
        for (int p = 0; p < 100; p++) assert_int_equal(hist_quantile(&h, p / 100.0), n * p / 100);
        assert_int_equal(hist_quantile(&h, 1), n - 1);
        hist_fini(&h);
    }
}

static void agrees_with_a_sorted_array(void **state) {
    (void)state;
    enum { N = 50000 };
    int64_t *x = values_of(0, N);
    struct hist h;
    hist_init(&h);
    double sum = 0;
    for (int i = 0; i < N; i++) hist_add(&h, x[i]), sum += (double)x[i];
    qsort(x, N, sizeof *x, ascending);
    for (int i = 0; i <= 10000; i++) {
        double q = i / 10000.0;
        int64_t rank = i == 10000 ? N - 1 : (int64_t)i * N / 10000, got = hist_quantile(&h, q);
        assert_true(hist_index(got) == hist_index(x[rank]));
        assert_true(fabs((double)(got - x[rank])) <= (double)x[rank] * 0x1p-10);
    }
    assert_true(h.min == x[0] && h.max == x[N - 1] && h.sum == sum && hist_mean(&h) == sum / N);
    hist_fini(&h);
    free(x);
}

static void assert_same(const struct hist *a, const struct hist *b) {
    assert_true(a->count == b->count && a->min == b->min && a->max == b->max && a->sum == b->sum);
    assert_true(a->slots == b->slots);
    assert_memory_equal(a->slot, b->slot, a->slots * sizeof *a->slot);
}

// (a + b) + c, a + (b + c) and all values in one are the same, also where one of them is empty.
static void merging_is_associative(void **state) {
    (void)state;
    enum { N = 1000 };
    struct hist part[4], left, right, whole;
    hist_init(&left), hist_init(&right), hist_init(&whole);
    for (uint32_t i = 0; i < 4; i++) {
        hist_init(&part[i]);
        int64_t *x = values_of(i, N);
        for (int j = 0; j < N && i != 2; j++) { // part 2 stays empty
            int64_t small = x[j] >> (8 * i);    // others span different octaves
            hist_add(&part[i], small);
            hist_add(&whole, small);
        }
        free(x);
    }
    for (int i = 0; i < 4; i++) hist_merge(&left, &part[i]);
    hist_merge(&part[2], &part[3]);
    hist_merge(&part[1], &part[2]);
    hist_merge(&right, &part[1]);
    hist_merge(&right, &part[0]);
    assert_true(whole.count == 3 * N);
    assert_same(&left, &whole);
    assert_same(&right, &whole);
    for (int i = 0; i < 4; i++) hist_fini(&part[i]);
    hist_fini(&left), hist_fini(&right), hist_fini(&whole);
}

// The definition in the header, by GSL's binomial cdf and a search.
static bool supports_by_definition(unsigned n, double q) {
    unsigned equal_tails = 0;
    while (gsl_cdf_binomial_P(equal_tails, q, n) < 0.025) equal_tails++;
    unsigned l = equal_tails > 3 ? equal_tails - 2 : 1; // ranks count from 1
    return n >= 2 && gsl_cdf_binomial_P(n - 2, q, n) - gsl_cdf_binomial_P(l - 1, q, n) >= 0.95;
}

static void supports_from_the_known_counts_on(void **state) {
    (void)state;
    static const struct {
        double q;
        unsigned from;
    } known[] = {{0.5, 8}, {0.9, 46}, {0.95, 95}, {0.99, 482}, {0.999, 4798}};
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        for (unsigned n = 0; n < known[i].from; n++) assert_false(hist_supports(n, known[i].q));
        for (unsigned n = known[i].from; n < 40 * known[i].from; n++)
            assert_true(hist_supports(n, known[i].q));
        assert_true(hist_supports(1000000000, known[i].q));
        assert_true(hist_supports(UINT64_MAX, known[i].q));
    }
    assert_true(hist_supports(46, 0.1) && !hist_supports(45, 0.1));
    assert_false(hist_supports(1000, 0));
    assert_false(hist_supports(1000, 1));
    assert_false(hist_supports(1000, NAN));
    assert_false(hist_supports(10000, 0.99999));
}

static void supports_as_defined(void **state) {
    (void)state;
    static const double q[] = {0.5, 0.6, 0.75, 0.8, 0.9, 0.95, 0.98, 0.99};
    for (size_t i = 0; i < sizeof q / sizeof *q; i++)
        for (unsigned n = 2; n < 600; n++)
            assert_int_equal(hist_supports(n, q[i]), supports_by_definition(n, q[i]));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(layout_is_seamless),
        cmocka_unit_test(small_values_are_exact),
        cmocka_unit_test(edges),
        cmocka_unit_test(quantile_is_that_of_ab),
        cmocka_unit_test(agrees_with_a_sorted_array),
        cmocka_unit_test(merging_is_associative),
        cmocka_unit_test(supports_from_the_known_counts_on),
        cmocka_unit_test(supports_as_defined),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
