#include "scenario/vary.h"
#include "base/memory.h"
#include "base/require.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// FROM..TO, FROM..TO+STEP or FROM..TO*FACTOR.
struct range {
    double from, to, step;
    bool geometric;
    char unit[16]; // of both ends
};

static bool fail(const struct vary *v, const char *item, const char *what, struct err *e) {
    return err_set(e, ERR_CONFIG, "%.80s: \"%.60s\" %s", v->key, item, what);
}

static bool push(struct vary *v, const char *value, size_t length, struct err *e) {
    for (int i = 0; i < v->values; i++)
        if (strlen(v->value[i]) == length && memcmp(v->value[i], value, length) == 0)
            return fail(v, v->value[i], "stands twice", e);
    if (v->values == VARY_MOST) return fail(v, value, "is one value too many", e);
    v->value = memory_grow(v->value, &v->capacity, (size_t)v->values + 1, sizeof *v->value);
    v->value[v->values] = strndup(value, length);
    REQUIRE(v->value[v->values]);
    v->values++;
    return true;
}

// Digits, or digits with a fraction; NULL where there are none. The first dot of `..` is not a fraction's.
static const char *number(const char *s, double *out) {
    size_t n = strspn(s, "0123456789");
    if (n == 0) return NULL;
    if (s[n] == '.' && s[n + 1] >= '0' && s[n + 1] <= '9') n += 1 + strspn(s + n + 1, "0123456789");
    if (n > 18) return NULL;
    char text[24];
    memcpy(text, s, n);
    text[n] = 0;
    *out = strtod(text, NULL);
    return s + n;
}

// Letters, % and / after a number; out gets them. NULL where they are too many.
static const char *suffix(const char *s, char out[16]) {
    size_t n = 0;
    while ((s[n] >= 'a' && s[n] <= 'z') || (s[n] >= 'A' && s[n] <= 'Z') || s[n] == '%' || s[n] == '/') n++;
    if (n >= 16) return NULL;
    memcpy(out, s, n);
    out[n] = 0;
    return s + n;
}

static bool read_step(const char *s, struct range *r) {
    r->step = 1;
    if (!*s) return true;
    if (*s != '+' && *s != '*') return false;
    char unit[16];
    r->geometric = *s == '*';
    s = number(s + 1, &r->step);
    if (s) s = suffix(s, unit);
    return s && !*s && (!unit[0] || (!r->geometric && strcmp(unit, r->unit) == 0));
}

static bool read_range(const char *s, struct range *r) {
    char unit[16];
    *r = (struct range){0};
    s = number(s, &r->from);
    if (s) s = suffix(s, r->unit);
    if (!s || strncmp(s, "..", 2) != 0) return false;
    s = number(s + 2, &r->to);
    if (s) s = suffix(s, unit);
    return s && strcmp(unit, r->unit) == 0 && read_step(s, r);
}

static bool push_number(struct vary *v, const struct range *r, double x, struct err *e) {
    char text[48];
    int n = snprintf(text, sizeof text, "%.12g%s", x, r->unit);
    return push(v, text, (size_t)n, e);
}

static bool push_range(struct vary *v, const char *item, const struct range *r, struct err *e) {
    if (r->to < r->from) return fail(v, item, "ends before it begins", e);
    if (r->geometric && (r->step <= 1 || r->from <= 0)) {
        fail(v, item, "never ends", e);
        return err_hint(e, "a factor above 1 and a start above 0");
    }
    if (!r->geometric && (r->step <= 0 || (r->to - r->from) / r->step >= VARY_MOST))
        return fail(v, item, "has too many values", e);
    const double end = r->to * (1 + 1e-12); // a last step that rounding puts just beyond
    double x = r->from;
    for (int i = 1; x <= end; i++) {
        if (!push_number(v, r, x, e)) return false;
        x = r->geometric ? x * r->step : r->from + i * r->step;
    }
    return true;
}

static bool add(struct vary *v, const char *item, size_t length, struct err *e) {
    struct range r;
    while (length && item[0] == ' ') item++, length--;
    while (length && item[length - 1] == ' ') length--;
    if (!length) {
        err_set(e, ERR_CONFIG, "%.80s: a value is missing", v->key);
        return err_hint(e, "1,2,4 or 1..8 or 1..1024*2");
    }
    char *text = strndup(item, length);
    REQUIRE(text);
    bool ok, numeric = text[0] >= '0' && text[0] <= '9' && strstr(text, "..") && !strchr(text, '(');
    if (!numeric) {
        ok = push(v, item, length, e);
    } else if (read_range(text, &r)) {
        ok = push_range(v, text, &r, e);
    } else {
        ok = fail(v, text, "is no range", e);
        err_hint(e, "1..8, 10..50+10 or 1..1024*2, both ends in the same unit");
    }
    free(text);
    return ok;
}

bool vary_add(struct vary *v, const char *item, struct err *e) {
    return add(v, item, strlen(item), e);
}

// Length of the list's first item: to the first comma outside of brackets.
static size_t item_length(const char *s) {
    int depth = 0;
    size_t n = 0;
    for (; s[n] && (s[n] != ',' || depth > 0); n++) {
        if (strchr("([{", s[n])) depth++;
        if (strchr(")]}", s[n])) depth--;
    }
    return n;
}

bool vary_parse(struct vary *out, const char *key, const char *list, struct err *e) {
    *out = (struct vary){0};
    if (!*key || strlen(key) >= sizeof out->key)
        return err_set(e, ERR_CONFIG, "\"%.60s\" is no key that could vary", key);
    strcpy(out->key, key);
    bool ok, more = true;
    do {
        size_t n = item_length(list);
        ok = add(out, list, n, e);
        more = list[n] == ',';
        list += n + 1;
    } while (ok && more);
    if (!ok) vary_fini(out);
    return ok;
}

void vary_fini(struct vary *v) {
    for (int i = 0; i < v->values; i++) free(v->value[i]);
    free(v->value);
    *v = (struct vary){0};
}

long vary_points(const struct vary *v, int n) {
    double points = 1;
    for (int i = 0; i < n; i++) points *= v[i].values;
    return points < VARY_POINTS ? (long)points : VARY_POINTS;
}

void vary_at(const struct vary *v, int n, long point, int *index) {
    for (int i = n; i-- > 0;) {
        index[i] = (int)(point % v[i].values);
        point /= v[i].values;
    }
}
