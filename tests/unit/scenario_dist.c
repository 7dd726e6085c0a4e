#include "scenario/distribution.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static struct tree_node scalar(const char *text) {
    static const struct tree_source source = {"t.yaml", "", false};
    return (struct tree_node){
        .kind = TREE_SCALAR, .place = {&source, 3, 10}, .text = text, .plain = true, .one_line = true};
}

static bool read_dist(const char *text, struct dist *d, struct err *e) {
    struct bind b = {.schema = schema_scenario(), .e = e};
    struct tree_node node = scalar(text);
    return distribution_bind(&b, schema_row(b.schema, "handler[].cpu"), "handler.0.cpu", &node, d);
}

static void takes(const char *text, enum dist_kind kind, double a, double b) {
    struct dist d;
    struct err e = {0};
    if (!read_dist(text, &d, &e)) fail_msg("%s: %s", text, e.text);
    assert_int_equal(d.kind, kind);
    assert_true(d.a == a && d.b == b);
    dist_fini(&d);
}

static void forms(void **state) {
    (void)state;
    takes("2ms", DIST_CONSTANT, 2e6, 0);
    takes("0", DIST_CONSTANT, 0, 0);
    takes("exp(1ms)", DIST_EXP, 1e6, 0);
    takes("exp(mean=1ms)", DIST_EXP, 1e6, 0);
    takes("lognormal(mean=10ms, cv=0.5)", DIST_LOGNORMAL, 10e6, 0.5);
    takes("lognormal(10ms, 0.5)", DIST_LOGNORMAL, 10e6, 0.5);
    takes("lognormal( cv = 0.5 ,mean =10ms )", DIST_LOGNORMAL, 10e6, 0.5);
    takes("lognormal (10ms, cv=0.5)", DIST_LOGNORMAL, 10e6, 0.5);
    takes("gamma(mean=3us, cv=2)", DIST_GAMMA, 3e3, 2);
    takes("weibull(scale=2ms, shape=1.5)", DIST_WEIBULL, 2e6, 1.5);
    takes("pareto(min=1ms, alpha=2.5)", DIST_PARETO, 1e6, 2.5);
    takes("uniform(1ms, 2ms)", DIST_UNIFORM, 1e6, 2e6);
    takes("uniform(0, 2ms)", DIST_UNIFORM, 0, 2e6);
}

static void columns(void **state) {
    (void)state;
    static const struct {
        const char *text;
        int col; // of the mistake, from 1 within the text
    } row[] = {{"2mss", 1},
               {"exp(2mss)", 5},
               {"exp( 2mss)", 6},
               {"exp(mean=2mss)", 10},
               {"lognormal(10ms, x=1)", 17},
               {"lognormal(10ms, -1)", 17},
               {"lognormal(10ms, 0.5, 3)", 22},
               {"lognormal(10ms,)", 16},
               {"lognormal(10ms)", 15},
               {"normal(1ms)", 1},
               {"exp(1ms", 1},
               {"(1ms)", 1},
               {"exp)1ms(", 1}};
    for (size_t i = 0; i < sizeof row / sizeof row[0]; i++) {
        struct dist d;
        struct err e = {0};
        if (read_dist(row[i].text, &d, &e)) fail_msg("%s was taken", row[i].text);
        assert_int_equal(e.line, 3);
        if (e.col != 9 + row[i].col) fail_msg("%s: column %d, not %d", row[i].text, e.col - 9, row[i].col);
    }
}

static void written_as_read(void **state) {
    (void)state;
    const char *const forms_[] = {"2ms", "exp(mean=1ms)", "lognormal(mean=10ms, cv=0.5)",
                                  "uniform(low=0, high=2ms)", "weibull(scale=2ms, shape=1.5)"};
    for (size_t i = 0; i < sizeof forms_ / sizeof forms_[0]; i++) {
        struct dist d;
        struct err e;
        struct text out = {0};
        assert_true(read_dist(forms_[i], &d, &e));
        distribution_format(&d, &out);
        assert_string_equal(text_string(&out), forms_[i]);
        text_fini(&out);
        dist_fini(&d);
    }
}

static void from_file(void **state) {
    (void)state;
    char path[] = "/tmp/dispatchsim-XXXXXX", text[80];
    int fd = mkstemp(path);
    const char content[] = "# observed\r\n0.001\r\n\n 2ms \n3ms";
    assert_true(write(fd, content, sizeof content - 1) == sizeof content - 1);
    close(fd);
    snprintf(text, sizeof text, "empirical( %s )", path);
    struct dist d;
    struct err e = {0};
    if (!read_dist(text, &d, &e)) fail_msg("%s", e.text);
    unlink(path);
    assert_int_equal(d.kind, DIST_EMPIRICAL);
    assert_int_equal(d.count, 3);
    assert_true(fabs(dist_mean(&d) - 2e6) < 1e-6);
    struct text a = {0}, b = {0};
    distribution_format(&d, &a);
    d.table[1] += 1;
    distribution_format(&d, &b);
    assert_string_not_equal(text_string(&a), text_string(&b)); // the digest sees every value
    text_fini(&a);
    text_fini(&b);
    dist_fini(&d);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(forms), cmocka_unit_test(columns),
                                       cmocka_unit_test(written_as_read), cmocka_unit_test(from_file)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
