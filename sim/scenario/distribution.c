#include "scenario/distribution.h"
#include "base/hash.h"
#include "scenario/series.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct parameter {
    const char *name;
    bool span;        // else a plain number
    bool positive;    // else 0 is allowed
    double min, most; // of a plain number
};

struct family {
    const char *name;
    enum dist_kind kind;
    int count;
    struct parameter parameter[2];
};

static const struct family families[] = {
    {"exp", DIST_EXP, 1, {{"mean", true, true, 0, 0}}},
    {"lognormal", DIST_LOGNORMAL, 2, {{"mean", true, true, 0, 0}, {"cv", false, false, 0, 100}}},
    {"gamma", DIST_GAMMA, 2, {{"mean", true, true, 0, 0}, {"cv", false, false, 0, 100}}},
    {"weibull", DIST_WEIBULL, 2, {{"scale", true, true, 0, 0}, {"shape", false, true, 0.1, 100}}},
    {"pareto", DIST_PARETO, 2, {{"min", true, true, 0, 0}, {"alpha", false, true, 0.1, 100}}},
    {"uniform", DIST_UNIFORM, 2, {{"low", true, false, 0, 0}, {"high", true, false, 0, 0}}},
};
enum { FAMILIES = sizeof families / sizeof families[0], WORD = 256 };

// The scalar being read.
struct reading {
    struct bind *b;
    const char *path;
    const struct tree_node *node;
    double most; // of a span, ns
};

static struct tree_place place_at(const struct reading *r, const char *where) {
    struct tree_place place = r->node->place;
    if (r->node->one_line && place.line) place.col += (int)(where - r->node->text);
    return place;
}

// Copies [from,to) without the blanks around it; *start is where it begins. False where it does not fit.
static bool word(const char *from, const char *to, char out[WORD], const char **start) {
    while (from < to && *from == ' ') from++;
    while (to > from && to[-1] == ' ') to--;
    *start = from;
    if (to - from >= WORD) return false;
    memcpy(out, from, (size_t)(to - from));
    out[to - from] = 0;
    return true;
}

static bool check_parameter(const struct reading *r, const struct parameter *p, const char *at,
                            double value) {
    struct tree_place place = place_at(r, at);
    if (value < 0 || (p->positive && value == 0))
        return bind_fail(place, r->path, r->b->e, "%s must be %s", p->name,
                         p->positive ? "above 0" : "at least 0");
    if (p->span ? value > r->most : value > p->most)
        return bind_fail(place, r->path, r->b->e, "%s is too large", p->name);
    if (!p->span && value < p->min) return bind_fail(place, r->path, r->b->e, "%s is too small", p->name);
    return true;
}

static bool read_parameter(const struct reading *r, const struct parameter *p, const char *text,
                           const char *at, double *out) {
    if (!units_parse(p->span ? UNIT_SPAN : UNIT_NONE, text, out, r->b->e))
        return bind_place(place_at(r, at), r->path, r->b->e);
    return check_parameter(r, p, at, *out);
}

static const char *family_usage(const struct family *f, char out[80]) {
    const char *second = f->count == 2 ? f->parameter[1].name : "";
    snprintf(out, 80, "%s(%s%s%s)", f->name, f->parameter[0].name, f->count == 2 ? ", " : "", second);
    return out;
}

// Which parameter of the family `text` names or, without a name, the `position`-th; -1 with the error. *value
// is what follows the name.
static int which(const struct reading *r, const struct family *f, char *text, const char *at, int position,
                 char **value) {
    char usage[80];
    char *equals = strchr(text, '=');
    *value = text;
    if (equals) {
        *value = equals + 1 + strspn(equals + 1, " ");
        *equals = 0;
        for (char *end = equals; end > text && end[-1] == ' ';) *--end = 0;
        for (int i = 0; i < f->count; i++)
            if (strcmp(f->parameter[i].name, text) == 0) return i;
        bind_fail(place_at(r, at), r->path, r->b->e, "%s has no parameter \"%.60s\"", f->name, text);
    } else if (position < f->count) {
        return position;
    } else {
        bind_fail(place_at(r, at), r->path, r->b->e, "too many parameters for %s", f->name);
    }
    err_hint(r->b->e, "%s", family_usage(f, usage));
    return -1;
}

static bool read_argument(const struct reading *r, const struct family *f, const char *from, const char *to,
                          int position, double value[2], bool given[2]) {
    char text[WORD], *number;
    const char *at;
    if (!word(from, to, text, &at))
        return bind_fail(place_at(r, at), r->path, r->b->e, "a parameter is too long");
    if (!*text) return bind_fail(place_at(r, at), r->path, r->b->e, "a parameter is missing");
    int i = which(r, f, text, at, position, &number);
    if (i < 0) return false;
    if (given[i])
        return bind_fail(place_at(r, at), r->path, r->b->e, "%s is given twice", f->parameter[i].name);
    given[i] = true;
    return read_parameter(r, &f->parameter[i], number, at + (number - text), &value[i]);
}

