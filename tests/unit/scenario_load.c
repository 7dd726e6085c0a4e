#include "../golden/models.h"
#include "scenario/result.h"
#include "scenario/schema.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define SERVER "server: {model: threadpool}\n"

static void load(struct scenario_file *f, const char *text, const struct scenario_set *set, int sets) {
    struct err e = {0};
    char line[900];
    if (!scenario_load_text(f, "t.yaml", text, set, sets, &models_for_tests, NULL, &e))
        fail_msg("%s", err_format(&e, line, sizeof line));
}

// The one case of a text.
static struct scenario_file single(const char *text) {
    struct scenario_file f;
    load(&f, text, NULL, 0);
    assert_int_equal(f.cases, 1);
    return f;
}

static void refused(const char *text, const char *key, const char *value, const char *wanted) {
    struct scenario_file f;
    struct scenario_set set = {key, value};
    struct err e = {0};
    char line[900];
    if (scenario_load_text(&f, "t.yaml", text, &set, 1, &models_for_tests, NULL, &e))
        fail_msg("%s=%s was taken", key, value);
    assert_string_equal(err_format(&e, line, sizeof line), wanted);
    assert_null(f.case_);
}

// A file of the checkout, from where this source lies.
static void checkout(const char *name, char *out, size_t room) {
    snprintf(out, room, "%s", __FILE__);
    char *tests = strstr(out, "tests/unit/");
    assert_non_null(tests);
    snprintf(tests, room - (size_t)(tests - out), "%s", name);
}

static void defaults(void **state) {
    (void)state;
    struct scenario_file f = single(SERVER);
    const struct scenario *s = &f.case_[0];
    assert_string_equal(f.name, "t");
    assert_string_equal(s->name, "");
    assert_true(s->machine.classes == 1 && s->machine.class[0].count == 1 && s->machine.class[0].speed == 1);
    assert_int_equal(scenario_cpus(&s->machine), 1);
    assert_true(s->server.workers == 1 && s->server.threads == 40 && s->server.queue_order == ORDER_FIFO);
    assert_true(s->server.backlog == 2048 && s->server.accept == ACCEPT_DRAIN && s->server.gil);
    assert_true(s->server.switch_interval == 5 * SIM_MS && s->server.gc && s->server.keep_alive);
    assert_true(s->load.client == CLIENT_AB && s->load.concurrency == 1 && s->load.place == PLACE_SERVER);
    assert_true(s->load.requests == 1000 && s->load.duration == 0 && !s->load.keep_alive &&
                !s->load.has_think);
    assert_true(s->load.timeout == 0 && s->load.connect_retry == SIM_S && s->load.retries == 0);
    assert_true(s->run.seed == 1 && s->run.replications == 0 && s->run.precision_frac == 0.02);
    assert_true(s->run.max_replications == 100 && s->run.warmup == WARMUP_AUTO);
    assert_true(s->endpoints == 1 && s->endpoint[0].steps == 0 && s->endpoint[0].weight == 1);
    assert_true(s->costs.none && !s->measured.given && isnan(s->measured.p99_s));
    scenario_fini(&f);
}

static void defaults_follow_the_client(void **state) {
    (void)state;
    struct scenario_file f = single(SERVER "load: {client: wrk}\n");
    assert_true(f.case_[0].load.duration == 10 * SIM_S && f.case_[0].load.requests == 0);
    assert_true(f.case_[0].load.keep_alive && f.case_[0].load.place == PLACE_SERVER);
    scenario_fini(&f);
    f = single(SERVER "load: {client: open, rate: 2k/s, requests: 5k, keep_alive: off}\n");
    assert_true(f.case_[0].load.duration == 0 && f.case_[0].load.requests == 5000);
    assert_true(!f.case_[0].load.keep_alive && f.case_[0].load.place == PLACE_ELSEWHERE);
    assert_true(f.case_[0].load.rate_per_s == 2000 && f.case_[0].load.arrivals == ARRIVALS_POISSON);
    scenario_fini(&f);
    f = single(
        SERVER
        "load: {client: open, rate: 1/s, runs_on: server, arrivals: mmpp2, burst: {busy_frac: 10%}}\n");
    assert_true(f.case_[0].load.place == PLACE_SERVER && f.case_[0].load.burst_ratio == 5);
    assert_true(f.case_[0].load.burst_frac == 0.1 && f.case_[0].load.burst_length == SIM_S);
    scenario_fini(&f);
}

