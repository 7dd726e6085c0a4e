#include "../golden/models.h"
#include "scenario/preset.h"
#include "scenario/schema.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

// The models that presets name, as far as loading needs them.
static const struct scenario_model rows[] = {
    {"event_loop", NULL, models_loop_reads},
    {"threadpool", NULL, models_pool_reads},
    {"thread_per_request", NULL, models_pool_reads},
    {"prefork", models_prefork_defaults, NULL},
};
static const struct scenario_models models = {4, rows};

static struct scenario_file loaded(const char *text, const struct scenario_set *set, int sets) {
    struct scenario_file f;
    struct err e = {0};
    char line[900];
    if (!scenario_load_text(&f, "t.yaml", text, set, sets, &models, NULL, &e))
        fail_msg("%s", err_format(&e, line, sizeof line));
    return f;
}

static struct server_spec server_of(const char *preset) {
    struct scenario_set set = {"server.preset", preset};
    struct scenario_file f = loaded("handler: [{cpu: 1ms}]\n", &set, 1);
    struct server_spec s = f.case_[0].server;
    scenario_fini(&f);
    return s;
}

static void refused(const char *text, const char *wanted) {
    struct scenario_file f;
    struct err e = {0};
    char line[900];
    assert_false(scenario_load_text(&f, "t.yaml", text, NULL, 0, &models, NULL, &e));
    assert_string_equal(err_format(&e, line, sizeof line), wanted);
}

// Every key of every preset is one that the schema knows, in a value that it takes.
static void all_load(void **state) {
    (void)state;
    for (int p = PRESET_NONE + 1; p < PRESET_COUNT; p++) {
        struct server_spec s = server_of(preset_names[p]);
        assert_int_equal(s.preset, p);
        assert_int_equal(preset_named(preset_names[p]), p);
        for (const char *const *pair = preset_pairs((enum preset)p); *pair; pair++) {
            char key[64] = "";
            memcpy(key, *pair, strcspn(*pair, "="));
            if (!schema_row(schema_scenario(), key)) fail_msg("%s: no key %s", preset_names[p], key);
        }
    }
    assert_int_equal(preset_named("apache"), PRESET_COUNT);
    assert_null(preset_pairs(PRESET_NONE));
}

// Documented defaults; where each is from, the table says.
static void defaults(void **state) {
    (void)state;
    struct server_spec uvicorn = server_of("uvicorn"), asyncio = server_of("uvicorn-asyncio"),
                       node = server_of("node"), puma = server_of("puma"), tomcat = server_of("tomcat"),
                       fpm = server_of("php-fpm");
    assert_string_equal(uvicorn.model, "threadpool");
    assert_true(uvicorn.threads == 40 && uvicorn.backlog == 2048 && uvicorn.queue_order == ORDER_FIFO);
    assert_true(uvicorn.gil && uvicorn.switch_interval == 5 * SIM_MS && uvicorn.accept == ACCEPT_ONE);
    assert_int_equal(asyncio.accept, ACCEPT_DRAIN);
    assert_string_equal(node.model, "event_loop");
    assert_true(!node.gil && node.backlog == 511);
    assert_true(puma.threads == 5 && puma.switch_interval == 100 * SIM_MS);
    assert_true(tomcat.threads == 200 && tomcat.backlog == 100 && !tomcat.gil);
    assert_true(fpm.workers == 5 && !fpm.keep_alive);
}

// model's default < preset < file < case < --set
static void layers(void **state) {
    (void)state;
    const struct scenario_set set = {"server.backlog", "7"};
    struct scenario_file f = loaded("server: {preset: uvicorn, threads: 9, backlog: 5}\n"
                                    "cases:\n"
                                    "  - name: file\n"
                                    "  - name: case\n    set: {server.threads: 11, server.gil: none}\n"
                                    "  - name: other\n    set: {server.preset: php-fpm, server.backlog: 6}\n",
                                    &set, 1);
    const struct scenario *file = &f.case_[0], *changed = &f.case_[1], *other = &f.case_[2];
    assert_true(file->server.threads == 9 && file->server.queue_order == ORDER_FIFO && file->server.gil);
    assert_true(changed->server.threads == 11 && !changed->server.gil);
    assert_true(file->server.backlog == 7 && changed->server.backlog == 7 && other->server.backlog == 7);
    assert_string_equal(other->server.model, "prefork");
    assert_int_equal(other->server.workers, 5); // not the model's 8
    scenario_fini(&f);
    f = loaded("server: {model: prefork}\n", NULL, 0);
    assert_int_equal(f.case_[0].server.workers, 8);
    scenario_fini(&f);
    f = loaded("server: {preset: uvicorn, model: event_loop, gil: {switch_interval: 1ms}}\n", NULL, 0);
    assert_string_equal(f.case_[0].server.model, "event_loop");
    assert_true(f.case_[0].server.switch_interval == SIM_MS && f.case_[0].server.accept == ACCEPT_ONE);
    scenario_fini(&f);
}

// What a preset sets decides the result, its name does not.
static void digest(void **state) {
    (void)state;
    struct scenario_file named = loaded("server: {preset: gunicorn-uvicorn}\n", NULL, 0),
                         other = loaded("server: {preset: uvicorn, path: /x}\n", NULL, 0),
                         changed = loaded("server: {preset: uvicorn, accept: drain}\n", NULL, 0),
                         asyncio = loaded("server: {preset: uvicorn-asyncio}\n", NULL, 0);
    assert_true(named.digest == other.digest && changed.digest == asyncio.digest &&
                named.digest != changed.digest);
    scenario_fini(&named);
    scenario_fini(&other);
    scenario_fini(&changed);
    scenario_fini(&asyncio);
}

static void bad(void **state) {
    (void)state;
    refused(
        "server: {preset: uvcorn}\n",
        "t.yaml:1:18: server.preset: \"uvcorn\" is none of none, uvicorn, uvicorn-asyncio, gunicorn-sync, "
        "gunicorn-gthread, gunicorn-uvicorn, node, puma, tomcat, php-fpm, nginx (did you mean \"uvicorn\"?)");
    refused("server: {preset: [node]}\n", "t.yaml:1:18: server.preset: must be one word, not a list");
    refused(
        "server: {preset: none}\n",
        "t.yaml:1:9: the key \"server.model\" is missing (dispatch model; `dispatchsim models` lists them)");
}

static void described(void **state) {
    (void)state;
    struct text out = {0};
    struct err e = {0};
    assert_true(scenario_explain("server.preset", &out, &e));
    for (int p = PRESET_NONE + 1; p < PRESET_COUNT; p++) assert_non_null(strstr(out.data, preset_names[p]));
    assert_non_null(strstr(out.data, "sets: model=event_loop, workers=1, backlog=511"));
    assert_non_null(strstr(out.data, "source: "));
    text_fini(&out);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(all_load), cmocka_unit_test(defaults),
                                       cmocka_unit_test(layers),   cmocka_unit_test(digest),
                                       cmocka_unit_test(bad),      cmocka_unit_test(described)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
