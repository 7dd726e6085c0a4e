#include "study/grid.h"

#include "base/hash.h"
#include "base/memory.h"
#include "base/require.h"
#include "study/identity.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const struct scenario *grid_case(const struct grid *g, int point, int case_) {
    return &g->file[point].case_[g->case_of[case_]];
}

char *grid_name(const struct store_sweep *s, int point, char *out, size_t size) {
    size_t n = 0;
    out[0] = '\0';
    for (int i = 0; i < s->keys && n < size; i++)
        n += (size_t)snprintf(out + n, size - n, "%s%s=%s", i ? ", " : "", s->key[i],
                              s->point[point].value[i]);
    return out;
}

// ---- what is wanted ----

static bool check_keys(const struct grid_source *source, struct err *e) {
    if (source->varies > GRID_KEYS)
        return err_set(e, ERR_USAGE, "%d keys vary, at most %d", source->varies, GRID_KEYS);
    for (int i = 0; i < source->varies; i++) {
        const char *key = source->vary[i].key;
        for (int k = 0; k < i; k++)
            if (strcmp(source->vary[k].key, key) == 0) return err_set(e, ERR_USAGE, "%s varies twice", key);
        for (int k = 0; k < source->sets; k++)
            if (strcmp(source->set[k].key, key) == 0)
                return err_set(e, ERR_USAGE, "%s cannot both vary and be set", key);
    }
    return true;
}

static bool check_size(const struct grid_source *source, long cases, struct err *e) {
    long points = vary_points(source->vary, source->varies);
    if (points <= GRID_ROWS / cases) return true;
    err_set(e, ERR_USAGE, "%ld points with %ld case%s each are too many", points, cases,
            cases == 1 ? "" : "s");
    return err_hint(e, "at most %d in all: vary fewer values, or choose a --case", GRID_ROWS);
}

// ---- loading ----

struct loader {
    const struct grid_source *source;
    struct grid *grid;
    atomic_int next, failed; // points; of those that failed the first
    pthread_mutex_t lock;    // of `failed` and err
    struct err *err;
};

// What is refused is refused at a point. A `--set KEY` that is a varied key was never written by the user.
static void name_point(const struct store_sweep *s, int point, struct err *e) {
    char name[200], text[sizeof e->text];
    bool varied = false;
    for (int i = 0; i < s->keys && strncmp(e->file, "--set ", 6) == 0; i++)
        varied |= strcmp(e->file + 6, s->key[i]) == 0;
    memcpy(text, e->file, sizeof e->file);
    if (varied) snprintf(e->file, sizeof e->file, "--vary %.200s", text + 6);
    memcpy(text, e->text, sizeof text);
    snprintf(e->text, sizeof e->text, "%.300s, at %s", text, grid_name(s, point, name, sizeof name));
}

static bool load_point(struct grid *g, const struct grid_source *source, int point, struct err *e) {
    int sets = source->sets, keys = source->varies;
    struct scenario_set *set = memory_new((size_t)(sets + keys), sizeof *set);
    for (int i = 0; i < sets; i++) set[i] = source->set[i];
    for (int i = 0; i < keys; i++)
        set[sets + i] = (struct scenario_set){source->vary[i].key, g->sweep.point[point].value[i]};
    struct scenario_file *f = &g->file[point];
    bool ok = scenario_load(f, source->path, set, sets + keys, source->models, e);
    free(set);
    if (!ok) return false;
    g->sweep.point[point].digest = f->digest;
    g->sweep.point[point].seed = f->case_[0].run.seed;
    return true;
}

static void *work(void *argument) {
    struct loader *l = argument;
    int point;
    while ((point = atomic_fetch_add(&l->next, 1)) < l->grid->sweep.points &&
           point < atomic_load(&l->failed)) {
        struct err e = {0};
        if (load_point(l->grid, l->source, point, &e)) continue;
        pthread_mutex_lock(&l->lock);
        if (point < atomic_load(&l->failed)) {
            atomic_store(&l->failed, point);
            if (l->err) *l->err = e;
        }
        pthread_mutex_unlock(&l->lock);
    }
    return NULL;
}

// The calling thread works too; where the host refuses a thread, the others do its share.
static bool load_points(struct grid *g, const struct grid_source *source, int jobs, struct err *e) {
    struct loader l = {.source = source, .grid = g, .next = 1, .failed = g->sweep.points, .err = e};
    pthread_t *thread = memory_new((size_t)jobs, sizeof *thread);
    int started = 0;
    pthread_mutex_init(&l.lock, NULL);
    while (started < jobs - 1 && !pthread_create(&thread[started], NULL, work, &l)) started++;
    work(&l);
    for (int i = 0; i < started; i++) pthread_join(thread[i], NULL);
    pthread_mutex_destroy(&l.lock);
    free(thread);
    int failed = atomic_load(&l.failed);
    if (failed == g->sweep.points) return true;
    if (e) name_point(&g->sweep, failed, e);
    return false;
}

// ---- putting it together ----

static char *copy(const char *text) {
    char *s = strdup(text);
    REQUIRE(s);
    return s;
}

