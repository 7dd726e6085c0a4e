#include "models/parts/place.h"

#include "models/parts/fair.h"
#include "models/parts/run_queue.h"
#include "stats/fmath.h"

static bool whole_core_idle(const struct machine *m, const struct cpu *c) {
    return c->state == CPU_IDLE && (c->sibling < 0 || m->cpu[c->sibling].state == CPU_IDLE);
}

static const sim_time LOAD_PERIOD = 4 * SIM_MS;
static const double LOAD_HALF_LIFE = 32e6;

// Utilisation of each core and of all, as the kernel's load tracking has it: looked at every 4 ms, weights halve every
// 32 ms (Linux: PELT).
static void look_at_loads(struct machine *m) {
    sim_time span = machine_now(m) - m->load_at;
    if (span < LOAD_PERIOD) return;
    double fresh = 1 - fmath_exp(-(double)span * 0.6931471805599453 / LOAD_HALF_LIFE), sum = 0;
    for (struct cpu *c = m->cpu; c < m->cpu + m->cpus; c++) {
        sim_time busy = cpu_busy(m, c);
        c->load += ((double)(busy - c->load_busy) / (double)span - c->load) * fresh;
        c->load_busy = busy;
        sum += c->load;
    }
    m->load = sum / m->cpus;
    m->load_at = machine_now(m);
}

// How many cores are looked at for a thread whose own core is busy. Seen on two cores: none while that core was busy for
// less than 70 % of late, nor while both were for more than 60 % on average. The latter is Linux's SIS_UTIL (5.19 and later,
// update_idle_cpu_scan): the busier the cores, the fewer are searched.
static int search_depth(struct machine *m, const struct cpu *own) {
    if (m->t.search_pressure <= 0 && m->t.search_from <= 0) return m->cpus;
    look_at_loads(m);
    double pressed = m->t.search_pressure * m->load;
    if (own->load < m->t.search_from || pressed >= 1) return 0;
    return (int)(m->cpus * (1 - pressed * pressed));
}

static struct cpu *search_idle(struct machine *m, const struct cpu *own) {
    struct cpu *any = NULL;
    for (int i = 0, from = own->id + 1, most = search_depth(m, own); i < most; i++) {
        struct cpu *c = &m->cpu[(from + i) % m->cpus];
        if (whole_core_idle(m, c)) return c;
        if (!any && c->state == CPU_IDLE) any = c;
    }
    return any;
}

static int load(const struct cpu *c) {
    return run_queue_awake(c) + (c->state != CPU_IDLE);
}

// Preference of a core for a new thread: idle whole core, idle sibling, then shortest queue; faster first.
static bool better_for_new(const struct machine *m, const struct cpu *a, const struct cpu *b) {
    int la = load(a), lb = load(b);
    if (la != lb) return la < lb;
    bool wa = whole_core_idle(m, a), wb = whole_core_idle(m, b);
    if (wa != wb) return wa;
    return a->speed > b->speed;
}

static struct cpu *place_new(struct machine *m) {
    struct cpu *best = &m->cpu[0];
    for (int i = 1; i < m->cpus; i++)
        if (better_for_new(m, &m->cpu[i], best)) best = &m->cpu[i];
    return best;
}

struct cpu *place_choose(struct machine *m, const struct thread *t) {
    if (!t->cpu) return place_new(m);
    if (t->cpu->state == CPU_IDLE || m->idle_cpus == 0) return t->cpu;
    if (m->t.stay > 0 && rng_unit(&m->stream[STREAM_SCHEDULER]) < m->t.stay) return t->cpu;
    struct cpu *idle = search_idle(m, t->cpu);
    return idle ? idle : t->cpu;
}

// The first in a core's queue that is awake, where it has not run a moment ago.
static struct thread *movable(const struct cpu *c) {
    const struct machine *m = c->machine;
    struct thread *first = NULL;
    for (int i = 0; i < c->queue.n; i++) {
        struct thread *t = c->queue.heap[i];
        if (!t->delayed && (!first || t->rank < first->rank)) first = t;
        if (c->queue.asleep == 0) break; // the heap's root is it
    }
    return first && first->last_ran + m->t.pull_hot <= machine_now(m) ? first : NULL;
}

struct thread *place_pull(struct cpu *c) {
    struct machine *m = c->machine;
    if (m->waiting == 0) return NULL;
    struct cpu *longest = NULL;
    for (int i = 0; i < m->cpus; i++) {
        struct cpu *o = &m->cpu[i];
        if (run_queue_awake(o) <= (longest ? run_queue_awake(longest) : 0)) continue;
        if (movable(o)) longest = o;
    }
    if (!longest) return NULL;
    cpu_settle(longest);
    struct thread *t = movable(longest);
    fair_note(t, longest);
    run_queue_remove(longest, t);
    fair_place(t, longest, c);
    return t;
}

struct cpu *place_faster_idle(const struct cpu *c) {
    struct machine *m = c->machine;
    struct cpu *best = NULL;
    for (int i = 0; i < m->cpus; i++) {
        struct cpu *o = &m->cpu[i];
        if (o->speed > c->speed && whole_core_idle(m, o) && (!best || o->speed > best->speed)) best = o;
    }
    return best;
}

sim_time place_idle_exit(struct machine *m, sim_time idle) {
    const struct cost_curve *k = &m->scenario->costs.machine.idle_exit;
    double cost = k->points ? k->point[0].cost.value : 0;
    for (int i = 0; i < k->points && (double)idle >= k->point[i].at; i++) cost = k->point[i].cost.value;
    if (cost <= 0) return 0;
    if (m->t.wake_spread <= 0) return machine_vary(m, (sim_time)(cost + 0.5), 1);
    return machine_span(cost * fmath_exp(m->t.wake_spread * rng_normal(&m->stream[STREAM_SCHEDULER])));
}

sim_time place_cold_after(const struct machine *m, sim_time rest) {
    const struct cost_curve *k = &m->scenario->costs.machine.cold;
    double x = (double)rest, at = 0, cost = 0;
    for (int i = 0; i < k->points; i++) {
        double next_at = k->point[i].at, next = k->point[i].cost.value;
        if (x < next_at) return (sim_time)(cost + (next - cost) * (x - at) / (next_at - at) + 0.5);
        at = next_at;
        cost = next;
    }
    return (sim_time)(cost + 0.5);
}
