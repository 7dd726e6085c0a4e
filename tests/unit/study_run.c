#include "engine/trace.h"
#include "study/run.h"

#include "study/report.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

enum { CASES = 3, MOST = 200 };

// A stand-in for the simulator: what it reports depends on case and replication alone, how long it takes on neither.
struct fake {
    const struct scenario_file *file;
    double noise[CASES]; // relative spread of the latency
    bool saturated[CASES];
    int timed_out[CASES];     // of 1000 requests
    int fail_case, fail_from; // this replication of this case and all later ones fail; fail_case < 0 = none
    atomic_int *stop;         // set when `stop_after` replications have begun
    int stop_after;
    pthread_mutex_t lock;
    int calls, called[CASES][MOST], traced[CASES][MOST], other_points;
};

static double unit(struct rng *r, int replication) {
    rng_seek(r, (uint64_t)replication);
    return rng_unit(r) - 0.5;
}

static void note(struct fake *f, int c, const struct simulate_options *o) {
    pthread_mutex_lock(&f->lock);
    f->called[c][o->replication]++;
    f->traced[c][o->replication] += o->trace != NULL;
    f->other_points += o->point != 0;
    if (++f->calls == f->stop_after) atomic_store(f->stop, 2);
    pthread_mutex_unlock(&f->lock);
}

static bool simulate_fake(void *context, const struct scenario *s, const struct simulate_options *o,
                          struct observation *out, struct err *e) {
    struct fake *f = context;
    int c = (int)(s - f->file->case_);
    struct rng r;
    note(f, c, o);
    usleep((useconds_t)((o->replication * 7919 + (unsigned)c * 104729) % 400));
    if (c == f->fail_case && (int)o->replication >= f->fail_from)
        return err_set(e, ERR_BROKEN, "replication %d of case %d", (int)o->replication, c);
    rng_init(&r, s->run.seed, 0, 0, (uint32_t)c);
    out->span_s = 10;
    out->arrived = 1000;
    int done = f->saturated[c] && o->replication % 2 ? 600 : 1000; // so that the throughput varies
    for (int i = 0; i < done; i++) {
        double latency = 1e6 * (1 + c) * (1 + f->noise[c] * unit(&r, (int)o->replication)) + 1000 * i;
        int64_t blame[BLAME_COUNT] = {[BLAME_SERVICE] = (int64_t)latency};
        observation_add(out, (int64_t)latency, blame, -1);
    }
    out->saturated = f->saturated[c];
    out->timed_out = f->timed_out[c];
    out->trace_hash = o->replication * UINT64_C(0x9e3779b97f4a7c15) + (uint64_t)c;
    return true;
}

struct fixture {
    struct scenario_file file;
    struct scenario case_[CASES];
    struct fake fake;
    struct run_options options;
    struct result result;
};

static void init(struct fixture *f, int replications) {
    *f = (struct fixture){.file = {.name = "test", .cases = CASES, .case_ = f->case_, .digest = 99}};
    for (int c = 0; c < CASES; c++) {
        f->case_[c].run = (struct run_spec){
            .seed = 5, .replications = replications, .precision_frac = 0.02, .max_replications = 60};
        snprintf(f->case_[c].name, sizeof f->case_[c].name, "case %d", c);
        f->case_[c].machine = (struct machine_spec){.classes = 1, .class = {{2, 1, 1}}};
    }
    f->fake.file = &f->file;
    f->fake.fail_case = -1;
    pthread_mutex_init(&f->fake.lock, NULL);
    f->options = (struct run_options){.jobs = 3, .simulate = simulate_fake, .context = &f->fake};
}

static void run(struct fixture *f) {
    struct err e = {0};
    bool complete = false;
    if (!run_cases(&f->file, &f->options, &f->result, &complete, &e)) fail_msg("%s", e.text);
    assert_true(complete);
    assert_false(f->result.incomplete);
    assert_int_equal(f->result.missing_cases, 0);
}

static char *json(const struct fixture *f) {
    char *text;
    size_t size;
    struct report r = {.result = &f->result, .count = 1};
    FILE *out = open_memstream(&text, &size);
    assert_true(report_json(out, &r));
    fclose(out);
    return text;
}

