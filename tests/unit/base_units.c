#include "base/units.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void takes(enum unit unit, const char *text, double wanted) {
    double value = -1;
    struct err e = {0};
    if (!units_parse(unit, text, &value, &e)) fail_msg("%s: %s", text, e.text);
    if (value != wanted) fail_msg("%s gives %.17g, not %.17g", text, value, wanted);
}

static void refuses(enum unit unit, const char *text, const char *part) {
    double value = 7;
    struct err e = {0};
    char line[900];
    if (units_parse(unit, text, &value, &e)) fail_msg("%s was taken as %g", text, value);
    assert_int_equal(e.kind, ERR_CONFIG);
    assert_true(value == 7);
    if (!strstr(err_format(&e, line, sizeof line), part)) fail_msg("%s: %s", text, line);
}

static void spans(void **state) {
    (void)state;
    takes(UNIT_SPAN, "250us", 250e3);
    takes(UNIT_SPAN, "250\u00b5s", 250e3);
    takes(UNIT_SPAN, "2ms", 2e6);
    takes(UNIT_SPAN, "1.5s", 1.5e9);
    takes(UNIT_SPAN, "0.3us", 300);
    takes(UNIT_SPAN, "1.1us", 1100);
    takes(UNIT_SPAN, "3ns", 3);
    takes(UNIT_SPAN, "2min", 120e9);
    takes(UNIT_SPAN, "1h", 3600e9);
    takes(UNIT_SPAN, "0", 0);
    takes(UNIT_SPAN, "0.0", 0);
    takes(UNIT_SPAN, "-2ms", -2e6);
    takes(UNIT_SECONDS, "0.25", 0.25);
    takes(UNIT_SECONDS, "250ms", 0.25);
    takes(UNIT_SECONDS, "2min", 120);
}

static void other_units(void **state) {
    (void)state;
    takes(UNIT_RATE, "500/s", 500);
    takes(UNIT_RATE, "2k/s", 2000);
    takes(UNIT_RATE, "1.5M/s", 1.5e6);
    takes(UNIT_RATE, "30/min", 0.5);
    takes(UNIT_RATE, "3/ms", 3000);
    takes(UNIT_PER_S, "13190.52", 13190.52);
    takes(UNIT_PER_S, "13k/s", 13000);
    takes(UNIT_FRAC, "2%", 0.02);
    takes(UNIT_FRAC, "0.07", 0.07);
    takes(UNIT_NONE, "10k", 10000);
    takes(UNIT_NONE, "1e3", 1000);
    takes(UNIT_NONE, "2.5E-1", 0.25);
    takes(UNIT_BYTES, "64KiB", 65536);
    takes(UNIT_BYTES, "1.5kB", 1500);
}

static void refusals(void **state) {
    (void)state;
    const char *const junk[] = {"",      " 2ms", "2ms ",   "2 ms", "2mss", "ms",      "nan",
                                "inf",   "-inf", "0x10ms", "+2ms", ".5ms", "5.ms",    "2,5ms",
                                "--2ms", "2e",   "1e5",    "2MS",  "2ms3", "infinity"};
    for (size_t i = 0; i < sizeof junk / sizeof junk[0]; i++) refuses(UNIT_SPAN, junk[i], junk[i]);
    refuses(UNIT_SPAN, "2", "write for instance 2ms");
    refuses(UNIT_SPAN, "5m", "ms or min");
    refuses(UNIT_SPAN, "010ms", "leading zero");
    refuses(UNIT_SPAN, "00", "leading zero");
    refuses(UNIT_SPAN, "1e400s", "too large");
    refuses(UNIT_SPAN, "1e-400s", "too small");
    refuses(UNIT_SPAN, "1e99999999999999999999s", "too large");
    refuses(UNIT_RATE, "500", "no unit");
    refuses(UNIT_RATE, "500ms", "unknown unit");
    refuses(UNIT_FRAC, "2%%", "unknown unit");
    refuses(UNIT_NONE, "12345678901234567890123456789012345678901", "40 digits");
}

static void whole_numbers(void **state) {
    (void)state;
    int64_t n = -1;
    struct err e;
    static const struct {
        const char *text;
        int64_t value;
    } good[] = {{"0", 0},
                {"40", 40},
                {"2k", 2000},
                {"1.5k", 1500},
                {"-3", -3},
                {"1e6", 1000000},
                {"20.0", 20},
                {"9223372036854775807", INT64_MAX},
                {"9007199254740993", 9007199254740993}};
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        assert_true(units_parse_int(good[i].text, &n, &e));
        assert_true(n == good[i].value);
    }
    const char *const bad[] = {"2.5", "1.2345k", "9223372036854775808", "1e30", "1e-1", "4x", "", "x", "010",
                               "0x1", "1e99999"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) assert_false(units_parse_int(bad[i], &n, &e));
}

