#include "study/sweep.h"

#include "study/export.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

static const char scenario[] = "name: lab\n"
                               "machine: {cores: 2}\n"
                               "server: {model: m, threads: 4}\n"
                               "handler: [{cpu: 1ms}]\n"
                               "load: {client: ab, concurrency: 2, requests: 100}\n"
                               "run: {replications: 3}\n"
                               "cases: [{name: one}, {name: two, set: {load.requests: 50}}]\n";

// A folder with a scenario in it, and a grid over that.
struct lab {
    char folder[64], file[96], store[96];
    struct vary vary[2];
    struct grid grid;
    int calls, fail_at, overrun; // simulate_fake; the number of threads that is given up, 0 = none
};

static const struct scenario_model model = {"m", NULL, NULL};
static const struct scenario_models models = {1, &model};

static bool load(struct lab *l, const struct scenario_set *set, int sets, struct err *e) {
    struct grid_source source = {
        .path = l->file, .set = set, .sets = sets, .models = &models, .vary = l->vary, .varies = 2};
    return grid_load(&l->grid, &source, 3, e);
}

static void set_up(struct lab *l, const char *threads, const char *concurrency) {
    *l = (struct lab){.folder = "/tmp/sweep-XXXXXX", .fail_at = -1};
    assert_non_null(mkdtemp(l->folder));
    snprintf(l->file, sizeof l->file, "%s/lab.yaml", l->folder);
    snprintf(l->store, sizeof l->store, "%s/store", l->folder);
    FILE *f = fopen(l->file, "w");
    assert_non_null(f);
    fputs(scenario, f);
    fclose(f);
    assert_true(vary_parse(&l->vary[0], "server.threads", threads, NULL));
    assert_true(vary_parse(&l->vary[1], "load.concurrency", concurrency, NULL));
}

static void tear_down(struct lab *l) {
    char path[128];
    snprintf(path, sizeof path, "%s/results.sqlite", l->store);
    remove(path);
    rmdir(l->store);
    remove(l->file);
    assert_int_equal(rmdir(l->folder), 0); // nothing else was left there
    grid_fini(&l->grid);
    for (int i = 0; i < 2; i++) vary_fini(&l->vary[i]);
}

// A stand-in for the simulator: what it sees follows from the scenario and the replication.
static bool simulate_fake(void *context, const struct scenario *s, const struct simulate_options *o,
                          struct observation *out, struct err *e) {
    struct lab *l = context;
    if (l->calls++ == l->fail_at) return err_set(e, ERR_BROKEN, "a law is broken");
    assert_int_equal(o->point, 0);
    out->span_s = 1 + o->replication;
    out->arrived = s->load.requests;
    if (s->server.threads == l->overrun) return err_set(e, ERR_CONFIG, "more than can be held");
    for (int i = 0; i < s->load.requests; i++) {
        int64_t blame[BLAME_COUNT] = {[BLAME_SERVICE] =
                                          1000000 * s->server.threads + 1000 * s->load.concurrency + i};
        observation_add(out, blame[BLAME_SERVICE], blame, -1);
    }
    return true;
}

static bool run(struct lab *l, struct store *s, struct err *e) {
    struct sweep_options o = {.jobs = 1, .simulate = simulate_fake, .context = l};
    bool complete;
    return sweep_run(&l->grid, s, &o, &complete, e) && complete;
}

static void the_last_key_varies_fastest(void **state) {
    (void)state;
    struct lab l;
    char name[100];
    set_up(&l, "1,2", "3..5");
    assert_true(load(&l, NULL, 0, NULL));
    const struct store_sweep *w = &l.grid.sweep;
    assert_int_equal(w->points, 6);
    assert_int_equal(w->cases, 2);
    assert_string_equal(grid_name(w, 4, name, sizeof name), "server.threads=2, load.concurrency=4");
    assert_string_equal(grid_name(w, 4, name, 10), "server.th");
    assert_int_equal(grid_case(&l.grid, 4, 1)->server.threads, 2);
    assert_int_equal(grid_case(&l.grid, 4, 1)->load.concurrency, 4);
    assert_int_equal(grid_case(&l.grid, 4, 1)->load.requests, 50);
    tear_down(&l);
}

static void a_bad_point_is_named(void **state) {
    (void)state;
    struct lab l;
    struct err e = {0};
    set_up(&l, "2,0,-1", "1..500");
    assert_false(load(&l, NULL, 0, &e));
    assert_string_equal(e.file, "--vary server.threads");
    assert_non_null(strstr(e.text, "at server.threads=0, load.concurrency=1"));
    tear_down(&l);
}

static void what_varies_is_not_set(void **state) {
    (void)state;
    struct lab l;
    struct err e = {0};
    const struct scenario_set set = {"server.threads", "3"};
    set_up(&l, "1,2", "1..3");
    assert_false(load(&l, &set, 1, &e));
    assert_int_equal(e.kind, ERR_USAGE);
    tear_down(&l);
}

