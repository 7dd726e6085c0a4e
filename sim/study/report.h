#pragma once
// Results as people and programs read them. What the table shows, the JSON holds.
#include "base/err.h"
#include "scenario/result.h"
#include "study/table.h"

#include <stdio.h>

enum report_format { REPORT_TEXT, REPORT_JSON, REPORT_CSV, REPORT_MD };

struct report_validation;
struct bands;
struct plan;
struct analytic;

struct report {
    const struct result *result; // [count], one a scenario file
    int count;
    bool colour;                      // ANSI colours in the text format
    const struct bands *const *bands; // [count], of each result one a case (bands.h); NULL = none
    // Of a sweep, whose points are the results: the keys that vary and their values, as columns in CSV and as "set" in JSON,
    // which then is an array always. Text and Markdown of a sweep are export.h's.
    int keys; // 0 = no sweep
    const char *const *key;
    const char *const *const *value;        // [count][keys]
    const struct analytic *const *analytic; // [count], of each result one a case (analytic.h); NULL = none
    const struct plan *plan;                // of the only result, JSON only (report_plan.h); NULL = none
    bool plan_most;                         // it is plan_most's
    const struct report_validation *validation; // [count], JSON only (report_validation.h); NULL = none
};

// Writes all results in one format. False with *e (ERR_HOST) where writing fails; the caller flushes.
//   text  a table of the cases, then for each what binds it, where its time goes and what to know about it
//   json  DESIGN's contract, one object, or an array of them for several results; reals with 17 digits, unknown = null
//   csv   one row a case (`endpoint` empty) and one for each of its endpoints, one header (RFC 4180, lines end in LF),
//         unknown = empty
//   md    the tables of the cases and of their endpoints as GitHub Markdown, and what binds each
bool report_write(FILE *out, enum report_format format, const struct report *r, struct err *e);

// The single formats, for report_write.
void report_text(FILE *out, const struct report *r);
bool report_json(FILE *out, const struct report *r);
void report_csv(FILE *out, const struct report *r);
void report_md(FILE *out, const struct report *r);

// The table of the endpoints of one case, or of all cases with a column for the case where c is NULL; empty (no cells)
// where there is none. Release with table_fini.
void report_endpoints(struct table *t, const struct result *r, const struct case_result *c);

// Says after a stopped run which cases are missing, a line; nothing after a complete one.
void report_incomplete(FILE *out, const struct result *r);

// The table of the cases that text and Markdown share; release with table_fini. Columns about measurements exist only
// where a case has one, the status only where one is not ok.
void report_cases(struct table *t, const struct result *r);

// Throughput of a case over that of the case it stands against, predicted and measured; NAN where there is none.
double report_ratio(const struct result *r, const struct case_result *c);
double report_measured_ratio(const struct result *r, const struct case_result *c);

// A rate with four significant digits and without an exponent, all digits from 1000 on: "13190", "454.2", "31.47", "7.100";
// "-" where unknown. Returns out.
char *report_rate(char out[32], double per_s);

// A share as per cent without an exponent: "31 %", "2.5 %", "0.13 %", "less than 0.01 %"; "-" where unknown. Returns out.
char *report_percent(char out[32], double frac);

// A mean of counts: whole from 10 on, else with one decimal where it is not whole: "20750", "3", "2.4", "less than 0.1".
// Returns out.
char *report_count(char out[32], double mean);

// "+4.2 %", "-" where unknown. Returns out.
char *report_error(char out[32], double error_frac);

// The name a case has in reports: its own or, where it has none, the scenario's.
const char *report_name(const struct result *r, const struct case_result *c);

// A station as utilisations and queues name it: "cpu", "loop", "gil", "pool", "resource", "backlog", "client".
const char *report_station(enum limit l);

// One sentence on a status other than ok; "" for ok. Returns out.
char *report_status(char out[256], const struct case_result *c);
