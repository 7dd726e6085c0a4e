#include "../golden/models.h"
#include "study/growth.h"
#include "study/search.h"
#include "study/settings.h"

#include "stats/rng.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const char text[] =
    "server: {model: threadpool}\n"
    "handler: [{cpu: 1ms}]\n"
    "load: {client: open, rate: 400/s}\n"
    "plan:\n"
    "  p99: 100ms\n"
    "  vary: {server.model: [event_loop, threadpool], server.workers: 1..6, server.threads: 1..32*2,\n"
    "         machine.cores: [1, 2, 4]}\n"
    "  cost: [2*machine.cores + server.workers, server.threads]\n";

static const struct model loop = {.name = "event_loop", .reads = models_loop_reads},
                          pool = {.name = "threadpool", .reads = models_pool_reads};
static const struct model *const both[] = {&loop, &pool};
static const struct models models = {2, both};

// The world of the test: p99 by a formula of the configuration, with noise by replication and seed.
struct world {
    double seen_most; // largest latency shown, to know that it was asked
    int fail_at;      // replication that breaks, -1 = none
};

static double latency_of(const struct scenario *s) {
    double cores = s->machine.class[0].count,
           threads = strcmp(s->server.model, "event_loop") ? s->server.threads : 3;
    return s->load.rate_per_s / 400 * (0.02 + 0.3 / (s->server.workers * sqrt(cores)) + 0.2 / threads);
}

static bool simulate_formula(void *context, const struct scenario *s, const struct simulate_options *o,
                             struct observation *out, struct err *e) {
    struct world *w = context;
    struct rng r;
    rng_init(&r, s->run.seed, 0, o->replication, 0);
    if ((int)o->replication == w->fail_at) return err_set(e, ERR_BROKEN, "as the test wants");
    double latency = latency_of(s) * (1 + 0.05 * rng_normal(&r));
    for (int i = 0; i < 1000; i++)
        observation_add(out, (int64_t)(latency * 1e9), (int64_t[BLAME_COUNT]){0}, -1);
    out->done = out->arrived = 1000;
    out->span_s = 1;
    return true;
}

static bool load(void *context, const struct scenario_set *set, int sets, struct scenario_file *out,
                 struct err *e) {
    (void)context;
    return scenario_load_text(out, "t", text, set, sets, &models_for_tests, NULL, e);
}

static struct search search_of(const struct scenario_file *f, struct world *w, int jobs) {
    return (struct search){.plan = f->plan,
                           .models = &models,
                           .load = load,
                           .run = {.jobs = jobs, .simulate = simulate_formula, .context = w}};
}

// By trying everything without noise.
static double cheapest(double costs[2]) {
    double best = INFINITY;
    for (int m = 0; m < 2; m++)
        for (int workers = 1; workers <= 6; workers++)
            for (int threads = 1; threads <= 32; threads *= 2)
                for (int cores = 1; cores <= 4; cores *= 2) {
                    struct scenario s = {.load.rate_per_s = 400,
                                         .server = {.workers = workers, .threads = threads}};
                    strcpy(s.server.model, m ? "threadpool" : "event_loop");
                    s.machine.class[0].count = cores;
                    double cost = 2 * cores + workers, second = m ? threads : 0;
                    if (latency_of(&s) > 0.1 || cost * 1000 + second >= best) continue;
                    best = cost * 1000 + second;
                    costs[0] = cost;
                    costs[1] = second;
                }
    return best;
}

static void brute_force(void **state) {
    (void)state;
    struct world w = {.fail_at = -1};
    struct scenario_file f;
    double costs[2];
    assert_true(load(NULL, NULL, 0, &f, NULL));
    assert_true(isfinite(cheapest(costs)));
    for (int jobs = 1; jobs <= 3; jobs += 2) {
        struct search s = search_of(&f, &w, jobs);
        struct err e = {0};
        if (!search_run(&s, &e)) fail_msg("%s", e.text);
        assert_int_equal(s.candidates, 216);
        assert_int_equal(s.same, 90); // the event loop with all but one number of threads
        assert_int_equal(s.impossible, 0);
        assert_true(s.best > 0 && s.runner_up == s.best - 1);
        const struct candidate *best = &s.candidate[s.best];
        assert_true(best->cost[0] == costs[0] && best->cost[1] == costs[1]);
        assert_true(best->trial.now.sure);
        for (int i = 0; i < s.best; i++)
            assert_true(s.candidate[i].fate == FATE_FAILS || s.candidate[i].fate == FATE_SAME);
        assert_true(s.replications < 216 * 10);
        search_fini(&s);
    }
    scenario_fini(&f);
}

