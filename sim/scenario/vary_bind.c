#include "scenario/vary_bind.h"

#include "base/memory.h"
#include "scenario/bind.h"

#include <stdlib.h>
#include <string.h>

// The whole key that was meant, or NULL.
static const char *meant(const char *pattern) {
    const struct schema *all = schema_scenario();
    const char **list = memory_new((size_t)all->count, sizeof *list);
    for (int i = 0; i < all->count; i++) list[i] = all->row[i].key;
    const char *closest = text_closest(pattern, list, all->count);
    free(list);
    return closest;
}

// In the group it stands in, where there is such a group.
static void suggest(const char *pattern, struct err *e) {
    const char *dot = strrchr(pattern, '.');
    char group[VARY_KEY] = "";
    if (dot && (size_t)(dot - pattern) < sizeof group) memcpy(group, pattern, (size_t)(dot - pattern));
    bool inner = group[0] && schema_is_group(schema_scenario(), group);
    const char *whole = inner ? meant(pattern) : NULL;
    if (whole)
        err_hint(e, "did you mean \"%s\"?", whole);
    else
        schema_suggest(schema_scenario(), inner ? group : "", inner ? dot + 1 : pattern, e);
}

bool vary_bind_check(const char *key, struct err *e) {
    static const char *const fixed[] = {"name", "extends", "cases", "plan", "sweep"};
    size_t n = strcspn(key, ".");
    for (size_t i = 0; i < sizeof fixed / sizeof fixed[0]; i++)
        if (strlen(fixed[i]) == n && strncmp(fixed[i], key, n) == 0)
            return err_set(e, ERR_CONFIG, "%.80s cannot vary", key);
    struct text pattern = {0};
    schema_pattern(key, &pattern);
    const char *p = text_string(&pattern);
    bool known = schema_row(schema_scenario(), p) || schema_is_group(schema_scenario(), p);
    if (!known) {
        err_set(e, ERR_CONFIG, "unknown key \"%.80s\"", key);
        suggest(p, e);
    }
    text_fini(&pattern);
    return known;
}

static bool add_item(struct vary *v, const char *path, const struct tree_node *item, struct err *e) {
    struct bind b = {.e = e};
    const char *text = bind_text(&b, v->key, item, "a value or a range");
    return text && (vary_add(v, text, e) || bind_place(item->place, path, e));
}

static bool add_values(struct vary *v, const char *path, const struct tree_node *node, struct err *e) {
    struct bind b = {.e = e};
    if (node->kind != TREE_LIST) {
        const char *text = bind_text(&b, v->key, node, "a list or a range");
        struct vary whole;
        if (!text) return false;
        if (!vary_parse(&whole, v->key, text, e)) return bind_place(node->place, path, e);
        *v = whole;
        return true;
    }
    if (!node->count) return bind_fail(node->place, path, e, "%s: the list is empty", v->key);
    for (int i = 0; i < node->count; i++)
        if (!add_item(v, path, node->entry[i].value, e)) return false;
    return true;
}

bool vary_bind(struct vary **out, int *count, const char *path, const struct tree_node *node, struct err *e) {
    struct bind b = {.e = e};
    if (!bind_is_map(&b, path, node)) return false;
    if (!node->count) return bind_fail(node->place, path, e, "the map is empty");
    *out = memory_new((size_t)node->count, sizeof **out);
    for (int i = 0; i < node->count; i++) {
        const struct tree_entry *entry = &node->entry[i];
        if (strlen(entry->key) >= VARY_KEY) return bind_fail(entry->place, path, e, "the key is too long");
        if (!vary_bind_check(entry->key, e)) return bind_place(entry->place, path, e);
        struct vary *v = &(*out)[(*count)++];
        strcpy(v->key, entry->key);
        if (!add_values(v, path, entry->value, e)) return false;
    }
    return true;
}

void vary_bind_fini(struct vary *v, int count) {
    for (int i = 0; i < count; i++) vary_fini(&v[i]);
    free(v);
}