static void rounded_spans(void **state) {
    (void)state;
    int64_t ns;
    struct err e;
    assert_true(units_parse_span("1.5us", &ns, &e) && ns == 1500);
    assert_true(units_parse_span("0.6ns", &ns, &e) && ns == 1);
    assert_false(units_parse_span("1e10s", &ns, &e));
    assert_false(units_parse_span("9223372037s", &ns, &e));
}

static void reads(enum unit unit, double value, const char *wanted) {
    char out[UNITS_TEXT];
    assert_string_equal(units_format(out, unit, value), wanted);
}

static void for_reports(void **state) {
    (void)state;
    reads(UNIT_SPAN, 12.34e6, "12.3 ms");
    reads(UNIT_SPAN, 999.6e3, "1.00 ms");
    reads(UNIT_SPAN, 999.4e3, "999 us");
    reads(UNIT_SPAN, 9.996e6, "10.0 ms");
    reads(UNIT_SPAN, 75, "75 ns");
    reads(UNIT_SPAN, 0, "0 ns");
    reads(UNIT_SPAN, -1.5e9, "-1.50 s");
    reads(UNIT_SECONDS, 0.0123, "12.3 ms");
    reads(UNIT_RATE, 13190.52, "13.2 k/s");
    reads(UNIT_RATE, 31.47, "31.5 /s");
    reads(UNIT_FRAC, 0.973, "97.3 %");
    reads(UNIT_FRAC, 1, "100 %");
    reads(UNIT_BYTES, 65536, "64.0 KiB");
    reads(UNIT_NONE, 40, "40");
    reads(UNIT_NONE, 0.5, "0.500");
    reads(UNIT_SPAN, NAN, "-");
    reads(UNIT_SPAN, INFINITY, "-");
}

static void for_files(void **state) {
    (void)state;
    static const struct {
        enum unit unit;
        double value;
        const char *text;
    } row[] = {{UNIT_SPAN, 22e3, "22us"},     {UNIT_SPAN, 1.4e6, "1.4ms"},
               {UNIT_SPAN, 900, "900ns"},     {UNIT_SPAN, 0.5, "0.5ns"},
               {UNIT_SPAN, 0, "0"},           {UNIT_SPAN, -2e6, "-2ms"},
               {UNIT_SPAN, 1000, "1us"},      {UNIT_SPAN, 999, "999ns"},
               {UNIT_RATE, 500, "500/s"},     {UNIT_FRAC, 0.02, "0.02"},
               {UNIT_NONE, 1e22, "1e22"},     {UNIT_NONE, 1e20, "100000000000000000000"},
               {UNIT_NONE, 1.5e-9, "1.5e-9"}, {UNIT_BYTES, 1500, "1500B"},
               {UNIT_NONE, 0.1, "0.1"}};
    char out[UNITS_TEXT];
    for (size_t i = 0; i < sizeof row / sizeof row[0]; i++)
        assert_string_equal(units_format_exact(out, row[i].unit, row[i].value), row[i].text);
}

// Any double survives: written, read, the same bits.
static void exact_round_trip(void **state) {
    (void)state;
    static const enum unit unit[] = {UNIT_NONE, UNIT_SPAN, UNIT_RATE, UNIT_FRAC, UNIT_BYTES};
    uint64_t x = 88172645463325252;
    for (int i = 0; i < 50000; i++) {
        x ^= x << 13;
        x ^= x >> 7;
        x ^= x << 17;
        // Half of them of everyday size, half from the whole range short of the ends.
        double value = i % 2 ? (double)(x >> 40) / 1000 : ldexp((double)(x >> 11), (int)(x % 1800) - 900);
        char text[UNITS_TEXT];
        takes(unit[i % 5], units_format_exact(text, unit[i % 5], value), value);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(spans),         cmocka_unit_test(other_units),      cmocka_unit_test(refusals),
        cmocka_unit_test(whole_numbers), cmocka_unit_test(rounded_spans),    cmocka_unit_test(for_reports),
        cmocka_unit_test(for_files),     cmocka_unit_test(exact_round_trip),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
