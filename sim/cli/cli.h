#pragma once
// The command line from argv to the exit code.
#include "cli/command.h"

// Runs the command that argv names; prints results on stdout, messages on stderr. Returns the exit code of DESIGN's
// contract: 0 ok, 2 usage or scenario, 3 files, memory or threads, 70 a broken law, 130 and 143 after SIGINT, SIGTERM.
int cli_main(int argc, char **argv, const struct program *p);
