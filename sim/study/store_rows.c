// The rows of a stored sweep: observations and results, in and out, and from one store into another.
#include "study/pack.h"
#include "study/store_db.h"

#include "base/memory.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// ---- writing ----

// Unknown figures are NULL in the table.
static void bind_real(sqlite3_stmt *q, int at, double x) {
    if (isfinite(x))
        sqlite3_bind_double(q, at, x);
    else
        sqlite3_bind_null(q, at);
}

static double quantile_s(const struct hist *h, double level) {
    return hist_supports(h->count, level) ? (double)hist_quantile(h, level) / 1e9 : NAN;
}

static void bind_place(const struct store *s, sqlite3_stmt *q, int point, int case_, int replication) {
    store_db_bind_hash(q, 1, s->sweep.digest);
    sqlite3_bind_int(q, 2, point);
    sqlite3_bind_int(q, 3, case_);
    sqlite3_bind_int(q, 4, replication);
}

bool store_put_observation(struct store *s, int point, int case_, int replication,
                           const struct observation *o, struct err *e) {
    static const char sql[] = "INSERT INTO replication VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";
    struct text bytes = {0};
    if (!store_db_prepare(s, &s->put_observation, sql, e)) return false;
    sqlite3_stmt *q = s->put_observation;
    pack_observation(o, &bytes);
    bind_place(s, q, point, case_, replication);
    sqlite3_bind_int64(q, 5, o->done);
    bind_real(q, 6, o->span_s);
    bind_real(q, 7, o->span_s > 0 ? (double)o->done / o->span_s : NAN);
    bind_real(q, 8, o->latency.count ? hist_mean(&o->latency) / 1e9 : NAN);
    bind_real(q, 9, quantile_s(&o->latency, 0.5));
    bind_real(q, 10, quantile_s(&o->latency, 0.99));
    sqlite3_bind_blob64(q, 11, bytes.data, bytes.length, SQLITE_STATIC);
    bool ok = store_db_run(s, q, e);
    sqlite3_clear_bindings(q);
    text_fini(&bytes);
    return ok;
}

bool store_put_result(struct store *s, int point, int case_, const struct case_result *r, struct err *e) {
    static const char sql[] = "INSERT INTO outcome VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";
    struct text bytes = {0};
    if (!store_db_prepare(s, &s->put_result, sql, e)) return false;
    sqlite3_stmt *q = s->put_result;
    pack_case(r, &bytes);
    sqlite3_bind_int(q, 1, point);
    sqlite3_bind_int(q, 2, case_);
    sqlite3_bind_text(q, 3, status_name(r->status), -1, SQLITE_STATIC);
    sqlite3_bind_int(q, 4, r->replications);
    bind_real(q, 5, r->throughput_per_s.mean);
    bind_real(q, 6, r->latency.mean.mean);
    bind_real(q, 7, r->latency.quantile[QUANTILE_P50].mean);
    bind_real(q, 8, r->latency.quantile[QUANTILE_P99].mean);
    sqlite3_bind_text(q, 9, r->bottleneck_name, -1, SQLITE_STATIC);
    sqlite3_bind_blob64(q, 10, bytes.data, bytes.length, SQLITE_STATIC);
    bool ok = store_db_run(s, q, e);
    sqlite3_clear_bindings(q);
    text_fini(&bytes);
    return ok;
}

// ---- reading ----

static bool damaged(const struct store *s, const char *what, int point, int case_, struct err *e) {
    return err_set(e, ERR_HOST,
                   "%s: the %s of point %d, case %d is damaged, or of another version of this program",
                   s->path, what, point + 1, case_ + 1);
}

// The observation of the statement's current row.
static bool read_observation(const struct store *s, sqlite3_stmt *q, int column, int point, int case_,
                             struct observation *out, struct err *e) {
    const void *bytes = sqlite3_column_blob(q, column);
    return pack_observation_read(out, bytes, (size_t)sqlite3_column_bytes(q, column)) ||
           damaged(s, "observation", point, case_, e);
}

bool store_observation(struct store *s, int point, int case_, int replication, struct observation *out,
                       bool *found, struct err *e) {
    static const char sql[] =
        "SELECT observation FROM replication WHERE digest = ? AND point = ? AND case_ = ? AND "
        "replication = ?";
    if (!store_db_prepare(s, &s->observation, sql, e)) return false;
    sqlite3_stmt *q = s->observation;
    bind_place(s, q, point, case_, replication);
    bool ok = store_db_row(s, q, found, e);
    if (ok && *found) ok = read_observation(s, q, 0, point, case_, out, e);
    sqlite3_reset(q);
    return ok;
}

bool store_case(struct store *s, int point, int case_, struct case_result *out, bool *found, struct err *e) {
    static const char sql[] = "SELECT result FROM outcome WHERE point = ? AND case_ = ?";
    if (!store_db_prepare(s, &s->result, sql, e)) return false;
    sqlite3_stmt *q = s->result;
    sqlite3_bind_int(q, 1, point);
    sqlite3_bind_int(q, 2, case_);
    bool ok = store_db_row(s, q, found, e);
    if (ok && *found && out) {
        const void *bytes = sqlite3_column_blob(q, 0);
        ok = pack_case_read(out, bytes, (size_t)sqlite3_column_bytes(q, 0)) ||
             damaged(s, "result", point, case_, e);
    }
    sqlite3_reset(q);
    return ok;
}