static void contract_example(void **state) {
    (void)state;
    char path[1000];
    struct scenario_file f;
    struct err e = {0};
    checkout("configs/example.yaml", path, sizeof path);
    if (!scenario_load(&f, path, NULL, 0, &models_for_tests, &e)) fail_msg("%d:%d %s", e.line, e.col, e.text);
    assert_string_equal(f.name, "fastapi-hello");
    assert_string_equal(f.question, "What does FastAPI pay for handing an endpoint to a thread?");
    assert_int_equal(f.cases, 2);
    const struct scenario *a = &f.case_[0], *b = &f.case_[1];
    assert_string_equal(a->name, "async");
    assert_string_equal(b->name, "non-async");
    assert_string_equal(a->server.model, "event_loop");
    assert_string_equal(b->server.model, "threadpool");
    assert_true(a->measured.throughput_per_s == 13190.52 && isnan(a->measured.mean_s) && a->measured.given);
    assert_string_equal(a->costs.name, "i9-13900k");
    assert_int_equal(b->endpoint[0].steps, 4);
    const struct handler_step *step = b->endpoint[0].step;
    assert_true(step[0].kind == STEP_CPU && step[0].time.kind == DIST_CONSTANT && step[0].time.a == 2e6);
    assert_true(step[1].kind == STEP_CPU_NOGIL && step[1].time.kind == DIST_EXP);
    assert_true(step[2].kind == STEP_SLEEP && step[2].time.kind == DIST_LOGNORMAL && step[2].time.b == 0.5);
    assert_true(step[3].kind == STEP_USE && step[3].resource == 0 && step[3].time.a == 4e6);
    assert_true(b->resources == 1 && b->resource[0].capacity == 20 && !b->resource[0].shared);
    assert_true(b->load.concurrency == 100 && b->load.requests == 1000);
    scenario_fini(&f);
}

static void endpoints(void **state) {
    (void)state;
    struct scenario_file f =
        single(SERVER "endpoints: [{name: list, weight: 0.8, dispatch: loop, handler: [{cpu: 1ms}]}, "
                      "{name: report, weight: 0.2, dispatch: pool, handler: [{cpu: 30ms}, {sleep: 1ms}]}]\n");
    const struct scenario *s = &f.case_[0];
    assert_int_equal(s->endpoints, 2);
    assert_string_equal(s->endpoint[1].name, "report");
    assert_true(s->endpoint[0].dispatch == DISPATCH_LOOP && s->endpoint[1].dispatch == DISPATCH_POOL);
    assert_true(s->endpoint[0].weight == 0.8 && s->endpoint[1].steps == 2);
    scenario_fini(&f);
}

static void classes_and_lock(void **state) {
    (void)state;
    struct scenario_file f =
        single("machine: {cores: [{count: 8, smt: 2, speed: 1.0}, {count: 16, speed: 0.57}]}\n"
               "server: {model: threadpool, gil: none, gc: false}\n"
               "run: {warmup: 2s, replications: 7, precision: 0.01}\n");
    const struct scenario *s = &f.case_[0];
    assert_int_equal(scenario_cpus(&s->machine), 32);
    assert_true(s->machine.class[1].smt == 1 && s->machine.class[1].speed == 0.57);
    assert_true(!s->server.gil && !s->server.gc && s->run.replications == 7);
    assert_true(s->run.warmup == WARMUP_FIXED && s->run.warmup_time == 2 * SIM_S);
    scenario_fini(&f);
}

