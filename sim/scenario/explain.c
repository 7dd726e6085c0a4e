#include "scenario/schema.h"

#include <string.h>

static const struct schema *both(int i) {
    return i == 0 ? schema_scenario() : schema_costs();
}

void schema_pattern(const char *key, struct text *out) {
    for (int depth = 0; *key; depth++) {
        size_t n = strcspn(key, ".");
        bool number = n && strspn(key, "0123456789") == n;
        bool resource = depth == 1 && strcmp(text_string(out), "resources") == 0;
        if (number) {
            text_add(out, "[]");
        } else {
            if (depth) text_add(out, ".");
            if (resource)
                text_add(out, "*");
            else
                text_add_bytes(out, key, n);
        }
        key += n + (key[n] == '.');
    }
}

static void add_row(const struct schema *s, const struct schema_row *row, struct text *out) {
    struct text values = {0};
    schema_values(row, &values);
    text_addf(out, "%s: %s\n", row->key, row->help);
    text_addf(out, "  value:   %s\n", text_string(&values));
    if (row->flags & SCHEMA_REQUIRED)
        text_add(out, "  default: none, must be given\n");
    else if (row->def)
        text_addf(out, "  default: %s\n", row->def);
    if (row->type == SCHEMA_DIST)
        text_add(out,
                 "  forms:   2ms, exp(MEAN), lognormal(MEAN, CV), gamma(MEAN, CV), weibull(SCALE, SHAPE),\n"
                 "           pareto(MIN, ALPHA), uniform(LOW, HIGH), empirical(FILE)\n");
    if (row->type == SCHEMA_COST || row->type == SCHEMA_SWITCH)
        text_add(
            out,
            "  forms:   VALUE, or {value: VALUE, ci95: [LOW, HIGH], from: probe | fit | published | guess,\n"
            "           source: TEXT}\n");
    text_addf(out, "  where:   %s\n", s->what);
    if (row->explain) text_addf(out, "\n%s\n", row->explain);
    if (row->more) row->more(out);
    text_fini(&values);
}

// The rows below a group, one line each. Returns their number.
static int add_group(const struct schema *s, const char *group, struct text *out) {
    size_t n = strlen(group);
    int count = 0;
    for (int i = 0; i < s->count; i++) {
        const char *key = s->row[i].key;
        if (strncmp(key, group, n) != 0 || (key[n] != '.' && key[n] != '[')) continue;
        text_addf(out, "  %-36s %s\n", key, s->row[i].help);
        count++;
    }
    return count;
}

// The only row of both tables whose last part is `word`; NULL where there is none or more than one.
static const struct schema_row *by_last_part(const char *word, const struct schema **s) {
    const struct schema_row *found = NULL;
    for (int t = 0; t < 2; t++)
        for (int i = 0; i < both(t)->count; i++) {
            const struct schema_row *row = &both(t)->row[i];
            const char *dot = strrchr(row->key, '.');
            if (!dot || strcmp(dot + 1, word) != 0) continue;
            if (found) return NULL;
            found = row;
            *s = both(t);
        }
    return found;
}

static bool refuse(const char *key, struct err *e) {
    enum { MOST = 256 };
    const char *names[MOST], *last[MOST];
    int count = 0;
    for (int t = 0; t < 2; t++)
        for (int i = 0; i < both(t)->count && count < MOST; i++, count++) {
            names[count] = both(t)->row[i].key;
            const char *dot = strrchr(names[count], '.');
            last[count] = dot ? dot + 1 : names[count];
        }
    const char *meant = text_closest(key, names, count);
    for (int i = 0; !meant && i < count; i++)
        if (text_closest(key, &last[i], 1)) meant = names[i];
    err_set(e, ERR_USAGE, "there is no key \"%.80s\"", key);
    if (meant) return err_hint(e, "did you mean \"%s\"?", meant);
    return err_hint(e, "groups: machine, server, resources, handler, endpoints, load, run, plan, cases");
}

bool scenario_explain(const char *key, struct text *out, struct err *e) {
    struct text pattern = {0};
    schema_pattern(key, &pattern);
    int found = 0;
    for (int t = 0; t < 2; t++) {
        const struct schema_row *row = schema_row(both(t), text_string(&pattern));
        if (row) add_row(both(t), row, out);
        found += row != NULL;
        found += *key ? add_group(both(t), text_string(&pattern), out) : 0;
    }
    const struct schema *s;
    const struct schema_row *row = found ? NULL : by_last_part(key, &s);
    if (row) add_row(s, row, out);
    text_fini(&pattern);
    return found || row ? true : refuse(key, e);
}

static void add_cell(const char *s, struct text *out) {
    for (; *s; s++) {
        if (*s == '|') text_add(out, "\\");
        text_add_bytes(out, s, 1);
    }
}

static void add_table(const struct schema *s, int from, int to, struct text *out) {
    text_add(out, "| key | value | default | meaning |\n|---|---|---|---|\n");
    for (int i = from; i < to; i++) {
        const struct schema_row *row = &s->row[i];
        struct text values = {0};
        schema_values(row, &values);
        text_addf(out, "| `%s` | ", row->key);
        add_cell(text_string(&values), out);
        const char *def = row->flags & SCHEMA_REQUIRED ? "must be given" : row->def ? row->def : "";
        text_addf(out, " | %s | ", def);
        add_cell(row->help, out);
        text_add(out, " |\n");
        text_fini(&values);
    }
    text_add(out, "\n");
}

static bool same_group(const char *a, const char *b) {
    size_t n = strcspn(a, ".[");
    return n == strcspn(b, ".[") && strncmp(a, b, n) == 0;
}

void scenario_key_reference(struct text *out) {
    for (int t = 0; t < 2; t++) {
        const struct schema *s = both(t);
        text_addf(out, "### Keys of a %s\n\n", s->what);
        for (int from = 0, to; from < s->count; from = to) {
            bool single = !strpbrk(s->row[from].key, ".[");
            // Keys without a group share one table.
            for (to = from + 1; to < s->count; to++) {
                bool alone = !strpbrk(s->row[to].key, ".[");
                bool joins = same_group(s->row[from].key, s->row[to].key) || (single && alone);
                if (!joins) break;
            }
            add_table(s, from, to, out);
        }
    }
}

const char *scenario_key(int i) {
    const struct schema *s = schema_scenario();
    return i >= 0 && i < s->count ? s->row[i].key : NULL;
}
