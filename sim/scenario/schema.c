#include "scenario/schema.h"

#include <stdio.h>
#include <string.h>

const struct schema_row *schema_row(const struct schema *s, const char *pattern) {
    for (int i = 0; i < s->count; i++)
        if (strcmp(s->row[i].key, pattern) == 0) return &s->row[i];
    return NULL;
}

const char *schema_below(const struct schema_row *row, const char *prefix) {
    size_t n = strlen(prefix);
    if (strncmp(row->key, prefix, n) != 0) return NULL;
    const char *rest = row->key + n;
    if (n && *rest++ != '.') return NULL;
    return strpbrk(rest, "[*") ? NULL : rest;
}

bool schema_is_group(const struct schema *s, const char *pattern) {
    size_t n = strlen(pattern);
    for (int i = 0; i < s->count; i++) {
        const char *key = s->row[i].key;
        if (strncmp(key, pattern, n) == 0 && key[n] == '.' && key[n + 1] != '*') return true;
    }
    return false;
}

enum { NAMES = 160 };

// Adds the first part of `rest` to the list unless it is there.
static void add_name(char names[][SCENARIO_NAME], const char **list, int *count, const char *rest) {
    int n = (int)strcspn(rest, ".[");
    for (int i = 0; i < *count; i++)
        if ((int)strlen(list[i]) == n && strncmp(list[i], rest, (size_t)n) == 0) return;
    if (*count == NAMES) return;
    snprintf(names[*count], SCENARIO_NAME, "%.*s", n, rest);
    list[*count] = names[*count];
    ++*count;
}

// The keys that may stand in the map `prefix`.
static int list_keys(const struct schema *s, const char *prefix, char names[][SCENARIO_NAME],
                     const char **list) {
    int count = 0;
    size_t n = strlen(prefix);
    for (int i = 0; i < s->count; i++) {
        const char *key = s->row[i].key;
        if (strncmp(key, prefix, n) != 0 || (n && key[n] != '.')) continue;
        add_name(names, list, &count, key + n + (n ? 1 : 0));
    }
    return count;
}

// A row elsewhere whose last part is `key`, or NULL.
static const char *same_name_elsewhere(const struct schema *s, const char *key) {
    for (int i = 0; i < s->count; i++) {
        const char *dot = strrchr(s->row[i].key, '.');
        if (dot && strcmp(dot + 1, key) == 0) return s->row[i].key;
    }
    return NULL;
}

void schema_suggest(const struct schema *s, const char *prefix, const char *key, struct err *e) {
    char names[NAMES][SCENARIO_NAME];
    const char *list[NAMES];
    int count = list_keys(s, prefix, names, list);
    const char *meant = text_closest(key, list, count), *elsewhere = same_name_elsewhere(s, key);
    if (strchr(key, '.') && schema_row(s, key))
        err_hint(e, "dotted names are for `set` and --set; nest the maps here");
    else if (strchr(key, ')'))
        err_hint(e, "inside { } a value with a comma needs quotes");
    else if (meant)
        err_hint(e, "did you mean \"%s\"?", meant);
    else if (elsewhere)
        err_hint(e, "there is %s", elsewhere);
    else {
        struct text all = {0};
        for (int i = 0; i < count; i++) text_addf(&all, "%s%s", i ? ", " : "", list[i]);
        err_hint(e, "known here: %s", text_string(&all));
        text_fini(&all);
    }
}

static const char *unit_words(const struct schema_row *row) {
    if (row->type == SCHEMA_SPAN || row->unit == UNIT_SPAN) return "span";
    switch (row->unit) {
    case UNIT_RATE: return "rate";
    case UNIT_FRAC: return "share";
    case UNIT_SECONDS: return "span, or number of seconds";
    case UNIT_PER_S: return "number per second";
    default: return "number";
    }
}

static void add_names(const char *const *names, struct text *out) {
    for (int i = 0; names[i]; i++) text_addf(out, "%s%s", i ? " | " : "", names[i]);
}

static void add_range(const struct schema_row *row, struct text *out) {
    char low[UNITS_TEXT], high[UNITS_TEXT];
    enum unit unit = row->type == SCHEMA_SPAN ? UNIT_SPAN : row->unit;
    units_format_exact(low, unit, row->min);
    units_format_exact(high, unit, row->max);
    if (row->flags & SCHEMA_ABOVE)
        text_addf(out, "above %s, at most %s", low, high);
    else
        text_addf(out, "%s to %s", low, high);
}

void schema_values(const struct schema_row *row, struct text *out) {
    if (row->flags & SCHEMA_ZERO_NONE) text_add(out, "none | ");
    if (row->flags & SCHEMA_ZERO_AUTO) text_add(out, "auto | ");
    switch (row->type) {
    case SCHEMA_NAME: text_add(out, "name"); return;
    case SCHEMA_TEXT: text_add(out, "text"); return;
    case SCHEMA_INT:
    case SCHEMA_INT64:
        text_add(out, "whole number, ");
        add_range(row, out);
        return;
    case SCHEMA_SPAN:
    case SCHEMA_NUMBER:
    case SCHEMA_COST:
        text_addf(out, "%s, ", unit_words(row));
        add_range(row, out);
        return;
    case SCHEMA_SWITCH:
    case SCHEMA_BOOL: text_add(out, "on | off"); return;
    case SCHEMA_ARRIVALS:
    case SCHEMA_ENUM: add_names(row->names, out); return;
    case SCHEMA_DIST: text_add(out, "span or distribution"); return;
    case SCHEMA_FILE: text_add(out, "path"); return;
    case SCHEMA_LOCK: text_add(out, "none | on | map"); return;
    case SCHEMA_WARMUP: text_add(out, "auto | none | span"); return;
    case SCHEMA_CORES: text_add(out, "whole number or list"); return;
    case SCHEMA_STEPS:
    case SCHEMA_ENDPOINTS:
    case SCHEMA_CASES: text_add(out, "list"); return;
    case SCHEMA_RESOURCES:
    case SCHEMA_SET: text_add(out, "map"); return;
    case SCHEMA_VARY: text_add(out, "map of lists or ranges"); return;
    case SCHEMA_EXPRESSIONS: text_add(out, "expression or list"); return;
    case SCHEMA_CURVE: text_add(out, "list of {at: span, cost: span}"); return;
    }
}
