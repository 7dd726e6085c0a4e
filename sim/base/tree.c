#include "base/tree.h"
#include "base/memory.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct chunk {
    struct chunk *next;
    size_t used, size;
    _Alignas(16) char bytes[];
};

struct tree {
    struct chunk *chunk;
};

enum { CHUNK = 16 << 10 };

struct tree *tree_create(void) {
    return memory_new(1, sizeof(struct tree));
}

void tree_destroy(struct tree *t) {
    if (!t) return;
    for (struct chunk *c = t->chunk, *next; c; c = next) {
        next = c->next;
        free(c);
    }
    free(t);
}

void *tree_alloc(struct tree *t, size_t bytes) {
    bytes = (bytes + 15) & ~(size_t)15;
    struct chunk *c = t->chunk;
    if (!c || c->size - c->used < bytes) {
        size_t size = bytes > CHUNK ? bytes : CHUNK;
        c = memory_new(1, sizeof *c + size);
        *c = (struct chunk){.next = t->chunk, .size = size};
        t->chunk = c;
    }
    void *p = c->bytes + c->used;
    c->used += bytes;
    return p;
}

const char *tree_copy(struct tree *t, const char *s) {
    size_t n = strlen(s) + 1;
    return memcpy(tree_alloc(t, n), s, n);
}

const struct tree_source *tree_source(struct tree *t, const char *name, const char *folder) {
    struct tree_source *s = tree_alloc(t, sizeof *s);
    *s = (struct tree_source){.name = tree_copy(t, name), .folder = tree_copy(t, folder)};
    return s;
}

const struct tree_source *tree_source_pair(struct tree *t, const char *name) {
    struct tree_source *s = tree_alloc(t, sizeof *s);
    *s = (struct tree_source){.name = tree_copy(t, name), .folder = "", .pair = true};
    return s;
}

const struct tree_node *tree_scalar(struct tree *t, struct tree_place place, const char *text) {
    struct tree_node *n = tree_alloc(t, sizeof *n);
    *n = (struct tree_node){.kind = TREE_SCALAR, .place = place, .text = tree_copy(t, text), .plain = true};
    return n;
}

// A group with room for `room` entries, `count` of them copied.
static struct tree_entry *group(struct tree *t, struct tree_node **out, enum tree_kind kind,
                                struct tree_place place, const struct tree_entry *entries, int count,
                                int room) {
    struct tree_node *n = tree_alloc(t, sizeof *n);
    struct tree_entry *copy = tree_alloc(t, sizeof *copy * (size_t)room);
    if (count) memcpy(copy, entries, sizeof *copy * (size_t)count);
    *n = (struct tree_node){.kind = kind, .place = place, .count = count, .entry = copy};
    *out = n;
    return copy;
}

const struct tree_node *tree_group(struct tree *t, enum tree_kind kind, struct tree_place place,
                                   const struct tree_entry *entries, int count) {
    struct tree_node *n;
    group(t, &n, kind, place, entries, count, count);
    return n;
}

const struct tree_entry *tree_entry(const struct tree_node *map, const char *key) {
    if (!map || map->kind != TREE_MAP) return NULL;
    for (int i = 0; i < map->count; i++)
        if (strcmp(map->entry[i].key, key) == 0) return &map->entry[i];
    return NULL;
}

// Index of `key` in a list, or -1 where it is not a number from 0 to count-1 without leading zeros.
static int list_index(const struct tree_node *list, const char *key) {
    size_t n = strlen(key);
    if (n == 0 || n > 6 || strspn(key, "0123456789") != n || (n > 1 && key[0] == '0')) return -1;
    int i = atoi(key);
    return i < list->count ? i : -1;
}

static int child(const struct tree_node *node, const char *key) {
    if (node->kind == TREE_LIST) return list_index(node, key);
    const struct tree_entry *found = tree_entry(node, key);
    return found ? (int)(found - node->entry) : -1;
}

enum { KEY = 256 };

// Copies the first part of a path into `key` and returns the rest ("" at the end); NULL where it is empty or
// too long.
static const char *split(const char *path, char key[KEY]) {
    size_t n = strcspn(path, ".");
    if (n == 0 || n >= KEY) return NULL;
    memcpy(key, path, n);
    key[n] = 0;
    if (path[n] == 0) return path + n;
    return path[n + 1] ? path + n + 1 : NULL;
}

