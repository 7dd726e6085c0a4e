#include "base/yaml.h"
#include "base/memory.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

// A list or map under construction.
struct level {
    enum tree_kind kind;
    struct tree_place place;
    struct tree_entry *entry;
    size_t capacity;
    int count;
    const char *key; // of a map: the key that waits for its value
    struct tree_place key_place;
};

struct builder {
    struct tree *tree;
    const struct tree_source *source;
    yaml_parser_t parser;
    int depth, documents;
    struct level level[TREE_DEPTH];
    const struct tree_node *root;
    struct err *e;
};

static struct tree_place place_of(const struct builder *b, yaml_mark_t mark) {
    if (b->source->pair) return (struct tree_place){b->source, 0, 0};
    return (struct tree_place){b->source, (int)mark.line + 1, (int)mark.column + 1};
}

static bool attach(struct builder *b, const struct tree_node *node) {
    if (b->depth == 0) {
        b->root = node;
        return true;
    }
    struct level *l = &b->level[b->depth - 1];
    l->entry = memory_grow(l->entry, &l->capacity, (size_t)l->count + 1, sizeof *l->entry);
    struct tree_place place = l->key ? l->key_place : node->place;
    l->entry[l->count++] = (struct tree_entry){l->key, place, node};
    l->key = NULL;
    return true;
}

static bool wants_key(const struct builder *b) {
    return b->depth > 0 && b->level[b->depth - 1].kind == TREE_MAP && !b->level[b->depth - 1].key;
}

static bool take_key(struct builder *b, const char *key, struct tree_place place) {
    struct level *l = &b->level[b->depth - 1];
    for (int i = 0; i < l->count; i++) {
        if (strcmp(l->entry[i].key, key) != 0) continue;
        tree_fail(place, b->e, "the key \"%.80s\" stands here for the second time", key);
        return place.line ? err_hint(b->e, "first in line %d", l->entry[i].place.line) : false;
    }
    if (l->count == TREE_KEYS) return tree_fail(place, b->e, "more than %d keys in one map", TREE_KEYS);
    if (!*key) return tree_fail(place, b->e, "a key is empty");
    l->key = tree_copy(b->tree, key);
    l->key_place = place;
    return true;
}

static bool refuse_control(struct tree_place place, const char *s, size_t n, struct err *e) {
    for (size_t i = 0; i < n; i++) {
        unsigned char c = (unsigned char)s[i];
        if ((c < 0x20 && c != '\n' && c != '\t') || c == 0x7f)
            return tree_fail(place, e, "a control character (code %d) in a value", c);
    }
    return true;
}

static bool refuse_extras(struct builder *b, const yaml_event_t *event, const yaml_char_t *anchor,
                          const yaml_char_t *tag) {
    struct tree_place place = place_of(b, event->start_mark);
    if (anchor) {
        tree_fail(place, b->e, "an anchor (&%.60s) is not allowed", (const char *)anchor);
        return err_hint(b->e, "write the value out, or inherit it with `extends`");
    }
    if (tag) {
        tree_fail(place, b->e, "a tag (%.60s) is not allowed", (const char *)tag);
        return err_hint(b->e, "the type follows from the key");
    }
    return true;
}

static bool on_scalar(struct builder *b, const yaml_event_t *event) {
    struct tree_place place = place_of(b, event->start_mark);
    const char *value = (const char *)event->data.scalar.value;
    if (!refuse_extras(b, event, event->data.scalar.anchor, event->data.scalar.tag)) return false;
    if (!refuse_control(place, value, event->data.scalar.length, b->e)) return false;
    if (wants_key(b)) return take_key(b, value, place);
    struct tree_node *n = tree_alloc(b->tree, sizeof *n);
    yaml_scalar_style_t style = event->data.scalar.style;
    *n = (struct tree_node){
        .kind = TREE_SCALAR,
        .place = place,
        .text = tree_copy(b->tree, value),
        .plain = style == YAML_PLAIN_SCALAR_STYLE,
        .one_line = event->start_mark.line == event->end_mark.line && style == YAML_PLAIN_SCALAR_STYLE,
    };
    return attach(b, n);
}

static bool open_level(struct builder *b, const yaml_event_t *event, enum tree_kind kind) {
    struct tree_place place = place_of(b, event->start_mark);
    bool map = kind == TREE_MAP;
    const yaml_char_t *anchor = map ? event->data.mapping_start.anchor : event->data.sequence_start.anchor;
    const yaml_char_t *tag = map ? event->data.mapping_start.tag : event->data.sequence_start.tag;
    if (!refuse_extras(b, event, anchor, tag)) return false;
    if (wants_key(b)) return tree_fail(place, b->e, "a key must be plain text, not a list or map");
    if (b->depth == TREE_DEPTH) return tree_fail(place, b->e, "nested deeper than %d", TREE_DEPTH);
    struct level *l = &b->level[b->depth++];
    // The entries' memory of an earlier level at this depth is used again.
    *l = (struct level){.kind = kind, .place = place, .entry = l->entry, .capacity = l->capacity};
    return true;
}

static bool close_level(struct builder *b) {
    struct level *l = &b->level[--b->depth];
    return attach(b, tree_group(b->tree, l->kind, l->place, l->entry, l->count));
}

