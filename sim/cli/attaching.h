#pragma once
// `calibrate --url`: a server that is running already.
#include "calib/attach.h"
#include "cli/args.h"

#include <jansson.h>

// Whether the command line names a server.
bool attaching_wanted(const struct args *a);

// Checks what the command line says of it and calibrates it; `machine` as calibrate_run takes it. False with *e.
bool attaching_run(const struct program *p, const struct args *a, const struct calibrate_options *machine,
                   struct calibration *out, struct attachment *about, struct err *e);

// What was found beside the costs, for people: lines on stdout.
void attaching_print(const struct attachment *about);

// The same for programs.
json_t *attaching_json(const struct attachment *about);

// Remarks on stderr: what the costs leave unexplained.
void attaching_remark(const struct attachment *about, bool trusted);
