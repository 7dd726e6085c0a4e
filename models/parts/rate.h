#pragma once
// How fast a core is at present: its class, its phase, its sibling, the clock's ramp and what other cores leave it. Work and
// wall time in ns; fixed point, so that a burst that is cut and goes on takes as long as a whole one.
#include "models/parts/speed.h"

__extension__ typedef unsigned __int128 rate_wide;

enum { RATE_BITS = 32 };

// Wall time that `work` takes at the present rate, rounded up.
static inline sim_time rate_wall(const struct cpu *c, sim_time work) {
    if (c->rate == 1ull << RATE_BITS) return work;
    return (sim_time)(((rate_wide)work * c->inverse + ((1ull << RATE_BITS) - 1)) >> RATE_BITS);
}

// Work that is done in `wall` at the present rate, rounded down.
static inline sim_time rate_work(const struct cpu *c, sim_time wall) {
    if (c->rate == 1ull << RATE_BITS) return wall;
    return (sim_time)((rate_wide)wall * c->rate >> RATE_BITS);
}

// Sets it by what is the case now. Timed work passes at the speed of the core's class, however fast its phase.
static inline void rate_set(struct cpu *c) {
    const struct machine *m = c->machine;
    double rate = c->running && c->running->timed ? c->speed : c->speed * speed_factor(c);
    if (c->sibling >= 0 && m->cpu[c->sibling].state == CPU_BUSY) rate *= m->t.smt_yield / 2;
    if (c->ramp_left > 0) rate *= m->t.ramp_speed;
    if (m->cpus - m->idle_cpus > m->t.turbo_cores) rate *= m->t.turbo_speed;
    c->rate = (uint64_t)(rate * 0x1p32);
    c->inverse = (uint64_t)(0x1p32 / rate);
}
