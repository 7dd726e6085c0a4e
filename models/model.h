#pragma once
// A dispatch model: one const table in one file of this folder, one line in models.def.
#include "scenario/result.h"
#include "scenario/scenario.h"

#include <stdio.h>

struct machine;
struct worker;
struct trace;

struct model {
    const char *name, *summary;
    const char *const
        *reads; // scenario keys under `server.` the model obeys, NULL-terminated: "threads", ...;
                // "dispatch.loop", "dispatch.pool": where an endpoint of its own choice may run
    const char *const
        *defaults;           // "server.threads=200" pairs that replace the common defaults, NULL-terminated
    const char *closed_form; // with `costs: none`: "M/M/1", "M/M/c" ...; what the test battery holds it to
    // Builds one worker process: its threads, pollers and pools. Called once per worker before time starts.
    void (*start)(struct machine *m, struct worker *w);
    // Releases what start allocated beyond threads. NULL = nothing.
    void (*stop)(struct worker *w);
};

struct models {
    int count;
    const struct model *const *model;
};

// The model of that name or NULL.
const struct model *models_find(const struct models *all, const char *name);

struct simulate_options {
    uint32_t point, replication;
    struct trace *trace; // receives thread, core and request records (engine/trace.h); NULL = none
};

// Simulates one replication. *out must be initialised. False with *e: ERR_BROKEN where a law that every run must obey
// was violated (the text names it), ERR_HOST for no memory. Result: a function of scenario, seed (scenario.run.seed),
// point and replication alone. Cost: 0.5-2 us per simulated request.
bool simulate(const struct model *model, const struct scenario *s, const struct simulate_options *options,
              struct observation *out, struct err *e);
