#pragma once
// Cores that are slower for some time: on a host that lends half-cores the other half's work takes a part of the core. Each
// core alternates by itself between two states, for exponential times (an alternating renewal process): machine.slow_share,
// slow_speed, slow_spread, slow_dwell. Besides, the host runs something else on a core for a while: a Poisson process of
// exponential lengths, machine.stolen_share and stolen_time. Nothing is simulated of a core that idles.
#include "models/parts/cpu.h"

// A new core: in either state with its probability. The phases of all cores are those of STREAM_SPEED, the same for any
// model.
void speed_begin(struct cpu *c);

// The host takes busy core c (steal_at has come): whoever runs loses that time, and its CPU clock counts it.
void speed_steal(struct cpu *c);

// Brings c's state up to now; whoever calls it sets the core's rate afterwards. O(phases passed).
void speed_pass(struct cpu *c);

// The factor of c's present state, above 0 and at most 1.
double speed_factor(const struct cpu *c);
