#pragma once
// SQLite as the store uses it; for store*.c alone.
#include "base/text.h"
#include "study/store.h"

#include <sqlite3.h>

struct store {
    sqlite3 *db;
    char *path; // of the file, for messages
    bool writes;
    struct store_sweep sweep; // owned, with all it points to
    sqlite3_stmt *put_observation, *put_result, *observation, *result;
};

enum { STORE_APPLICATION = 0x64737731 }; // "dsw1" in SQLite's application_id

// Fills *e for what SQLite reported last and returns false. `doing` is "write" or "read".
bool store_db_fail(const struct store *s, const char *doing, struct err *e);

// Opens DIR/results.sqlite; NULL with *e. Writing creates the file where it lacks and shuts other processes out until
// closed; reading creates nothing.
struct store *store_db_open(const char *dir, bool writes, struct err *e);

// Finalises, closes and frees all. False with *e where what was written could not be put in order.
bool store_db_close(struct store *s, struct err *e);

// Runs statements without results.
bool store_db_do(struct store *s, const char *sql, struct err *e);

// Whether the file holds a sweep of this schema: *found is false in a file without tables. False with *e where it holds
// something else or a later schema.
bool store_db_recognise(struct store *s, bool *found, struct err *e);

// Makes *statement ready for use: prepared once, then reset. False with *e.
bool store_db_prepare(struct store *s, sqlite3_stmt **statement, const char *sql, struct err *e);

// Runs a statement that gives no row.
bool store_db_run(struct store *s, sqlite3_stmt *statement, struct err *e);

// The next row: *found is false after the last one.
bool store_db_row(struct store *s, sqlite3_stmt *statement, bool *found, struct err *e);

// Text of a column, "" where it is NULL; valid until the next row.
const char *store_db_text(sqlite3_stmt *statement, int column);

// 16 hexadecimal digits, as JSON and CSV have digests.
void store_db_bind_hash(sqlite3_stmt *statement, int parameter, uint64_t hash);
uint64_t store_db_hash(sqlite3_stmt *statement, int column);
