#include "stats/rng.h"
#include "study/objective.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

enum { MOST = 100 };

static struct objective objective(double p99) {
    struct plan_spec spec = {.lost_frac = 0.001, .confidence = 0.95, .tolerance_frac = 0.05};
    struct run_spec run = {.max_replications = MOST};
    struct objective o;
    for (int q = 0; q < PLAN_QUANTITIES; q++) spec.limit_s[q] = NAN;
    spec.limit_s[PLAN_P99] = p99;
    objective_of(&o, &spec, &run, 10);
    return o;
}

// Judges samples look by look until there is a verdict; returns the replications that it took.
static int decide(const struct objective *o, const struct objective_sample *s, struct judgement *j) {
    int n = 0, look = 0;
    do {
        n = objective_next(o, n);
        objective_judge(o, s, n, ++look, j);
    } while (j->verdict == JUDGED_OPEN);
    return n;
}

static void fill(struct objective_sample *s, double mean, double spread, struct rng *r) {
    for (int i = 0; i < MOST; i++) {
        s[i] = (struct objective_sample){.throughput_per_s = 1};
        s[i].figure[PLAN_P99] = mean + spread * rng_normal(r);
    }
}

static void looks(void **state) {
    (void)state;
    struct objective o = objective(1);
    assert_true(fabs(o.error - 0.05 / 20) < 1e-15); // 10 configurations, 2 figures
    int n = 0;
    const int wanted[] = {5, 10, 15, 23, 35, 53, 80, 100};
    for (int i = 0; i < 8; i++) {
        n = objective_next(&o, n);
        assert_int_equal(n, wanted[i]);
    }
}

static void clear_cases(void **state) {
    (void)state;
    struct objective o = objective(1);
    struct objective_sample s[MOST];
    struct judgement j;
    struct rng r;
    rng_init(&r, 3, 0, 0, 0);
    fill(s, 3, 0.1, &r);
    assert_int_equal(decide(&o, s, &j), 5); // rejected at the first look
    assert_true(j.verdict == JUDGED_FAILS && j.sure && j.figure == PLAN_P99);
    fill(s, 0.5, 0.05, &r);
    assert_int_equal(decide(&o, s, &j), 10); // accepted not before the second
    assert_true(j.verdict == JUDGED_MEETS && j.sure && fabs(j.ratio - 0.5) < 0.1);
}

static void exceptions(void **state) {
    (void)state;
    struct objective o = objective(1);
    struct objective_sample s[MOST];
    struct judgement j;
    struct rng r;
    rng_init(&r, 4, 0, 0, 0);
    fill(s, 0.5, 0, &r);
    for (int i = 0; i < MOST; i += 2) s[i].saturated = true; // half of them
    assert_int_equal(decide(&o, s, &j), 5);
    assert_true(j.verdict == JUDGED_FAILS && j.saturated);
    fill(s, 0.5, 0, &r);
    for (int i = 0; i < MOST; i++) objective_overrun(&s[i]);
    decide(&o, s, &j);
    assert_int_equal(j.verdict, JUDGED_FAILS);
    fill(s, 0.5, 0, &r);
    for (int i = 0; i < MOST; i++) s[i].figure[OBJECTIVE_LOST] = 0.01;
    decide(&o, s, &j);
    assert_true(j.verdict == JUDGED_FAILS && j.figure == OBJECTIVE_LOST && j.ratio > 9);
    fill(s, 1, 2, &r); // noise that no number of replications allowed here can cut down
    assert_int_equal(decide(&o, s, &j), MOST);
    assert_false(j.sure);
}

// At the edge of the indifference zone wrong verdicts must be rarer than stated: at 0.05 / 20 = 1 in 400 each, 600 tries may
// show 1.5 on average and 8 with a probability below 1 in 3,000. Noise of half the zone a replication makes it a contest.
static void wrong_verdicts(void **state) {
    (void)state;
    struct objective o = objective(1);
    struct objective_sample s[MOST];
    struct judgement j;
    struct rng r;
    rng_init(&r, 5, 0, 0, 0);
    for (int side = -1; side <= 1; side += 2) {
        int wrong = 0;
        for (int i = 0; i < 600; i++) {
            fill(s, 1 + side * 0.0501, 0.1, &r);
            decide(&o, s, &j);
            wrong += j.sure && j.verdict != (side < 0 ? JUDGED_MEETS : JUDGED_FAILS);
        }
        if (wrong >= 8) fail_msg("%d of 600 wrong on side %d", wrong, side);
    }
}

static void thin(void **state) {
    (void)state;
    struct objective o = objective(1);
    struct objective_sample s[4] = {{.served = 10000}, {.served = 5}, {.served = 10000}, {.served = 10000}};
    double requests;
    assert_int_equal(objective_thin(&o, s, 4, &requests), -1);
    s[3].served = 15;
    assert_int_equal(objective_thin(&o, s, 4, &requests), PLAN_P99);
    assert_true(requests == 5005);
    o.limit[PLAN_P99] = NAN; // the share lost needs no number
    assert_int_equal(objective_thin(&o, s, 4, &requests), -1);
    struct err e = {0};
    assert_false(objective_refuse(PLAN_P99, 5005, &e));
    assert_int_equal(e.kind, ERR_CONFIG);
    assert_string_equal(e.text, "plan.p99: 5005 requests a replication are too few for it");
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(looks), cmocka_unit_test(clear_cases),
                                       cmocka_unit_test(exceptions), cmocka_unit_test(wrong_verdicts),
                                       cmocka_unit_test(thin)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
