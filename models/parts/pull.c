#include "models/parts/pull.h"

#include "models/parts/fair.h"
#include "models/parts/load.h"
#include "models/parts/run_queue.h"

#include <math.h>

// Linux: update_newidle_stats. The ratio is the number of successes among so many looks, older ones at half their weight.
enum { LOOKS = 1024 };

// Linux: cache_nice_tries. After more ticks in vain an idle core takes one that ran a moment ago, too.
enum { TRIES = 1 };

// Of a core's threads that are awake and may be moved the one that was woken or last given the core the longest ago (Linux:
// detach_tasks, from the end of cfs_tasks), and no heavier than `most`. NULL = none. O(threads).
static struct thread *movable(const struct cpu *c, bool hot, double most) {
    const struct machine *m = c->machine;
    struct thread *first = NULL;
    for (int i = 0; i < c->queue.n; i++) {
        struct thread *t = c->queue.heap[i];
        if (t->delayed || (!hot && t->last_ran + m->t.pull_hot > machine_now(m))) continue;
        if (first && t->listed >= first->listed) continue;
        if (most < 1 && load_thread(t) > most) continue;
        first = t;
    }
    return first;
}

// Takes a thread that waits on core `from`, to run on c or wait there.
static void move(struct thread *t, struct cpu *from, struct cpu *c) {
    struct machine *m = c->machine;
    cpu_settle(from);
    fair_note(t, from);
    run_queue_remove(from, t);
    fair_place(t, from, c);
    load_enter(t, c);
    t->listed = machine_now(m);
    t->last_ran = THREAD_LONG_AGO; // Linux: migrate_task_rq_fair
    c->balance_seldom = false;
}

// The longest of the queues from which something may be taken.
static struct cpu *longest(struct machine *m, bool hot) {
    struct cpu *best = NULL;
    if (m->waiting == 0) return NULL;
    for (struct cpu *o = m->cpu; o < m->cpu + m->cpus; o++)
        if (run_queue_awake(o) > (best ? run_queue_awake(best) : 0) && movable(o, hot, 1)) best = o;
    return best;
}

static struct thread *take(struct cpu *c, bool hot) {
    struct cpu *from = longest(c->machine, hot);
    struct thread *t = from ? movable(from, hot, 1) : NULL;
    if (t) move(t, from, c);
    return t;
}

// Threads of a core, those that sleep in its queue, too (Linux: rq.nr_running).
static int all_of(const struct cpu *c) {
    return c->queue.n + (c->running != NULL);
}

// An idle core takes half of the longest queue. Linux: calculate_imbalance, group_has_spare.
static void fill(struct cpu *c) {
    bool hot = c->balance_failed > TRIES;
    struct cpu *from = longest(c->machine, hot);
    c->balanced_at = machine_now(c->machine);
    c->balance_failed = from ? 0 : c->balance_failed + 1;
    if (!from) return;
    struct thread *t;
    for (int n = all_of(from) / 2; n > 0 && (t = movable(from, hot, 1)); n--) {
        move(t, from, c);
        if (c->state == CPU_IDLE)
            cpu_rouse(c, t);
        else
            run_queue_push(c, t);
    }
}

void pull_watch(struct machine *m) {
    if (m->t.balance == 0 || m->t.balance_tick || m->waiting == 0 || m->idle_cpus == 0) return;
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

void pull_at_tick(struct cpu *c) {
    struct machine *m = c->machine;
    if (!m->t.balance_tick || m->idle_cpus == 0) return;
    for (struct cpu *o = m->cpu; o < m->cpu + m->cpus; o++) {
        if (o->state != CPU_IDLE) continue;
        if (run_queue_awake(c) > 0)
            fill(o);
        else
            o->balance_failed = 0;
        return;
    }
}

// Linux: imbalance_pct.
static const double MARGIN = 1.17;

// Nothing to spare, by what was of late (Linux: group_fully_busy; with more than one thread group_overloaded).
static bool full(struct cpu *c) {
    return load_busy(c->machine, c) * MARGIN > 1 || load_core(c) > MARGIN;
}

// How much load busy core c shall take from `from`; not above 0: none. Linux: sched_balance_find_src_group, calculate_imbalance.
static double excess(struct cpu *c, struct cpu *from) {
    struct machine *m = c->machine;
    double sum = 0, here = load_core(c), there = load_core(from);
    for (struct cpu *o = m->cpu; o < m->cpu + m->cpus; o++) sum += load_core(o);
    double mean = sum / m->cpus;
    if (!full(c) || (all_of(c) > 1 && there <= MARGIN * here)) return 0;
    return there - mean < mean - here ? there - mean : mean - here;
}

// When a busy core compares itself with others next. Linux: get_sd_balance_interval: 16 x one or two ms a core, less a tick.
static sim_time interval(const struct cpu *c) {
    static const int BUSY_FACTOR = 16;
    const struct machine *m = c->machine;
    sim_time span = (c->balance_seldom ? 2 : 1) * BUSY_FACTOR * m->cpus * SIM_MS;
    return span > 2 * m->t.tick ? span - span % m->t.tick - m->t.tick : m->t.tick;
}

bool pull_while_busy(struct cpu *c) {
    struct machine *m = c->machine;
    if (!m->t.balance_tick || machine_now(m) < c->balanced_at + interval(c)) return false;
    c->balanced_at = machine_now(m);
    struct cpu *from = NULL;
    for (struct cpu *o = m->cpu; o < m->cpu + m->cpus; o++)
        if (o != c && all_of(o) > 1 && full(o) && (!from || load_core(o) > load_core(from))) from = o;
    double left = from ? excess(c, from) : 0;
    c->balance_seldom = left <= 0;
    if (left <= 0) {
        c->balance_failed = 0;
        return false;
    }
    bool hot = c->balance_failed > TRIES, claims = false;
    struct thread *t;
    int moved = 0;
    for (; left > 0 && (t = movable(from, hot, ldexp(left, c->balance_failed))); moved++) {
        left -= load_thread(t);
        move(t, from, c);
        run_queue_push(c, t);
        claims |= fair_claims(c, t);
    }
    c->balance_failed = moved ? 0 : c->balance_failed + 1;
    return claims;
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
