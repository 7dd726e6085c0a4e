// Random streams: known answers, independence of the order of drawing, and the shape of the two ziggurats.
#include "stats/rng.h"

#include <Random123/philox.h>
#include <gsl/gsl_cdf.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

// Source: kat_vectors of Random123, the philox4x64 10 lines.
static void philox_known_answers(void **state) {
    (void)state;
    const uint64_t ones = UINT64_MAX;
    static const struct {
        uint64_t counter[4], key[2], out[4];
    } known[] = {
        {{0, 0, 0, 0},
         {0, 0},
         {0x16554d9eca36314c, 0xdb20fe9d672d0fdc, 0xd7e772cee186176b, 0x7e68b68aec7ba23b}},
        {{ones, ones, ones, ones},
         {ones, ones},
         {0x87b092c3013fe90b, 0x438c3c67be8d0224, 0x9cc7d7c69cd777b6, 0xa09caebf594f0ba0}},
        {{0x243f6a8885a308d3, 0x13198a2e03707344, 0xa4093822299f31d0, 0x082efa98ec4e6c89},
         {0x452821e638d01377, 0xbe5466cf34e90c6c},
         {0xa528f45403e61d95, 0x38c72dbd566e9788, 0xa5a1610e72fd18b5, 0x57bd43b5e52b7fe6}},
    };
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        philox4x64_ctr_t counter;
        philox4x64_key_t key;
        memcpy(counter.v, known[i].counter, sizeof counter.v);
        memcpy(key.v, known[i].key, sizeof key.v);
        philox4x64_ctr_t out = philox4x64(counter, key);
        assert_memory_equal(out.v, known[i].out, sizeof out.v);
    }
}

static void stream_is_keyed_by_philox(void **state) {
    (void)state;
    struct rng r;
    rng_init(&r, 0, 0, 0, 0);
    assert_true(r.base[0] == 0x16554d9eca36314c && r.base[3] == 0x7e68b68aec7ba23b);
    // SplitMix64's first four outputs for seed 0, as published with its source: its state grows by `step` a draw.
    static const uint64_t step = 0x9e3779b97f4a7c15, known[] = {0xe220a8397b1dcdaf, 0x6e789e6aa1b965f4,
                                                                0x06c45d188009454f, 0xf88bb8a8724c81ec};
    for (uint64_t i = 0; i < 4; i++) r.base[i] = i * step;
    rng_seek(&r, 1);
    for (int i = 0; i < 4; i++) assert_true(r.state[i] == known[i]);
    for (uint64_t i = 0; i < 4; i++) r.base[i] = 0;
    rng_seek(&r, 4);
    assert_true(r.state[0] == known[3]);
}

// Source: outputs of the authors' xoshiro256++ from the state 1, 2, 3, 4.
static void xoshiro_known_answers(void **state) {
    (void)state;
    struct rng r = {.state = {1, 2, 3, 4}};
    static const uint64_t known[] = {41943041, 58720359, 3588806011781223, 3591011842654386};
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) assert_true(rng_u64(&r) == known[i]);
}

static void every_key_part_changes_the_stream(void **state) {
    (void)state;
    static const uint32_t part[][4] = {{7, 0, 0, 0}, {8, 0, 0, 0}, {7, 1, 0, 0}, {7, 0, 1, 0}, {7, 0, 0, 1}};
    enum { N = sizeof part / sizeof *part };
    uint64_t first[N + 2];
    struct rng r;
    for (size_t i = 0; i < N; i++) {
        rng_init(&r, part[i][0], part[i][1], part[i][2], part[i][3]);
        first[i] = rng_u64(&r);
    }
    rng_init(&r, 7 + ((uint64_t)1 << 32), 0, 0, 0); // the seed's high half counts
    first[N] = rng_u64(&r);
    rng_init(&r, 7, 0, 0, 0);
    rng_seek(&r, (uint64_t)1 << 40);
    first[N + 1] = rng_u64(&r);
    for (size_t i = 0; i < N + 2; i++)
        for (size_t j = 0; j < i; j++) assert_true(first[i] != first[j]);
}

static void order_of_drawing_does_not_matter(void **state) {
    (void)state;
    enum { N = 100 };
    double forward[N];
    struct rng r;
    rng_init(&r, 3, 1, 4, 1);
    for (uint64_t i = 0; i < N; i++) {
        rng_seek(&r, i);
        rng_normal(&r);
        forward[i] = rng_exp(&r);
    }
    struct rng other;
    rng_init(&other, 3, 1, 4, 1);
    for (uint64_t i = N; i-- > 0;) {
        rng_seek(&other, i);
        rng_normal(&other);
        assert_true(rng_exp(&other) == forward[i]);
        for (uint64_t j = 0; j < i; j++) rng_u64(&other); // what is left over is forgotten by the next seek
    }
}

