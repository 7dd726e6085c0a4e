#pragma once
// What a command is, and what the program gives to each.
#include "base/err.h"
#include "models/model.h"
#include "scenario/scenario.h"

#include <stdbool.h>

struct args;

// What main knows and the commands need: the dispatch models and the simulator.
struct program {
    const struct models *models;
    bool (*simulate)(const struct model *model, const struct scenario *s,
                     const struct simulate_options *options, struct observation *out, struct err *e);
};

struct command {
    const char *name;
    const char *operands; // as usage shows them: "[FILE...]"
    int least, most;      // operands taken; most < 0 = any number
    const char *summary;  // one line, a sentence without a dot
    const char *examples; // lines of help, each ending in a newline
    unsigned bit;         // in the `commands` of args.c's options
    // Does it; returns the exit code. Messages of its own have been printed; *e is filled where the code is not 0 and
    // it has a message for the caller to print.
    int (*run)(const struct program *p, const struct args *a, struct err *e);
};

enum {
    COMMAND_RUN = 1,
    COMMAND_CHECK = 2,
    COMMAND_MODELS = 4,
    COMMAND_EXPLAIN = 8,
    COMMAND_MEASURE = 16,
    COMMAND_VALIDATE = 32,
    COMMAND_SERVE = 64,
    COMMAND_LOAD = 128,
    COMMAND_CALIBRATE = 256,
    COMMAND_SWEEP = 512,
    COMMAND_EXPORT = 1024,
    COMMAND_MERGE = 2048,
    COMMAND_PLAN = 1 << 12,
    COMMAND_PLOT = 1 << 14,
    COMMAND_ALL = (1 << 15) - 1
};

// One file a command.
int cmd_run(const struct program *p, const struct args *a, struct err *e);
int cmd_check(const struct program *p, const struct args *a, struct err *e);
int cmd_models(const struct program *p, const struct args *a, struct err *e);
int cmd_measure(const struct program *p, const struct args *a, struct err *e);
int cmd_validate(const struct program *p, const struct args *a, struct err *e);
int cmd_serve(const struct program *p, const struct args *a, struct err *e);
int cmd_load(const struct program *p, const struct args *a, struct err *e);
int cmd_calibrate(const struct program *p, const struct args *a, struct err *e);
int cmd_sweep(const struct program *p, const struct args *a, struct err *e);
int cmd_export(const struct program *p, const struct args *a, struct err *e);
int cmd_merge(const struct program *p, const struct args *a, struct err *e);
int cmd_plan(const struct program *p, const struct args *a, struct err *e);
int cmd_plot(const struct program *p, const struct args *a, struct err *e);
int cmd_explain(const struct program *p, const struct args *a, struct err *e);
