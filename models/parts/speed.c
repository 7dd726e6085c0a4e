#include "models/parts/speed.h"

#include "stats/fmath.h"

static const double least_speed = 0.1;

static sim_time length(struct cpu *c) {
    struct machine *m = c->machine;
    double share = m->t.slow_share, mean = (double)m->t.slow_dwell * (c->slow ? 1 : (1 - share) / share);
    sim_time drawn = machine_span(mean * rng_exp(&c->phases));
    return drawn > SIM_US ? drawn : SIM_US;
}

// How slow the phase is that begins: lognormal, so that work takes 1 / slow_speed times as long on average.
static void draw_level(struct cpu *c) {
    const struct machine *m = c->machine;
    double spread = m->t.slow_spread, speed = m->t.slow_speed;
    if (spread > 0) speed *= fmath_exp(spread * spread / 2 + spread * rng_normal(&c->phases));
    c->slow_at = speed > 1 ? 1 : speed < least_speed ? least_speed : speed;
}

void speed_begin(struct cpu *c) {
    const struct machine *m = c->machine;
    c->phase_until = SIM_NEVER;
    if (m->t.slow_share <= 0 || m->t.slow_dwell <= 0) return;
    c->phases = m->stream[STREAM_SPEED];
    rng_seek(&c->phases, (uint64_t)c->id);
    c->slow = rng_unit(&c->phases) < m->t.slow_share;
    if (c->slow) draw_level(c);
    c->phase_until = m->t.slow_share < 1 ? length(c) : SIM_NEVER;
}

void speed_pass(struct cpu *c) {
    sim_time now = machine_now(c->machine);
    while (now >= c->phase_until) {
        c->slow = !c->slow;
        if (c->slow) draw_level(c);
        c->phase_until += length(c);
    }
}

double speed_factor(const struct cpu *c) {
    return c->slow ? c->slow_at : 1;
}