static void results_and_latencies_come_back(void **state) {
    (void)state;
    struct lab l;
    struct err e = {0};
    struct result r;
    struct hist h;
    set_up(&l, "1,2", "3,4");
    assert_true(load(&l, NULL, 0, NULL));
    struct store *s = store_create(l.store, &l.grid.sweep, &e);
    assert_non_null(s);
    assert_true(run(&l, s, &e));
    assert_int_equal(l.calls, 2 * 2 * 2 * 3);
    assert_true(store_close(s, &e));
    s = store_open(l.store, &e);
    assert_non_null(s);
    assert_string_equal(store_sweep(s)->scenario, "lab");
    assert_string_equal(store_sweep(s)->point[3].value[1], "4");
    assert_true(store_result(s, 3, &r, &e));
    assert_int_equal(r.cases, 2);
    assert_false(r.incomplete);
    assert_true(r.digest == l.grid.file[3].digest);
    assert_string_equal(r.case_[1].name, "two");
    assert_int_equal(r.case_[1].replications, 3);
    assert_true(r.case_[1].throughput_per_s.mean > 30 &&
                r.case_[1].throughput_per_s.mean < 31); // (50 + 25 + 50/3) / 3
    result_fini(&r);
    hist_init(&h);
    assert_true(store_latency(s, 3, 0, &h, &e));
    assert_int_equal(h.count, 300);
    assert_int_equal(h.min, 2004000);
    hist_fini(&h);
    assert_true(store_close(s, &e));
    tear_down(&l);
}

static void a_failure_keeps_what_was_done(void **state) {
    (void)state;
    struct lab l;
    struct err e = {0};
    struct store_count n;
    set_up(&l, "1,2", "3,4");
    assert_true(load(&l, NULL, 0, NULL));
    struct store *s = store_create(l.store, &l.grid.sweep, &e);
    l.fail_at = 10;
    assert_false(run(&l, s, &e));
    assert_int_equal(e.kind, ERR_BROKEN);
    assert_non_null(strstr(e.text, "at server.threads=1, load.concurrency=4"));
    assert_true(store_count(s, &n, &e));
    assert_int_equal(n.replications, 10);
    assert_int_equal(n.cases_done, 3);
    assert_true(store_close(s, &e));
    // And the rest, where nothing is done twice.
    l.calls = 0;
    l.fail_at = -1;
    s = store_resume(l.store, &l.grid.sweep, &e);
    assert_non_null(s);
    assert_true(run(&l, s, &e));
    assert_int_equal(l.calls, 24 - 10);
    assert_true(store_close(s, &e));
    tear_down(&l);
}

static void a_point_given_up_is_saturated(void **state) {
    (void)state;
    struct lab l;
    struct err e = {0};
    struct result r;
    set_up(&l, "1,2", "3,4");
    l.overrun = 1;
    assert_true(load(&l, NULL, 0, NULL));
    struct store *s = store_create(l.store, &l.grid.sweep, &e);
    assert_true(run(&l, s, &e));
    assert_true(store_result(s, 0, &r, &e));
    assert_int_equal(r.cases, 2);
    assert_int_equal(r.case_[0].status, STATUS_SATURATED);
    result_fini(&r);
    assert_true(store_result(s, 3, &r, &e));
    assert_int_equal(r.case_[0].status, STATUS_OK);
    result_fini(&r);
    assert_true(store_close(s, &e));
    tear_down(&l);
}

static void one_writer_at_a_time(void **state) {
    (void)state;
    struct lab l;
    struct err e = {0};
    set_up(&l, "1", "3");
    assert_true(load(&l, NULL, 0, NULL));
    struct store *s = store_create(l.store, &l.grid.sweep, &e);
    assert_non_null(s);
    assert_null(store_resume(l.store, &l.grid.sweep, &e));
    assert_int_equal(e.kind, ERR_HOST);
    assert_non_null(strstr(e.text, "a sweep that is running writes it"));
    assert_true(store_close(s, &e));
    assert_null(store_create(l.store, &l.grid.sweep, &e));
    assert_int_equal(e.kind, ERR_USAGE);
    tear_down(&l);
}

// Ten values of which the ninth reaches 90 %; the layout is HdrHistogram's.
static void percentiles_as_hdrhistogram_tells_them(void **state) {
    (void)state;
    struct hist h;
    char text[4096] = "";
    hist_init(&h);
    for (int i = 1; i <= 10; i++) hist_add(&h, i == 10 ? 100000000 : i * 1000000);
    FILE *f = fmemopen(text, sizeof text, "w");
    export_hgrm(f, &h);
    fclose(f);
    assert_non_null(strstr(text, "       Value     Percentile TotalCount 1/(1-Percentile)\n\n"));
    assert_non_null(strstr(text, " 0.000000000000          1           1.00\n"));
    assert_non_null(strstr(text, " 0.900000000000          9          10.00\n"));
    assert_non_null(strstr(text, "     100.000 1.000000000000         10\n#[Mean    =       14.500, "));
    assert_non_null(strstr(text, "#[Max     =      100.000, Total count    =           10]\n"));
    hist_fini(&h);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_last_key_varies_fastest),
        cmocka_unit_test(a_bad_point_is_named),
        cmocka_unit_test(what_varies_is_not_set),
        cmocka_unit_test(results_and_latencies_come_back),
        cmocka_unit_test(a_failure_keeps_what_was_done),
        cmocka_unit_test(a_point_given_up_is_saturated),
        cmocka_unit_test(one_writer_at_a_time),
        cmocka_unit_test(percentiles_as_hdrhistogram_tells_them),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
