#include "scenario/bind.h"
#include "base/require.h"
#include "scenario/distribution.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

bool bind_fail(struct tree_place place, const char *path, struct err *e, const char *fmt, ...) {
    if (!e) return false;
    char text[sizeof e->text];
    va_list args;
    va_start(args, fmt);
    vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    const char *word = strrchr(place.source->name, ' '); // of a pair: "--set KEY"
    bool said = place.source->pair && word && strcmp(word + 1, path) == 0;
    if (said || !*path) return tree_fail(place, e, "%s", text);
    return tree_fail(place, e, "%.200s: %s", path, text);
}

bool bind_place(struct tree_place place, const char *path, struct err *e) {
    if (!e) return false;
    struct err raw = *e;
    bind_fail(place, path, e, "%s", raw.text);
    return raw.hint[0] ? err_hint(e, "%s", raw.hint) : false;
}

void bind_join(char out[BIND_PATH], const char *path, const char *key) {
    snprintf(out, BIND_PATH, "%.380s%s%.120s", path, *path ? "." : "", key);
}

bool bind_is_nothing(const struct tree_node *node) {
    if (node->kind != TREE_SCALAR || !node->plain) return false;
    return !*node->text || strcmp(node->text, "~") == 0 || strcmp(node->text, "null") == 0;
}

const char *bind_text(struct bind *b, const char *path, const struct tree_node *node, const char *wanted) {
    if (node->kind == TREE_SCALAR && !bind_is_nothing(node)) return node->text;
    static const char *const kinds[] = {"nothing", "a list", "a map"};
    bind_fail(node->place, path, b->e, "must be %s, not %s", wanted, kinds[node->kind]);
    return NULL;
}

bool bind_is_map(struct bind *b, const char *path, const struct tree_node *node) {
    if (node->kind == TREE_MAP) return true;
    bool nothing = bind_is_nothing(node), list = node->kind == TREE_LIST;
    return bind_fail(node->place, path, b->e, "must be a map of keys, not %s",
                     nothing ? "nothing"
                     : list  ? "a list"
                             : "a single value");
}

bool bind_list(struct bind *b, const char *path, const struct tree_node *node, int most) {
    if (node->kind != TREE_LIST) {
        bind_fail(node->place, path, b->e, "must be a list");
        return err_hint(b->e, "begin each item with - in a line of its own, or write [a, b]");
    }
    if (node->count > most)
        return bind_fail(node->place, path, b->e, "has %d items, at most %d", node->count, most);
    return true;
}

int bind_choice(struct bind *b, const char *path, const struct tree_node *node, const char *const *names) {
    const char *text = bind_text(b, path, node, "one word");
    if (!text) return -1;
    struct text all = {0};
    int count = 0;
    for (; names[count]; count++) {
        if (strcmp(names[count], text) == 0) {
            text_fini(&all);
            return count;
        }
        text_addf(&all, "%s%s", count ? ", " : "", names[count]);
    }
    const char *meant = text_closest(text, names, count);
    bind_fail(node->place, path, b->e, "\"%.60s\" is none of %s", text, text_string(&all));
    if (meant) err_hint(b->e, "did you mean \"%s\"?", meant);
    text_fini(&all);
    return -1;
}

bool bind_bool(struct bind *b, const char *path, const struct tree_node *node, bool *out) {
    const char *text = bind_text(b, path, node, "on or off");
    if (!text) return false;
    *out = strcmp(text, "on") == 0 || strcmp(text, "true") == 0;
    if (*out || strcmp(text, "off") == 0 || strcmp(text, "false") == 0) return true;
    bind_fail(node->place, path, b->e, "\"%.60s\" is neither on nor off", text);
    return err_hint(b->e, "on, off, true or false");
}

bool bind_name(struct bind *b, const char *path, const struct tree_node *node, char *out) {
    const char *text = bind_text(b, path, node, "a name");
    if (!text) return false;
    if (!*text) return bind_fail(node->place, path, b->e, "is empty");
    if (strpbrk(text, "\n\t")) return bind_fail(node->place, path, b->e, "must be one line");
    if (strlen(text) >= SCENARIO_NAME)
        return bind_fail(node->place, path, b->e, "is longer than %d bytes", SCENARIO_NAME - 1);
    strcpy(out, text);
    return true;
}

