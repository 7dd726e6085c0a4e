#include "../golden/models.h"
#include "scenario/schema.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define SERVER "server: {model: threadpool}\n"

static bool remarked(const char *text, const char *part) {
    struct scenario_file f;
    int count;
    bool found = false;
    struct err e = {0};
    if (!scenario_load_text(&f, "t.yaml", text, NULL, 0, &models_for_tests, NULL, &e)) fail_msg("%s", e.text);
    const char *const *remark = scenario_check_remarks(&f, &count);
    for (int i = 0; i < count; i++) found |= strstr(remark[i], part) != NULL;
    scenario_fini(&f);
    return found;
}

static void remarks(void **state) {
    (void)state;
    const char *loop = "server: {model: event_loop, threads: 4}\n";
    assert_true(remarked(loop, "t.yaml:1:29: server.threads: no model of this file reads the key"));
    // Where one case of the file reads it, the shared key is no mistake; a case's own key for a deaf model
    // is.
    const char *mixed = "server: {model: event_loop, threads: 4}\ncases: [{name: a}, {name: b, set: "
                        "{server.model: threadpool}}]\n";
    assert_false(remarked(mixed, "server.threads"));
    assert_true(remarked("server: {model: event_loop}\ncases:\n  - name: a\n    set: {server.threads: 4}\n",
                         "t.yaml:4:11: server.threads: the model event_loop does not read the key"));
    assert_false(remarked(SERVER, "does not read"));
    const char *db = SERVER "resources: {db: {capacity: %s}}\nhandler: [{use: db, for: 1ms}]\n";
    char text[200];
    snprintf(text, sizeof text, db, "20");
    assert_true(remarked(text, "40 threads share a capacity of 20"));
    snprintf(text, sizeof text, db, "40");
    assert_false(remarked(text, "share a capacity"));
    assert_true(remarked(SERVER "resources: {db: {capacity: 20}}\n", "no handler uses it"));
    assert_true(remarked("server: {model: threadpool, workers: 4}\nhandler: [{cpu: 1ms}]\n",
                         "4 workers compute on 1"));
    assert_false(
        remarked("server: {model: threadpool, workers: 4}\nhandler: [{sleep: 1ms}]\n", "workers compute"));
    assert_true(remarked("server: {model: threadpool, workers: 4}\nload: {client: wrk}\n", "drain"));
    assert_false(remarked(SERVER "load: {client: wrk}\n", "drain"));
    assert_true(
        remarked(SERVER "load: {client: open, rate: 1/s, concurrency: 4}\n", "an open load does not read"));
    assert_true(remarked(SERVER "load: {concurrency: 2000}\n", "more connections than requests"));
    assert_true(remarked(SERVER "handler: [{sleep: 'pareto(1ms, 0.9)'}]\n", "no finite mean"));
    assert_true(remarked(SERVER, "takes no time"));
}

static void explains(void **state) {
    (void)state;
    static const struct {
        const char *key, *part;
    } good[] = {{"server.threads", "AnyIO"},
                {"threads", "AnyIO"},
                {"handler.0.cpu", "lognormal"},
                {"handler[].cpu", "holds the global lock"},
                {"server", "server.gil.switch_interval"},
                {"resources.db.capacity", "hold it at once"},
                {"machine.wake_local", "cost profile"},
                {"machine.cores", "smt"},
                {"server.accept.cpu", "set-up"},
                {"run.warmup", "MSER-5"}};
    struct err e = {0};
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        struct text out = {0};
        if (!scenario_explain(good[i].key, &out, &e)) fail_msg("%s: %s", good[i].key, e.text);
        if (!strstr(text_string(&out), good[i].part)) fail_msg("%s: %s", good[i].key, text_string(&out));
        text_fini(&out);
    }
    struct text out = {0};
    assert_false(scenario_explain("server.thread", &out, &e));
    assert_string_equal(e.hint, "did you mean \"server.threads\"?");
    assert_false(scenario_explain("", &out, &e));
    assert_false(scenario_explain("cpu", &out, &e)); // of a step, or of one of ten stages
    assert_int_equal(e.kind, ERR_USAGE);
    text_fini(&out);
}

// Each key of both tables has its line in the reference, and an explanation of its own.
static void reference(void **state) {
    (void)state;
    struct text all = {0};
    scenario_key_reference(&all);
    const struct schema *s[] = {schema_scenario(), schema_costs()};
    for (int t = 0; t < 2; t++)
        for (int i = 0; i < s[t]->count; i++) {
            char cell[120];
            snprintf(cell, sizeof cell, "\n| `%s` | ", s[t]->row[i].key);
            if (!strstr(text_string(&all), cell)) fail_msg("no line for %s", s[t]->row[i].key);
            struct text one = {0};
            assert_true(scenario_explain(s[t]->row[i].key, &one, NULL));
            text_fini(&one);
        }
    int keys = 0;
    while (scenario_key(keys)) keys++;
    assert_int_equal(keys, s[0]->count);
    text_fini(&all);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(remarks), cmocka_unit_test(explains),
                                       cmocka_unit_test(reference)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
