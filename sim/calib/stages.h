#pragma once
// What no probe measures by itself: costs of the profile that are sums and differences of what the probes measured,
// above all the stages of the micro-server.
#include "calib/bench.h"
#include "scenario/costs.h"

// Adds a figure for every cost that is computed, with a value for each of the rounds [0, rounds) in which all its terms
// have one: so it has an interval and two halves as any other. `reference`: the speed index at speed 1.
void stages_derive(struct bench *b, int rounds, double reference);

// Sets what the micro-server is by its construction and no probe can tell: lock releases of each stage, flags.
void stages_set_facts(struct costs *c);

// Whether this kernel's cores that go idle look for a waiting thread in proportion to their success (machine.pull_by_success):
// Linux 6.12.65, 6.18.5 and later, by uname.
bool stages_pulls_by_success(void);