static void starts_at_substream_0(void **state) {
    (void)state;
    struct rng a, b;
    rng_init(&a, 9, 9, 9, 9);
    rng_init(&b, 9, 9, 9, 9);
    rng_u64(&b);
    rng_seek(&b, 0);
    for (int i = 0; i < 10; i++) assert_true(rng_u64(&a) == rng_u64(&b));
}

// sqrt(n) times the correlation of two uniform sequences: a standard normal where they are independent.
static double correlation_z(const double *a, const double *b, int n) {
    double sum = 0;
    for (int i = 0; i < n; i++) sum += (a[i] - 0.5) * (b[i] - 0.5);
    return 12 * sum / sqrt(n);
}

// Neighbours in every part of the key, and two orders of reading substreams. The sum of squares of the 60 values of z
// is chi-square: too large tells of dependence, too small of a test that looks at the same numbers again and again.
static void streams_do_not_correlate(void **state) {
    (void)state;
    enum { N = 20000, PAIRS = 60 };
    double *a = malloc(N * sizeof *a), *b = malloc(N * sizeof *b), total = 0;
    assert_non_null(a);
    assert_non_null(b);
    for (uint32_t pair = 0; pair < PAIRS; pair++) {
        struct rng left, right;
        uint32_t kind = pair % 5;
        rng_init(&left, 100, 0, pair, 0);
        rng_init(&right, 100 + (kind == 0), kind == 1, pair + (kind == 2), kind == 3);
        for (uint64_t i = 0; i < N; i++) {
            if (kind == 4)
                rng_seek(&left, i), rng_seek(&right, i + 1); // first draws of neighbouring substreams
            a[i] = rng_unit(&left);
            b[i] = rng_unit(&right);
        }
        double z = correlation_z(a, b, N);
        assert_true(fabs(z) < 4);
        total += z * z;
    }
    double p = gsl_cdf_chisq_P(total, PAIRS);
    assert_true(p > 1e-4 && p < 1 - 1e-4);
    free(a);
    free(b);
}

// Every bit of the first draw of successive substreams is as often 1 as 0, and independent of its neighbour.
static void first_draws_have_fair_bits(void **state) {
    (void)state;
    enum { N = 100000 };
    int ones[64] = {0}, flips[64] = {0};
    struct rng r;
    rng_init(&r, 5, 0, 0, 0);
    uint64_t previous = 0;
    for (uint64_t i = 0; i < N; i++) {
        rng_seek(&r, i);
        uint64_t x = rng_u64(&r);
        for (int k = 0; k < 64; k++) {
            ones[k] += x >> k & 1;
            flips[k] += (x ^ previous) >> k & 1;
        }
        previous = x;
    }
    double total = 0;
    for (int k = 0; k < 64; k++) {
        double z = (ones[k] - N / 2.0) / sqrt(N / 4.0), y = (flips[k] - N / 2.0) / sqrt(N / 4.0);
        assert_true(fabs(z) < 4.5 && fabs(y) < 4.5);
        total += z * z + y * y;
    }
    double p = gsl_cdf_chisq_P(total, 128);
    assert_true(p > 1e-4 && p < 1 - 1e-4);
}

static void below_is_fair(void **state) {
    (void)state;
    enum { N = 70000 };
    int seen[7] = {0};
    struct rng r;
    rng_init(&r, 6, 0, 0, 0);
    for (int i = 0; i < N; i++) seen[rng_below(&r, 7)]++;
    double chi = 0;
    for (int i = 0; i < 7; i++) chi += (seen[i] - N / 7.0) * (seen[i] - N / 7.0) / (N / 7.0);
    double p = gsl_cdf_chisq_P(chi, 6);
    assert_true(p > 1e-4 && p < 1 - 1e-4);
    assert_true(rng_below(&r, 1) == 0);
    // Three quarters of 2^64: without the rejection multiples of 3 would come twice as often as others.
    const uint64_t n = (uint64_t)3 << 62;
    int low = 0;
    for (int i = 0; i < N; i++) {
        uint64_t x = rng_below(&r, n);
        assert_true(x < n);
        low += x % 3 == 0;
    }
    assert_true(fabs((low - N / 3.0) / sqrt(N * 2 / 9.0)) < 4);
}

static void unit_stays_inside(void **state) {
    (void)state;
    // States whose next output is all zeros and all ones: s0 + s3 = 0 with s0 = 0, and -1 with s0 = 0.
    struct rng zeros = {.state = {0, 1, 1, 0}}, ones = {.state = {0, 1, 1, UINT64_MAX}};
    struct rng copy = ones;
    assert_true(rng_u64(&copy) == UINT64_MAX);
    assert_true(rng_unit(&ones) < 1);
    copy = zeros;
    assert_true(rng_u64(&copy) == 0);
    assert_true(rng_unit(&zeros) > 0);
    zeros = (struct rng){.state = {0, 1, 1, 0}};
    assert_true(rng_exp(&zeros) > 0);
}

