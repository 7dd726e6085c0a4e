#include "scenario/layers.h"
#include "base/yaml.h"
#include "scenario/bind.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { EXTENDS_MOST = 16 };

// Keys that exclude each other: where a layer gives one, the other goes from the layers below.
static const char *const rivals[][2] = {
    {"handler", "endpoints"},
    {"load.requests", "load.duration"},
    {"server.command", "server.url"},
};

// `base` without what the layer `over` puts out of force.
static const struct tree_node *yield(struct tree *t, const struct tree_node *base,
                                     const struct tree_node *over) {
    for (size_t i = 0; i < sizeof rivals / sizeof rivals[0]; i++)
        for (int k = 0; k < 2; k++)
            if (tree_at(over, rivals[i][k]) && !tree_at(over, rivals[i][!k]))
                base = tree_without(t, base, rivals[i][!k]);
    return base;
}

const char *layers_folder(struct tree *t, const char *path) {
    const char *slash = strrchr(path, '/');
    if (!slash) return "";
    char *folder = tree_alloc(t, (size_t)(slash - path) + 2);
    size_t n = slash == path ? 1 : (size_t)(slash - path);
    memcpy(folder, path, n);
    folder[n] = 0;
    return folder;
}

static const struct tree_node *parse(struct tree *t, const struct tree_source *source, const char *text,
                                     size_t size, int depth, struct err *e);

static const struct tree_node *read_base(struct tree *t, const struct tree_node *node, int depth,
                                         struct err *e) {
    if (node->kind != TREE_SCALAR || bind_is_nothing(node))
        return bind_fail(node->place, "extends", e, "must be a path"), NULL;
    if (depth == EXTENDS_MOST) {
        bind_fail(node->place, "extends", e, "more than %d files in a row", EXTENDS_MOST);
        return err_hint(e, "does a file extend itself?"), NULL;
    }
    struct text path = {0};
    struct err why = {0};
    size_t size;
    tree_file(node->place.source, node->text, &path);
    const struct tree_source *source =
        tree_source(t, text_string(&path), layers_folder(t, text_string(&path)));
    text_fini(&path);
    char *text = yaml_read(source->name, YAML_MOST, &size, &why);
    if (!text) return bind_fail(node->place, "extends", e, "%s", why.text), NULL;
    const struct tree_node *base = parse(t, source, text, size, depth + 1, e);
    free(text);
    return base;
}

static const struct tree_node *parse(struct tree *t, const struct tree_source *source, const char *text,
                                     size_t size, int depth, struct err *e) {
    const struct tree_node *root = yaml_parse(t, source, text, size, e);
    if (!root) return NULL;
    if (root->kind != TREE_MAP) {
        tree_fail(root->place, e, "must be a map of keys, not a %s",
                  root->kind == TREE_LIST ? "list" : "value");
        return err_hint(e, "lines of `key: value`"), NULL;
    }
    const struct tree_node *extends = tree_at(root, "extends");
    if (!extends) return root;
    const struct tree_node *base = read_base(t, extends, depth, e);
    if (!base) return NULL;
    return tree_merge(t, yield(t, base, root), root);
}

const struct tree_node *layers_parse(struct tree *t, const char *name, const char *folder, const char *text,
                                     size_t size, struct err *e) {
    return parse(t, tree_source(t, name, folder), text, size, 0, e);
}

// Whether the first part of a dotted key is `word`.
static bool begins_with(const char *key, const char *word) {
    size_t n = strlen(word);
    return strncmp(key, word, n) == 0 && (key[n] == 0 || key[n] == '.');
}

static const struct tree_node *set_one(struct tree *t, const struct tree_node *root, const char *key,
                                       struct tree_place place, const struct tree_node *value,
                                       struct err *e) {
    static const char *const fixed[] = {"name", "extends", "cases", "sweep"};
    for (size_t i = 0; i < sizeof fixed / sizeof fixed[0]; i++)
        if (begins_with(key, fixed[i])) {
            bind_fail(place, key, e, "the key cannot be set");
            return err_hint(e, "name, extends, cases and sweep belong to the file as a whole"), NULL;
        }
    const struct tree_node *alone = tree_set(t, NULL, key, place, value, e);
    return alone ? tree_set(t, yield(t, root, alone), key, place, value, e) : NULL;
}

const struct tree_node *layers_set(struct tree *t, const struct tree_node *root, const struct tree_node *set,
                                   struct err *e) {
    if (set->kind != TREE_MAP) {
        bind_fail(set->place, "set", e, "must be a map of dotted keys");
        return err_hint(e, "set: {server.threads: 100}"), NULL;
    }
    for (int i = 0; root && i < set->count; i++)
        root = set_one(t, root, set->entry[i].key, set->entry[i].place, set->entry[i].value, e);
    return root;
}

// The value of a pair: YAML, so that maps and lists can be given too. Nothing at all is an empty scalar.
static const struct tree_node *pair_value(struct tree *t, const struct tree_source *source, const char *value,
                                          struct err *e) {
    struct tree_place place = {source, 0, 0};
    if (!value[strspn(value, " ")]) return tree_scalar(t, place, "");
    return yaml_parse(t, source, value, strlen(value), e);
}

static const struct tree_node *set_pair(struct tree *t, const struct tree_node *root, const char *origin,
                                        const char *key, const char *value, struct err *e) {
    char name[240];
    snprintf(name, sizeof name, "%s %.180s", origin, key);
    const struct tree_source *source = tree_source_pair(t, name);
    struct tree_place place = {source, 0, 0};
    const struct tree_node *node = pair_value(t, source, value, e);
    return node ? set_one(t, root, key, place, node, e) : NULL;
}

const struct tree_node *layers_command_line(struct tree *t, const struct tree_node *root,
                                            const struct scenario_set *set, int sets, struct err *e) {
    for (int i = 0; root && i < sets; i++) root = set_pair(t, root, "--set", set[i].key, set[i].value, e);
    return root;
}

const struct tree_node *layers_defaults(struct tree *t, const struct tree_node *root, const char *origin,
                                        const char *const *pairs, struct err *e) {
    const struct tree_node *base = NULL;
    for (; pairs && *pairs; pairs++) {
        size_t n = strcspn(*pairs, "=");
        char key[128];
        snprintf(key, sizeof key, "%.*s", (int)n, *pairs);
        base = set_pair(t, base, origin, key, (*pairs)[n] ? *pairs + n + 1 : "", e);
        if (!base) return NULL;
    }
    return base ? tree_merge(t, yield(t, base, root), root) : root;
}
