#include "scenario/costs.h"
#include "scenario/schema.h"

#include <string.h>

// A double-quoted YAML scalar.
static void add_quoted(const char *s, struct text *out) {
    text_add(out, "\"");
    for (; *s; s++) {
        if (*s == '"' || *s == '\\')
            text_addf(out, "\\%c", *s);
        else if (*s == '\n' || *s == '\t')
            text_add(out, *s == '\n' ? "\\n" : "\\t");
        else
            text_add_bytes(out, s, 1);
    }
    text_add(out, "\"");
}

static void add_value(const struct schema_row *row, double value, struct text *out) {
    char number[UNITS_TEXT];
    if (row->type == SCHEMA_SWITCH)
        text_add(out, value != 0 ? "on" : "off");
    else
        text_add(out, units_format_exact(number, row->unit, value));
}

// Plain where nothing is known but the value.
static void add_cost(const struct schema_row *row, const struct cost *c, struct text *out) {
    bool interval = c->lo != c->value || c->hi != c->value;
    if (c->from == FROM_GUESS && !interval && !c->source[0]) {
        add_value(row, c->value, out);
        return;
    }
    text_add(out, "{value: ");
    add_value(row, c->value, out);
    if (interval) {
        text_add(out, ", ci95: [");
        add_value(row, c->lo, out);
        text_add(out, ", ");
        add_value(row, c->hi, out);
        text_add(out, "]");
    }
    text_addf(out, ", from: %s", costs_provenance_name(c->from == FROM_NONE ? FROM_GUESS : c->from));
    if (c->source[0]) {
        text_add(out, ", source: ");
        add_quoted(c->source, out);
    }
    text_add(out, "}");
}

static void add_curve(const struct schema_row *row, const struct cost_curve *curve, int depth,
                      struct text *out) {
    char at[UNITS_TEXT];
    for (int i = 0; i < curve->points; i++) {
        units_format_exact(at, UNIT_SPAN, curve->point[i].at);
        text_addf(out, "\n%*s- {at: %s, cost: ", 2 * depth, "", at);
        add_cost(row, &curve->point[i].cost, out);
        text_add(out, "}");
    }
}

// Prints the parts of `key` that `before` (the key printed last) does not share, one level of indentation
// each, and leaves the last open for its value. Returns the number of parts.
static int add_key(const char *before, const char *key, struct text *out) {
    int depth = 0;
    bool same = true;
    for (const char *part = key; *part; depth++) {
        size_t n = strcspn(part, ".");
        const char *there = before + (part - key);
        same = same && part[n] == '.' && strlen(before) > (size_t)(part - key) &&
               strncmp(there, part, n + 1) == 0;
        if (!same) text_addf(out, "\n%*s%.*s:", 2 * depth, "", (int)n, part);
        part += n + (part[n] == '.');
    }
    return depth;
}

static bool is_said(const struct schema_row *row, const void *at) {
    if (row->type == SCHEMA_TEXT) return *(const char *)at != 0;
    if (row->type == SCHEMA_CURVE) return ((const struct cost_curve *)at)->points > 0;
    return ((const struct cost *)at)->from != FROM_NONE;
}

void costs_format(const struct costs *c, struct text *out) {
    const struct schema *s = schema_costs();
    const char *before = "";
    text_addf(out, "# Cost profile: CPU in time on a core of speed 1.");
    for (int i = 0; i < s->count; i++) {
        const struct schema_row *row = &s->row[i];
        const void *at = (const char *)c + row->offset;
        if (!is_said(row, at)) continue;
        int depth = add_key(before, row->key, out);
        before = row->key;
        if (row->type == SCHEMA_CURVE) {
            add_curve(row, at, depth, out);
            continue;
        }
        text_add(out, " ");
        if (row->type == SCHEMA_TEXT)
            add_quoted(at, out);
        else
            add_cost(row, at, out);
    }
    text_add(out, *before ? "\n" : "\n{}\n");
}
