#include "base/yaml.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static int setup(void **state) {
    *state = tree_create();
    return 0;
}

static int teardown(void **state) {
    tree_destroy(*state);
    return 0;
}

static const struct tree_node *parse(struct tree *t, const char *text) {
    struct err e = {0};
    const struct tree_node *root = yaml_parse(t, tree_source(t, "t.yaml", ""), text, strlen(text), &e);
    if (!root) fail_msg("%d:%d %s", e.line, e.col, e.text);
    return root;
}

static void says(const struct tree_node *root, const char *path, const char *text) {
    const struct tree_node *n = tree_at(root, path);
    if (!n || n->kind != TREE_SCALAR) fail_msg("nothing at %s", path);
    assert_string_equal(n->text, text);
}

static void places(void **state) {
    const struct tree_node *root = parse(*state, "a: 1\nb:\n  c: [x, 'y z']\n  d: {e:   f}\n");
    says(root, "a", "1");
    says(root, "b.c.1", "y z");
    says(root, "b.d.e", "f");
    const struct tree_node *n = tree_at(root, "b.c.1");
    assert_int_equal(n->place.line, 3);
    assert_int_equal(n->place.col, 10);
    assert_false(n->plain);
    n = tree_at(root, "b.d.e");
    assert_int_equal(n->place.line, 4);
    assert_int_equal(n->place.col, 12);
    assert_int_equal(tree_entry(tree_at(root, "b"), "d")->place.col, 3);
    assert_ptr_equal(tree_at(root, ""), root);
    const char *const absent[] = {"z", "b.c.2", "b.c.01", "b.c.x", "a.b", "b.", ".b", "b..c"};
    for (size_t i = 0; i < sizeof absent / sizeof absent[0]; i++) assert_null(tree_at(root, absent[i]));
}

static void columns_count_characters(void **state) {
    const struct tree_node *root = parse(*state, "{\u00e4\u00f6: 1, b: 2}");
    assert_int_equal(tree_at(root, "b")->place.col, 12);
}

static void merges(void **state) {
    struct tree *t = *state;
    const struct tree_node *base = parse(t, "a: {x: 1, y: 2}\nl: [1, 2]\ns: 5\n");
    const struct tree_node *over = parse(t, "a: {y: 3, z: 4}\nl: [9]\ns: {k: v}\nn: 7\n");
    const struct tree_node *both = tree_merge(t, base, over);
    says(both, "a.x", "1");
    says(both, "a.y", "3");
    says(both, "a.z", "4");
    says(both, "l.0", "9");
    assert_null(tree_at(both, "l.1"));
    says(both, "s.k", "v");
    says(both, "n", "7");
    assert_string_equal(both->entry[0].key, "a");
    assert_string_equal(both->entry[3].key, "n");
    says(base, "a.y", "2"); // the layers below stay as they were
    assert_int_equal(base->count, 3);
}

