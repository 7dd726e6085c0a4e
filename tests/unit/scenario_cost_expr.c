#include "../golden/models.h"
#include "scenario/cost_expr.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static struct scenario_file scenario(const char *model) {
    struct scenario_file f;
    struct err e = {0};
    char text[400];
    snprintf(text, sizeof text,
             "machine: {cores: [{count: 3, smt: 2}, {count: 2, speed: 0.5}]}\n"
             "server: {model: %s, workers: 5, threads: 7, gil: {switch_interval: 20ms}, gc: off}\n"
             "resources: {db: {capacity: 11}}\n"
             "load: {client: open, rate: 30/s}\n",
             model);
    if (!scenario_load_text(&f, "t", text, NULL, 0, &models_for_tests, NULL, &e)) fail_msg("%s", e.text);
    return f;
}

static double value(const char *text, const char *model) {
    struct scenario_file f = scenario(model);
    struct err e = {0};
    double x = NAN;
    const char *const *reads = strcmp(model, "event_loop") == 0 ? models_loop_reads : models_pool_reads;
    if (!cost_expr_check(text, &e) || !cost_expr_value(text, &f.case_[0], reads, &x, &e))
        fail_msg("%s: %s", text, e.text);
    scenario_fini(&f);
    return x;
}

static void arithmetic(void **state) {
    (void)state;
    assert_true(value("1 + 2*3 - 4/8", "threadpool") == 6.5);
    assert_true(value("(1+2)*-(3 - 4)", "threadpool") == 3);
    assert_true(value("8/4/2 - 1 - 1", "threadpool") == -1); // from the left
    assert_true(value("2.5", "threadpool") == 2.5);
}

static void keys(void **state) {
    (void)state;
    assert_true(value("machine.cores", "threadpool") == 5);
    assert_true(value("3*machine.cores + server.workers", "threadpool") == 20);
    assert_true(value("server.threads", "threadpool") == 7);
    assert_true(value("server.threads", "event_loop") == 0); // has none to pay
    assert_true(value("server.workers", "event_loop") == 5);
    assert_true(value("resources.db.capacity", "threadpool") == 11);
    assert_true(value("server.gil.switch_interval", "threadpool") == 0.02);
    assert_true(value("server.gil + server.gc", "threadpool") == 1);
    assert_true(value("load.rate", "threadpool") == 30);
}

static void refused(const char *text, const char *what) {
    struct err e = {0};
    if (cost_expr_check(text, &e)) fail_msg("%s was taken", text);
    if (!strstr(e.text, what)) fail_msg("%s: %s", text, e.text);
    assert_true(e.hint[0]);
}

static void refusals(void **state) {
    (void)state;
    refused("", "ends too early");
    refused("1 +", "ends too early");
    refused("(1", "not closed");
    refused("1 2", "follows the end");
    refused("2x", "runs into a word");
    refused("+1", "should stand");
    refused("server.model", "has no number");
    refused("server.worker", "there is no key");
    refused("cases", "has no number");
    refused("server[0]", "there is no key");
    refused("plan.rate", "has no number");
    refused("resources.db", "has no number");
    char deep[200];
    memset(deep, '(', sizeof deep - 1);
    deep[sizeof deep - 1] = 0;
    refused(deep, "too deeply");
    struct scenario_file f = scenario("threadpool");
    struct err e = {0};
    double x;
    assert_false(cost_expr_value("1/(server.gc)", &f.case_[0], NULL, &x, &e));
    assert_non_null(strstr(e.text, "no finite number"));
    assert_false(cost_expr_value("resources.cache.capacity", &f.case_[0], NULL, &x, &e));
    assert_non_null(strstr(e.text, "no resource \"cache\""));
    scenario_fini(&f);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(arithmetic), cmocka_unit_test(keys),
                                       cmocka_unit_test(refusals)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