const struct tree_node *tree_at(const struct tree_node *root, const char *path) {
    char key[KEY];
    while (root && *path) {
        path = split(path, key);
        int i = path ? child(root, key) : -1;
        root = i >= 0 ? root->entry[i].value : NULL;
    }
    return root;
}

const struct tree_node *tree_merge(struct tree *t, const struct tree_node *base,
                                   const struct tree_node *over) {
    if (!base || base->kind != TREE_MAP || over->kind != TREE_MAP) return over;
    struct tree_node *n;
    struct tree_entry *entry =
        group(t, &n, TREE_MAP, over->place, base->entry, base->count, base->count + over->count);
    for (int i = 0; i < over->count; i++) {
        int at = child(base, over->entry[i].key);
        const struct tree_node *under = at >= 0 ? base->entry[at].value : NULL;
        if (at < 0) at = n->count++;
        entry[at] = over->entry[i];
        entry[at].value = tree_merge(t, under, over->entry[i].value);
    }
    return n;
}

static const struct tree_node *set(struct tree *t, const struct tree_node *node, const char *path, int depth,
                                   struct tree_place place, const struct tree_node *value, struct err *e) {
    if (!*path) return tree_merge(t, node, value);
    char key[KEY];
    path = split(path, key);
    if (!path) return tree_fail(place, e, "the key has an empty or overlong part"), NULL;
    if (depth == TREE_DEPTH) return tree_fail(place, e, "the key has more than %d parts", TREE_DEPTH), NULL;
    bool list = node && node->kind == TREE_LIST;
    int at = node && node->kind != TREE_SCALAR ? child(node, key) : -1;
    if (list && at < 0) {
        tree_fail(place, e, "the list has no item %s", key);
        if (node->count == 0) return err_hint(e, "it is empty"), NULL;
        return err_hint(e, "items count from 0 to %d", node->count - 1), NULL;
    }
    const struct tree_node *inner =
        set(t, at < 0 ? NULL : node->entry[at].value, path, depth + 1, place, value, e);
    if (!inner) return NULL;
    // A scalar in the way gives place to a map: `gil: none`, then server.gil.switch_interval.
    int count = node && node->kind != TREE_SCALAR ? node->count : 0;
    struct tree_node *n;
    struct tree_entry *entry =
        group(t, &n, list ? TREE_LIST : TREE_MAP, place, count ? node->entry : NULL, count, count + 1);
    if (at < 0) at = n->count++;
    entry[at] = (struct tree_entry){list ? NULL : tree_copy(t, key), place, inner};
    return n;
}

const struct tree_node *tree_set(struct tree *t, const struct tree_node *root, const char *path,
                                 struct tree_place place, const struct tree_node *value, struct err *e) {
    if (!*path) return tree_fail(place, e, "the key is empty"), NULL;
    return set(t, root, path, 0, place, value, e);
}

const struct tree_node *tree_without(struct tree *t, const struct tree_node *root, const char *path) {
    char key[KEY];
    path = root && root->kind == TREE_MAP ? split(path, key) : NULL;
    int at = path ? child(root, key) : -1;
    if (at < 0) return root;
    struct tree_node *n;
    struct tree_entry *entry = group(t, &n, TREE_MAP, root->place, root->entry, root->count, root->count);
    if (*path) {
        entry[at].value = tree_without(t, entry[at].value, path);
        return n;
    }
    memmove(entry + at, entry + at + 1, sizeof *entry * (size_t)(n->count - at - 1));
    n->count--;
    return n;
}

bool tree_fail(struct tree_place place, struct err *e, const char *fmt, ...) {
    if (!e) return false;
    char text[sizeof e->text];
    va_list args;
    va_start(args, fmt);
    vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    return err_at(e, ERR_CONFIG, place.source->name, place.line, place.col, "%s", text);
}

void tree_file(const struct tree_source *source, const char *name, struct text *out) {
    text_clear(out);
    if (name[0] != '/' && source->folder[0])
        text_addf(out, "%s/", source->folder);
    else if (strcmp(name, "-") == 0) // a file of that name, not standard input
        text_add(out, "./");
    text_add(out, name);
}