static void nothing_meets(void **state) {
    (void)state;
    struct world w = {.fail_at = -1};
    struct scenario_file f;
    assert_true(load(NULL, NULL, 0, &f, NULL));
    f.plan->limit_s[PLAN_P99] = 0.01;
    struct search s = search_of(&f, &w, 2);
    assert_true(search_run(&s, NULL));
    assert_int_equal(s.best, -1);
    const struct candidate *nearest = &s.candidate[s.runner_up];
    for (int i = 0; i < s.candidates; i++)
        assert_true(s.candidate[i].fate == FATE_SAME ||
                    s.candidate[i].trial.now.ratio >= nearest->trial.now.ratio);
    search_fini(&s);
    scenario_fini(&f);
}

static void trouble(void **state) {
    (void)state;
    struct world w = {.fail_at = 7};
    struct scenario_file f;
    struct err e = {0};
    assert_true(load(NULL, NULL, 0, &f, NULL));
    struct search s = search_of(&f, &w, 2);
    assert_false(search_run(&s, &e));
    assert_int_equal(e.kind, ERR_BROKEN);
    search_fini(&s);
    f.plan->clients = 5;
    s = search_of(&f, &w, 1);
    assert_false(search_run(&s, &e));
    assert_non_null(strstr(e.text, "plan.clients needs a closed loop"));
    search_fini(&s);
    f.plan->clients = 0;
    f.plan->rate_per_s = 2; // 20 requests a replication
    s = search_of(&f, &w, 1);
    assert_false(search_run(&s, &e));
    assert_non_null(strstr(e.text, "too few"));
    search_fini(&s);
    atomic_int stop = 1;
    f.plan->rate_per_s = 0;
    s = search_of(&f, &w, 2);
    s.run.stop = &stop;
    assert_true(search_run(&s, &e));
    assert_true(s.stopped && s.best == -1);
    search_fini(&s);
    scenario_fini(&f);
}

// The latency grows with the rate by a known factor.
static void growth(void **state) {
    (void)state;
    struct world w = {.fail_at = -1};
    struct scenario_file f;
    struct objective o;
    struct growth g;
    bool complete;
    assert_true(load(NULL, NULL, 0, &f, NULL));
    struct scenario *s = &f.case_[0];
    s->server.workers = 6;
    struct run_options run = {.jobs = 2, .simulate = simulate_formula, .context = &w};
    objective_of(&o, f.plan, &s->run, 1);
    double truth = 400 * 0.1 / latency_of(s);
    for (int from = -2; from <= 2; from++) {
        s->load.rate_per_s = truth * pow(2.7, from);
        assert_true(growth_find(s, &o, false, &run, &g, &complete, NULL) && complete && g.open);
        assert_true(g.carries < g.breaks && g.breaks <= g.carries * 1.021);
        // The verdicts within the zone of 5 % may be either.
        if (!(g.carries > truth * 0.94 && g.breaks < truth * 1.06))
            fail_msg("%g..%g, not %g", g.carries, g.breaks, truth);
        assert_int_equal(g.at_break.figure, PLAN_P99);
    }
    scenario_fini(&f);
}

static void settings(void **state) {
    (void)state;
    struct scenario_file f;
    struct text t = {0};
    assert_true(load(NULL, NULL, 0, &f, NULL));
    struct scenario *s = &f.case_[0];
    s->server.workers = 3;
    s->server.threads = 17;
    settings_describe(s, &t);
    assert_string_equal(
        text_string(&t),
        "server: uvicorn app:app --workers 3 --backlog 2048\n"
        "program: def endpoints; anyio.to_thread.current_default_thread_limiter().total_tokens = 17\n");
    text_clear(&t);
    s->server.preset = PRESET_NODE;
    settings_describe(s, &t);
    assert_non_null(strstr(text_string(&t), "UV_THREADPOOL_SIZE=17 node"));
    assert_non_null(strstr(text_string(&t), "{backlog: 2048}"));
    text_clear(&t);
    strcpy(s->server.model, "another");
    settings_describe(s, &t);
    assert_string_equal(text_string(&t), "server: 3 workers\n");
    text_fini(&t);
    scenario_fini(&f);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(brute_force), cmocka_unit_test(nothing_meets),
                                       cmocka_unit_test(trouble), cmocka_unit_test(growth),
                                       cmocka_unit_test(settings)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