static void sets(void **state) {
    struct tree *t = *state;
    struct err e = {0};
    const struct tree_node *root = parse(t, "server: {gil: none}\nhandler: [{cpu: 1ms}, {cpu: 2ms}]\n");
    struct tree_place place = {tree_source_pair(t, "--set k"), 0, 0};
    const struct tree_node *value = tree_scalar(t, place, "9ms");
    const struct tree_node *changed = tree_set(t, root, "handler.1.cpu", place, value, &e);
    says(changed, "handler.0.cpu", "1ms");
    says(changed, "handler.1.cpu", "9ms");
    says(root, "handler.1.cpu", "2ms");
    changed = tree_set(t, root, "server.gil.switch_interval", place, value, &e);
    says(changed, "server.gil.switch_interval", "9ms");
    changed = tree_set(t, NULL, "a.b.c", place, value, &e);
    says(changed, "a.b.c", "9ms");
    const char *const bad[] = {"", ".", "a.", ".a", "a..b", "handler.2.cpu", "handler.x.cpu", "handler.-1"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_null(tree_set(t, root, bad[i], place, value, &e));
    char deep[200] = "a";
    for (int i = 0; i < TREE_DEPTH; i++) strcat(deep, ".a");
    assert_null(tree_set(t, root, deep, place, value, &e));
    assert_non_null(tree_set(t, root, deep + 2, place, value, &e));
}

static void removes(void **state) {
    struct tree *t = *state;
    const struct tree_node *root = parse(t, "load: {requests: 5, rate: 2}\nhandler: [a]\n");
    const struct tree_node *less = tree_without(t, root, "load.requests");
    assert_null(tree_at(less, "load.requests"));
    says(less, "load.rate", "2");
    says(root, "load.requests", "5");
    assert_null(tree_at(tree_without(t, root, "load"), "load"));
    assert_ptr_equal(tree_without(t, root, "absent"), root);
    says(tree_without(t, root, "load.absent.more"), "load.requests", "5");
    says(tree_without(t, root, "handler.0"), "handler.0", "a");
}

static void refuses(void **state) {
    static const struct {
        const char *text, *part;
        int line, col;
    } row[] = {
        {"a: 1\nb: &x 2\n", "anchor", 2, 4},
        {"a: *x\n", "alias", 1, 4},
        {"a: !t 1\n", "tag", 1, 4},
        {"a: 1\nb: {c: 2, c: 3}\n", "second time", 2, 11},
        {"a: 1\n---\nb: 2\n", "second document", 2, 1},
        {"", "empty", 1, 1},
        {"[a, b]: c\n", "plain text", 1, 1},
        {"a: \"\\x01\"\n", "control", 1, 4},
        {"a: [1\n", "YAML", 2, 1},
        {"a: \xff\n", "UTF-8", 1, 4},
        {"\xff\xfe a", "UTF-8", 1, 1},
    };
    for (size_t i = 0; i < sizeof row / sizeof row[0]; i++) {
        struct err e = {0};
        char line[900];
        const char *text = row[i].text;
        assert_null(yaml_parse(*state, tree_source(*state, "t.yaml", ""), text, strlen(text), &e));
        assert_int_equal(e.kind, ERR_CONFIG);
        if (!strstr(err_format(&e, line, sizeof line), row[i].part)) fail_msg("case %zu: %s", i, line);
        if (e.line != row[i].line || e.col != row[i].col) fail_msg("case %zu: %s", i, line);
    }
}

static void nesting_and_size(void **state) {
    struct err e = {0};
    char text[400] = "";
    for (int i = 0; i < TREE_DEPTH; i++) strcat(text, "[");
    for (int i = 0; i < TREE_DEPTH; i++) strcat(text, "]");
    assert_non_null(parse(*state, text));
    memmove(text + 1, text, strlen(text) + 1);
    text[0] = '[';
    strcat(text, "]");
    assert_null(yaml_parse(*state, tree_source(*state, "t", ""), text, strlen(text), &e));
    assert_int_equal(e.col, TREE_DEPTH + 1);
    char *big = malloc(YAML_MOST + 1);
    memset(big, 'a', YAML_MOST + 1);
    assert_non_null(yaml_parse(*state, tree_source(*state, "t", ""), big, YAML_MOST, &e));
    assert_null(yaml_parse(*state, tree_source(*state, "t", ""), big, YAML_MOST + 1, &e));
    free(big);
}

static void reads_files(void **state) {
    (void)state;
    struct err e = {0};
    size_t size;
    assert_null(yaml_read("/nonexistent/file", 10, &size, &e));
    assert_int_equal(e.kind, ERR_HOST);
    assert_null(yaml_read("/", 10, &size, &e));
    assert_int_equal(e.kind, ERR_HOST);
    assert_null(yaml_read("/dev/zero", 100000, &size, &e)); // ends though the file does not
    assert_int_equal(e.kind, ERR_CONFIG);
    char *text = yaml_read("/dev/null", 10, &size, &e);
    assert_non_null(text);
    assert_int_equal(size, 0);
    assert_string_equal(text, "");
    free(text);
}

static void relative_paths(void **state) {
    struct text out = {0};
    tree_file(tree_source(*state, "a/b.yaml", "a"), "c.csv", &out);
    assert_string_equal(text_string(&out), "a/c.csv");
    tree_file(tree_source(*state, "a/b.yaml", "a"), "/c.csv", &out);
    assert_string_equal(text_string(&out), "/c.csv");
    tree_file(tree_source(*state, "b.yaml", ""), "c.csv", &out);
    assert_string_equal(text_string(&out), "c.csv");
    tree_file(tree_source(*state, "b.yaml", ""), "-", &out);
    assert_string_equal(text_string(&out), "./-");
    text_fini(&out);
}

int main(void) {
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(places),  TEST(columns_count_characters), TEST(merges),      TEST(sets),          TEST(removes),
        TEST(refuses), TEST(nesting_and_size),         TEST(reads_files), TEST(relative_paths)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
