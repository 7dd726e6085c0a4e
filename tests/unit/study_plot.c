#include "study/plot.h"
#include "study/plot_dat.h"
#include "study/plot_json.h"
#include "study/plot_levels.h"
#include "study/plot_series.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static void add(struct plot *p, int point, const char *name, const char *workers, const char *think) {
    struct plot_row *r = plot_add_row(p, point);
    snprintf(r->result.name, sizeof r->result.name, "%s", name);
    plot_set_value(r, 0, workers);
    plot_set_value(r, 1, think);
}

// Two cases over 10, 9 and 1 workers (in this order) and two pauses.
static void grid(struct plot *p) {
    static const char *const workers[] = {"10", "9", "1"}, *const think[] = {"1s", "20ms"};
    plot_init(p);
    plot_add_key(p, "server.workers");
    plot_add_key(p, "load.think");
    for (int w = 0; w < 3; w++)
        for (int t = 0; t < 2; t++) {
            add(p, 2 * w + t, "a", workers[w], think[t]);
            add(p, 2 * w + t, "b", workers[w], think[t]);
        }
}

static void values_are_ordered_as_numbers(void **state) {
    struct plot p;
    struct plot_levels l;
    char title[96];
    (void)state;
    grid(&p);
    plot_levels_of(&l, &p, 0);
    assert_int_equal(l.count, 3);
    assert_string_equal(l.text[0], "1");
    assert_string_equal(l.text[2], "10");
    plot_levels_fini(&l);
    plot_levels_of(&l, &p, 1);
    assert_true(l.numeric && l.number[0] == 0.02 && l.number[1] == 1);
    assert_int_equal(plot_levels_find(&l, "1000ms"), 1);
    assert_int_equal(plot_levels_find(&l, "2s"), -1);
    assert_string_equal(plot_levels_title(title, &p, 1, &l), "load.think (s)");
    plot_levels_fini(&l);
    plot_fini(&p);
}

static void words_are_not_numbers(void **state) {
    struct plot p;
    struct plot_levels l;
    (void)state;
    plot_init(&p);
    plot_add_key(&p, "server.model");
    plot_add_key(&p, "load.think");
    add(&p, 0, "a", "threadpool", "3");
    add(&p, 1, "a", "event_loop", "1s"); // of two units
    for (int k = 0; k < 2; k++) {
        plot_levels_of(&l, &p, k);
        assert_false(l.numeric);
        assert_true(isnan(l.number[0]));
        plot_levels_fini(&l);
    }
    assert_int_equal(plot_levels_longest(&p, 2), -1);
    plot_fini(&p);
}

static void rows_lie_on_lines(void **state) {
    struct plot p;
    struct plot_series s;
    (void)state;
    grid(&p);
    plot_series_of(&s, &p, 0, PLOT_LINES);
    assert_int_equal(s.lines, 4); // two cases, two pauses
    for (int i = 0; i < s.lines; i++) {
        assert_int_equal(s.line[i].points, 3);
        assert_true(s.line[i].x[0] == 1 && s.line[i].x[1] == 9 && s.line[i].x[2] == 10);
    }
    assert_string_equal(s.line[0].name, "a, think=1s");
    assert_string_equal(s.line[3].name, "b, think=20ms");
    plot_series_fini(&s);
    plot_series_of(&s, &p, 0, 3);
    assert_int_equal(s.lines, 3);
    assert_int_equal(s.found, 4);
    assert_string_equal(s.line[2].name, "b, think=20ms"); // first and last are among those picked
    plot_series_fini(&s);
    plot_fini(&p);
}

static void rows_are_chosen(void **state) {
    struct plot p;
    struct err e;
    const char *b[] = {"b"}, *none[] = {"none"};
    int index[5];
    (void)state;
    grid(&p);
    assert_int_equal(plot_pick(&p, 5, index), 4);
    assert_int_equal(p.row[index[0]].point, 0);
    assert_int_equal(p.row[index[1]].point, 5);
    assert_false(plot_keep_cases(&p, none, 1, &e));
    assert_string_equal(e.hint, "there are a, b");
    assert_true(plot_keep_cases(&p, b, 1, &e));
    assert_int_equal(p.rows, 6);
    assert_false(plot_keep_where(&p, "server.worker", "1", &e));
    assert_string_equal(e.hint, "did you mean server.workers?");
    assert_false(plot_keep_where(&p, "load.think", "3s", &e));
    assert_string_equal(e.text, "--where: load.think was never 3s");
    assert_true(plot_keep_where(&p, "load.think", "0.02s", &e));
    assert_int_equal(p.rows, 3);
    plot_fini(&p);
}

