#pragma once
// Scenario files as the commands read them.
#include "base/err.h"
#include "cli/args.h"
#include "cli/command.h"
#include "scenario/scenario.h"

// Loads `path`, or the built-in example for NULL, with the command line's --set and the program's models. Release with
// scenario_fini. False with *e (ERR_CONFIG, ERR_HOST).
bool load_scenario(struct scenario_file *f, const char *path, const struct args *a, const struct program *p,
                   struct err *e);

// The program's models as scenarios must know them, [p->models->count]; the caller frees them.
struct scenario_model *load_models(const struct program *p);

// The text of the built-in example.
const char *load_builtin(void);