static bool finish(const struct reading *r, const struct family *f, const double value[2],
                   const bool given[2], const char *close, struct dist *out) {
    char usage[80];
    for (int i = 0; i < f->count; i++) {
        if (given[i]) continue;
        bind_fail(place_at(r, close), r->path, r->b->e, "%s lacks %s", f->name, f->parameter[i].name);
        return err_hint(r->b->e, "%s", family_usage(f, usage));
    }
    if (f->kind == DIST_UNIFORM && value[0] > value[1])
        return bind_fail(r->node->place, r->path, r->b->e, "low is above high");
    if (!dist_init(out, f->kind, value[0], value[1]))
        return bind_fail(r->node->place, r->path, r->b->e, "parameters of %s that describe no distribution",
                         f->name);
    return true;
}

static bool read_family(const struct reading *r, const struct family *f, const char *open, const char *close,
                        struct dist *out) {
    double value[2] = {0, 0};
    bool given[2] = {false, false};
    int position = 0;
    for (const char *from = open + 1;; position++) {
        const char *comma = memchr(from, ',', (size_t)(close - from));
        if (!read_argument(r, f, from, comma ? comma : close, position, value, given)) return false;
        if (!comma) break;
        from = comma + 1;
    }
    return finish(r, f, value, given, close, out);
}

static bool read_empirical(const struct reading *r, const char *open, const char *close, struct dist *out) {
    char name[WORD];
    const char *at;
    bool fits = word(open + 1, close, name, &at);
    if (!fits || !*name)
        return bind_fail(place_at(r, at), r->path, r->b->e, "empirical needs the name of a file");
    double *values;
    size_t count;
    if (!series_read(place_at(r, at), name, r->most, false, &values, &count, r->b->e)) return false;
    bool ok = dist_init_empirical(out, values, count);
    free(values);
    return ok || bind_fail(r->node->place, r->path, r->b->e, "values that describe no distribution");
}

static bool refuse_name(const struct reading *r, const char *name) {
    const char *names[FAMILIES + 1] = {"empirical"};
    for (int i = 0; i < FAMILIES; i++) names[i + 1] = families[i].name;
    const char *meant = text_closest(name, names, FAMILIES + 1);
    bind_fail(r->node->place, r->path, r->b->e, "unknown distribution \"%.60s\"", name);
    if (meant) return err_hint(r->b->e, "did you mean \"%s\"?", meant);
    return err_hint(r->b->e, "exp, lognormal, gamma, weibull, pareto, uniform or empirical");
}

static bool read_call(const struct reading *r, const char *open, struct dist *out) {
    const char *text = r->node->text, *close = text + strlen(text) - 1, *at;
    if (close <= open || *close != ')') {
        bind_fail(r->node->place, r->path, r->b->e, "\"%.60s\" lacks the closing parenthesis", text);
        return err_hint(r->b->e, "inside { } or [ ] a value with a comma needs quotes");
    }
    char name[WORD];
    if (!word(text, open, name, &at)) return refuse_name(r, "...");
    if (strcmp(name, "empirical") == 0) return read_empirical(r, open, close, out);
    for (int i = 0; i < FAMILIES; i++)
        if (strcmp(families[i].name, name) == 0) return read_family(r, &families[i], open, close, out);
    return refuse_name(r, name);
}

bool distribution_bind(struct bind *b, const struct schema_row *row, const char *path,
                       const struct tree_node *node, struct dist *out) {
    static const struct parameter constant = {"the span", true, false, 0, 0};
    struct reading r = {b, path, node, row->max};
    const char *text = bind_text(b, path, node, "a span or a distribution");
    if (!text) return false;
    const char *open = strchr(text, '(');
    if (open) return read_call(&r, open, out);
    double value;
    if (!read_parameter(&r, &constant, text, text, &value)) return false;
    return dist_init(out, DIST_CONSTANT, value, 0) || bind_fail(node->place, path, b->e, "no span");
}

static void format_family(const struct family *f, const struct dist *d, struct text *out) {
    char number[UNITS_TEXT];
    const double value[2] = {d->a, d->b};
    text_addf(out, "%s(", f->name);
    for (int i = 0; i < f->count; i++) {
        units_format_exact(number, f->parameter[i].span ? UNIT_SPAN : UNIT_NONE, value[i]);
        text_addf(out, "%s%s=%s", i ? ", " : "", f->parameter[i].name, number);
    }
    text_add(out, ")");
}

void distribution_format(const struct dist *d, struct text *out) {
    char number[UNITS_TEXT];
    if (d->kind == DIST_CONSTANT) text_add(out, units_format_exact(number, UNIT_SPAN, d->a));
    if (d->kind == DIST_EMPIRICAL) {
        uint64_t h = hash_finish(hash_bytes(HASH_START, d->table, d->count * sizeof *d->table));
        text_addf(out, "empirical(%zu values, %016" PRIx64 ")", d->count, h);
    }
    for (int i = 0; i < FAMILIES; i++)
        if (families[i].kind == d->kind) format_family(&families[i], d, out);
}
