#include "study/store.h"

#include "base/memory.h"
#include "base/require.h"
#include "study/store_db.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// STRICT keeps a column to its type. Reals are for queries; what the program reads back are the blobs.
static const char schema[] =
    "PRAGMA application_id = 0x64737731;"
    "PRAGMA user_version = 1;"
    "CREATE TABLE sweep(property TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;"
    "CREATE TABLE varied(place INTEGER PRIMARY KEY, key TEXT NOT NULL) STRICT;"
    "CREATE TABLE cases(case_ INTEGER PRIMARY KEY, name TEXT NOT NULL) STRICT;"
    "CREATE TABLE point(point INTEGER PRIMARY KEY, digest TEXT NOT NULL, seed INTEGER NOT NULL) STRICT;"
    "CREATE TABLE setting(point INTEGER, place INTEGER, value TEXT NOT NULL, PRIMARY KEY(point, place)) "
    "STRICT;"
    "CREATE TABLE replication(digest TEXT, point INTEGER, case_ INTEGER, replication INTEGER, done INTEGER, "
    "span_s REAL,"
    " throughput_per_s REAL, mean_s REAL, p50_s REAL, p99_s REAL, observation BLOB NOT NULL,"
    " PRIMARY KEY(digest, point, case_, replication)) STRICT;"
    "CREATE TABLE outcome(point INTEGER, case_ INTEGER, status TEXT, replications INTEGER, throughput_per_s "
    "REAL,"
    " mean_s REAL, p50_s REAL, p99_s REAL, bottleneck TEXT, result BLOB NOT NULL, PRIMARY KEY(point, case_)) "
    "STRICT;";

bool store_has_point(const struct store_sweep *s, int point) {
    return point % s->shards == s->shard - 1;
}

const struct store_sweep *store_sweep(const struct store *s) {
    return &s->sweep;
}

// ---- what a sweep is, into the file ----

static bool put_property(struct store *s, const char *name, const char *value, struct err *e) {
    sqlite3_stmt *q = NULL;
    bool ok = store_db_prepare(s, &q, "INSERT INTO sweep VALUES(?, ?)", e);
    if (ok) {
        sqlite3_bind_text(q, 1, name, -1, SQLITE_STATIC);
        sqlite3_bind_text(q, 2, value, -1, SQLITE_STATIC);
        ok = store_db_run(s, q, e);
    }
    sqlite3_finalize(q);
    return ok;
}

static bool put_properties(struct store *s, const struct store_sweep *w, struct err *e) {
    char digest[20], shard[32];
    snprintf(digest, sizeof digest, "%016" PRIx64, w->digest);
    snprintf(shard, sizeof shard, "%d/%d", w->shard, w->shards);
    return put_property(s, "scenario", w->scenario, e) && put_property(s, "question", w->question, e) &&
           put_property(s, "version", w->version, e) && put_property(s, "digest", digest, e) &&
           put_property(s, "shard", shard, e);
}

// A list of names, numbered from 0.
static bool put_names(struct store *s, const char *sql, const char *const *name, int n, struct err *e) {
    sqlite3_stmt *q = NULL;
    bool ok = store_db_prepare(s, &q, sql, e);
    for (int i = 0; ok && i < n; i++) {
        sqlite3_bind_int(q, 1, i);
        sqlite3_bind_text(q, 2, name[i], -1, SQLITE_STATIC);
        ok = store_db_run(s, q, e);
    }
    sqlite3_finalize(q);
    return ok;
}

static bool put_settings(struct store *s, const struct store_sweep *w, int p, sqlite3_stmt *q,
                         struct err *e) {
    for (int i = 0; i < w->keys; i++) {
        sqlite3_bind_int(q, 1, p);
        sqlite3_bind_int(q, 2, i);
        sqlite3_bind_text(q, 3, w->point[p].value[i], -1, SQLITE_STATIC);
        if (!store_db_run(s, q, e)) return false;
    }
    return true;
}

static bool put_points(struct store *s, const struct store_sweep *w, struct err *e) {
    sqlite3_stmt *point = NULL, *setting = NULL;
    bool ok = store_db_prepare(s, &point, "INSERT INTO point VALUES(?, ?, ?)", e) &&
              store_db_prepare(s, &setting, "INSERT INTO setting VALUES(?, ?, ?)", e);
    for (int p = 0; ok && p < w->points; p++) {
        sqlite3_bind_int(point, 1, p);
        store_db_bind_hash(point, 2, w->point[p].digest);
        sqlite3_bind_int64(point, 3, (sqlite3_int64)w->point[p].seed);
        ok = store_db_run(s, point, e) && put_settings(s, w, p, setting, e);
    }
    sqlite3_finalize(point);
    sqlite3_finalize(setting);
    return ok;
}

