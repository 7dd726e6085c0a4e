#pragma once
// What tests/models and tests/theory share: the list of models, scenarios from text, replications in parallel.
// Whatever fails here ends the test program with a message and exit code 2: a broken bench, not a wrong answer.
#include "models/model.h"

// The models of models.def.
const struct models *lab_models(void);

// One case, from the text that a format makes. `costs` (NULL = none) are profiles that the text may name.
// Release with scenario_fini.
__attribute__((format(printf, 3, 4))) void
lab_load(struct scenario_file *f, const struct scenario_embedded *costs, const char *fmt, ...);

// One replication; *out is initialised here and must be released with observation_fini. A violated law of the
// simulator's own audit ends the program.
void lab_simulate(const struct scenario *s, uint32_t point, uint32_t replication, struct observation *out);

// The same for those who expect a violation or want a trace.
bool lab_try(const struct scenario *s, const struct simulate_options *o, struct observation *out,
             struct err *e);

// Calls task(context, i) for every i in 0..n-1 from as many threads as there are processors; which thread does what
// must not matter.
void lab_parallel(void (*task)(void *context, int i), void *context, int n);

// Loads, simulates replication 0 of point 0 and releases the scenario.
__attribute__((format(printf, 3, 4))) void
lab_run(struct observation *out, const struct scenario_embedded *costs, const char *fmt, ...);

// A cost profile with every kind of cost, as the program ships it.
#define LAB_PROFILE LAB_SOURCE "/configs/costs/i9-13900k.yaml"
