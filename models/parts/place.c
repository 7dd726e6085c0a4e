#include "models/parts/place.h"

#include "models/parts/load.h"
#include "models/parts/run_queue.h"

static bool whole_core_idle(const struct machine *m, const struct cpu *c) {
    return c->state == CPU_IDLE && (c->sibling < 0 || m->cpu[c->sibling].state == CPU_IDLE);
}

// Whether a thread woken for busy core c stays there although others idle: where that was not busy for most of the time of
// late. Seen on virtual machines, whose idle processors are given back to the host: 94-100 % of woken threads stay where
// their waker is, and do not ask who waits there. Costs: search_from, 0 = never.
static bool packs(struct machine *m, const struct cpu *c) {
    return m->t.search_from > 0 && load_expected(m, c) < m->t.search_from;
}

// How many cores are looked at. Linux's SIS_UTIL (5.19 and later, update_idle_cpu_scan): the busier the cores, the fewer.
static int search_depth(struct machine *m) {
    if (m->t.search_pressure <= 0) return m->cpus;
    double pressed = m->t.search_pressure * load_busy_mean(m);
    return pressed >= 1 ? 0 : (int)(m->cpus * (1 - pressed * pressed));
}

static struct cpu *search_idle(struct machine *m, const struct cpu *own) {
    struct cpu *any = NULL;
    for (int i = 0, from = own->id + 1, most = search_depth(m); i < most; i++) {
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

// Linux: record_wakee. How often a thread wakes another one than the last time; halved every second.
static void note_flip(struct thread *waker, const struct thread *t) {
    sim_time now = machine_now(waker->machine);
    if (now > waker->flips_at + 1000 * SIM_MS) {
        waker->flips /= 2;
        waker->flips_at = now;
    }
    if (waker->last_woken == t) return;
    waker->last_woken = t;
    waker->flips++;
}

// Linux: wake_wide. One that wakes many which do not wake as many in turn (a master of slaves) leaves them where they are.
static bool wide(const struct thread *waker, const struct thread *t) {
    uint32_t most = waker->flips > t->flips ? waker->flips : t->flips;
    uint32_t least = waker->flips > t->flips ? t->flips : waker->flips;
    uint32_t factor = (uint32_t)waker->machine->cpus;
    return least >= factor && most >= least * factor;
}

// Linux: wake_affine_weight, imbalance_pct 117. Whether the waker's core has less to do, even with t on it. Who sends (WF_SYNC)
// is about to sleep and does not count.
static bool lighter(const struct machine *m, struct cpu *waker, struct cpu *own, struct thread *t) {
    double load = load_thread(t), there = load_core(waker) + load;
    if (m->waking == WAKING_SENT) there -= load_thread(m->current);
    return 100 * there < 108 * (load_core(own) - load);
}

// Whether a thread whose own core idles may yet be put beside its waker: where both fit on that core, by what the waker did
// when it last slept, too. Seen with a waker that is busy for a part of its time: to it up to three quarters, never from 80 %
// on; of client and server that take turns on two cores, each busy for half of the time, none moves; beside a
// generator that has just been busy for 50 ms nobody is put for the next seconds.
static bool fits(struct machine *m, const struct cpu *c, struct thread *t) {
    return m->t.search_from > 0 && load_expected(m, c) + load_thread(t) < m->t.search_from;
}

// The core in whose neighbourhood t shall run: its own, or its waker's (Linux: select_task_rq_fair).
static struct cpu *target_of(struct machine *m, struct thread *t) {
    struct cpu *own = t->cpu, *by = m->current ? m->current->cpu : own;
    if (!m->t.wake_affine || !m->current) return own;
    note_flip(m->current, t);
    if (by == own || wide(m->current, t)) return own;
    if (own->state == CPU_IDLE && !fits(m, by, t)) return own;
    // Linux: wake_affine_idle. The second of two workers that slept on an idle core finds it taken by the first.
    if (m->waking == WAKING_ONE_OF_MANY && run_queue_awake(by) == 0) return by;
    return lighter(m, by, own, t) ? by : own;
}

// Linux: recent_used_cpu. Where a thread was before it came to its core, if that is idle: so it goes back at its next
// wake-up. Seen: of such wakes every other one goes back, of the rest one in a hundred leaves its core.
static struct cpu *former(struct thread *t, const struct cpu *target) {
    struct cpu *was = t->former;
    if (!t->machine->t.wake_affine) return NULL;
    t->former = t->cpu;
    return was && was != t->cpu && was != target && was->state == CPU_IDLE ? was : NULL;
}

struct cpu *place_choose(struct machine *m, struct thread *t) {
    if (!t->cpu) return place_new(m);
    struct cpu *target = target_of(m, t);
    if (target->state == CPU_IDLE || packs(m, target)) return target;
    struct cpu *back = former(t, target);
    if (back) return back;
    if (m->idle_cpus == 0) return target;
    if (m->t.stay > 0 && rng_unit(&m->stream[STREAM_SCHEDULER]) < m->t.stay) return target;
    struct cpu *idle = search_idle(m, target);
    return idle ? idle : target;
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