static long double exp_density(long double x) {
    return expl(-x);
}

static long double normal_density(long double x) {
    return expl(-x * x / 2);
}

static long double exp_inverse(long double y) {
    return -logl(y);
}

static long double normal_inverse(long double y) {
    return sqrtl(-2 * logl(y));
}

// The tables from their definition: every layer has the area of the first, which holds the tail, and the last ends at 0.
static void check_tables(const struct ziggurat *z, long double (*f)(long double),
                         long double (*inverse)(long double), long double tail_area) {
    long double start = (long double)z->width[1] * 0x1p53L, area = start * f(start) + tail_area;
    long double edge = start;
    assert_true(fabsl((long double)z->width[0] * 0x1p53L * f(start) / area - 1) < 1e-15L);
    for (int i = 2; i < ZIGGURAT_LAYERS; i++) {
        edge = inverse(area / edge + f(edge));
        // The start is a rounded double, and the recurrence makes its error grow to about 1e-13 at the top.
        assert_true(fabsl((long double)z->width[i] * 0x1p53L / edge - 1) < 1e-12L);
        assert_true(fabsl((long double)z->height[i] / f((long double)z->width[i] * 0x1p53L) - 1) < 1e-15L);
    }
    assert_true(fabsl(area / edge + f(edge) - 1) < 1e-13L);
    assert_true(z->width[ZIGGURAT_LAYERS] == 0 && z->height[ZIGGURAT_LAYERS] == 1);
}

static void tables_have_equal_areas(void **state) {
    (void)state;
    long double e = (long double)ziggurat_exp.width[1] * 0x1p53L,
                n = (long double)ziggurat_normal.width[1] * 0x1p53L;
    check_tables(&ziggurat_exp, exp_density, exp_inverse, expl(-e));
    check_tables(&ziggurat_normal, normal_density, normal_inverse,
                 sqrtl(acosl(-1) / 2) * erfcl(n / sqrtl(2)));
}

// Where the ziggurat's parts meet, a wrong table or bit shows as a wrong share: counts in 400 cells of equal chance,
// the second moments and the far tail by itself.
static void ziggurats_have_the_right_shape(void **state) {
    (void)state;
    enum { N = 5000000, CELLS = 400 };
    int e[CELLS] = {0}, n[CELLS] = {0}, e_tail = 0, n_tail = 0;
    double e_squares = 0, n_squares = 0;
    struct rng r;
    rng_init(&r, 11, 0, 0, 0);
    for (int i = 0; i < N; i++) {
        double x = rng_exp(&r), y = rng_normal(&r);
        e[(int)(CELLS * -expm1(-x) * (1 - 1e-16))]++;
        n[(int)(CELLS * gsl_cdf_ugaussian_P(y) * (1 - 1e-16))]++;
        e_tail += x > 9;
        n_tail += fabs(y) > 3.9;
        e_squares += x * x;
        n_squares += y * y;
    }
    double chi_e = 0, chi_n = 0, expected = (double)N / CELLS;
    for (int i = 0; i < CELLS; i++) {
        chi_e += (e[i] - expected) * (e[i] - expected) / expected;
        chi_n += (n[i] - expected) * (n[i] - expected) / expected;
    }
    double p = gsl_cdf_chisq_P(chi_e, CELLS - 1), q = gsl_cdf_chisq_P(chi_n, CELLS - 1);
    assert_true(p > 1e-4 && p < 1 - 1e-4);
    assert_true(q > 1e-4 && q < 1 - 1e-4);
    // E X^2 = 2, var X^2 = 20 and 1, 2.
    assert_true(fabs(e_squares - 2.0 * N) < 4 * sqrt(20.0 * N));
    assert_true(fabs(n_squares - 1.0 * N) < 4 * sqrt(2.0 * N));
    double want_e = N * exp(-9), want_n = N * 2 * gsl_cdf_ugaussian_Q(3.9);
    assert_true(fabs(e_tail - want_e) < 4 * sqrt(want_e));
    assert_true(fabs(n_tail - want_n) < 4 * sqrt(want_n));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(philox_known_answers),
        cmocka_unit_test(stream_is_keyed_by_philox),
        cmocka_unit_test(xoshiro_known_answers),
        cmocka_unit_test(every_key_part_changes_the_stream),
        cmocka_unit_test(order_of_drawing_does_not_matter),
        cmocka_unit_test(starts_at_substream_0),
        cmocka_unit_test(streams_do_not_correlate),
        cmocka_unit_test(first_draws_have_fair_bits),
        cmocka_unit_test(below_is_fair),
        cmocka_unit_test(unit_stays_inside),
        cmocka_unit_test(tables_have_equal_areas),
        cmocka_unit_test(ziggurats_have_the_right_shape),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
