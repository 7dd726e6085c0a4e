#pragma once
// What several commands do with scenario files: choose cases, count jobs, simulate.
#include "cli/args.h"
#include "cli/command.h"
#include "study/run.h"

// The cases of a file that --case asks for (all where it asks for none), sharing all they point to with the file; the
// caller frees case_.
struct scenario_file cases_select(const struct args *a, const struct scenario_file *f);

// Index of the case of that name, -1 where there is none.
int cases_find(const struct scenario_file *f, const char *name);

// A case that an option asks for must be in one of files[0..count). False with *e (ERR_USAGE), which lists them.
bool cases_check(const struct scenario_file *file, int count, const char *option, const char *name,
                 struct err *e);

// Says on stderr, unless --quiet, that --case leaves nothing of a file.
void cases_remark_none(const struct args *a, const struct scenario_file *f);

// --jobs, or the number of processors.
int cases_jobs(const struct args *a);

// run_options.simulate with a struct program as context.
bool cases_simulate(void *context, const struct scenario *s, const struct simulate_options *o,
                    struct observation *out, struct err *e);