static void fini(struct fixture *f) {
    result_fini(&f->result);
    pthread_mutex_destroy(&f->fake.lock);
}

static void test_fixed_replications(void **state) {
    (void)state;
    struct fixture f;
    init(&f, 7);
    f.fake.noise[1] = 1.9; // however imprecise
    run(&f);
    assert_int_equal(f.result.cases, CASES);
    assert_int_equal(f.result.digest, 99);
    assert_int_equal(f.result.seed, 5);
    assert_int_equal(f.fake.calls, 7 * CASES);
    assert_int_equal(f.fake.other_points, 0);
    for (int c = 0; c < CASES; c++) {
        for (int i = 0; i < 7; i++) assert_int_equal(f.fake.called[c][i], 1);
        assert_int_equal(f.result.case_[c].replications, 7);
        assert_true(f.result.case_[c].precise);
    }
    fini(&f);
}

// Nothing of the result depends on how many threads work, also where the number of rounds does depend on values.
static void test_jobs(void **state) {
    (void)state;
    char *expected = NULL;
    for (int jobs = 1; jobs <= 8; jobs++) {
        struct fixture f;
        init(&f, 0);
        f.fake.noise[0] = 0.01;
        f.fake.noise[1] = 0.2;
        f.fake.noise[2] = 1;
        f.options.jobs = jobs;
        run(&f);
        char *text = json(&f);
        if (!expected) expected = text;
        assert_string_equal(text, expected);
        assert_int_not_equal(f.result.case_[0].replications, f.result.case_[2].replications);
        if (text != expected) free(text);
        fini(&f);
    }
    free(expected);
}

// The first round where the precision is there; the rounds of interval.h else; the bound in the end.
static void test_rounds(void **state) {
    (void)state;
    struct fixture f;
    init(&f, 0);
    f.fake.noise[0] = 0;
    f.fake.noise[1] = 0.15;
    f.fake.noise[2] = 1;
    run(&f);
    assert_int_equal(f.result.case_[0].replications, estimate_next_round(0, 60));
    assert_true(f.result.case_[0].precise);
    int round = 0;
    while (round < f.result.case_[1].replications) round = estimate_next_round(round, 60);
    assert_int_equal(f.result.case_[1].replications, round);
    assert_true(f.result.case_[1].precise);
    assert_true(estimate_relative(&f.result.case_[1].latency.mean) <= 0.02);
    assert_true(round > f.result.case_[0].replications && round < 60);
    assert_int_equal(f.result.case_[2].replications, 60);
    assert_false(f.result.case_[2].precise);
    for (int i = 0; i < 60; i++) assert_int_equal(f.fake.called[2][i], 1);
    fini(&f);
}

// What has no steady value is not sought more than one round for, at whatever number of jobs.
static void test_rounds_of_unsteady_cases(void **state) {
    (void)state;
    for (int jobs = 1; jobs <= 3; jobs += 2) {
        struct fixture f;
        init(&f, 0);
        for (int c = 0; c < CASES; c++) {
            f.fake.noise[c] = 1;
            f.case_[c].load.client = CLIENT_OPEN;
        }
        f.fake.saturated[0] = true;
        f.fake.timed_out[1] = 101;
        f.fake.timed_out[2] = 100; // at 10 % the wanted precision is still sought
        f.options.jobs = jobs;
        run(&f);
        const struct case_result *c = f.result.case_;
        assert_int_equal(c[0].replications, estimate_next_round(0, 60));
        assert_int_equal(c[1].replications, estimate_next_round(0, 60));
        assert_int_equal(c[2].replications, 60);
        assert_int_equal(c[1].status, STATUS_DROPPED);
        assert_false(c[0].precise || c[1].precise);
        fini(&f);
    }
}

