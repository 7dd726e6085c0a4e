#include "cli/args.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>

static const struct command run = {
    "run", "[FILE...]", 0, -1, "Simulates scenarios", "  dispatchsim run x.yaml\n", COMMAND_RUN, NULL};
static const struct command check = {"check", "FILE...", 1, -1, "Reads scenarios", "", COMMAND_CHECK, NULL};
static const struct command explain = {"explain", "[KEY]", 0, 1, "Explains", "", COMMAND_EXPLAIN, NULL};

enum { MOST = 12 };

// Parses words (NULL-terminated) and returns whether that went well.
static bool parse(struct args *a, const struct command *c, const char *const *words, struct err *e) {
    char *argv[MOST] = {0};
    int n = 0;
    for (; words[n]; n++) argv[n] = (char *)words[n];
    *e = (struct err){0};
    return args_parse(a, c, n, argv, e);
}

#define WORDS(...) ((const char *const[]){__VA_ARGS__, NULL})

static void refused(const struct command *c, const char *const *words, const char *message) {
    struct args a;
    struct err e;
    char text[1000];
    assert_false(parse(&a, c, words, &e));
    assert_int_equal(e.kind, ERR_USAGE);
    assert_string_equal(err_format(&e, text, sizeof text), message);
    args_fini(&a);
}

static void test_everything(void **state) {
    (void)state;
    struct args a;
    struct err e;
    assert_true(parse(&a, &run,
                      WORDS("a.yaml", "--format=json", "-o", "out.json", "--case", "x", "--case=y", "--jobs",
                            "3", "b.yaml", "--quiet"),
                      &e));
    assert_int_equal(a.format, REPORT_JSON);
    assert_string_equal(a.output, "out.json");
    assert_int_equal(a.jobs, 3);
    assert_true(a.quiet);
    assert_int_equal(a.cases.count, 2);
    assert_string_equal(a.cases.item[1], "y");
    assert_int_equal(a.operands.count, 2);
    assert_string_equal(a.operands.item[0], "a.yaml");
    assert_string_equal(a.operands.item[1], "b.yaml");
    args_fini(&a);
}

static void test_nothing(void **state) {
    (void)state;
    struct args a;
    struct err e;
    assert_true(parse(&a, &run, WORDS(NULL), &e));
    assert_int_equal(a.format, REPORT_TEXT);
    assert_null(a.output);
    assert_int_equal(a.operands.count, 0);
    args_fini(&a);
}

// --seed and --reps are keys like those of --set; what comes later on the line comes later in the list.
static void test_sets(void **state) {
    (void)state;
    struct args a;
    struct err e;
    assert_true(parse(
        &a, &run, WORDS("--set", "server.threads=80", "--seed", "7", "--reps=auto", "--set=name=a=b"), &e));
    assert_int_equal(a.sets, 4);
    assert_string_equal(a.set[0].key, "server.threads");
    assert_string_equal(a.set[0].value, "80");
    assert_string_equal(a.set[1].key, "run.seed");
    assert_string_equal(a.set[1].value, "7");
    assert_string_equal(a.set[2].key, "run.replications");
    assert_string_equal(a.set[2].value, "auto");
    assert_string_equal(a.set[3].key, "name");
    assert_string_equal(a.set[3].value, "a=b");
    args_fini(&a);
}

static void test_operands(void **state) {
    (void)state;
    struct args a;
    struct err e;
    assert_true(parse(&a, &check, WORDS("-", "--", "--quiet", "-o"), &e));
    assert_int_equal(a.operands.count, 3);
    assert_string_equal(a.operands.item[0], "-");
    assert_string_equal(a.operands.item[2], "-o");
    assert_false(a.quiet);
    args_fini(&a);
}

static void test_short(void **state) {
    (void)state;
    struct args a;
    struct err e;
    assert_true(parse(&a, &run, WORDS("-oout.json"), &e));
    assert_string_equal(a.output, "out.json");
    args_fini(&a);
    assert_true(parse(&a, &check, WORDS("-h"), &e)); // no operand is asked for then
    assert_true(a.help);
    args_fini(&a);
}

static void test_refusals(void **state) {
    (void)state;
    refused(&run, WORDS("--formt", "json"), "run has no option --formt (did you mean --format?)");
    refused(&run, WORDS("--form", "json"), "run has no option --form (did you mean --format?)");
    refused(&run, WORDS("--zzzzzzzz"), "run has no option --zzzzzzzz (see dispatchsim run --help)");
    refused(&check, WORDS("x", "--jobs", "3"), "check has no option --jobs (see dispatchsim check --help)");
    refused(&run, WORDS("-x"), "run has no option -x (see dispatchsim run --help)");
    refused(&run, WORDS("--format", "jsn"),
            "--format must be text, json, csv or md, not 'jsn' (did you mean json?)");
    refused(&run, WORDS("--format"), "--format needs a value: --format FORMAT");
    refused(&run, WORDS("-o"), "--output needs a value: --output FILE");
    refused(&run, WORDS("--quiet=yes"), "--quiet takes no value");
    refused(&run, WORDS("--jobs", "0"), "--jobs must be a whole number from 1 to 4096, not '0'");
    refused(&run, WORDS("--jobs", "4097"), "--jobs must be a whole number from 1 to 4096, not '4097'");
    refused(&run, WORDS("--jobs", "2x"), "--jobs must be a whole number from 1 to 4096, not '2x'");
    refused(&run, WORDS("--seed", "auto"), "--seed must be a whole number from 0, not 'auto'");
    refused(&run, WORDS("--seed", "-1"), "--seed must be a whole number from 0, not '-1'");
    refused(&run, WORDS("--reps", "some"), "--reps must be a whole number or auto, not 'some'");
    refused(&run, WORDS("--set", "threads"),
            "--set needs key=value, not 'threads' (for example --set server.threads=80)");
    refused(&run, WORDS("--set", "=3"),
            "--set needs key=value, not '=3' (for example --set server.threads=80)");
    refused(&check, WORDS(NULL), "check needs an argument (usage: dispatchsim check FILE... [OPTIONS])");
    refused(&explain, WORDS("a", "b"),
            "explain takes no further argument: 'b' (see dispatchsim explain --help)");
}

// The help shows what the table has for a command, and nothing else.
static void test_help(void **state) {
    (void)state;
    struct text text;
    text_init(&text);
    args_help(&check, &text);
    assert_non_null(
        strstr(text_string(&text), "usage: dispatchsim check FILE... [OPTIONS]\n\nReads scenarios.\n"));
    assert_non_null(strstr(text_string(&text), "--set KEY=VALUE"));
    assert_non_null(strstr(text_string(&text), "-h, --help"));
    assert_null(strstr(text_string(&text), "--jobs"));
    text_clear(&text);
    args_help(&run, &text);
    assert_non_null(strstr(text_string(&text), "  -o, --output FILE "));
    assert_non_null(strstr(text_string(&text), "\n  dispatchsim run x.yaml\n"));
    text_fini(&text);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_everything), cmocka_unit_test(test_nothing), cmocka_unit_test(test_sets),
        cmocka_unit_test(test_operands),   cmocka_unit_test(test_short),   cmocka_unit_test(test_refusals),
        cmocka_unit_test(test_help),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