// ---- and back ----

static char *copy(const char *text) {
    char *s = strdup(text);
    REQUIRE(s);
    return s;
}

static const char **get_names(struct store *s, const char *sql, int *n, struct err *e) {
    const char **name = NULL;
    size_t capacity = 0;
    sqlite3_stmt *q = NULL;
    bool found = false, ok = store_db_prepare(s, &q, sql, e) && store_db_row(s, q, &found, e);
    for (*n = 0; ok && found; ok = store_db_row(s, q, &found, e)) {
        name = memory_grow(name, &capacity, (size_t)*n + 1, sizeof *name);
        name[(*n)++] = copy(store_db_text(q, 0));
    }
    sqlite3_finalize(q);
    return ok ? name ? name : memory_new(0, sizeof *name) : name;
}

static bool damaged(const struct store *s, struct err *e) {
    return err_set(e, ERR_HOST, "%s is damaged: it does not say which sweep it holds", s->path);
}

static bool get_properties(struct store *s, struct err *e) {
    struct store_sweep *w = &s->sweep;
    int n = 0;
    const char **value = get_names(s, "SELECT value FROM sweep ORDER BY property", &n, e);
    bool ok = value && n == 5; // digest, question, scenario, shard, version
    if (ok) {
        w->digest = strtoull(value[0], NULL, 16);
        w->question = copy(value[1]);
        w->scenario = copy(value[2]);
        ok = sscanf(value[3], "%d/%d", &w->shard, &w->shards) == 2 && w->shard >= 1 && w->shard <= w->shards;
        w->version = copy(value[4]);
    }
    for (int i = 0; i < n; i++) free((char *)value[i]);
    free(value);
    return ok || (value && damaged(s, e));
}

static bool get_points(struct store *s, struct err *e) {
    struct store_sweep *w = &s->sweep;
    size_t capacity = 0;
    sqlite3_stmt *q = NULL;
    bool found = false;
    bool ok = store_db_prepare(s, &q, "SELECT digest, seed, point FROM point ORDER BY point", e) &&
              store_db_row(s, q, &found, e);
    for (; ok && found; ok = store_db_row(s, q, &found, e)) {
        w->point = memory_grow(w->point, &capacity, (size_t)w->points + 1, sizeof *w->point);
        w->point[w->points++] = (struct store_point){.value = memory_new((size_t)w->keys, sizeof(char *)),
                                                     .digest = store_db_hash(q, 0),
                                                     .seed = (uint64_t)sqlite3_column_int64(q, 1)};
        if (sqlite3_column_int(q, 2) != w->points - 1) ok = damaged(s, e);
        if (!ok) break;
    }
    sqlite3_finalize(q);
    return ok && (w->points > 0 || damaged(s, e));
}

static bool get_settings(struct store *s, struct err *e) {
    struct store_sweep *w = &s->sweep;
    int64_t n = 0;
    sqlite3_stmt *q = NULL;
    bool found = false, ok = store_db_prepare(s, &q, "SELECT value FROM setting ORDER BY point, place", e) &&
                             store_db_row(s, q, &found, e);
    for (; ok && found && n < (int64_t)w->points * w->keys; ok = store_db_row(s, q, &found, e), n++)
        w->point[n / w->keys].value[n % w->keys] = copy(store_db_text(q, 0));
    sqlite3_finalize(q);
    return ok && (n == (int64_t)w->points * w->keys || damaged(s, e));
}

static bool get_sweep(struct store *s, struct err *e) {
    struct store_sweep *w = &s->sweep;
    if (!get_properties(s, e)) return false;
    w->key = get_names(s, "SELECT key FROM varied ORDER BY place", &w->keys, e);
    if (!w->key) return false;
    w->case_name = get_names(s, "SELECT name FROM cases ORDER BY case_", &w->cases, e);
    return w->case_name && get_points(s, e) && get_settings(s, e);
}

// ---- opening ----

