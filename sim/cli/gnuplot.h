#pragma once
// gnuplot as an external program, and the scripts of plots/ as the program carries them.
#include "base/err.h"
#include "base/text.h"

struct gnuplot_script {
    const char *name; // plots/NAME.gp
    const char *text;
};

// All of plots/*.gp; the last has the name NULL. Made by embed.cmake.
extern const struct gnuplot_script gnuplot_scripts[];

// The text of plots/NAME.gp, NULL where there is none.
const char *gnuplot_script(const char *name);

// Runs `gnuplot -c NAME.gp TERM` in `folder`; for TERM "dumb" also its width and height in characters. Standard output is
// inherited; what it says on standard error is appended to `said`. False with *e (ERR_HOST) where there is no gnuplot, or it
// fails; the hint says how to get it or how to see what it does.
bool gnuplot_run(const char *folder, const char *name, const char *term, int columns, int rows,
                 struct text *said, struct err *e);
