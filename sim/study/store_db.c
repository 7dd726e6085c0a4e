#include "study/store_db.h"

#include "base/memory.h"
#include "base/require.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bool full(int code, int error) {
    return code == SQLITE_FULL || (code == SQLITE_IOERR && (error == ENOSPC || error == EDQUOT));
}

bool store_db_fail(const struct store *s, const char *doing, struct err *e) {
    int code = sqlite3_errcode(s->db) & 0xff, error = sqlite3_system_errno(s->db);
    if (full(code, error)) {
        err_set(e, ERR_HOST, "cannot write %s: no space left on the disk", s->path);
        return err_hint(e, "what is stored is kept: free some space and go on with --resume");
    }
    if (code == SQLITE_BUSY || code == SQLITE_LOCKED)
        return err_set(e, ERR_HOST, "cannot %s %s: a sweep that is running writes it", doing, s->path);
    if (code == SQLITE_CORRUPT || code == SQLITE_NOTADB)
        return err_set(e, ERR_HOST, "cannot %s %s: it is damaged, or no sweep", doing, s->path);
    if (code == SQLITE_READONLY || code == SQLITE_CANTOPEN || code == SQLITE_IOERR || code == SQLITE_PERM)
        return err_set(e, ERR_HOST, "cannot %s %s: %s", doing, s->path,
                       error ? strerror(error) : sqlite3_errmsg(s->db));
    return err_set(e, ERR_HOST, "cannot %s %s: %s", doing, s->path, sqlite3_errmsg(s->db));
}

bool store_db_do(struct store *s, const char *sql, struct err *e) {
    int code = sqlite3_exec(s->db, sql, NULL, NULL, NULL);
    return code == SQLITE_OK || store_db_fail(s, s->writes ? "write" : "read", e);
}

// A folder that does not exist is made. What cannot be written is refused with the system's own words.
static bool check_folder(const char *dir, bool writes, struct err *e) {
    struct stat st;
    if (writes && mkdir(dir, 0777) && errno != EEXIST)
        return err_set(e, ERR_HOST, "cannot make the folder %s: %s", dir, strerror(errno));
    if (stat(dir, &st)) return err_set(e, ERR_HOST, "cannot read %s: %s", dir, strerror(errno));
    if (!S_ISDIR(st.st_mode)) {
        err_set(e, ERR_USAGE, "%s is not a folder", dir);
        return err_hint(e, "a sweep is a folder, with results.sqlite in it");
    }
    if (writes && access(dir, W_OK | X_OK))
        return err_set(e, ERR_HOST, "cannot write into %s: %s", dir, strerror(errno));
    return true;
}

static bool no_sweep(const char *dir, struct err *e) {
    err_set(e, ERR_USAGE, "%s holds no sweep", dir);
    return err_hint(e, "dispatchsim sweep FILE --vary KEY=LIST -o %s makes one", dir);
}

// A writer locks at its first access and until it closes: no second sweep in the same folder, and no shared memory, which
// network file systems lack. The write-ahead log makes a transaction cost one write and no wait for the disk, and survives
// the end of the process; after the end of the machine the last transactions may lack, but none is there by half.
static bool take(struct store *s, struct err *e) {
    sqlite3_busy_timeout(s->db, 1000);
    if (!s->writes) return true;
    return store_db_do(
        s,
        "PRAGMA main.locking_mode=EXCLUSIVE; PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;"
        "BEGIN IMMEDIATE; COMMIT;",
        e);
}

struct store *store_db_open(const char *dir, bool writes, struct err *e) {
    if (!check_folder(dir, writes, e)) return NULL;
    struct store *s = memory_new(1, sizeof *s);
    s->writes = writes;
    REQUIRE(asprintf(&s->path, "%s%sresults.sqlite", dir, dir[strlen(dir) - 1] == '/' ? "" : "/") >= 0);
    bool ok = writes || !access(s->path, F_OK) || no_sweep(dir, e);
    if (ok) {
        int flags = writes ? SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE : SQLITE_OPEN_READWRITE;
        int code = sqlite3_open_v2(s->path, &s->db, flags | SQLITE_OPEN_NOMUTEX, NULL);
        REQUIRE(s->db);
        ok = code == SQLITE_OK ? take(s, e) : store_db_fail(s, writes ? "write" : "read", e);
    }
    if (ok) return s;
    store_db_close(s, NULL);
    return NULL;
}

