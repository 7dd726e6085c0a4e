#include "models/parts/speed.h"

static sim_time length(struct cpu *c) {
    struct machine *m = c->machine;
    double share = m->t.slow_share, mean = (double)m->t.slow_dwell * (c->slow ? 1 : (1 - share) / share);
    sim_time drawn = machine_span(mean * rng_exp(&c->phases));
    return drawn > SIM_US ? drawn : SIM_US;
}

void speed_begin(struct cpu *c) {
    const struct machine *m = c->machine;
    c->phase_until = SIM_NEVER;
    if (m->t.slow_share <= 0 || m->t.slow_dwell <= 0) return;
    c->phases = m->stream[STREAM_SPEED];
    rng_seek(&c->phases, (uint64_t)c->id);
    c->slow = rng_unit(&c->phases) < m->t.slow_share;
    c->phase_until = m->t.slow_share < 1 ? length(c) : SIM_NEVER;
}

void speed_pass(struct cpu *c) {
    sim_time now = machine_now(c->machine);
    while (now >= c->phase_until) {
        c->slow = !c->slow;
        c->phase_until += length(c);
    }
}

double speed_factor(const struct cpu *c) {
    return c->slow ? c->machine->t.slow_speed : 1;
}
