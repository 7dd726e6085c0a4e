#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "report_fixture.h"

#include <jansson.h>

static json_t *parsed(const struct report *r) {
    char *text = written(REPORT_JSON, r);
    json_error_t error;
    json_t *root = json_loads(text, JSON_REJECT_DUPLICATES, &error);
    if (!root) fail_msg("%s at line %d", error.text, error.line);
    free(text);
    return root;
}

// The value at a path such as "cases.0.latency_s.p50.mean".
static json_t *at(json_t *root, const char *path) {
    char copy[128], *rest = copy;
    snprintf(copy, sizeof copy, "%s", path);
    for (char *key; (key = strsep(&rest, "."));) {
        root = json_is_array(root) ? json_array_get(root, (size_t)atoi(key)) : json_object_get(root, key);
        if (!root) fail_msg("no '%s' (%s)", path, key);
    }
    return root;
}

static void real_at(json_t *root, const char *path, double expected) {
    assert_true(json_is_real(at(root, path)));
    if (json_real_value(at(root, path)) != expected)
        fail_msg("%s is %.17g, not %.17g", path, json_real_value(at(root, path)), expected);
}

// DESIGN's contract, key by key; reals read back as the same bits.
static void test_json_contract(void **state) {
    (void)state;
    struct fixture f;
    init(&f);
    json_t *root = parsed(&f.report);
    assert_int_equal(json_integer_value(at(root, "schema_version")), 1);
    assert_string_equal(json_string_value(at(root, "scenario")), "hello");
    assert_int_equal(json_integer_value(at(root, "seed")), 7);
    assert_string_equal(json_string_value(at(root, "digest")), "0000000000abcdef");
    assert_string_equal(json_string_value(at(root, "version")), DISPATCHSIM_VERSION);
    assert_string_equal(json_string_value(at(root, "cases.0.name")), "async");
    assert_string_equal(json_string_value(at(root, "cases.0.status")), "ok");
    assert_int_equal(json_integer_value(at(root, "cases.0.replications")), 10);
    real_at(root, "cases.0.throughput_per_s.mean", 13201.7);
    real_at(root, "cases.0.throughput_per_s.ci95.0", 13201.7 * 0.99);
    real_at(root, "cases.0.throughput_per_s.ci95.1", 13201.7 * 1.01);
    real_at(root, "cases.0.latency_s.mean.mean", 7.58e-3);
    real_at(root, "cases.0.latency_s.p50.mean", 7.31e-3);
    real_at(root, "cases.0.latency_s.p90.ci95.1", 8.77e-3 * 1.01);
    real_at(root, "cases.0.latency_s.p95.mean", 9.12e-3);
    assert_true(json_is_null(at(root, "cases.0.latency_s.p99.mean")));
    real_at(root, "cases.0.latency_s.max.mean", 44.1e-3);
    real_at(root, "cases.0.utilisation.cpu", 0.043);
    real_at(root, "cases.0.utilisation.loop", 0.991);
    real_at(root, "cases.0.utilisation.gil", 0.987);
    assert_true(json_is_null(at(root, "cases.0.utilisation.pool")));
    assert_string_equal(json_string_value(at(root, "cases.0.bottleneck")), "loop");
    real_at(root, "cases.0.requests.done", 1000);
    real_at(root, "cases.0.requests.timed_out", 0);
    real_at(root, "cases.1.requests.refused", 3);
    real_at(root, "cases.0.measured.throughput_per_s", 13190.52);
    real_at(root, "cases.0.error.throughput", f.case_[0].error_throughput);
    assert_true(json_is_true(at(root, "cases.0.measured.fitted")));
    json_decref(root);
}

static void test_json_additions(void **state) {
    (void)state;
    struct fixture f;
    init(&f);
    json_t *root = parsed(&f.report);
    real_at(root, "cases.0.queue.loop", 61.5);
    real_at(root, "cases.0.blame.mean_s.loop_lag", 7e-3);
    assert_true(json_is_null(at(root, "cases.0.blame.p99_s.loop_lag")));
    assert_null(json_object_get(at(root, "cases.1"), "measured"));
    assert_string_equal(json_string_value(at(root, "cases.1.status")), "saturated");
    assert_true(json_is_null(at(root, "cases.1.latency_s.mean.mean")));
    assert_string_equal(json_string_value(at(root, "cases.2.name")), "hello");
    assert_string_equal(json_string_value(at(root, "cases.2.bottleneck")), "resource");
    assert_string_equal(json_string_value(at(root, "cases.2.bottleneck_name")), "db");
    real_at(root, "cases.2.resources.db.queue", 12.5);
    real_at(root, "cases.2.endpoints.1.throughput_per_s.mean", 101);
    json_decref(root);
}

// A stopped run says so, and what it lacks.
static void test_json_incomplete(void **state) {
    (void)state;
    struct fixture f;
    char missing[2][SCENARIO_NAME] = {"third", "fourth"};
    init(&f);
    json_t *root = parsed(&f.report);
    assert_true(json_is_true(at(root, "complete")));
    assert_null(json_object_get(root, "missing_cases"));
    json_decref(root);
    f.result.incomplete = true;
    f.result.missing_cases = 2;
    f.result.missing = missing;
    root = parsed(&f.report);
    assert_true(json_is_false(at(root, "complete")));
    assert_int_equal(json_array_size(at(root, "missing_cases")), 2);
    assert_string_equal(json_string_value(at(root, "missing_cases.1")), "fourth");
    json_decref(root);
    char *text = written(REPORT_TEXT, &f.report);
    assert_non_null(strstr(text, "\nINCOMPLETE: the run was stopped; missing: third, fourth\n"));
    free(text);
}

static void test_json_of_several(void **state) {
    (void)state;
    struct fixture f;
    struct result two[2];
    init(&f);
    two[0] = two[1] = f.result;
    strcpy(two[1].scenario, "second");
    json_t *root = parsed(&(struct report){.result = two, .count = 2});
    assert_string_equal(json_string_value(at(root, "1.scenario")), "second");
    assert_int_equal(json_array_size(root), 2);
    json_decref(root);
}

// What stands in the table stands in the JSON: each number of the row is a rounding of the one there.
static void test_table_is_in_json(void **state) {
    (void)state;
    static const char *const path[] = {"throughput_per_s.mean", "latency_s.mean.mean", "latency_s.p50.mean",
                                       "latency_s.p95.mean",    "utilisation.cpu",     "utilisation.loop",
                                       "utilisation.gil",       "error.throughput"};
    static const double scale[] = {1, 1e3, 1e3, 1e3, 100, 100, 100, 100};
    static const int column[] = {1, 3, 5, 6, 9, 10, 11, 16};
    struct fixture f;
    struct table t;
    init(&f);
    json_t *root = parsed(&f.report);
    report_cases(&t, &f.result);
    for (int i = 0; i < 8; i++) {
        char whole[64];
        snprintf(whole, sizeof whole, "cases.0.%s", path[i]);
        double shown = atof(t.cell[column[i]]), exact = json_real_value(at(root, whole)) * scale[i];
        if (fabs(shown - exact) > 0.51 && fabs(shown / exact - 1) > 0.005)
            fail_msg("%s: %s is shown for %.17g", path[i], t.cell[column[i]], exact);
    }
    table_fini(&t);
    json_decref(root);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_json_contract),    cmocka_unit_test(test_json_additions),
        cmocka_unit_test(test_json_incomplete),  cmocka_unit_test(test_json_of_several),
        cmocka_unit_test(test_table_is_in_json),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
