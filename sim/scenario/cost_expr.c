#include "scenario/cost_expr.h"
#include "scenario/schema.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { KEY = 128, DEPTH = 64 };

struct parser {
    const char *text, *at;
    const struct scenario *s; // NULL: only to be checked, every key is worth 1
    const char *const *reads;
    int depth;
    struct err *e;
};

static bool sum(struct parser *p, double *out);

static char next(struct parser *p) {
    while (*p->at == ' ') p->at++;
    return *p->at;
}

static bool fail(const struct parser *p, const char *what) {
    err_set(p->e, ERR_CONFIG, "\"%.100s\": %s", p->text, what);
    return err_hint(p->e, "numbers, keys, + - * / and ( ), as in 3*machine.cores + server.workers");
}

static bool has_number(const struct schema_row *row) {
    switch (row->type) {
    case SCHEMA_INT:
    case SCHEMA_INT64:
    case SCHEMA_SPAN:
    case SCHEMA_NUMBER:
    case SCHEMA_BOOL:
    case SCHEMA_LOCK: return schema_below(row, "") && !(row->flags & SCHEMA_APART);
    case SCHEMA_CORES: return true;
    default: return false;
    }
}

static double number_of(const struct scenario *s, const struct schema_row *row) {
    const void *at = (const char *)s + row->offset;
    int64_t whole = 0;
    switch (row->type) {
    case SCHEMA_INT: return *(const int *)at;
    case SCHEMA_INT64: memcpy(&whole, at, sizeof whole); return (double)whole;
    case SCHEMA_SPAN: return (double)*(const sim_time *)at * 1e-9;
    case SCHEMA_NUMBER: return *(const double *)at;
    default: return *(const bool *)at;
    }
}

static double cores(const struct machine_spec *m) {
    double n = 0;
    for (int i = 0; i < m->classes; i++) n += m->class[i].count;
    return n;
}

static bool resource_capacity(const struct parser *p, const char *key, double *out) {
    const char *name = key + strlen("resources."), *dot = strrchr(name, '.');
    *out = 1;
    if (!dot || strcmp(dot, ".capacity") != 0) {
        err_set(p->e, ERR_CONFIG, "\"%.80s\" has no number", key);
        return err_hint(p->e, "resources.NAME.capacity");
    }
    size_t n = (size_t)(dot - name);
    for (int i = 0; p->s && i < p->s->resources; i++) {
        const struct resource_spec *r = &p->s->resource[i];
        if (strlen(r->name) != n || strncmp(r->name, name, n) != 0) continue;
        *out = r->capacity;
        return true;
    }
    return !p->s || err_set(p->e, ERR_CONFIG, "there is no resource \"%.*s\"", (int)n, name);
}

bool cost_expr_reads(const char *const *reads, const char *key) {
    if (!reads || strncmp(key, "server.", 7) != 0) return true;
    const char *name = key + 7;
    size_t n = strcspn(name, ".");
    // Which model runs, and how many processes of it, concerns every model.
    if (!strcmp(name, "workers") || !strcmp(name, "model") || !strcmp(name, "preset")) return true;
    for (const char *const *r = reads; *r; r++)
        if (strlen(*r) == n && strncmp(*r, name, n) == 0) return true;
    return false;
}

static bool refuse_key(const struct parser *p, const char *key) {
    const struct schema *schema = schema_scenario();
    const char *names[256];
    int count = 0;
    for (int i = 0; i < schema->count && count < 256; i++)
        if (has_number(&schema->row[i])) names[count++] = schema->row[i].key;
    const char *meant = text_closest(key, names, count);
    bool known = schema_row(schema, key) != NULL;
    err_set(p->e, ERR_CONFIG, known ? "\"%.80s\" has no number" : "there is no key \"%.80s\"", key);
    if (meant && !known) return err_hint(p->e, "did you mean \"%s\"?", meant);
    return err_hint(p->e,
                    "for example machine.cores, server.workers, server.threads, resources.NAME.capacity");
}

static bool key_value(struct parser *p, double *out) {
    char key[KEY];
    size_t n = 0;
    while (isalnum((unsigned char)p->at[n]) || p->at[n] == '_' || p->at[n] == '.') n++;
    if (n >= sizeof key) return fail(p, "a key is too long");
    memcpy(key, p->at, n);
    key[n] = 0;
    p->at += n;
    if (strncmp(key, "resources.", 10) == 0) return resource_capacity(p, key, out);
    const struct schema_row *row = schema_row(schema_scenario(), key);
    if (!row || !has_number(row)) return refuse_key(p, key);
    *out = 1;
    if (p->s)
        *out = !cost_expr_reads(p->reads, key) ? 0
               : row->type == SCHEMA_CORES     ? cores(&p->s->machine)
                                               : number_of(p->s, row);
    return true;
}

static bool number(struct parser *p, double *out) {
    char *end;
    *out = strtod(p->at, &end); // begins with a digit, so neither nan nor inf
    bool joined = isalpha((unsigned char)*end) || *end == '_' || *end == '.';
    p->at = end;
    return joined ? fail(p, "a number runs into a word") : true;
}

static bool factor(struct parser *p, double *out) {
    char c = next(p);
    if (p->depth >= DEPTH) return fail(p, "is nested too deeply");
    if (isdigit((unsigned char)c)) return number(p, out);
    if (isalpha((unsigned char)c)) return key_value(p, out);
    if (c != '-' && c != '(')
        return fail(p, c ? "a number or a key should stand where it does not" : "ends too early");
    p->at++;
    p->depth++;
    bool ok = c == '-' ? factor(p, out) : sum(p, out);
    p->depth--;
    if (c == '-') *out = -*out;
    if (!ok || c == '-') return ok;
    return next(p) == ')' ? (p->at++, true) : fail(p, "a bracket is not closed");
}

static bool product(struct parser *p, double *out) {
    if (!factor(p, out)) return false;
    for (char c = next(p); c == '*' || c == '/'; c = next(p)) {
        double right;
        p->at++;
        if (!factor(p, &right)) return false;
        *out = c == '*' ? *out * right : *out / right;
    }
    return true;
}

static bool sum(struct parser *p, double *out) {
    if (!product(p, out)) return false;
    for (char c = next(p); c == '+' || c == '-'; c = next(p)) {
        double right;
        p->at++;
        if (!product(p, &right)) return false;
        *out = c == '+' ? *out + right : *out - right;
    }
    return true;
}

static bool whole(struct parser *p, double *out) {
    return sum(p, out) && (!next(p) || fail(p, "something follows the end"));
}

bool cost_expr_check(const char *text, struct err *e) {
    struct parser p = {.text = text, .at = text, .e = e};
    double value;
    return whole(&p, &value);
}

bool cost_expr_value(const char *text, const struct scenario *s, const char *const *reads, double *out,
                     struct err *e) {
    struct parser p = {.text = text, .at = text, .s = s, .reads = reads, .e = e};
    if (!whole(&p, out)) return false;
    return isfinite(*out) || err_set(e, ERR_CONFIG, "\"%.100s\" is no finite number", text);
}
