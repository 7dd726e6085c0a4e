#include "scenario/costs.h"
#include "base/require.h"
#include "base/yaml.h"
#include "scenario/bind.h"
#include "scenario/layers.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char *const provenances[] = {"none", "probe", "fit", "published", "guess", NULL};

const char *costs_provenance_name(enum provenance p) {
    return provenances[p];
}

static void set_exact(struct cost *c, double value, enum provenance from) {
    *c = (struct cost){.value = value, .lo = value, .hi = value, .from = from};
}

void costs_none(struct costs *c) {
    const struct schema *s = schema_costs();
    memset(c, 0, sizeof *c);
    strcpy(c->name, "none");
    c->none = true;
    for (int i = 0; i < s->count; i++) {
        const struct schema_row *row = &s->row[i];
        if (row->type != SCHEMA_COST && row->type != SCHEMA_SWITCH) continue;
        double value = strcmp(row->def, "on") == 0;
        if (row->type == SCHEMA_COST) REQUIRE(units_parse(row->unit, row->def, &value, NULL));
        set_exact((struct cost *)((char *)c + row->offset), value, FROM_NONE);
    }
}

static bool bind_plain(struct bind *b, const struct schema_row *row, const char *path,
                       const struct tree_node *node, double *value) {
    if (row->type != SCHEMA_SWITCH) return bind_number(b, row, path, node, value);
    bool on = node->kind == TREE_SCALAR && strcmp(node->text, "1") == 0;
    bool off = node->kind == TREE_SCALAR && strcmp(node->text, "0") == 0;
    if (!on && !off && !bind_bool(b, path, node, &on)) return false;
    *value = on;
    return true;
}

static bool bind_interval(struct bind *b, const struct schema_row *row, const char *path,
                          const struct tree_node *node, struct cost *c) {
    if (!bind_list(b, path, node, 2)) return false;
    if (node->count != 2) {
        bind_fail(node->place, path, b->e, "an interval has two ends");
        return err_hint(b->e, "ci95: [20us, 25us]");
    }
    if (!bind_plain(b, row, path, node->entry[0].value, &c->lo)) return false;
    if (!bind_plain(b, row, path, node->entry[1].value, &c->hi)) return false;
    if (c->lo <= c->value && c->value <= c->hi) return true;
    bind_fail(node->place, path, b->e, "the interval does not hold the value");
    return err_hint(b->e, "lower end first, then the upper");
}

static bool bind_source(struct bind *b, const char *path, const struct tree_node *node, struct cost *c) {
    const char *text = bind_text(b, path, node, "text");
    if (!text) return false;
    if (strlen(text) >= sizeof c->source)
        return bind_fail(node->place, path, b->e, "is longer than %zu bytes", sizeof c->source - 1);
    strcpy(c->source, text);
    return true;
}

static const char *const parts[] = {"value", "ci95", "from", "source"};

static bool known_parts(struct bind *b, const char *path, const struct tree_node *map) {
    for (int i = 0; i < map->count; i++) {
        const char *key = map->entry[i].key, *meant = text_closest(key, parts, 4);
        bool known = false;
        for (int k = 0; k < 4; k++) known |= strcmp(parts[k], key) == 0;
        if (known) continue;
        bind_fail(map->entry[i].place, path, b->e, "unknown key \"%.80s\"", key);
        return meant ? err_hint(b->e, "did you mean \"%s\"?", meant)
                     : err_hint(b->e, "value, ci95, from, source");
    }
    return true;
}

static bool bind_annotated(struct bind *b, const struct schema_row *row, const char *path,
                           const struct tree_node *map, struct cost *c) {
    char inner[BIND_PATH];
    const struct tree_node *value = tree_at(map, "value"), *interval = tree_at(map, "ci95");
    const struct tree_node *from = tree_at(map, "from"), *source = tree_at(map, "source");
    if (!known_parts(b, path, map)) return false;
    if (!value) {
        bind_fail(map->place, path, b->e, "the key \"value\" is missing");
        return err_hint(b->e, "{value: 22us, ci95: [20us, 25us], from: probe, source: \"...\"}");
    }
    bind_join(inner, path, "value");
    if (!bind_plain(b, row, inner, value, &c->value)) return false;
    set_exact(c, c->value, FROM_GUESS);
    bind_join(inner, path, "ci95");
    if (interval && !bind_interval(b, row, inner, interval, c)) return false;
    bind_join(inner, path, "source");
    if (source && !bind_source(b, inner, source, c)) return false;
    bind_join(inner, path, "from");
    int choice = from ? bind_choice(b, inner, from, provenances + 1) : FROM_GUESS - 1;
    c->from = (enum provenance)(choice + 1);
    return choice >= 0;
}

