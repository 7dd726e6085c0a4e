#pragma once
// A stored sweep: DIR/results.sqlite. What every replication saw is written as it ends, and the pooled result of a case
// at a point when its replications suffice, so that reading it back needs neither the scenario nor the simulator.
//   sweep        one row a property: scenario, question, digest, version, shard, ...
//   varied       the keys that vary, in order; setting: their values at each point
//   point        digest and seed of the scenario at a point, as `run --set` reports them
//   replication  one row a point, case and replication: some figures to query, and all of it in `observation`
//   outcome      one row a point and case that is complete: figures, and all of it in `result` (study/pack.h)
// user_version is the version of this schema. Times are in s, rates per s.
// All calls on one handle from one thread at a time.
#include "base/err.h"
#include "scenario/result.h"
#include "stats/hist.h"

#include <stdbool.h>
#include <stdint.h>

enum { STORE_SCHEMA = 1 };

struct store_point {
    const char **value;    // [keys], as written: "4", "10ms", "event_loop"
    uint64_t digest, seed; // of the scenario with these values
};

// What a sweep is; all of it is fixed when it is created.
struct store_sweep {
    const char *scenario, *question;
    const char *version; // of the program that simulates (study/identity.h)
    uint64_t digest;     // of all points and cases: what decides the results
    int keys;
    const char **key; // dotted names, in the order in which they vary: the last fastest
    int points;
    struct store_point *point;
    int cases;              // a point
    const char **case_name; // [cases]; the scenario's name where its file has no cases
    int shard, shards;      // this store holds the points p with p % shards == shard - 1; 1/1 = all
};

struct store;

// Begins a sweep in folder `dir`, which is made where it does not exist (its parent must). Copies *s. NULL with *e: ERR_USAGE
// where it holds a sweep already, ERR_HOST where it cannot be written or another process writes there.
struct store *store_create(const char *dir, const struct store_sweep *s, struct err *e);

// Opens a sweep to go on with it; begins it where the folder holds none. NULL with *e: ERR_USAGE where it is not the sweep
// *s (the text says what differs), ERR_HOST as above.
struct store *store_resume(const char *dir, const struct store_sweep *s, struct err *e);

// Opens a sweep for reading; the folder may be read-only. NULL with *e: ERR_USAGE where there is none, ERR_HOST where it
// cannot be read, is damaged, of a later schema, or being written.
struct store *store_open(const char *dir, struct err *e);

// Closes and frees. After a complete sweep one file is left. False with *e (ERR_HOST) where closing a sweep that was written
// failed; what store_put_* confirmed is kept even then.
bool store_close(struct store *s, struct err *e);

// Closes and removes what store_create made, but for the folder.
void store_discard(struct store *s);

// The sweep as it was created; valid until store_close.
const struct store_sweep *store_sweep(const struct store *s);

// Whether this store is to hold a point (see shards).
bool store_has_point(const struct store_sweep *s, int point);

// ---- writing: each call is one transaction, safe against the end of the process when it returns ----

// False with *e (ERR_HOST; a full disk is named). Cost: some 50 us.
bool store_put_observation(struct store *s, int point, int case_, int replication,
                           const struct observation *o, struct err *e);

// The pooled result of a point's case; its observations must have been put.
bool store_put_result(struct store *s, int point, int case_, const struct case_result *r, struct err *e);

// ---- reading; false with *e (ERR_HOST) where the store is damaged ----

// Fills *out (initialised, empty) where the replication is stored, and says so in *found.
bool store_observation(struct store *s, int point, int case_, int replication, struct observation *out,
                       bool *found, struct err *e);

// Whether the result of a point's case is stored, and the result; `out` may be NULL.
bool store_case(struct store *s, int point, int case_, struct case_result *out, bool *found, struct err *e);

// The results at one point as `run` with these values gives them; cases that are not complete are left out and named in
// out->missing. Release with result_fini.
bool store_result(struct store *s, int point, struct result *out, struct err *e);

// Adds the latencies (ns) of all replications of a complete case to *into (hist_init before). Nothing where incomplete.
bool store_latency(struct store *s, int point, int case_, struct hist *into, struct err *e);

// Point-cases that are complete, and replications stored (all of them, also of cases that are not complete).
struct store_count {
    int cases_done, cases;
    int64_t replications;
};
bool store_count(struct store *s, struct store_count *out, struct err *e);

// ---- merging ----

// Copies all that `from` (another shard of the same sweep) holds into `into`. What both hold must be equal. False with *e:
// ERR_USAGE where they belong to different sweeps or differ in a result (the text says where), ERR_HOST.
bool store_merge(struct store *into, struct store *from, struct err *e);
