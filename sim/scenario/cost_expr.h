#pragma once
// What a configuration costs: arithmetic over the keys of a scenario, such as `3*machine.cores + server.workers`.
//   sum     = product { (+ | -) product }
//   product = factor { (* | /) factor }
//   factor  = number | key | - factor | ( sum )
// A key stands for its value: machine.cores for the number of cores, spans in s, rates per s, shares as fractions, on as 1
// and off as 0. A key under `server.` that the dispatch model does not read counts 0: an event loop has no threads to pay.
#include "scenario/scenario.h"

// Whether `text` is such an expression and every key in it has a number. False with *e (ERR_CONFIG, text and hint, no
// place). Names of resources are not known yet and are taken as they come.
bool cost_expr_check(const char *text, struct err *e);

// The value for one case. `reads` lists what its model reads under `server.` (NULL-terminated; NULL = everything). False
// with *e (ERR_CONFIG) where the value is no finite number or a resource does not exist. Cost: some us.
bool cost_expr_value(const char *text, const struct scenario *s, const char *const *reads, double *out,
                     struct err *e);

// Whether a model that reads `reads` under `server.` (NULL = everything) looks at the dotted key; true elsewhere.
bool cost_expr_reads(const char *const *reads, const char *key);
