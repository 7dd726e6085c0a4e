#include "models/parts/idle.h"

#include "models/parts/speed.h"
#include "stats/fmath.h"

// Linux: KVM's halt_poll_ns_grow_start, halt_poll_ns_grow, halt_poll_ns_shrink.
enum { POLL_START = 10000, POLL_GROW = 2, POLL_SHRINK = 2 };

void idle_keep_tick(struct machine *m) {
    if (m->current && m->current->cpu) m->current->cpu->keeps_tick = machine_now(m) + m->t.tick_kept;
}

// How often the core halted since: a tick ends a halt, too.
static int halts(const struct cpu *c) {
    const struct machine *m = c->machine;
    sim_time now = machine_now(m), ticks = (now < c->keeps_tick ? now : c->keeps_tick) - c->idle_since;
    return 1 + (ticks > 0 && m->t.tick > 0 ? (int)(ticks / m->t.tick) : 0);
}

// Linux: kvm_vcpu_halt. A halt that ended while the host polled changes nothing; after a longer one it polls for longer next
// time, unless that would not have helped either.
static void learn(struct cpu *c, sim_time halted) {
    const sim_time most = c->machine->t.halt_poll;
    if (halted <= c->poll) return;
    if (halted > most) {
        for (int i = halts(c); i > 0; i--) c->poll /= POLL_SHRINK;
        if (c->poll < POLL_START) c->poll = 0;
    } else {
        c->poll = c->poll * POLL_GROW > POLL_START ? c->poll * POLL_GROW : POLL_START;
        if (c->poll > most) c->poll = most;
    }
}

static sim_time draw(struct machine *m, double cost) {
    if (cost <= 0) return 0;
    cost += m->scenario->costs.machine.exit_lines.value * m->t.line_above;
    if (m->t.wake_spread <= 0) return machine_vary(m, (sim_time)(cost + 0.5), 1);
    return machine_span(cost * fmath_exp(m->t.wake_spread * rng_normal(&m->stream[STREAM_SCHEDULER])));
}

static double depth(const struct cost_curve *k, sim_time idle, int from) {
    double cost = k->points > from ? k->point[from].cost.value : 0;
    for (int i = from; i < k->points && (double)idle >= k->point[i].at; i++) cost = k->point[i].cost.value;
    return cost;
}

struct idle_end idle_end(struct cpu *c) {
    struct machine *m = c->machine;
    const struct cost_curve *k = &m->scenario->costs.machine.idle_exit;
    sim_time now = machine_now(m), idle = now - c->idle_since;
    bool learns = m->t.halt_poll > 0 && k->points > 1, halted = learns && idle > c->poll;
    double cost = learns && !halted ? k->point[0].cost.value : depth(k, idle, halted);
    // The host's own way to wake its thread is a part of the halt that it sees.
    if (halted) learn(c, idle + machine_span(cost - k->point[0].cost.value));
    sim_time restart = now < c->keeps_tick ? 0 : m->t.tick_restart;
    speed_pass(c);
    double slower = 1 / speed_factor(c);
    struct idle_end e = {.latency =
                             machine_span((double)(draw(m, cost) + restart) * slower) + speed_stolen_left(c),
                         .counted = machine_span((double)(m->t.wake_counted + restart) * slower),
                         .waker = m->t.wake_remote + (halted ? m->t.wake_halted : 0)};
    if (e.counted > e.latency) e.counted = e.latency;
    return e;
}
