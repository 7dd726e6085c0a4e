#pragma once
// The command line: one table of options, which parses, checks, suggests and prints the help.
#include "base/err.h"
#include "base/text.h"
#include "cli/command.h"
#include "study/report.h"

// Strings of the command line, in order.
struct args_list {
    const char **item;
    int count;
    size_t capacity;
};

struct args {
    bool help, quiet, quick;
    bool bands;
    bool analytic;      // of run
    bool max_rate;      // of plan
    int format;         // enum report_format
    int jobs;           // 0 = not given
    int rounds;         // of measuring; 0 = not given
    double tolerance;   // of the throughput, a fraction; 0 = not given
    const char *output; // file; NULL or "-" = standard output
    const char *trace, *trace_case;
    const char *port, *span; // of serve; NULL = not given
    bool http_log;
    const char *url, *pid, *noop_async, *noop_sync, *pace, *stack, *against,
        *profile;                     // of calibrate; NULL = not given
    int term;                         // of plot: 0 = files
    struct args_list pictures, where; // of plot
    struct args_list vary;            // of sweep
    const char *shard;                // of sweep; NULL = not given
    bool resume;                      // of sweep
    struct args_list cases;           // --case
    struct args_list operands;
    struct scenario_set *set; // --set, --seed, --reps in order
    int sets;
    size_t set_capacity;
    struct args_list owned; // copies that `set` points into
};

// Parses argv[0..argc), what follows the command's name. Long options are taken by their whole name only, as `--name
// value` or `--name=value`, short ones as `-o value` or `-ovalue`; `--` ends them and `-` is an operand. --help stops
// the checks. Strings stay argv's. Release with args_fini, also after a failure. False with *e (ERR_USAGE).
bool args_parse(struct args *a, const struct command *c, int argc, char *const *argv, struct err *e);

void args_fini(struct args *a);

// Appends the help of a command: usage, examples, its options.
void args_help(const struct command *c, struct text *out);