static bool in_range(struct bind *b, const struct schema_row *row, const char *path,
                     const struct tree_node *node, double value) {
    bool above = row->flags & SCHEMA_ABOVE;
    if ((above ? value > row->min : value >= row->min) && value <= row->max) return true;
    struct text range = {0};
    schema_values(row, &range);
    bind_fail(node->place, path, b->e, "\"%.60s\" is out of range", node->text);
    err_hint(b->e, "%s", text_string(&range));
    text_fini(&range);
    return false;
}

bool bind_number(struct bind *b, const struct schema_row *row, const char *path, const struct tree_node *node,
                 double *out) {
    const char *text = bind_text(b, path, node, "a number");
    enum unit unit = row->type == SCHEMA_SPAN ? UNIT_SPAN : row->unit;
    if (!text) return false;
    if (!units_parse(unit, text, out, b->e)) return bind_place(node->place, path, b->e);
    return in_range(b, row, path, node, *out);
}

static bool bind_int(struct bind *b, const struct schema_row *row, const char *path,
                     const struct tree_node *node, int64_t *out) {
    const char *text = bind_text(b, path, node, "a whole number");
    if (!text) return false;
    if (!units_parse_int(text, out, b->e)) return bind_place(node->place, path, b->e);
    return in_range(b, row, path, node, (double)*out);
}

static bool bind_note(struct bind *b, const struct schema_row *row, const char *path,
                      const struct tree_node *node, char *out) {
    const char *text = bind_text(b, path, node, "text");
    if (!text) return false;
    if (strlen(text) >= row->size)
        return bind_fail(node->place, path, b->e, "is longer than %zu bytes", row->size - 1);
    strcpy(out, text);
    return true;
}

// Adds the word that the row takes beside numbers, where nothing better was said.
static bool hint_word(struct bind *b, const struct schema_row *row) {
    if (!b->e || b->e->hint[0] || !(row->flags & (SCHEMA_ZERO_NONE | SCHEMA_ZERO_AUTO))) return false;
    return err_hint(b->e, "or %s", row->flags & SCHEMA_ZERO_NONE ? "none" : "auto");
}

// `none` and `auto` where the row allows them.
static bool is_zero_word(const struct schema_row *row, const struct tree_node *node) {
    if (node->kind != TREE_SCALAR) return false;
    return ((row->flags & SCHEMA_ZERO_NONE) && strcmp(node->text, "none") == 0) ||
           ((row->flags & SCHEMA_ZERO_AUTO) && strcmp(node->text, "auto") == 0);
}

static bool bind_whole(struct bind *b, const struct schema_row *row, const char *path,
                       const struct tree_node *node, void *at) {
    int64_t value = 0;
    if (!is_zero_word(row, node) && !bind_int(b, row, path, node, &value)) return hint_word(b, row);
    if (row->type == SCHEMA_INT)
        *(int *)at = (int)value;
    else
        memcpy(at, &value, sizeof value);
    return true;
}

static bool bind_span(struct bind *b, const struct schema_row *row, const char *path,
                      const struct tree_node *node, sim_time *at) {
    double value = 0;
    if (!is_zero_word(row, node) && !bind_number(b, row, path, node, &value)) return hint_word(b, row);
    *at = llround(value);
    return true;
}

static bool bind_enum(struct bind *b, const struct schema_row *row, const char *path,
                      const struct tree_node *node, void *at) {
    int choice = bind_choice(b, path, node, row->names);
    if (choice < 0) return false;
    unsigned value = (unsigned)choice; // what gcc and clang make of an enum without negative values
    memcpy(at, &value, sizeof value);
    return true;
}

// `none`, `on`, or a map of options, which are rows of their own.
static bool bind_lock(struct bind *b, const char *path, const struct tree_node *node, bool *at) {
    *at = true;
    if (node->kind == TREE_MAP) return true;
    static const char *const words[] = {"none", "on", NULL};
    int choice = bind_choice(b, path, node, words);
    if (choice < 0 && b->e && !b->e->hint[0]) err_hint(b->e, "or a map such as {switch_interval: 5ms}");
    *at = choice == 1;
    return choice >= 0;
}