static void note_missing(struct result *out, const char *name) {
    out->incomplete = true;
    snprintf(out->missing[out->missing_cases++], sizeof *out->missing, "%s", name);
}

bool store_result(struct store *s, int point, struct result *out, struct err *e) {
    const struct store_sweep *w = &s->sweep;
    *out = (struct result){.seed = w->point[point].seed, .digest = w->point[point].digest};
    snprintf(out->scenario, sizeof out->scenario, "%s", w->scenario);
    snprintf(out->question, sizeof out->question, "%s", w->question);
    out->case_ = memory_new((size_t)w->cases, sizeof *out->case_);
    out->missing = memory_new((size_t)w->cases, sizeof *out->missing);
    bool ok = true, found = false;
    for (int c = 0; ok && c < w->cases; c++) {
        ok = store_case(s, point, c, &out->case_[out->cases], &found, e);
        if (ok && found)
            out->cases++;
        else if (ok)
            note_missing(out, w->case_name[c]);
    }
    if (!ok) result_fini(out);
    return ok;
}

bool store_latency(struct store *s, int point, int case_, struct hist *into, struct err *e) {
    static const char sql[] =
        "SELECT observation FROM replication WHERE digest = ? AND point = ? AND case_ = ? "
        "ORDER BY replication";
    sqlite3_stmt *q = NULL;
    bool found = false;
    if (!store_case(s, point, case_, NULL, &found, e)) return false;
    if (!found) return true;
    bool ok = store_db_prepare(s, &q, sql, e);
    if (ok) {
        store_db_bind_hash(q, 1, s->sweep.digest);
        sqlite3_bind_int(q, 2, point);
        sqlite3_bind_int(q, 3, case_);
        ok = store_db_row(s, q, &found, e);
    }
    for (; ok && found; ok = ok && store_db_row(s, q, &found, e)) {
        struct observation o;
        ok = read_observation(s, q, 0, point, case_, &o, e);
        if (!ok) break;
        hist_merge(into, &o.latency);
        observation_fini(&o);
    }
    sqlite3_finalize(q);
    return ok;
}

bool store_count(struct store *s, struct store_count *out, struct err *e) {
    sqlite3_stmt *q = NULL;
    bool found = false,
         ok =
             store_db_prepare(s, &q, "SELECT (SELECT count(*) FROM outcome), count(*) FROM replication", e) &&
             store_db_row(s, q, &found, e);
    *out = (struct store_count){0};
    if (found) {
        out->cases_done = sqlite3_column_int(q, 0);
        out->replications = sqlite3_column_int64(q, 1);
    }
    for (int p = 0; p < s->sweep.points; p++)
        out->cases += store_has_point(&s->sweep, p) ? s->sweep.cases : 0;
    sqlite3_finalize(q);
    return ok;
}

// ---- merging ----

// Stops at the first row of a table that is in both stores with other content.
static bool check_equal(struct store *into, const char *sql, const char *from, struct err *e) {
    sqlite3_stmt *q = NULL;
    bool found = false, ok = store_db_prepare(into, &q, sql, e) && store_db_row(into, q, &found, e);
    if (ok && found) {
        ok = err_set(e, ERR_USAGE, "%s differs from an earlier one in what it holds of point %d, case %d",
                     from, sqlite3_column_int(q, 0) + 1, sqlite3_column_int(q, 1) + 1);
        err_hint(e, "they come from different programs, or one is damaged");
    }
    sqlite3_finalize(q);
    return ok;
}

static bool copy_rows(struct store *into, const char *from, struct err *e) {
    static const char replications[] = "SELECT point, case_ FROM replication JOIN other.replication AS o "
                                       "USING(digest, point, case_, replication) "
                                       "WHERE replication.observation <> o.observation LIMIT 1";
    static const char outcomes[] =
        "SELECT point, case_ FROM outcome JOIN other.outcome AS o USING(point, case_) "
        "WHERE outcome.result <> o.result LIMIT 1";
    bool ok = store_db_do(into, "BEGIN", e) && check_equal(into, replications, from, e) &&
              check_equal(into, outcomes, from, e) &&
              store_db_do(into,
                          "INSERT OR IGNORE INTO replication SELECT * FROM other.replication;"
                          "INSERT OR IGNORE INTO outcome SELECT * FROM other.outcome; COMMIT",
                          e);
    if (!ok) store_db_do(into, "ROLLBACK", NULL);
    return ok;
}

bool store_merge(struct store *into, struct store *from, struct err *e) {
    const struct store_sweep *a = &into->sweep, *b = &from->sweep;
    if (strcmp(a->version, b->version) != 0) {
        err_set(e, ERR_USAGE,
                "%s was simulated by version %s, those before it by %s, whose results may differ", from->path,
                b->version, a->version);
        return err_hint(e, "every shard needs the same program");
    }
    if (a->digest != b->digest) {
        err_set(e, ERR_USAGE, "%s is not of the same sweep as those before it", from->path);
        return err_hint(e,
                        "every shard needs the same file, --vary, --set, --seed, --reps, --case and program");
    }
    sqlite3_stmt *q = NULL;
    bool ok = store_db_prepare(into, &q, "ATTACH ? AS other", e);
    if (ok) {
        sqlite3_bind_text(q, 1, from->path, -1, SQLITE_STATIC);
        ok = store_db_run(into, q, e);
    }
    sqlite3_finalize(q);
    if (!ok) return false;
    ok = copy_rows(into, from->path, e);
    return store_db_do(into, "DETACH other", ok ? e : NULL) && ok;
}
