#pragma once
// What `measure` and `validate` share: scenario files executed for real in interleaved rounds, with progress, Ctrl-C and
// a place for the result.
#include "calib/measure.h"
#include "cli/args.h"
#include "cli/output.h"
#include "cli/signals.h"

struct measuring {
    const struct program *program;
    const struct args *args;
    int files;                  // loaded
    struct scenario_file *file; // as loaded
    struct scenario_file *part; // [files] the cases that --case asks for
    int measured;               // files of which `measurement` is filled
    struct measurement *measurement;
    bool incomplete;
    struct output output;
    struct signals signals;
};

// Loads the files and opens the output. False with *e.
bool measuring_open(struct measuring *m, const struct program *p, const struct args *a, struct err *e);

// Measures file after file. False with *e.
bool measuring_run(struct measuring *m, struct err *e);

// Endpoints of a case that are reported one by one: none where there is but one; and the rows (one a quantity) that the
// cases of a file come to in all.
int measuring_endpoints(const struct scenario *s);
int measuring_rows(const struct scenario_file *f);

// Exit code of what was measured so far: 128 + signal where it was stopped, else 0; remarks on stderr.
int measuring_code(const struct measuring *m);

// Says on stderr what makes a file's measurement doubtful (generator at its limit, another number of cores); returns
// whether it cannot be trusted at all (exit 4).
bool measuring_doubt(const struct measuring *m, int file);

void measuring_close(struct measuring *m);