// model < file < case < --set
static void layers(void **state) {
    (void)state;
    const struct scenario_set set[] = {{"load.concurrency", "9"},
                                       {"server.gil.switch_interval", "1ms"},
                                       {"handler", "[{cpu: 'uniform(1ms, 2ms)'}]"},
                                       {"handler.0.cpu", "exp(3ms)"}};
    struct scenario_file f;
    load(&f,
         "server: {model: threadpool, backlog: 5}\nload: {concurrency: 2}\nhandler: [{cpu: 1ms}]\n"
         "cases:\n  - name: a\n    set: {server.model: prefork, load.concurrency: 3, load.duration: 5s}\n"
         "  - name: b\n    set: {server: {model: prefork, workers: 2}, load.requests: 7}\n",
         set, 4);
    const struct scenario *a = &f.case_[0], *b = &f.case_[1];
    assert_true(a->server.workers == 8 && b->server.workers == 2); // the model's default, and the file's word
    assert_true(a->server.backlog == 5 && b->server.backlog == 5);
    assert_true(a->load.concurrency == 9 && b->load.concurrency == 9);
    assert_true(a->load.duration == 5 * SIM_S && a->load.requests == 0 && b->load.requests == 7);
    assert_true(a->server.gil && a->server.switch_interval == SIM_MS);
    assert_true(a->endpoint[0].steps == 1 && a->endpoint[0].step[0].time.kind == DIST_EXP);
    scenario_fini(&f);
}

static void rivals_yield(void **state) {
    (void)state;
    struct scenario_file f;
    const struct scenario_set set[] = {{"load.duration", "3s"}, {"endpoints", "[{name: x, handler: []}]"}};
    load(&f, SERVER "load: {requests: 5}\nhandler: [{cpu: 1ms}]\n", set, 2);
    assert_true(f.case_[0].load.requests == 0 && f.case_[0].load.duration == 3 * SIM_S);
    assert_string_equal(f.case_[0].endpoint[0].name, "x");
    scenario_fini(&f);
}

static void command_line_errors(void **state) {
    (void)state;
    const char *text = SERVER "handler: [{cpu: 1ms}]\n";
    refused(text, "server.threads", "4x",
            "--set server.threads: \"4x\" has an unknown unit \"x\" (only k, M or G may follow)");
    refused(text, "server.threads", "", "--set server.threads: must be a whole number, not nothing");
    refused(text, "server.thread", "4",
            "--set server.thread: server: unknown key \"thread\" (did you mean \"threads\"?)");
    refused(
        text, "cases", "[]",
        "--set cases: the key cannot be set (name, extends, cases and sweep belong to the file as a whole)");
    refused(text, "handler.1.cpu", "1ms",
            "--set handler.1.cpu: the list has no item 1 (items count from 0 to 0)");
    refused(text, "load.rate", "5/s",
            "--set load.rate: a closed loop (ab, wrk) has no arrivals of its own (client: open, or "
            "remove the key and set load.concurrency)");
    refused(text, "server", "{threads: 0}",
            "--set server: server.threads: \"0\" is out of range (whole number, 1 to 100000)");
    refused(text, "server.gil", "{a: 1",
            "--set server.gil: not valid YAML: did not find expected ',' or '}'");
    refused(text, "", "4", "--set : the key is empty");
    refused(text, "handler.0.cpu", "gamma(1ms, -1)", "--set handler.0.cpu: cv must be at least 0");
}

static uint64_t digest_of(const char *text, const char *key, const char *value) {
    struct scenario_file f;
    struct scenario_set set = {key, value};
    load(&f, text, &set, key != NULL);
    uint64_t digest = f.digest;
    scenario_fini(&f);
    return digest;
}

