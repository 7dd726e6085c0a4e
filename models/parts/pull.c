#include "models/parts/pull.h"

#include "models/parts/fair.h"
#include "models/parts/load.h"
#include "models/parts/run_queue.h"

// Linux: update_newidle_stats. The ratio is the number of successes among so many looks, older ones at half their weight.
enum { LOOKS = 1024 };

// The first in a core's queue that is awake and may be moved (Linux: detach_tasks passes over those that may not).
static struct thread *movable(const struct cpu *c, bool hot) {
    const struct machine *m = c->machine;
    struct thread *first = NULL;
    for (int i = 0; i < c->queue.n; i++) {
        struct thread *t = c->queue.heap[i];
        if (t->delayed || (!hot && t->last_ran + m->t.pull_hot > machine_now(m))) continue;
        if (!first || t->rank < first->rank) first = t;
        if (i == 0) break; // the heap's root
    }
    return first;
}

static struct thread *take(struct cpu *c, bool hot) {
    struct machine *m = c->machine;
    if (m->waiting == 0) return NULL;
    struct cpu *longest = NULL;
    for (int i = 0; i < m->cpus; i++) {
        struct cpu *o = &m->cpu[i];
        if (run_queue_awake(o) <= (longest ? run_queue_awake(longest) : 0)) continue;
        if (movable(o, hot)) longest = o;
    }
    if (!longest) return NULL;
    cpu_settle(longest);
    struct thread *t = movable(longest, hot);
    fair_note(t, longest);
    run_queue_remove(longest, t);
    fair_place(t, longest, c);
    load_enter(t, c);
    return t;
}

void pull_watch(struct machine *m) {
    if (m->t.balance == 0 || m->waiting == 0 || m->idle_cpus == 0) return;
    if (timer_at(m->sim, m->balance) == SIM_NEVER)
        timer_set(m->sim, m->balance, machine_now(m) + m->t.balance);
}

static void balance(struct sim *sim, void *owner, uint32_t tag) {
    (void)sim;
    (void)tag;
    struct machine *m = owner;
    m->current = NULL;
    for (int i = 0; i < m->cpus && m->waiting > 0; i++) {
        struct cpu *c = &m->cpu[i];
        struct thread *t = c->state == CPU_IDLE ? take(c, true) : NULL;
        if (t) cpu_rouse(c, t);
    }
    pull_watch(m);
}

void pull_init(struct machine *m) {
    m->balance = timer_new(m->sim, balance, m, 8);
}

void pull_at_tick(const struct cpu *c) {
    struct machine *m = c->machine;
    if (!m->t.balance_tick || m->idle_cpus == 0 || run_queue_awake(c) == 0) return;
    for (struct cpu *o = m->cpu; o < m->cpu + m->cpus; o++) {
        if (o->state != CPU_IDLE) continue;
        struct thread *t = take(o, false);
        if (t) cpu_rouse(o, t);
        return;
    }
}

static bool still_crowded(const struct machine *m) {
    for (const struct cpu *c = m->cpu; c < m->cpu + m->cpus; c++)
        if (run_queue_awake(c) + (c->running != NULL) > 1) return true;
    return false;
}

void pull_begin(struct cpu *c) {
    c->pull_ratio = (uint32_t)(LOOKS * c->machine->t.pull_first);
    c->pull_looks = LOOKS / 2;
    c->pull_hits = c->pull_ratio / 2;
}

static void note(struct cpu *c, uint32_t successes) {
    c->pull_hits += successes;
    if (++c->pull_looks < LOOKS) return;
    c->pull_ratio = c->pull_hits;
    c->pull_looks /= 2;
    c->pull_hits /= 2;
}

// A success among the few looks that are made stands for those that were not.
struct thread *pull_newly_idle(struct cpu *c) {
    struct machine *m = c->machine;
    if (!m->t.pull) return NULL;
    if (!m->t.pull_by_success) return take(c, false);
    if (!m->crowded) return NULL;
    uint32_t weight = 1 + c->pull_ratio;
    if (rng_below(&m->stream[STREAM_SCHEDULER], LOOKS) > weight) {
        note(c, 0);
        return NULL;
    }
    struct thread *t = take(c, false);
    m->crowded = still_crowded(m);
    note(c, t ? (LOOKS + weight / 2) / weight : 0);
    return t;
}