static void test_failure(void **state) {
    (void)state;
    struct fixture f;
    struct err e = {0};
    init(&f, 20);
    f.fake.fail_case = 1;
    f.fake.fail_from = 4;
    f.options.jobs = 1;
    bool complete = true;
    assert_false(run_cases(&f.file, &f.options, &f.result, &complete, &e));
    assert_int_equal(e.kind, ERR_BROKEN);
    assert_string_equal(e.text, "replication 4 of case 1");
    assert_false(complete);
    assert_int_equal(f.fake.calls, 25); // nothing begins after it
    f.options.jobs = 8;
    assert_false(run_cases(&f.file, &f.options, &f.result, NULL, &e));
    assert_string_equal(e.text, "replication 4 of case 1");
    pthread_mutex_destroy(&f.fake.lock);
}

// A stopped run keeps the cases that ended, and of the one it was in the replications without a gap.
static void test_stop(void **state) {
    (void)state;
    for (int jobs = 1; jobs <= 4; jobs += 3) {
        struct fixture f;
        struct err e = {0};
        atomic_int stop = 0;
        bool complete = true;
        init(&f, 20);
        f.options.jobs = jobs;
        f.options.stop = f.fake.stop = &stop;
        f.fake.stop_after = 33;
        assert_true(run_cases(&f.file, &f.options, &f.result, &complete, &e));
        assert_false(complete);
        assert_int_equal(f.fake.calls, 33);
        assert_int_equal(f.result.cases, 2);
        assert_true(f.result.incomplete);
        assert_int_equal(f.result.missing_cases, 1);
        assert_string_equal(f.result.missing[0], "case 2");
        assert_int_equal(f.result.case_[0].replications, 20);
        assert_true(f.result.case_[0].precise);
        assert_int_equal(f.result.case_[1].replications, 13); // what runs may end
        assert_false(f.result.case_[1].precise);
        fini(&f);
    }
}

static void test_stop_before_the_start(void **state) {
    (void)state;
    struct fixture f;
    struct err e = {0};
    atomic_int stop = 15;
    bool complete = true;
    init(&f, 20);
    f.options.stop = &stop;
    assert_true(run_cases(&f.file, &f.options, &f.result, &complete, &e));
    assert_false(complete);
    assert_int_equal(f.fake.calls, 0);
    assert_int_equal(f.result.cases, 0);
    fini(&f);
}

static void ignore(struct trace *t, const struct trace_record *r) {
    (void)t;
    (void)r;
}

static void test_trace(void **state) {
    (void)state;
    struct fixture f;
    struct trace trace = {ignore};
    init(&f, 4);
    f.options.trace = &trace;
    f.options.trace_case = 2;
    run(&f);
    for (int c = 0; c < CASES; c++)
        for (int i = 0; i < 4; i++) assert_int_equal(f.fake.traced[c][i], c == 2 && i == 0);
    fini(&f);
}

struct watcher {
    struct run_progress last;
    int calls;
};

static void watch(void *listener, const struct run_progress *p) {
    struct watcher *w = listener;
    assert_int_equal(p->replications_done, w->last.replications_done + 1);
    assert_true(p->replications_done <= p->replications_wanted);
    assert_true(p->cases_done >= w->last.cases_done);
    w->last = *p;
    w->calls++;
}

static void test_progress(void **state) {
    (void)state;
    struct fixture f;
    struct watcher w = {0};
    init(&f, 0);
    f.fake.noise[2] = 1;
    f.options.progress = watch;
    f.options.listener = &w;
    run(&f);
    assert_int_equal(w.calls, f.fake.calls);
    assert_int_equal(w.last.cases_done, CASES);
    assert_int_equal(w.last.replications_done, w.last.replications_wanted);
    fini(&f);
}

// A file without `cases` has one case without a name.
static void test_name(void **state) {
    (void)state;
    struct fixture f;
    init(&f, 2);
    f.case_[0].name[0] = '\0';
    run(&f);
    assert_string_equal(f.result.case_[0].name, "test");
    assert_string_equal(f.result.case_[1].name, "case 1");
    fini(&f);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_fixed_replications),
        cmocka_unit_test(test_jobs),
        cmocka_unit_test(test_rounds),
        cmocka_unit_test(test_rounds_of_unsteady_cases),
        cmocka_unit_test(test_failure),
        cmocka_unit_test(test_stop),
        cmocka_unit_test(test_stop_before_the_start),
        cmocka_unit_test(test_trace),
        cmocka_unit_test(test_progress),
        cmocka_unit_test(test_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