// Whatever decides a result changes the digest; names, comments and order of keys do not.
static void digests(void **state) {
    (void)state;
    const char *text = "name: a\nserver: {model: threadpool, threads: 4}\nhandler: [{cpu: 1ms}]\nresources: "
                       "{db: {capacity: 2}}\n";
    const char *same =
        "# why?\nresources: {db: {capacity: 2}}\nname: b\nhandler:\n  - cpu: 1000us\nserver: {threads: 4, "
        "model: threadpool, workers: 1}\n";
    uint64_t base = digest_of(text, NULL, NULL);
    assert_true(base == digest_of(same, NULL, NULL));
    static const struct scenario_set change[] = {
        {"machine.cores", "2"},
        {"machine.cores", "[{speed: 0.5}]"},
        {"machine.cores", "[{smt: 2}]"},
        {"server.model", "prefork"},
        {"server.workers", "2"},
        {"server.threads", "5"},
        {"server.queue_order", "lifo"},
        {"server.backlog", "9"},
        {"server.accept", "one"},
        {"server.gil", "none"},
        {"server.gil.switch_interval", "1ms"},
        {"server.gc", "off"},
        {"server.keep_alive", "off"},
        {"handler.0.cpu", "2ms"},
        {"handler.0.cpu", "exp(1ms)"},
        {"handler", "[{cpu_nogil: 1ms}]"},
        {"handler", "[{use: db, for: 1ms}]"},
        {"resources.db.capacity", "3"},
        {"resources.db.shared", "on"},
        {"endpoints", "[{name: a, dispatch: loop, handler: [{cpu: 1ms}]}]"},
        {"load.client", "wrk"},
        {"load.concurrency", "2"},
        {"load.requests", "9"},
        {"load.duration", "9s"},
        {"load.think", "1ms"},
        {"load.timeout", "1s"},
        {"load.retries", "1"},
        {"load.backoff", "1s"},
        {"load.connect_retry", "0"},
        {"load.runs_on", "elsewhere"},
        {"load", "{client: open, rate: 5/s}"},
        {"run.seed", "2"},
        {"run.replications", "3"},
        {"run.precision", "3%"},
        {"run.max_replications", "50"},
        {"run.warmup", "1s"},
        {"run.warmup", "none"},
    };
    enum { CHANGES = sizeof change / sizeof change[0] };
    uint64_t seen[CHANGES];
    for (int i = 0; i < CHANGES; i++) {
        seen[i] = digest_of(text, change[i].key, change[i].value);
        if (seen[i] == base) fail_msg("%s=%s does not change the digest", change[i].key, change[i].value);
        for (int j = 0; j < i; j++)
            if (seen[i] == seen[j]) fail_msg("%s and %s share a digest", change[i].key, change[j].key);
    }
}

static void digest_sees_every_cost(void **state) {
    (void)state;
    const struct schema *s = schema_costs();
    uint64_t base = digest_of(SERVER, NULL, NULL);
    int seen = 0;
    for (int i = 0; i < s->count; i++) {
        const struct schema_row *row = &s->row[i];
        if (row->type == SCHEMA_TEXT) continue;
        struct scenario_file f;
        load(&f, SERVER, NULL, 0);
        struct text before = {0}, after = {0};
        scenario_dump(&f.case_[0], &before);
        void *at = (char *)&f.case_[0].costs + row->offset;
        if (row->type == SCHEMA_CURVE)
            *(struct cost_curve *)at = (struct cost_curve){.points = 1, .point[0].cost.value = 7};
        else
            ((struct cost *)at)->value += 0.25;
        scenario_dump(&f.case_[0], &after);
        if (strcmp(text_string(&before), text_string(&after)) == 0)
            fail_msg("%s is not in the dump", row->key);
        text_fini(&before);
        text_fini(&after);
        seen += f.digest == base;
        scenario_fini(&f);
    }
    assert_true(seen > 50);
}

static void embedded_profile(void **state) {
    (void)state;
    const struct scenario_embedded embedded[] = {{"costs/x.yaml", "machine: {wake_local: 3us}\n"},
                                                 {NULL, NULL}};
    struct scenario_file f;
    struct err e = {0};
    const char *text = SERVER "costs: costs/x.yaml\n";
    assert_true(scenario_load_text(&f, "t", text, NULL, 0, &models_for_tests, embedded, &e));
    assert_true(f.case_[0].costs.machine.wake_local.value == 3000);
    assert_string_equal(f.case_[0].costs.name, "x");
    scenario_fini(&f);
    assert_false(scenario_load_text(&f, "t", text, NULL, 0, &models_for_tests, NULL, &e));
    assert_int_equal(e.line, 2);
}

static void no_file(void **state) {
    (void)state;
    struct scenario_file f;
    struct err e = {0};
    assert_false(scenario_load(&f, "/nonexistent.yaml", NULL, 0, &models_for_tests, &e));
    assert_int_equal(e.kind, ERR_HOST);
    assert_false(
        scenario_load_text(&f, "t", "a: 1", NULL, 0, &models_for_tests, NULL, NULL)); // errors not wanted
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(defaults),         cmocka_unit_test(defaults_follow_the_client),
        cmocka_unit_test(contract_example), cmocka_unit_test(endpoints),
        cmocka_unit_test(classes_and_lock), cmocka_unit_test(layers),
        cmocka_unit_test(rivals_yield),     cmocka_unit_test(command_line_errors),
        cmocka_unit_test(digests),          cmocka_unit_test(digest_sees_every_cost),
        cmocka_unit_test(embedded_profile), cmocka_unit_test(no_file),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
