#pragma once
// A probe isolates one cost: one const table in one file, one line in the list of calibrate.c.
#include "base/err.h"
#include "calib/bench.h"
#include "calib/figure.h"

// In what the shares of probe_stolen.c are counted: gaps in so many units of a core's second.
enum { STOLEN_WAIT_UNITS = 10, STOLEN_INTERRUPTS_UNITS = 100000 };

struct probe {
    const char *name, *what;
    int cores;                         // cores it needs, 1 or 2; left out where the process may use fewer
    const struct figure_spec *figures; // what it notes
    // Measures once (one round: at most about a quarter of a second) and notes samples. False with *e (ERR_HOST).
    bool (*run)(struct bench *b, struct err *e);
};
