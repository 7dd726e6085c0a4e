#include "models/parts/load.h"

#include "stats/fmath.h"

static const sim_time PERIOD = 4 * SIM_MS;
static const double RATE = 0.6931471805599453 / 32e6; // ln 2 / 32 ms, per ns

// What is left of an average after `span` ns. Most spans are short: two terms of the series err by less than 2e-6 at 1 ms.
static double left(sim_time span) {
    double x = (double)span * RATE;
    return span < SIM_MS ? 1 - x + x * x / 2 : fmath_exp(-x);
}

static void age_thread(struct thread *t, sim_time now) {
    double target = t->loads ? 1 : 0;
    t->load = target + (t->load - target) * left(now - t->load_at);
    t->load_at = now;
}

static void age_core(struct cpu *c, sim_time now) {
    c->load = c->loads + (c->load - c->loads) * left(now - c->load_at);
    c->load_at = now;
}

void load_enter(struct thread *t, struct cpu *c) {
    struct machine *m = c->machine;
    sim_time now = machine_now(m);
    if (!m->t.wake_affine) return;
    age_thread(t, now);
    struct cpu *from = t->load_on;
    if (from != c) {
        if (from) {
            age_core(from, now);
            from->load -= t->load;
            from->loads -= t->loads;
        }
        age_core(c, now);
        c->load += t->load;
        c->loads += t->loads;
        t->load_on = c;
    }
    if (t->loads) return;
    age_core(c, now);
    c->loads++;
    t->loads = true;
}

void load_leave(struct thread *t) {
    sim_time now = machine_now(t->machine);
    if (!t->loads) return;
    age_thread(t, now);
    age_core(t->load_on, now);
    t->load_on->loads--;
    t->loads = false;
}

void load_estimate(struct thread *t) {
    if (!t->machine->t.wake_affine) return;
    double now = load_thread(t);
    t->estimate = now > t->estimate ? now : t->estimate + (now - t->estimate) / 4;
}

double load_thread(struct thread *t) {
    age_thread(t, machine_now(t->machine));
    return t->load;
}

double load_core(struct cpu *c) {
    age_core(c, machine_now(c->machine));
    return c->load;
}

static void look(struct machine *m) {
    sim_time span = machine_now(m) - m->load_at;
    if (span < PERIOD) return;
    double fresh = 1 - fmath_exp(-(double)span * RATE), sum = 0;
    for (struct cpu *c = m->cpu; c < m->cpu + m->cpus; c++) {
        sim_time busy = cpu_busy(m, c);
        c->util += ((double)(busy - c->util_busy) / (double)span - c->util) * fresh;
        c->util_busy = busy;
        sum += c->util;
    }
    m->load = sum / m->cpus;
    m->load_at = machine_now(m);
}

double load_busy(struct machine *m, const struct cpu *c) {
    look(m);
    return c->util;
}

double load_busy_mean(struct machine *m) {
    look(m);
    return m->load;
}

double load_expected(struct machine *m, const struct cpu *c) {
    double busy = load_busy(m, c);
    return c->running && c->running->estimate > busy ? c->running->estimate : busy;
}
