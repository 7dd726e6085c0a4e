#pragma once
// The keys of scenario files and cost profiles: one table each, which binds, defaults, checks, explains and
// documents.
#include "base/err.h"
#include "base/text.h"
#include "base/units.h"
#include "scenario/scenario.h"

#include <stddef.h>

enum schema_type {
    SCHEMA_NAME,     // char[SCENARIO_NAME], not empty
    SCHEMA_TEXT,     // char[size]
    SCHEMA_INT,      // int
    SCHEMA_INT64,    // int64_t
    SCHEMA_SPAN,     // sim_time
    SCHEMA_NUMBER,   // double in `unit`
    SCHEMA_BOOL,     // bool: on off true false
    SCHEMA_ENUM,     // an enum, counted from 0 in the order of `names`
    SCHEMA_DIST,     // struct dist in ns
    SCHEMA_FILE,     // a path; read by the code that owns the key
    SCHEMA_LOCK,     // bool: `none`, `on`, or a map of its own keys
    SCHEMA_WARMUP,   // enum warmup and its time: auto, none, or a span
    SCHEMA_ARRIVALS, // enum arrivals, or trace(FILE)
    SCHEMA_CORES,    // a count or a list of classes
    SCHEMA_STEPS,    // list of handler steps
    SCHEMA_ENDPOINTS,
    SCHEMA_RESOURCES,
    SCHEMA_CASES,
    SCHEMA_SET,         // map of dotted keys
    SCHEMA_VARY,        // map of dotted keys and the values each takes (vary.h)
    SCHEMA_EXPRESSIONS, // expression over keys, or a list of them (cost_expr.h)
    SCHEMA_COST,        // struct cost
    SCHEMA_SWITCH,      // struct cost that is 0 or 1: on off
    SCHEMA_CURVE,       // struct cost_curve
};

enum {
    SCHEMA_ZERO_NONE = 1, // `none` is allowed and means 0
    SCHEMA_ZERO_AUTO = 2, // `auto` is allowed and means 0
    SCHEMA_ABOVE = 4,     // the minimum itself is not allowed
    SCHEMA_REQUIRED = 16,
    SCHEMA_ASIDE = 32,      // decides no simulated result: not part of the digest
    SCHEMA_APART = 64,      // belongs to no case: bound by the code that owns its group (struct bind.apart)
    SCHEMA_OWN_DEFAULT = 8, // the default depends on other keys; `def` describes it and is not parsed
};

// One key. In `key`, `x[]` stands for the items of a list and `*` for a name of the user's.
struct schema_row {
    const char *key;
    enum schema_type type;
    enum unit unit; // SCHEMA_NUMBER, SCHEMA_COST
    int flags;
    size_t offset;   // in the struct that the part before the last `[].` or `*.` fills, else in the whole
    size_t size;     // SCHEMA_TEXT
    const char *def; // default as one would write it; NULL = none
    double min, max; // of the stored value (spans in ns)
    const char *const *names;       // SCHEMA_ENUM, NULL-terminated
    const char *help;               // one line
    const char *explain;            // more, or NULL
    void (*more)(struct text *out); // what `explain` adds below, or NULL
};

struct schema {
    const char *what; // "scenario", "cost profile"
    int count;
    const struct schema_row *row;
};

const struct schema *schema_scenario(void);
const struct schema *schema_costs(void);

// The row of a pattern exactly as the table has it, or NULL.
const struct schema_row *schema_row(const struct schema *s, const char *pattern);

// The part of row's key below `prefix` ("" = the root), or NULL where the row is elsewhere or in a deeper
// list.
const char *schema_below(const struct schema_row *row, const char *prefix);

// Writes a key as the table would have it: items of lists by [], names of resources by *.
void schema_pattern(const char *key, struct text *out);

// Whether some row lies below the group `pattern`.
bool schema_is_group(const struct schema *s, const char *pattern);

// Hints at what an unknown key was meant to be: fills e->hint. `prefix` is the pattern of the map it stands
// in.
void schema_suggest(const struct schema *s, const char *prefix, const char *key, struct err *e);

// What a value of the row may be: "whole number, 1 to 100000", "fifo | lifo".
void schema_values(const struct schema_row *row, struct text *out);

// Writes what `key` means: type, range, default, help, source. Takes a key of a scenario or of a profile,
// with list items by number or as `[]` ("handler.0.cpu"), the last part alone where it is unique ("threads"),
// or a group ("server"), whose keys it lists. False with *e (ERR_USAGE, did you mean) where there is none.
bool scenario_explain(const char *key, struct text *out, struct err *e);

// The key reference as Markdown tables, scenario and profile, one table a group.
void scenario_key_reference(struct text *out);

// The keys of scenario files one by one, for messages and completion: i from 0; NULL past the last.
const char *scenario_key(int i);

// Every value that decides the result, one `key = value` a line, in a fixed order: what the digest is taken
// over.
void scenario_dump(const struct scenario *s, struct text *out);
