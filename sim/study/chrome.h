#pragma once
// Writes what a simulated run tells (engine/trace.h) as Chrome-trace JSON, which Perfetto and chrome://tracing open.
//   process "cores"          one track a core: which thread runs on it
//   one process "worker N" for each server process N from 0, "client" for process -1: one track a thread, with what it
//   is: running, runnable, lock wait, sleeping
//   process "requests"       one asynchronous slice a request, divided into what it waits for (names of enum blame)
// Format: Google's "Trace Event Format", array form. Times are in us with three decimals.
#include "base/err.h"
#include "engine/trace.h"

#include <stdbool.h>

struct chrome;

// Opens the file. NULL with *e (ERR_HOST).
struct chrome *chrome_create(const char *path, struct err *e);

// The sink to hand to the simulator; threads and cores must be numbered densely from 0, time must not go back. Not for
// more than one thread at a time. Writes as it goes: memory is kept per thread, core and open request alone.
struct trace *chrome_sink(struct chrome *c);

// Ends what is still open at the time of the last record, completes the JSON, closes and frees. False with *e (ERR_HOST)
// where something could not be written.
bool chrome_destroy(struct chrome *c, struct err *e);