// All of it or, where the process or the disk ends, nothing.
static bool begin(struct store *s, const struct store_sweep *w, struct err *e) {
    bool ok = store_db_do(s, "BEGIN", e) && store_db_do(s, schema, e) && put_properties(s, w, e) &&
              put_names(s, "INSERT INTO varied VALUES(?, ?)", w->key, w->keys, e) &&
              put_names(s, "INSERT INTO cases VALUES(?, ?)", w->case_name, w->cases, e) &&
              put_points(s, w, e) && store_db_do(s, "COMMIT", e);
    if (!ok) store_db_do(s, "ROLLBACK", NULL);
    return ok && get_sweep(s, e);
}

static bool same_names(const char *const *a, int an, const char *const *b, int bn) {
    bool same = an == bn;
    for (int i = 0; same && i < an; i++) same = strcmp(a[i], b[i]) == 0;
    return same;
}

// The first point whose values or scenario are not the stored ones; -1 where there is none.
static int other_point(const struct store_sweep *a, const struct store_sweep *b) {
    for (int p = 0; p < a->points && p < b->points; p++)
        if (!same_names(a->point[p].value, a->keys, b->point[p].value, b->keys) ||
            a->point[p].digest != b->point[p].digest)
            return p;
    return a->points == b->points ? -1 : a->points < b->points ? a->points : b->points;
}

// Says what differs between the stored sweep and *w; false where something does.
static bool check_same(const struct store *s, const struct store_sweep *w, struct err *e) {
    const struct store_sweep *old = &s->sweep;
    if (strcmp(old->version, w->version) != 0) {
        err_set(e, ERR_USAGE, "%s was begun by version %s, this is %s, whose results may differ", s->path,
                old->version, w->version);
        return err_hint(e, "go on with the program it was begun with, or choose another -o");
    }
    if (old->shard != w->shard || old->shards != w->shards)
        return err_set(e, ERR_USAGE, "%s is begun as shard %d/%d, not %d/%d (1/1 is the whole)", s->path,
                       old->shard, old->shards, w->shard, w->shards);
    if (old->digest == w->digest) return true;
    if (!same_names(old->key, old->keys, w->key, w->keys))
        err_set(e, ERR_USAGE, "%s varies other keys, or in another order", s->path);
    else if (!same_names(old->case_name, old->cases, w->case_name, w->cases))
        err_set(e, ERR_USAGE, "%s holds other cases of the scenario", s->path);
    else if (old->points != w->points)
        err_set(e, ERR_USAGE, "%s has %d points, not %d", s->path, old->points, w->points);
    else if (other_point(old, w) >= 0)
        err_set(e, ERR_USAGE, "the scenario is not the one that %s was begun with, first at point %d of %d",
                s->path, other_point(old, w) + 1, old->points);
    else
        err_set(e, ERR_USAGE, "%s holds another sweep", s->path);
    return err_hint(
        e, "file, cost profile, --vary, --set, --seed, --reps and --case must be those of the beginning; "
           "or choose another -o");
}

static bool start(struct store *s, const struct store_sweep *w, bool resume, struct err *e) {
    bool found;
    if (!store_db_recognise(s, &found, e)) return false;
    if (!found) return begin(s, w, e);
    if (!resume) {
        err_set(e, ERR_USAGE, "%s holds a sweep already", s->path);
        return err_hint(e, "--resume goes on with it; for a new one choose another -o");
    }
    return get_sweep(s, e) && check_same(s, w, e);
}

static struct store *open_to_write(const char *dir, const struct store_sweep *w, bool resume, struct err *e) {
    struct store *s = store_db_open(dir, true, e);
    if (!s || start(s, w, resume, e)) return s;
    store_db_close(s, NULL);
    return NULL;
}

struct store *store_create(const char *dir, const struct store_sweep *s, struct err *e) {
    return open_to_write(dir, s, false, e);
}

struct store *store_resume(const char *dir, const struct store_sweep *s, struct err *e) {
    return open_to_write(dir, s, true, e);
}

struct store *store_open(const char *dir, struct err *e) {
    struct store *s = store_db_open(dir, false, e);
    bool found = false;
    if (!s) return NULL;
    bool ok = store_db_recognise(s, &found, e);
    if (ok && !found) ok = err_set(e, ERR_USAGE, "%s holds no sweep: it is empty", s->path);
    if (ok && get_sweep(s, e)) return s;
    store_db_close(s, NULL);
    return NULL;
}

void store_discard(struct store *s) {
    char *path = copy(s->path);
    if (store_db_close(s, NULL)) remove(path);
    free(path);
}

bool store_close(struct store *s, struct err *e) {
    return store_db_close(s, e);
}
