#include "study/plot.h"

#include "base/memory.h"
#include "base/text.h"
#include "study/plot_levels.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

void plot_init(struct plot *p) {
    *p = (struct plot){.objective_most = NAN};
}

static void release_row(struct plot *p, struct plot_row *r) {
    for (int k = 0; k < p->keys; k++) free(r->value[k]);
    free(r->value);
    hist_fini(&r->latency);
}

void plot_fini(struct plot *p) {
    for (int i = 0; i < p->rows; i++) release_row(p, &p->row[i]);
    for (int k = 0; k < p->keys; k++) free(p->key[k]);
    free(p->row);
    free(p->key);
    free(p->compare);
    free(p->candidate);
    plot_init(p);
}

static char *copy(const char *text) {
    size_t n = strlen(text) + 1;
    return memcpy(memory_new(n, 1), text, n);
}

void plot_add_key(struct plot *p, const char *key) {
    size_t capacity = (size_t)p->keys;
    p->key = memory_grow(p->key, &capacity, capacity + 1, sizeof *p->key);
    p->key[p->keys++] = copy(key);
}

struct plot_row *plot_add_row(struct plot *p, int point) {
    p->row = memory_grow(p->row, &p->row_capacity, (size_t)p->rows + 1, sizeof *p->row);
    struct plot_row *r = &p->row[p->rows++];
    *r = (struct plot_row){.point = point, .value = memory_new((size_t)p->keys, sizeof *r->value)};
    for (int k = 0; k < p->keys; k++) r->value[k] = copy("");
    hist_init(&r->latency);
    return r;
}

void plot_set_value(struct plot_row *r, int key, const char *value) {
    free(r->value[key]);
    r->value[key] = copy(value);
}

void plot_add_compared(struct plot *p, const struct compared *c) {
    p->compare = memory_grow(p->compare, &p->compare_capacity, (size_t)p->compares + 1, sizeof *p->compare);
    p->compare[p->compares++] = *c;
}

struct plot_candidate *plot_add_candidate(struct plot *p) {
    p->candidate =
        memory_grow(p->candidate, &p->candidate_capacity, (size_t)p->candidates + 1, sizeof *p->candidate);
    struct plot_candidate *c = &p->candidate[p->candidates++];
    *c = (struct plot_candidate){.cost = NAN, .value = NAN, .lo = NAN, .hi = NAN};
    return c;
}

// ---- what was measured elsewhere ----

static void add_measured(struct plot *p, const struct plot_row *r, enum quantity q,
                         const struct estimate *predicted, double measured) {
    if (isnan(measured) || isnan(predicted->mean)) return;
    // Published once: no spread, and nothing to judge it by.
    struct compared c = {.quantity = q,
                         .predicted = predicted->mean,
                         .lo = predicted->lo,
                         .hi = predicted->hi,
                         .measured = {measured, measured, measured, NAN, 1},
                         .tolerance = NAN};
    memcpy(c.name, r->result.name, sizeof c.name);
    compare_judge(&c);
    plot_add_compared(p, &c);
}

void plot_compare_measured(struct plot *p) {
    if (p->compares) return;
    for (int i = 0; i < p->rows; i++) {
        const struct plot_row *r = &p->row[i];
        const struct measured *m = &r->result.measured;
        const struct latency_estimate *l = &r->result.latency;
        if (!m->given) continue;
        add_measured(p, r, QUANTITY_THROUGHPUT, &r->result.throughput_per_s, m->throughput_per_s);
        add_measured(p, r, QUANTITY_MEAN, &l->mean, m->mean_s);
        add_measured(p, r, QUANTITY_P50, &l->quantile[QUANTILE_P50], m->p50_s);
        add_measured(p, r, QUANTITY_P95, &l->quantile[QUANTILE_P95], m->p95_s);
        add_measured(p, r, QUANTITY_P99, &l->quantile[QUANTILE_P99], m->p99_s);
    }
}

// ---- choosing rows ----

static void drop_row(struct plot *p, int i) {
    release_row(p, &p->row[i]);
    memmove(&p->row[i], &p->row[i + 1], (size_t)(p->rows - i - 1) * sizeof *p->row);
    p->rows--;
}

static bool named(const char *const *name, int names, const char *wanted) {
    for (int i = 0; i < names; i++)
        if (!strcmp(name[i], wanted)) return true;
    return false;
}

static bool has_case(const struct plot *p, const char *name) {
    for (int i = 0; i < p->rows; i++)
        if (!strcmp(p->row[i].result.name, name)) return true;
    for (int i = 0; i < p->compares; i++)
        if (!strcmp(p->compare[i].name, name)) return true;
    return false;
}

static bool refuse_case(const struct plot *p, const char *name, struct err *e) {
    const char *known[64];
    struct text all = {0};
    int n = plot_cases(p, known, 64);
    for (int i = 0; i < n && i < 16; i++) text_addf(&all, "%s%s", i ? ", " : "", known[i]);
    err_set(e, ERR_USAGE, "--case: no case '%s'", name);
    err_hint(e, "there are %s", text_string(&all));
    text_fini(&all);
    return false;
}

