#include "../golden/models.h"
#include "scenario/plan_spec.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define SERVER "server: {model: threadpool}\nload: {client: open, rate: 1/s}\n"

static struct scenario_file load(const char *plan, const struct scenario_set *set, int sets) {
    struct scenario_file f;
    struct err e = {0};
    struct text text = {0};
    text_addf(&text, SERVER "%s", plan);
    if (!scenario_load_text(&f, "t.yaml", text_string(&text), set, sets, &models_for_tests, NULL, &e))
        fail_msg("%s", e.text);
    text_fini(&text);
    return f;
}

static void everything(void **state) {
    (void)state;
    struct scenario_file f = load("plan:\n"
                                  "  rate: 2k/s\n"
                                  "  p99: 200ms\n"
                                  "  mean: 0.05\n"
                                  "  timeouts: 1%\n"
                                  "  headroom: 20%\n"
                                  "  confidence: 99%\n"
                                  "  tolerance: 2%\n"
                                  "  vary: {server.model: [event_loop, threadpool], server.workers: 1..3, "
                                  "resources.db.capacity: '1,2..8*2', server.gc: on}\n"
                                  "  cost: 3*machine.cores + server.workers\n",
                                  NULL, 0);
    const struct plan_spec *p = f.plan;
    assert_non_null(p);
    assert_true(p->rate_per_s == 2000 && p->clients == 0);
    assert_true(p->limit_s[PLAN_P99] == 0.2 && p->limit_s[PLAN_MEAN] == 0.05 && isnan(p->limit_s[PLAN_P50]));
    assert_true(p->lost_frac == 0.01 && p->headroom_frac == 0.2 && p->confidence == 0.99 &&
                p->tolerance_frac == 0.02);
    assert_int_equal(p->varies, 4);
    assert_string_equal(p->vary[0].key, "server.model");
    assert_string_equal(p->vary[0].value[1], "threadpool");
    assert_int_equal(p->vary[1].values, 3);
    assert_int_equal(p->vary[2].values, 4);
    assert_int_equal(p->costs, 1);
    assert_string_equal(p->cost[0], "3*machine.cores + server.workers");
    scenario_fini(&f);
}

// What is not said, --set, and that the block decides no result.
static void defaults(void **state) {
    (void)state;
    struct scenario_set set = {"plan.p99", "100ms"};
    struct scenario_file f = load("plan: {clients: 5, p99: 1s}\n", &set, 1), none = load("", NULL, 0);
    const struct plan_spec *p = f.plan;
    assert_true(p->limit_s[PLAN_P99] == 0.1 && p->clients == 5);
    assert_true(p->lost_frac == 0.001 && p->headroom_frac == 0 && p->confidence == 0.95 &&
                p->tolerance_frac == 0.05);
    assert_int_equal(p->varies, 0);
    assert_int_equal(p->costs, 3);
    assert_string_equal(p->cost[0], "machine.cores");
    assert_null(none.plan);
    assert_true(f.digest == none.digest);
    scenario_fini(&f);
    scenario_fini(&none);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(everything), cmocka_unit_test(defaults)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
