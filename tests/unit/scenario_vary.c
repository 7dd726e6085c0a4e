#include "base/text.h"
#include "scenario/vary.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

// The values of a list, joined by blanks.
static void gives(const char *list, const char *wanted) {
    struct vary v;
    struct err e = {0};
    struct text all = {0};
    if (!vary_parse(&v, "k", list, &e)) fail_msg("%s: %s", list, e.text);
    for (int i = 0; i < v.values; i++) text_addf(&all, "%s%s", i ? " " : "", v.value[i]);
    assert_string_equal(text_string(&all), wanted);
    text_fini(&all);
    vary_fini(&v);
}

static void refuses(const char *list, const char *what) {
    struct vary v;
    struct err e = {0};
    if (vary_parse(&v, "k", list, &e)) fail_msg("%s was taken", list);
    assert_int_equal(e.kind, ERR_CONFIG);
    if (!strstr(e.text, what)) fail_msg("%s: %s", list, e.text);
}

static void lists(void **state) {
    (void)state;
    gives("7", "7");
    gives("1,2,4", "1 2 4");
    gives(" event_loop , threadpool", "event_loop threadpool");
    gives("exp(1ms),lognormal(mean=10ms, cv=0.5)", "exp(1ms) lognormal(mean=10ms, cv=0.5)");
    gives("[{cpu: 1ms}, {sleep: 2ms}],[]", "[{cpu: 1ms}, {sleep: 2ms}] []");
    gives("empirical(../a..b.csv)", "empirical(../a..b.csv)");
    gives("a..b", "a..b"); // a name, not a range
}

static void ranges(void **state) {
    (void)state;
    gives("1..8", "1 2 3 4 5 6 7 8");
    gives("3..3", "3");
    gives("10..50+20", "10 30 50");
    gives("10..45+20", "10 30"); // the end is taken where a step meets it
    gives("1..64*2", "1 2 4 8 16 32 64");
    gives("1..100*3", "1 3 9 27 81");
    gives("0.1..0.3+0.1", "0.1 0.2 0.3"); // 0.1 + 2 * 0.1 is above 0.3 by a rounding
    gives("100/s..400/s*2", "100/s 200/s 400/s");
    gives("1ms..3ms", "1ms 2ms 3ms");
    gives("10%..30%+10%", "10% 20% 30%");
    gives("1,4..16*2,100", "1 4 8 16 100");
}

static void refusals(void **state) {
    (void)state;
    refuses("", "a value is missing");
    refuses("1,,2", "a value is missing");
    refuses("1,2,", "a value is missing");
    refuses("1,2,1", "stands twice");
    refuses("1..4,4", "stands twice");
    refuses("8..1", "ends before it begins");
    refuses("1..8*1", "never ends");
    refuses("0..8*2", "never ends");
    refuses("1..8+0", "too many values");
    refuses("1..100000", "too many values");
    refuses("1..8x2", "is no range");
    refuses("1..8s", "is no range");
    refuses("1ms..8s", "is no range");
    refuses("1..", "is no range");
    refuses("1..8*2*2", "is no range");
    refuses("1..8*2ms", "is no range");
    struct vary v;
    assert_false(vary_parse(&v, "", "1", NULL));
}

static void grids(void **state) {
    (void)state;
    struct vary v[2];
    int index[2];
    assert_true(vary_parse(&v[0], "a", "1,2,3", NULL) && vary_parse(&v[1], "b", "x,y", NULL));
    assert_int_equal(vary_points(v, 2), 6);
    assert_int_equal(vary_points(v, 0), 1);
    for (long p = 0; p < 6; p++) {
        vary_at(v, 2, p, index);
        assert_int_equal(index[0], p / 2);
        assert_int_equal(index[1], p % 2);
    }
    vary_fini(&v[0]);
    vary_fini(&v[1]);
    struct vary many[4];
    for (int i = 0; i < 4; i++) assert_true(vary_parse(&many[i], "k", "1..9999", NULL));
    assert_int_equal(vary_points(many, 4), VARY_POINTS);
    for (int i = 0; i < 4; i++) vary_fini(&many[i]);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(lists), cmocka_unit_test(ranges),
                                       cmocka_unit_test(refusals), cmocka_unit_test(grids)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