static bool open_document(struct builder *b, const yaml_event_t *event) {
    if (b->documents++ == 0) return true;
    tree_fail(place_of(b, event->start_mark), b->e, "a second document begins here");
    return err_hint(b->e, "one file holds one scenario or profile");
}

static bool on_event(struct builder *b, const yaml_event_t *event) {
    switch (event->type) {
    case YAML_SCALAR_EVENT: return on_scalar(b, event);
    case YAML_SEQUENCE_START_EVENT: return open_level(b, event, TREE_LIST);
    case YAML_MAPPING_START_EVENT: return open_level(b, event, TREE_MAP);
    case YAML_SEQUENCE_END_EVENT:
    case YAML_MAPPING_END_EVENT: return close_level(b);
    case YAML_DOCUMENT_START_EVENT: return open_document(b, event);
    case YAML_ALIAS_EVENT:
        tree_fail(place_of(b, event->start_mark), b->e, "an alias (*%.60s) is not allowed",
                  (const char *)event->data.alias.anchor);
        return err_hint(b->e, "write the value out; a text that begins with * needs quotes");
    default: return true;
    }
}

// libyaml tells bytes that are not text by their offset only.
static struct tree_place place_at(const struct builder *b, const char *text, size_t size, size_t offset) {
    struct tree_place place = {b->source, 1, 1};
    if (b->source->pair) return (struct tree_place){b->source, 0, 0};
    for (size_t i = 0; i < offset && i < size; i++) {
        if (text[i] == '\n') {
            place.line++;
            place.col = 1;
        } else if (((unsigned char)text[i] & 0xc0) != 0x80) {
            place.col++;
        }
    }
    return place;
}

static bool refuse_syntax(struct builder *b, const char *text, size_t size) {
    const yaml_parser_t *p = &b->parser;
    const char *problem = p->problem ? p->problem : "unreadable";
    if (p->error == YAML_READER_ERROR) {
        tree_fail(place_at(b, text, size, p->problem_offset), b->e, "not valid text: %s", problem);
        return err_hint(b->e, "the file must be UTF-8");
    }
    tree_fail(place_of(b, p->problem_mark), b->e, "not valid YAML: %s", problem);
    if (strstr(problem, "cannot start any token") || strstr(problem, "found a tab"))
        return err_hint(b->e, "indent with blanks, and quote text that begins with a special character");
    if (p->context && p->context_mark.line != p->problem_mark.line && !b->source->pair)
        return err_hint(b->e, "%s that begins in line %d", p->context, (int)p->context_mark.line + 1);
    return false;
}

static bool parse_events(struct builder *b, const char *text, size_t size) {
    for (bool end = false; !end;) {
        yaml_event_t event;
        if (!yaml_parser_parse(&b->parser, &event)) return refuse_syntax(b, text, size);
        end = event.type == YAML_STREAM_END_EVENT;
        bool ok = on_event(b, &event);
        yaml_event_delete(&event);
        if (!ok) return false;
    }
    return true;
}

const struct tree_node *yaml_parse(struct tree *t, const struct tree_source *source, const char *text,
                                   size_t size, struct err *e) {
    struct tree_place start = {source, !source->pair, !source->pair};
    if (size > YAML_MOST) return tree_fail(start, e, "longer than %d MiB", YAML_MOST >> 20), NULL;
    struct builder *b = memory_new(1, sizeof *b);
    b->tree = t;
    b->source = source;
    b->e = e;
    const struct tree_node *root = NULL;
    if (!yaml_parser_initialize(&b->parser)) {
        err_set(e, ERR_HOST, "no memory for the YAML parser");
    } else {
        yaml_parser_set_encoding(&b->parser, YAML_UTF8_ENCODING);
        yaml_parser_set_input_string(&b->parser, (const unsigned char *)text, size);
        bool ok = parse_events(b, text, size);
        if (ok) root = b->root;
        if (ok && !root) tree_fail(start, e, "the file is empty");
        yaml_parser_delete(&b->parser);
    }
    for (int i = 0; i < TREE_DEPTH; i++) free(b->level[i].entry);
    free(b);
    return root;
}

static char *read_all(FILE *f, const char *path, size_t most, size_t *size, struct err *e) {
    size_t capacity = 0, n = 0, got;
    char *text = memory_grow(NULL, &capacity, 1 << 14, 1);
    while (n <= most && (got = fread(text + n, 1, capacity - n - 1, f)) > 0) {
        n += got;
        text = memory_grow(text, &capacity, n + (1 << 12), 1);
    }
    if (ferror(f))
        err_set(e, ERR_HOST, "cannot read %s: %s", path, strerror(errno));
    else if (n > most)
        err_at(e, ERR_CONFIG, path, 1, 1, "longer than %zu MiB", most >> 20);
    else {
        text[n] = 0;
        *size = n;
        return text;
    }
    free(text);
    return NULL;
}

char *yaml_read(const char *path, size_t most, size_t *size, struct err *e) {
    bool standard = strcmp(path, "-") == 0;
    FILE *f = standard ? stdin : fopen(path, "rb");
    if (!f) return err_set(e, ERR_HOST, "cannot read %s: %s", path, strerror(errno)), NULL;
    char *text = read_all(f, path, most, size, e);
    if (!standard) fclose(f);
    return text;
}