static void free_sweep(struct store_sweep *w) {
    for (int i = 0; i < w->keys; i++) free((char *)w->key[i]);
    for (int i = 0; i < w->cases; i++) free((char *)w->case_name[i]);
    for (int p = 0; p < w->points; p++) {
        for (int i = 0; w->point[p].value && i < w->keys; i++) free((char *)w->point[p].value[i]);
        free(w->point[p].value);
    }
    free(w->key);
    free(w->case_name);
    free(w->point);
    free((char *)w->scenario);
    free((char *)w->question);
    free((char *)w->version);
}

// Out of the write-ahead log, so that one plain file is left, which can be read in a folder that cannot be written.
static bool tidy(struct store *s, struct err *e) {
    return !s->writes || !s->db || store_db_do(s, "PRAGMA journal_mode=DELETE;", e);
}

bool store_db_close(struct store *s, struct err *e) {
    sqlite3_stmt *const all[] = {s->put_observation, s->put_result, s->observation, s->result};
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) sqlite3_finalize(all[i]);
    bool ok = tidy(s, e);
    if (s->db && sqlite3_close(s->db) != SQLITE_OK && ok) ok = store_db_fail(s, "write", e);
    free_sweep(&s->sweep);
    free(s->path);
    free(s);
    return ok;
}

bool store_db_prepare(struct store *s, sqlite3_stmt **statement, const char *sql, struct err *e) {
    if (*statement) {
        sqlite3_reset(*statement);
        return true;
    }
    int code = sqlite3_prepare_v3(s->db, sql, -1, SQLITE_PREPARE_PERSISTENT, statement, NULL);
    return code == SQLITE_OK || store_db_fail(s, s->writes ? "write" : "read", e);
}

bool store_db_run(struct store *s, sqlite3_stmt *statement, struct err *e) {
    bool ok = sqlite3_step(statement) == SQLITE_DONE;
    if (!ok) store_db_fail(s, s->writes ? "write" : "read", e);
    sqlite3_reset(statement);
    return ok;
}

bool store_db_row(struct store *s, sqlite3_stmt *statement, bool *found, struct err *e) {
    int code = sqlite3_step(statement);
    *found = code == SQLITE_ROW;
    if (code == SQLITE_ROW || code == SQLITE_DONE) return true;
    store_db_fail(s, "read", e);
    return false;
}

const char *store_db_text(sqlite3_stmt *statement, int column) {
    const unsigned char *text = sqlite3_column_text(statement, column);
    return text ? (const char *)text : "";
}

void store_db_bind_hash(sqlite3_stmt *statement, int parameter, uint64_t hash) {
    char text[17];
    snprintf(text, sizeof text, "%016" PRIx64, hash);
    sqlite3_bind_text(statement, parameter, text, 16, SQLITE_TRANSIENT);
}

uint64_t store_db_hash(sqlite3_stmt *statement, int column) {
    return strtoull(store_db_text(statement, column), NULL, 16);
}

static bool number(struct store *s, const char *sql, int64_t *out, struct err *e) {
    sqlite3_stmt *statement = NULL;
    bool found = false, ok = store_db_prepare(s, &statement, sql, e) && store_db_row(s, statement, &found, e);
    *out = found ? sqlite3_column_int64(statement, 0) : 0;
    sqlite3_finalize(statement);
    return ok;
}

bool store_db_recognise(struct store *s, bool *found, struct err *e) {
    int64_t application, version, tables;
    *found = false;
    if (!number(s, "PRAGMA application_id", &application, e) ||
        !number(s, "PRAGMA user_version", &version, e) ||
        !number(s, "SELECT count(*) FROM sqlite_master", &tables, e))
        return false;
    if (tables == 0 && version == 0) return true;
    if (application != STORE_APPLICATION)
        return err_set(e, ERR_USAGE, "%s is a database, but not a sweep's", s->path);
    if (version != STORE_SCHEMA)
        return err_set(e, ERR_HOST, "%s has schema %d, this program reads %d", s->path, (int)version,
                       STORE_SCHEMA);
    *found = true;
    return true;
}