bool plot_keep_cases(struct plot *p, const char *const *name, int names, struct err *e) {
    int kept = 0;
    for (int i = 0; i < names; i++)
        if (!has_case(p, name[i])) return refuse_case(p, name[i], e);
    for (int i = p->rows - 1; i >= 0; i--)
        if (!named(name, names, p->row[i].result.name)) drop_row(p, i);
    for (int i = 0; i < p->compares; i++)
        if (named(name, names, p->compare[i].name)) p->compare[kept++] = p->compare[i];
    p->compares = kept;
    return true;
}

static int find_key(const struct plot *p, const char *key, struct err *e) {
    for (int k = 0; k < p->keys; k++)
        if (!strcmp(p->key[k], key)) return k;
    err_set(e, ERR_USAGE, "--where: no key '%s' was varied", key);
    const char *meant = text_closest(key, (const char *const *)p->key, p->keys);
    if (meant)
        err_hint(e, "did you mean %s?", meant);
    else if (p->keys)
        err_hint(e, "%s was%s", p->key[0], p->keys > 1 ? ", among others" : "");
    return -1;
}

static void list_levels(const struct plot_levels *l, struct text *out) {
    for (int i = 0; i < l->count && i < 16; i++) text_addf(out, "%s%s", i ? ", " : "", l->text[i]);
    if (l->count > 16) text_add(out, ", ...");
}

bool plot_keep_where(struct plot *p, const char *key, const char *value, struct err *e) {
    struct plot_levels l;
    struct text all = {0};
    int k = find_key(p, key, e);
    if (k < 0) return false;
    plot_levels_of(&l, p, k);
    int wanted = plot_levels_find(&l, value);
    if (wanted < 0) {
        list_levels(&l, &all);
        err_set(e, ERR_USAGE, "--where: %s was never %s", key, value);
        err_hint(e, "it was %s", text_string(&all));
    }
    for (int i = p->rows - 1; wanted >= 0 && i >= 0; i--)
        if (plot_levels_find(&l, p->row[i].value[k]) != wanted) p->row[i].point = -1;
    plot_levels_fini(&l);
    text_fini(&all);
    for (int i = p->rows - 1; i >= 0; i--)
        if (p->row[i].point < 0) drop_row(p, i);
    return wanted >= 0;
}

int plot_cases(const struct plot *p, const char **name, int most) {
    int n = 0;
    for (int i = 0; i < p->rows; i++)
        if (n < most && !named(name, n, p->row[i].result.name)) name[n++] = p->row[i].result.name;
    return n;
}

// Points there are, ascending; rows come in any order.
static int points_of(const struct plot *p, int *point) {
    int n = 0;
    for (int i = 0; i < p->rows; i++) {
        int at = n;
        while (at > 0 && point[at - 1] >= p->row[i].point) at--;
        if (at < n && point[at] == p->row[i].point) continue;
        memmove(&point[at + 1], &point[at], (size_t)(n - at) * sizeof *point);
        point[at] = p->row[i].point;
        n++;
    }
    return n;
}

static int find_row(const struct plot *p, int point, const char *name) {
    for (int i = 0; i < p->rows; i++)
        if (p->row[i].point == point && !strcmp(p->row[i].result.name, name)) return i;
    return -1;
}

int plot_pick(const struct plot *p, int most, int *index) {
    const char *name[64];
    int *point = memory_new((size_t)p->rows + 1, sizeof *point);
    int cases = plot_cases(p, name, most < 64 ? most : 64), points = points_of(p, point), n = 0;
    int wanted = cases && most / cases < points ? most / cases : points;
    for (int c = 0; c < cases; c++)
        for (int i = 0; i < wanted; i++) {
            int at = wanted > 1 ? (int)((long)i * (points - 1) / (wanted - 1)) : points - 1;
            int row = find_row(p, point[at], name[c]);
            if (row >= 0) index[n++] = row;
        }
    free(point);
    return n;
}

static const char *last_part(const char *key) {
    const char *dot = strrchr(key, '.');
    return dot ? dot + 1 : key;
}

static bool varies(const struct plot *p, int key) {
    for (int i = 1; i < p->rows; i++)
        if (strcmp(p->row[i].value[key], p->row[0].value[key])) return true;
    return false;
}

char *plot_row_name(char out[96], const struct plot *p, const struct plot_row *r, int without) {
    const char *name[2];
    struct text t = {0};
    bool varied = false;
    for (int k = 0; k < p->keys; k++) varied |= k != without && varies(p, k);
    if (plot_cases(p, name, 2) > 1 || !varied) text_add(&t, r->result.name);
    for (int k = 0; k < p->keys; k++)
        if (k != without && varies(p, k))
            text_addf(&t, "%s%s=%s", t.length ? ", " : "", last_part(p->key[k]), r->value[k]);
    snprintf(out, 96, "%s", t.length ? text_string(&t) : p->title);
    text_fini(&t);
    return out;
}
