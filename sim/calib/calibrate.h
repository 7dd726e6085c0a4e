#pragma once
// Measures what each step costs on this machine: probes that isolate one cost each, run in turn, round after round, so
// that a change of the host's speed meets all of them; then the micro-server under load, which corrects the sums of
// stages ("fit"). Every value has an interval, and the two halves of the rounds are set against each other.
#include "base/err.h"
#include "calib/probe.h"
#include "scenario/costs.h"

#include <stdatomic.h>
#include <stdbool.h>

struct calibrate_progress {
    double done_frac; // of the time it may take
    int round;        // from 1
    const char *probe;
};

struct calibrate_options {
    bool quick;             // under 10 s instead of under a minute, with wider intervals
    double budget_s;        // for the probes; 0 = as `quick` says
    bool probes_only;       // leave the micro-server out
    const atomic_int *stop; // not 0: end early. NULL = never
    void (*progress)(void *listener, const struct calibrate_progress *p); // NULL = nobody listens
    void *listener;
};

// One line of the summary.
struct calibrate_row {
    const char *key, *probe, *source;
    enum figure_kind kind;
    struct figure_estimate x; // scaled to speed 1; NAN where nothing could be measured
    int rounds;
    bool in_profile; // a cost of the profile; else an ingredient
    enum provenance from;
};

struct calibration {
    struct costs costs;
    int rows;
    struct calibrate_row *row;
    char (*name)[64]; // what keys of rows point into where no list of probes holds them; else NULL
    int rounds, fit_rounds;
    bool complete;                       // false: stopped before the end; the costs then say nothing
    double speed, speed_low, speed_high; // index over all looks: median and deciles, 1 = the profile's
    int runs, repeated;                  // runs of probes; those repeated because the speed changed within
    int compared, noisy;                 // rows with two halves; those whose halves disagree
    bool trusted; // at most a third of them disagree; false where no figure has enough rounds
};

// The probes in the order they run, `*count` of them.
const struct probe *const *calibrate_probes(int *count);

// Runs everything on the first two cores the process may use. Where it may use one only, what needs two is left out.
// Cost: about 50 s (8 s with `quick`), most of it asleep. False with *e (ERR_HOST: no threads, no sockets); then *out
// holds nothing to free.
bool calibrate_run(const struct calibrate_options *o, struct calibration *out, struct err *e);

void calibrate_fini(struct calibration *c);