bool bind_value(struct bind *b, const struct schema_row *row, const char *path, const struct tree_node *node,
                void *into) {
    void *at = (char *)into + row->offset;
    switch (row->type) {
    case SCHEMA_NAME: return bind_name(b, path, node, at);
    case SCHEMA_TEXT: return bind_note(b, row, path, node, at);
    case SCHEMA_INT:
    case SCHEMA_INT64: return bind_whole(b, row, path, node, at);
    case SCHEMA_SPAN: return bind_span(b, row, path, node, at);
    case SCHEMA_NUMBER: return bind_number(b, row, path, node, at);
    case SCHEMA_BOOL: return bind_bool(b, path, node, at);
    case SCHEMA_ENUM: return bind_enum(b, row, path, node, at);
    case SCHEMA_LOCK: return bind_lock(b, path, node, at);
    case SCHEMA_DIST: return distribution_bind(b, row, path, node, at);
    default: return b->special(b, row, path, node, into);
    }
}

bool bind_keys(struct bind *b, const char *prefix, const char *path, const struct tree_node *map) {
    for (int i = 0; i < map->count; i++) {
        const struct tree_entry *entry = &map->entry[i];
        char pattern[BIND_PATH], inner[BIND_PATH];
        bind_join(pattern, prefix, entry->key);
        bind_join(inner, path, entry->key);
        bool plain = !strpbrk(entry->key, ".[]*") && strlen(entry->key) < SCENARIO_NAME;
        bool row = plain && schema_row(b->schema, pattern),
             group = plain && schema_is_group(b->schema, pattern);
        if (!row && !group) {
            bind_fail(entry->place, path, b->e, "unknown key \"%.80s\"", entry->key);
            schema_suggest(b->schema, prefix, entry->key, b->e);
            return false;
        }
        if (!row && !bind_is_map(b, inner, entry->value)) return false;
        if (group && entry->value->kind == TREE_MAP && !bind_keys(b, pattern, inner, entry->value))
            return false;
    }
    return true;
}

// At the innermost map on the way to `key` that is there.
static bool refuse_missing(struct bind *b, const struct schema_row *row, const char *path, const char *key,
                           const struct tree_node *map) {
    char parent[BIND_PATH] = "";
    const char *dot = strrchr(key, '.');
    if (dot) snprintf(parent, sizeof parent, "%.*s", (int)(dot - key), key);
    const struct tree_node *inner = tree_at(map, parent);
    bind_fail(inner ? inner->place : map->place, path, b->e, "the key \"%s\" is missing", key);
    return err_hint(b->e, "%s", row->help);
}

static bool bind_default(struct bind *b, const struct schema_row *row, void *into) {
    static const struct tree_source source = {"default", "", false};
    if (b->given_only || !row->def || (row->flags & SCHEMA_OWN_DEFAULT)) return true;
    struct tree_node node = {
        .kind = TREE_SCALAR, .place = {.source = &source}, .text = row->def, .plain = true};
    bool ok = bind_value(b, row, row->key, &node, into);
    REQUIRE(ok); // the table's own text
    return true;
}

bool bind_map(struct bind *b, const char *prefix, const char *path, const struct tree_node *map, void *into) {
    if (!bind_is_map(b, path, map) || !bind_keys(b, prefix, path, map)) return false;
    for (int i = 0; i < b->schema->count; i++) {
        const struct schema_row *row = &b->schema->row[i];
        const char *key = schema_below(row, prefix);
        if (!key || b->apart != ((row->flags & SCHEMA_APART) != 0)) continue;
        char inner[BIND_PATH];
        bind_join(inner, path, key);
        const struct tree_node *node = tree_at(map, key);
        if (!node && (row->flags & SCHEMA_REQUIRED)) return refuse_missing(b, row, path, key, map);
        bool ok = node ? bind_value(b, row, inner, node, into) : bind_default(b, row, into);
        if (!ok) return false;
    }
    return true;
}
