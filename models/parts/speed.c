#include "models/parts/speed.h"

#include "stats/fmath.h"

static const double least_speed = 0.1;

enum { APART = 1 << 20 }; // substreams from those of phases

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

static sim_time next_steal(struct cpu *c) {
    const struct machine *m = c->machine;
    return machine_span((double)(m->t.stolen_every - m->t.stolen_time) * rng_exp(&c->steals));
}

static sim_time stolen(struct cpu *c) {
    return machine_span((double)c->machine->t.stolen_time * rng_exp(&c->steals));
}

static void begin_steals(struct cpu *c) {
    const struct machine *m = c->machine;
    c->steal_at = SIM_NEVER;
    if (m->t.stolen_time <= 0 || m->t.stolen_every <= m->t.stolen_time) return;
    c->steals = m->stream[STREAM_SPEED];
    rng_seek(&c->steals, APART + (uint64_t)c->id);
    c->steal_at = next_steal(c);
}

static void begin_interrupts(struct cpu *c) {
    const struct machine *m = c->machine;
    c->interrupt_at = SIM_NEVER;
    if (m->t.interrupt_every <= 0 || m->t.interrupt_cpu <= 0) return;
    struct rng phase = m->stream[STREAM_SPEED];
    rng_seek(&phase, 2 * APART + (uint64_t)c->id);
    c->interrupt_at = (sim_time)rng_below(&phase, (uint64_t)m->t.interrupt_every);
}

// The first one after now.
static void next_interrupt(struct cpu *c) {
    sim_time every = c->machine->t.interrupt_every, late = machine_now(c->machine) - c->interrupt_at;
    c->interrupt_at += (late / every + 1) * every;
}

void speed_lose(struct cpu *c, sim_time ns) {
    struct thread *t = c->running;
    if (t->timed)
        t->need = t->need > ns ? t->need : ns;
    else
        t->need += ns;
}

void speed_host(struct cpu *c) {
    sim_time now = machine_now(c->machine);
    if (now >= c->interrupt_at) {
        speed_lose(c, c->machine->t.interrupt_cpu);
        next_interrupt(c);
    }
    if (now >= c->steal_at) {
        sim_time lost = stolen(c);
        speed_lose(c, lost);
        c->steal_at = now + lost + next_steal(c);
    }
}

void speed_begin(struct cpu *c) {
    const struct machine *m = c->machine;
    begin_steals(c);
    begin_interrupts(c);
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
    if (c->state == CPU_BUSY) return; // then speed_host does it
    while (now >= c->steal_at) {
        c->stolen_until = c->steal_at + stolen(c);
        c->steal_at = c->stolen_until + next_steal(c);
    }
    if (now >= c->interrupt_at) next_interrupt(c);
}

sim_time speed_stolen_left(const struct cpu *c) {
    sim_time now = machine_now(c->machine);
    return c->stolen_until > now ? c->stolen_until - now : 0;
}

double speed_factor(const struct cpu *c) {
    return c->slow ? c->slow_at : 1;
}
