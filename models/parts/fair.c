#include "models/parts/fair.h"

#include "models/parts/load.h"
#include "models/parts/run_queue.h"

// --- CFS

static struct thread *behind(const struct cpu *c) {
    struct thread *first = run_queue_first(c);
    return first && first->vruntime < c->running->vruntime ? first : NULL;
}

static void place_with_credit(struct thread *t, const struct cpu *from, const struct cpu *to) {
    if (from != to) t->vruntime += to->vmin - (from ? from->vmin : 0);
    int64_t least = to->vmin - to->machine->t.sleeper_credit;
    if (t->vruntime < least || !from) t->vruntime = from ? least : to->vmin;
}

// --- EEVDF

// Threads of a core, awake or delayed, and their virtual run times.
struct all {
    int64_t n, sum;
};

static struct all all_on(const struct cpu *c) {
    struct all a = {c->queue.n, c->queue.sum};
    if (c->running) a = (struct all){a.n + 1, a.sum + c->running->vruntime};
    return a;
}

static int64_t mean(struct all a, const struct cpu *c) {
    return a.n ? a.sum / a.n : c->vmin;
}

// Linux: update_entity_lag.
static int64_t bounded(const struct machine *m, int64_t lag) {
    int64_t most = 2 * m->t.base_slice > m->t.tick ? 2 * m->t.base_slice : m->t.tick;
    return lag > most ? most : lag < -most ? -most : lag;
}

// The eligible thread of the earliest deadline at or below place i of the queue, if earlier than `best`. Below an
// eligible one all deadlines are later.
static struct thread *earliest(const struct run_queue *q, int i, struct all a, struct thread *best) {
    if (i >= q->n) return best;
    struct thread *t = q->heap[i];
    if (best && (t->rank > best->rank || (t->rank == best->rank && t->queued > best->queued))) return best;
    if (t->vruntime * a.n <= a.sum) return t;
    best = earliest(q, 2 * i + 1, a, best);
    return earliest(q, 2 * i + 2, a, best);
}

// Linux: pick_eevdf.
static struct thread *choose(const struct cpu *c) {
    struct thread *r = c->running;
    struct all a = all_on(c);
    bool eligible = r && r->vruntime * a.n <= a.sum;
    if (eligible && r->vruntime < r->protected) return r;
    struct thread *best = earliest(&c->queue, 0, a, NULL);
    return !best || (eligible && r->deadline < best->rank) ? r : best;
}

// A thread that has reached its deadline gets another.
static void renew(struct cpu *c) {
    struct thread *r = c->running;
    c->seen = r->vruntime;
    if (r->vruntime >= r->deadline) r->deadline = r->vruntime + c->machine->t.base_slice;
}

// Linux: update_curr. Whether others are to be looked at: the running thread has had what it was protected for.
static bool due(struct cpu *c) {
    renew(c);
    return c->queue.n > 0 && c->running->vruntime >= c->running->protected;
}

// It has slept in the queue for long enough.
static void drop(struct cpu *c, struct thread *t) {
    run_queue_remove(c, t);
    load_leave(t);
    t->delayed = false;
    t->lag = 0;
}

static struct thread *rival(struct cpu *c) {
    struct thread *best;
    if (c->running) renew(c);
    while ((best = choose(c)) && best->delayed) drop(c, best);
    return best == c->running ? NULL : best;
}

static void place_in(struct all a, struct thread *t, const struct cpu *from, const struct cpu *to) {
    const struct machine *m = to->machine;
    // Its own share counts in the mean afterwards, so it is put further from it.
    t->vruntime = mean(a, to) - (a.n ? t->lag + t->lag / a.n : 0);
    t->deadline = t->vruntime + (t->carries ? t->ahead : from ? m->t.base_slice : m->t.base_slice / 2);
    t->carries = false;
}

// --- either

void fair_place(struct thread *t, const struct cpu *from, const struct cpu *to) {
    if (to->machine->t.keep_lag)
        place_in(all_on(to), t, from, to);
    else
        place_with_credit(t, from, to);
}

void fair_note(struct thread *t, const struct cpu *c) {
    t->lag = bounded(c->machine, mean(all_on(c), c) - t->vruntime);
    t->ahead = t->deadline - t->vruntime;
    t->carries = true;
}

bool fair_claims(struct cpu *c, const struct thread *t) {
    if (!c->machine->t.keep_lag) return c->stepping ? t->vruntime < c->running->vruntime : behind(c) != NULL;
    return due(c) || choose(c) == t;
}

struct thread *fair_rival(struct cpu *c) {
    return c->machine->t.keep_lag ? rival(c) : behind(c);
}

struct thread *fair_rival_at_tick(struct cpu *c) {
    if (!c->machine->t.keep_lag) return NULL;
    return due(c) ? rival(c) : NULL;
}

void fair_begin(struct cpu *c) {
    c->seen = c->running->vruntime;
    c->running->protected = c->running->deadline;
}

// One that keeps the core although its slice is over is looked at again soon.
sim_time fair_slice_end(const struct cpu *c, sim_time change) {
    static const sim_time SOON = 100 * SIM_US;
    const struct machine *m = c->machine;
    if (!m->t.keep_lag) return machine_now(m) + m->t.slice + change;
    if (!m->t.slice_exact || !c->running->timed) return SIM_NEVER;
    sim_time left = c->running->protected - c->running->vruntime;
    return machine_now(m) + (left > SOON ? left : SOON);
}

struct thread *fair_take(struct cpu *c) {
    struct thread *t = c->machine->t.keep_lag ? rival(c) : run_queue_first(c);
    if (t) run_queue_remove(c, t);
    return t;
}

bool fair_leave(struct cpu *c) {
    struct thread *t = c->running;
    if (!c->machine->t.keep_lag) return false;
    if (!t->settled) { // servers are at rest long before the load begins
        t->settled = true;
        t->lag = 0;
        return false;
    }
    struct all a = all_on(c);
    renew(c);
    t->lag = bounded(c->machine, mean(a, c) - t->vruntime);
    return t->vruntime * a.n > a.sum;
}

// The kernel does so before it looks at what the running thread has had since it last looked, so that the woken one is
// behind it by that and gets the core (requeue_delayed_entity, then wakeup_preempt).
void fair_rejoin(struct cpu *c, struct thread *t) {
    struct all a = all_on(c);
    a.sum -= c->running->vruntime - c->seen;
    bool eligible = t->vruntime * a.n < a.sum;
    drop(c, t);
    if (eligible) place_in((struct all){a.n - 1, a.sum - t->vruntime}, t, c, c);
    run_queue_push(c, t);
}

sim_time fair_next_tick(const struct machine *m) {
    sim_time now = machine_now(m), since = now + m->t.tick - m->tick_phase;
    return m->t.keep_lag || m->t.tick_cpu > 0 ? now + m->t.tick - since % m->t.tick : SIM_NEVER;
}
