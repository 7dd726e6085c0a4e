#include "../golden/models.h"
#include "scenario/route.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct scenario_file loaded(const char *text) {
    struct scenario_file f;
    struct err e = {0};
    char line[900];
    if (!scenario_load_text(&f, "t.yaml", text, NULL, 0, &models_for_tests, NULL, &e))
        fail_msg("%s", err_format(&e, line, sizeof line));
    return f;
}

static void refused(const char *text, const char *wanted) {
    struct scenario_file f;
    struct err e = {0};
    char line[900];
    assert_false(scenario_load_text(&f, "t.yaml", text, NULL, 0, &models_for_tests, NULL, &e));
    assert_string_equal(err_format(&e, line, sizeof line), wanted);
}

static void by_default(void **state) {
    (void)state;
    struct scenario_file f = loaded("server: {model: threadpool}\n");
    assert_string_equal(f.case_[0].endpoint[0].path, "/");
    scenario_fini(&f);
    f = loaded(
        "server: {model: threadpool}\nendpoints: [{name: a/b-1}, {name: 'two words?', path: /x?y=1}]\n");
    assert_string_equal(f.case_[0].endpoint[0].path, "/a/b-1");
    assert_string_equal(f.case_[0].endpoint[1].path, "/x?y=1");
    scenario_fini(&f);
    f = loaded("server: {model: threadpool, command: 'x {port}', path: /all}\nendpoints: [{name: a}]\n");
    assert_string_equal(f.case_[0].endpoint[0].path, "/all");
    scenario_fini(&f);
    char out[SCENARIO_PATH];
    route_of_name("two words?", out);
    assert_string_equal(out, "/two%20words%3F");
}

static void expanded(void **state) {
    (void)state;
    struct scenario_file f =
        loaded("server: {model: threadpool, url: 'http://127.0.0.1:1', pace: /pace, "
               "path: '/x?n={cpu}&ms={sleep}&m={cpu}z'}\n"
               "handler: [{cpu: 1.5ms}, {sleep: 12.5ms}, {cpu: 1ms}, {cpu_nogil: 7ms}]\n");
    char out[SCENARIO_PATH];
    assert_true(route_needs_pace(f.case_[0].endpoint[0].path));
    assert_true(route_expand(&f.case_[0].endpoint[0], 41000.5, out)); // 2.5 ms of it: 102501.25
    assert_string_equal(out, "/x?n=102501&ms=12.5&m=102501z");
    struct endpoint tight = f.case_[0].endpoint[0];
    memset(tight.path + 1, 'a', SCENARIO_PATH - 7);
    strcpy(tight.path + SCENARIO_PATH - 6, "{cpu}");
    assert_false(route_expand(&tight, 41000.5, out)); // 6 digits where 5 bytes are
    assert_true(route_expand(&tight, 410, out));
    scenario_fini(&f);
}

static void bad(void **state) {
    (void)state;
    refused("server: {model: threadpool, path: items}\n",
            "t.yaml:1:35: server.path: the path must begin with / (such as /items?page=1)");
    refused("server: {model: threadpool, path: /a b}\n",
            "t.yaml:1:35: server.path: blanks, # and bytes beyond ASCII "
            "have no place in a path (write them as %20, %23 ...)");
    refused("server: {model: threadpool, path: '/x?n={cpus}'}\n",
            "t.yaml:1:35: server.path: \"{cpus}\" is neither {cpu} nor {sleep} ({cpu}: iterations of the "
            "handler's cpu "
            "steps, {sleep}: its sleep steps in ms)");
    refused("server: {model: threadpool, path: '/x?n={cpu}'}\n",
            "t.yaml:1:35: server.path: nobody says how many iterations {cpu} is (server.pace: the path that "
            "answers how "
            "many take 1 ms)");
    refused("server: {model: threadpool}\nendpoints: [{name: a, path: '/x?ms={sleep}', handler: [{sleep: "
            "exp(1ms)}]}]\n",
            "t.yaml:2:29: endpoints.0.path: all requests have the same path, so the steps that it tells must "
            "be constant "
            "(write the time without a distribution, or leave it out of the path)");
    refused("server: {model: threadpool, command: uvicorn app:app}\n",
            "t.yaml:1:38: server.command: it does not say {port}, so nobody knows where the server listens "
            "(uvicorn "
            "app:app --port {port})");
    refused("server: {model: threadpool, url: 'http://127.0.0.1:80/x'}\n",
            "t.yaml:1:34: server.url: only host and port stand here (the path belongs into server.path)");
    refused("server: {model: threadpool, url: '127.0.0.1:80'}\n",
            "t.yaml:1:34: server.url: the address must begin with http:// (http://127.0.0.1:8000)");
    refused("server: {model: threadpool, pid: 7}\n",
            "t.yaml:1:34: server.pid: the process id is of the server behind "
            "server.url (server.url: http://127.0.0.1:PORT)");
    refused("server: {model: threadpool, url: 'http://127.0.0.1:80', command: 'x {port}'}\n",
            "t.yaml:1:66: server.command: a server is started or runs already, not both (remove "
            "server.command or "
            "server.url)");
}

// A command belongs to the folder of the file that has it; a case's url takes the place of the file's command.
static void external(void **state) {
    (void)state;
    struct scenario_file f =
        loaded("server: {model: threadpool, command: 'x {port}'}\n"
               "cases: [{name: a}, {name: b, set: {server.url: 'http://localhost:99'}}]\n");
    assert_string_equal(f.case_[0].server.external.command, "x {port}");
    assert_string_equal(f.case_[0].server.external.folder, "");
    assert_string_equal(f.case_[1].server.external.command, "");
    assert_string_equal(f.case_[1].server.external.url, "http://localhost:99");
    scenario_fini(&f);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(by_default), cmocka_unit_test(expanded),
                                       cmocka_unit_test(bad), cmocka_unit_test(external)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
