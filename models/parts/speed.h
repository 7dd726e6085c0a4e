#pragma once
// Cores that are slower for some time: on a host that lends half-cores the other half's work takes a part of the core. Each
// core alternates by itself between two states, for exponential times (an alternating renewal process): machine.slow_share,
// slow_speed, slow_spread, slow_dwell. Besides, host or system run something else on a core for a while: a Poisson process of
// exponential lengths, machine.stolen_share and stolen_time; and its own tick interrupts it (interrupt_every, interrupt_cpu).
// Of a core that idles only this is simulated: that it is woken while the host has it.
#include "models/parts/cpu.h"

// A new core: in either state with its probability. The phases of all cores are those of STREAM_SPEED, the same for any
// model.
void speed_begin(struct cpu *c);

// Busy core c loses `ns`: whoever runs does, and its CPU clock counts them, so that work which watches that clock is the
// shorter for it.
void speed_lose(struct cpu *c, sim_time ns);

// The host takes busy core c, or its tick interrupts it, where steal_at or interrupt_at has come.
void speed_host(struct cpu *c);

// When it will next do so.
static inline sim_time speed_host_at(const struct cpu *c) {
    return c->steal_at < c->interrupt_at ? c->steal_at : c->interrupt_at;
}

// Brings c's state up to now; whoever calls it sets the core's rate afterwards. O(phases passed).
void speed_pass(struct cpu *c);

// For how long the host still has core c, which idled until now, ns; 0 = it has it not. After speed_pass.
sim_time speed_stolen_left(const struct cpu *c);

// The factor of c's present state, above 0 and at most 1.
double speed_factor(const struct cpu *c);