static bool bind_cost(struct bind *b, const struct schema_row *row, const char *path,
                      const struct tree_node *node, struct cost *c) {
    if (node->kind == TREE_MAP) return bind_annotated(b, row, path, node, c);
    double value;
    if (!bind_plain(b, row, path, node, &value)) return false;
    set_exact(c, value, FROM_GUESS);
    return true;
}

static bool bind_point(struct bind *b, const struct schema_row *row, const char *path,
                       const struct tree_node *item, struct cost_curve *curve) {
    char inner[BIND_PATH];
    const struct tree_node *at = tree_at(item, "at"), *cost = tree_at(item, "cost");
    if (item->kind != TREE_MAP || item->count != 2 || !at || !cost) {
        bind_fail(item->place, path, b->e, "a point of a curve has the keys at and cost");
        return err_hint(b->e, "{at: 2ms, cost: 55us}");
    }
    int i = curve->points++;
    bind_join(inner, path, "at");
    if (!bind_number(b, row, inner, at, &curve->point[i].at)) return false;
    if (i && curve->point[i].at <= curve->point[i - 1].at)
        return bind_fail(at->place, inner, b->e, "not above the point before it");
    bind_join(inner, path, "cost");
    return bind_cost(b, row, inner, cost, &curve->point[i].cost);
}

static bool bind_curve(struct bind *b, const struct schema_row *row, const char *path,
                       const struct tree_node *node, struct cost_curve *curve) {
    if (!bind_list(b, path, node, COSTS_CURVE)) return false;
    for (int i = 0; i < node->count; i++) {
        char inner[BIND_PATH], number[12];
        snprintf(number, sizeof number, "%d", i);
        bind_join(inner, path, number);
        if (!bind_point(b, row, inner, node->entry[i].value, curve)) return false;
    }
    return true;
}

static bool special(struct bind *b, const struct schema_row *row, const char *path,
                    const struct tree_node *node, void *into) {
    void *at = (char *)into + row->offset;
    if (row->type == SCHEMA_FILE) return true; // `extends`: the layers below are laid already
    if (row->type == SCHEMA_CURVE) return bind_curve(b, row, path, node, at);
    return bind_cost(b, row, path, node, at);
}

static void name_profile(struct costs *c, const char *path) {
    const char *slash = strrchr(path, '/');
    const char *base = slash ? slash + 1 : path;
    const char *dot = strrchr(base, '.');
    size_t n = dot && dot != base ? (size_t)(dot - base) : strlen(base);
    snprintf(c->name, sizeof c->name, "%.*s", (int)n, base);
}

static bool load_text(struct costs *c, const char *name, const char *text, size_t size, struct err *e) {
    struct tree *t = tree_create();
    struct bind b = {.schema = schema_costs(), .special = special, .given_only = true, .e = e};
    const struct tree_node *root = layers_parse(t, name, layers_folder(t, name), text, size, e);
    costs_none(c);
    c->none = false;
    name_profile(c, name);
    bool ok = root && bind_map(&b, "", "", root, c);
    tree_destroy(t);
    return ok;
}

bool costs_load_text(struct costs *c, const char *name, const char *text, struct err *e) {
    return load_text(c, name, text, strlen(text), e);
}

bool costs_load(struct costs *c, const char *path, struct err *e) {
    size_t size;
    char *text = yaml_read(path, YAML_MOST, &size, e);
    bool ok = text && load_text(c, path, text, size, e);
    free(text);
    return ok;
}

static bool write_all(const char *path, const struct text *text) {
    FILE *f = fopen(path, "w");
    if (!f) return false;
    bool ok = fwrite(text_string(text), 1, text->length, f) == text->length;
    ok &= fflush(f) == 0 && fsync(fileno(f)) == 0;
    return (fclose(f) == 0) & ok;
}

bool costs_save(const struct costs *c, const char *path, struct err *e) {
    struct text text = {0}, temporary = {0};
    costs_format(c, &text);
    text_addf(&temporary, "%s.%ld.tmp", path, (long)getpid());
    bool ok = write_all(text_string(&temporary), &text) && rename(text_string(&temporary), path) == 0;
    if (!ok) {
        err_set(e, ERR_HOST, "cannot write %s: %s", path, strerror(errno));
        unlink(text_string(&temporary));
    }
    text_fini(&temporary);
    text_fini(&text);
    return ok;
}