static void an_axis_is_logarithmic_over_much(void **state) {
    struct plot_axis a;
    (void)state;
    plot_axis_start(&a);
    plot_axis_include(&a, NAN);
    plot_axis_include(&a, 2);
    plot_axis_include(&a, 50);
    plot_axis_end(&a);
    assert_true(!a.log && a.lo == 0 && a.hi > 50 && a.hi < 60);
    plot_axis_start(&a);
    plot_axis_include(&a, 2);
    plot_axis_include(&a, 70);
    plot_axis_end(&a);
    assert_true(a.log && a.lo < 2 && a.lo > 1 && a.hi > 70);
    assert_true(fabs(plot_axis_place(&a, sqrt(a.lo * a.hi)) - 0.5) < 1e-12);
    plot_axis_start(&a);
    plot_axis_end(&a);
    assert_true(a.lo == 0 && a.hi == 1 && !a.log);
}

// Names keep their order and a distance, and stay within the panel.
static void names_move_apart(void **state) {
    double at[] = {0.97, 0.5, 0.98, 0.1, 0.99}, none[] = {0.2, 0.6};
    (void)state;
    plot_axis_spread(at, 5, 0.1);
    assert_true(at[3] == 0.1 && at[1] == 0.5);
    assert_true(at[4] <= 1 && at[2] <= at[4] - 0.1 + 1e-12 && at[0] <= at[2] - 0.1 + 1e-12 && at[0] > 0.7);
    plot_axis_spread(none, 2, 0.1);
    assert_true(none[0] == 0.2 && none[1] == 0.6);
}

// Reads `text` as a file of results.
static bool parse(struct plot *p, const char *text, struct err *e) {
    char path[] = "plot-XXXXXX";
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
    close(fd);
    plot_init(p);
    bool ok = plot_json_load(p, path, e);
    remove(path);
    return ok;
}

static void other_files_are_refused(void **state) {
    struct plot p;
    struct err e;
    (void)state;
    assert_false(plot_json_load(&p, "there-is-none.json", &e));
    assert_int_equal(e.kind, ERR_HOST);
    assert_false(parse(&p, "{\"a\": 1,\n  oops}", &e));
    assert_int_equal(e.kind, ERR_CONFIG);
    assert_int_equal(e.line, 2);
    assert_false(parse(&p, "[1, 2]", &e));
    assert_false(parse(&p, "{\"schema_version\": 1}", &e));
    assert_false(parse(&p, "{\"schema_version\": 2, \"cases\": []}", &e));
    assert_string_equal(e.text, "schema_version 2 is not known");
    plot_fini(&p);
}

static void several_results_keep_their_names(void **state) {
    static const char text[] = "[{\"schema_version\": 1, \"scenario\": \"x\", \"cases\": [{\"name\": \"a\", "
                               "\"throughput_per_s\": {\"mean\": 2, \"ci95\": [1, 3]}}]},"
                               " {\"schema_version\": 1, \"scenario\": \"y\", \"cases\": [{\"name\": \"a\", "
                               "\"status\": \"saturated\", \"latency_s\": {\"p99\": {\"mean\": null}}}]}]";
    struct plot p;
    struct err e;
    (void)state;
    assert_true(parse(&p, text, &e));
    assert_int_equal(p.rows, 2);
    assert_string_equal(p.row[0].result.name, "x: a");
    assert_string_equal(p.row[1].result.name, "y: a");
    assert_true(p.row[0].result.throughput_per_s.mean == 2 && p.row[0].result.throughput_per_s.hi == 3);
    assert_int_equal(p.row[1].result.status, STATUS_SATURATED);
    assert_true(isnan(p.row[1].result.latency.quantile[QUANTILE_P99].mean));
    plot_fini(&p);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_are_ordered_as_numbers),
        cmocka_unit_test(words_are_not_numbers),
        cmocka_unit_test(rows_lie_on_lines),
        cmocka_unit_test(rows_are_chosen),
        cmocka_unit_test(an_axis_is_logarithmic_over_much),
        cmocka_unit_test(names_move_apart),
        cmocka_unit_test(other_files_are_refused),
        cmocka_unit_test(several_results_keep_their_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