static void lay_out(struct grid *g, const struct grid_source *source) {
    struct store_sweep *s = &g->sweep;
    int points = (int)vary_points(source->vary, source->varies), index[GRID_KEYS];
    s->key = memory_new((size_t)source->varies, sizeof *s->key);
    for (; s->keys < source->varies; s->keys++) s->key[s->keys] = copy(source->vary[s->keys].key);
    s->point = memory_new((size_t)points, sizeof *s->point);
    for (; s->points < points; s->points++) {
        vary_at(source->vary, source->varies, s->points, index);
        const char **value = memory_new((size_t)s->keys, sizeof *value);
        for (int i = 0; i < s->keys; i++) value[i] = copy(source->vary[i].value[index[i]]);
        s->point[s->points].value = value;
    }
    g->file = memory_new((size_t)points, sizeof *g->file);
}

static bool no_case(const struct scenario_file *f, const char *name, struct err *e) {
    struct text all = {0};
    for (int c = 0; c < f->cases; c++) text_addf(&all, "%s%s", c ? ", " : "", f->case_[c].name);
    err_set(e, ERR_USAGE, "--case: no case '%s'", name);
    err_hint(e, "cases: %s", text_string(&all));
    text_fini(&all);
    return false;
}

static bool wanted(const struct grid_source *source, const char *name) {
    for (int i = 0; i < source->cases; i++)
        if (strcmp(source->case_name[i], name) == 0) return true;
    return source->cases == 0;
}

// Every point has the cases of the file, in its order.
static bool choose_cases(struct grid *g, const struct scenario_file *f, const struct grid_source *source,
                         struct err *e) {
    for (int i = 0; i < source->cases; i++) {
        int c = 0;
        while (c < f->cases && strcmp(f->case_[c].name, source->case_name[i]) != 0) c++;
        if (c == f->cases) return no_case(f, source->case_name[i], e);
    }
    g->case_of = memory_new((size_t)f->cases, sizeof *g->case_of);
    g->sweep.case_name = memory_new((size_t)f->cases, sizeof *g->sweep.case_name);
    for (int c = 0; c < f->cases; c++) {
        if (!wanted(source, f->case_[c].name)) continue;
        g->case_of[g->sweep.cases] = c;
        g->sweep.case_name[g->sweep.cases++] = copy(f->case_[c].name[0] ? f->case_[c].name : f->name);
    }
    return true;
}

static void add_text(uint64_t *h, const char *text) {
    *h = hash_bytes(*h, text, strlen(text) + 1);
}

// What decides the results, and their order: the points' own digests say all about their scenarios.
static uint64_t digest(const struct store_sweep *s) {
    uint64_t h = HASH_START;
    add_text(&h, s->version);
    add_text(&h, s->scenario);
    for (int i = 0; i < s->keys; i++) add_text(&h, s->key[i]);
    add_text(&h, "");
    for (int c = 0; c < s->cases; c++) add_text(&h, s->case_name[c]);
    add_text(&h, "");
    for (int p = 0; p < s->points; p++) {
        unsigned char bytes[8];
        for (int i = 0; i < 8; i++) bytes[i] = (unsigned char)(s->point[p].digest >> 8 * i);
        h = hash_bytes(h, bytes, sizeof bytes);
        for (int i = 0; i < s->keys; i++) add_text(&h, s->point[p].value[i]);
    }
    return hash_finish(h);
}

// The first point tells what all have in common.
static bool load_first(struct grid *g, const struct grid_source *source, struct err *e) {
    if (!load_point(g, source, 0, e)) {
        if (e) name_point(&g->sweep, 0, e);
        return false;
    }
    g->sweep.scenario = copy(g->file[0].name);
    g->sweep.question = copy(g->file[0].question);
    g->sweep.version = identity_version;
    return choose_cases(g, &g->file[0], source, e) && check_size(source, g->sweep.cases, e);
}

bool grid_load(struct grid *g, const struct grid_source *source, int jobs, struct err *e) {
    REQUIRE(source->varies >= 1 && jobs >= 1);
    *g = (struct grid){.sweep = {.shard = 1, .shards = 1}};
    if (!check_keys(source, e) || !check_size(source, 1, e)) return false;
    lay_out(g, source);
    bool ok = load_first(g, source, e) && load_points(g, source, jobs, e);
    if (ok)
        g->sweep.digest = digest(&g->sweep);
    else
        grid_fini(g);
    return ok;
}

void grid_fini(struct grid *g) {
    struct store_sweep *s = &g->sweep;
    for (int p = 0; p < s->points; p++) {
        for (int i = 0; i < s->keys; i++) free((char *)s->point[p].value[i]);
        free(s->point[p].value);
        scenario_fini(&g->file[p]);
    }
    for (int i = 0; i < s->keys; i++) free((char *)s->key[i]);
    for (int c = 0; c < s->cases; c++) free((char *)s->case_name[c]);
    free(s->key);
    free(s->point);
    free(s->case_name);
    free((char *)s->scenario);
    free((char *)s->question);
    free(g->file);
    free(g->case_of);
    *g = (struct grid){0};
}
