#include "models/parts/lock.h"

#include "base/require.h"
#include "models/parts/cpu.h"

static struct act wait_again(struct machine *m, struct thread *t);

void lock_init(struct lock *l, const struct machine *m, bool enabled) {
    const struct lock_costs *c = &m->scenario->costs.lock;
    *l = (struct lock){.enabled = enabled,
                       .condition = c->condition.value > 0,
                       .interval = m->scenario->server.switch_interval,
                       .wait_cpu = machine_ns(&c->wait),
                       .signal_cpu = machine_ns(&c->signal),
                       .handover_cpu = machine_ns(&c->handover),
                       .syscall = machine_ns(&c->syscall)};
}

// --- the mutex and the condition inside, as glibc has them (lock.condition)

// A mutex is held for longer than an instant only by a thread that signals. Whoever comes meanwhile sleeps on it, the
// thread just woken among them: no waiter is moved from the condition to the mutex.
static bool mutex_taken(const struct lock *l, const struct thread *t) {
    return l->signaller && l->signaller != t;
}

static void wake_next(struct machine *m, struct lock *l, struct thread *by) {
    struct thread *w = l->mutex_first;
    if (!w) return;
    l->mutex_first = w->lock_next;
    if (!l->mutex_first) l->mutex_last = NULL;
    w->lock_next = NULL;
    by->debt += l->signal_cpu;
    thread_wake(m, w);
}

static struct act await_mutex(struct lock *l, struct thread *t, thread_step then);

// Its turn, unless another has the mutex by now. Having slept for it, it wakes the next that sleeps.
static struct act try_mutex(struct machine *m, struct thread *t) {
    if (mutex_taken(t->lock, t)) return await_mutex(t->lock, t, t->lock_then);
    wake_next(m, t->lock, t);
    t->locking = t->lock_then;
    return thread_run(t, 0, t->next);
}

static struct act mutex_woken(struct machine *m, struct thread *t) {
    (void)m;
    t->locking = try_mutex;
    return thread_run(t, t->lock->wait_cpu, t->next);
}

static struct act await_mutex(struct lock *l, struct thread *t, thread_step then) {
    t->lock_next = NULL;
    *(l->mutex_last ? &l->mutex_last->lock_next : &l->mutex_first) = t;
    l->mutex_last = t;
    t->lock_then = then;
    t->locking = mutex_woken;
    return (struct act){ACT_LOCK, 0};
}

// The signal is given: the mutex is free.
static struct act unlock_mutex(struct machine *m, struct thread *t) {
    t->lock->signaller = NULL;
    wake_next(m, t->lock, t);
    t->locking = t->lock_then;
    return thread_run(t, 0, t->next);
}

// --- waiting

static void unlink_waiter(struct lock *l, struct thread *t) {
    *(t->lock_prev ? &t->lock_prev->lock_next : &l->first) = t->lock_next;
    *(t->lock_next ? &t->lock_next->lock_prev : &l->last) = t->lock_prev;
    t->lock_next = t->lock_prev = NULL;
}

static void append_waiter(struct lock *l, struct thread *t) {
    t->lock_prev = l->last;
    t->lock_next = NULL;
    *(l->last ? &l->last->lock_next : &l->first) = t;
    l->last = t;
}

static void give(struct machine *m, struct lock *l, struct thread *t) {
    REQUIRE(!l->holder);
    l->holder = t;
    l->held_since = machine_now(m);
    l->drop_request = false;
    t->holds = true;
    t->locking = NULL;
    if (l->last_holder == t) return;
    l->last_holder = t;
    l->switches++;
    if (!l->dropper) return;
    struct thread *dropper = l->dropper;
    l->dropper = NULL;
    thread_wake(m, dropper);
}

// The holder is interpreted code that looks for the request between two instructions: it stops where it is.
static struct act forced_drop(struct machine *m, struct thread *t);

static void request_drop(struct machine *m, struct lock *l) {
    struct thread *h = l->holder;
    l->drop_request = true;
    if (h->forced || h->deaf) return; // it looks when it is back
    h->forced = true;
    h->lock_timed = h->timed;
    h->lock_saved = cpu_cut_burst(m, h);
    h->locking = forced_drop;
}

static void timed_out(struct machine *m, struct thread *t) {
    unlink_waiter(t->lock, t);
    t->timed_out = true;
    thread_wake(m, t);
}

// Forced hand-over, last act: the burst goes on where it was cut.
static struct act resume_burst(struct machine *m, struct thread *t) {
    (void)m;
    sim_time left = t->lock_saved;
    t->lock_saved = 0;
    t->forced = false;
    t->resumed = true;
    t->timed = t->lock_timed;
    t->locking = NULL;
    return thread_run(t, left, t->next);
}

static struct act taken(struct machine *m, struct thread *t) {
    struct lock *l = t->lock;
    sim_time lost = l->dropped && l->last_holder != t ? l->handover_cpu : 0;
    l->dropped = false;
    give(m, l, t);
    if (!t->forced) return thread_run(t, lost, t->next);
    t->lock_saved += lost;
    return resume_burst(m, t);
}

// After the burst that a wake-up from the wait costs: take it if it is free, else wait again.
static struct act try_after_wait(struct machine *m, struct thread *t) {
    struct lock *l = t->lock;
    if (mutex_taken(l, t)) return await_mutex(l, t, try_after_wait);
    if (!l->holder) {
        l->waiting--;
        return taken(m, t);
    }
    bool ask = t->timed_out && l->switches == t->wait_switch;
    struct act a = wait_again(m, t);
    if (ask) request_drop(m, l);
    return a;
}

static struct act woken(struct machine *m, struct thread *t) {
    struct lock *l = t->lock;
    t->locking = try_after_wait;
    if (t->signalled && --l->waking == 0 && l->closer) {
        t->debt += l->signal_cpu;
        thread_wake(m, l->closer);
        l->closer = NULL;
    }
    t->signalled = false;
    return thread_run(t, l->wait_cpu, t->next);
}

static struct act wait_again(struct machine *m, struct thread *t) {
    struct lock *l = t->lock;
    append_waiter(l, t);
    t->wait_number = l->waits++;
    t->timed_out = false;
    t->wait_switch = l->switches;
    t->locking = woken;
    thread_alarm_in(m, t, l->interval, timed_out);
    return (struct act){ACT_LOCK, 0};
}

static struct act await_switch(struct machine *m, struct thread *t);

static struct act take_again(struct machine *m, struct thread *t) {
    t->locking = NULL;
    return lock_take(m, t, t->next);
}

struct act lock_take(struct machine *m, struct thread *t, thread_step next) {
    struct lock *l = t->lock;
    t->next = next;
    if (!l || !l->enabled) return thread_run(t, 0, next);
    REQUIRE(!t->holds);
    if (t->gave && !l->holder && l->last_holder == t && l->waiting > 0) {
        // It gave the lock up while somebody asked for it, so somebody else must have had it before it may have it again.
        t->locking = await_switch;
        return thread_run(t, 0, next);
    }
    if (!l->holder && !mutex_taken(l, t)) return taken(m, t);
    REQUIRE(t->debt == 0);
    if (mutex_taken(l, t)) return await_mutex(l, t, take_again);
    l->waiting++;
    return wait_again(m, t);
}

// One waiter is signalled, at the expense of t.
static struct act signal_one(struct machine *m, struct thread *t) {
    struct lock *l = t->lock;
    struct thread *w = l->first;
    if (!w) return unlock_mutex(m, t); // the last one's time ran out meanwhile
    unlink_waiter(l, w);
    timer_cancel(m->sim, w->timer);
    t->debt += l->signal_cpu;
    thread_wake(m, w);
    if (l->condition) {
        w->signalled = true;
        l->waking++;
        l->signaller = t;
        t->locking = unlock_mutex;
    }
    return thread_run(t, 0, t->next);
}

// Waiters are signalled in groups. A group is closed, and those who came since are the next one, only when all of its
// waiters have woken up: the signaller sleeps until then, with the mutex.
static struct act await_group(struct machine *m, struct thread *t) {
    struct lock *l = t->lock;
    if (l->waking == 0) return signal_one(m, t);
    t->locking = signal_one;
    l->closer = t;
    return (struct act){ACT_LOCK, 0};
}

static struct act close_group(struct lock *l, struct thread *t) {
    l->group_end = l->waits;
    l->signaller = t;
    t->locking = await_group;
    return thread_run(t, 0, t->next);
}

static struct act release(struct machine *m, struct thread *t, thread_step then) {
    struct lock *l = t->lock;
    REQUIRE(l->holder == t && t->holds);
    l->held += machine_now(m) - l->held_since;
    l->holder = NULL;
    t->holds = false;
    t->gave = l->drop_request;
    t->lock_then = t->locking = then;
    if (!l->first) return thread_run(t, 0, t->next);
    return l->condition && l->first->wait_number >= l->group_end ? close_group(l, t) : signal_one(m, t);
}

struct act lock_release(struct machine *m, struct thread *t, thread_step next) {
    t->next = next;
    return t->lock && t->lock->enabled ? release(m, t, NULL) : thread_run(t, 0, next);
}

// Forced hand-over: drop, wait until somebody else has had the lock, queue for it again.
static struct act queue_again(struct machine *m, struct thread *t) {
    struct lock *l = t->lock;
    if (mutex_taken(l, t)) return await_mutex(l, t, queue_again);
    if (!l->holder) return taken(m, t);
    l->waiting++;
    return wait_again(m, t);
}

static struct act await_switch(struct machine *m, struct thread *t) {
    (void)m;
    struct lock *l = t->lock;
    t->locking = queue_again;
    t->gave = false;
    if (l->last_holder != t || l->waiting == 0) return thread_run(t, 0, t->next);
    REQUIRE(!l->dropper);
    l->dropper = t;
    return (struct act){ACT_LOCK, 0};
}

static struct act forced_drop(struct machine *m, struct thread *t) {
    struct lock *l = t->lock;
    if (!l->drop_request || !t->holds) return resume_burst(m, t);
    l->forced++;
    m->counts.handovers++;
    machine_trace(m, TRACE_INSTANT, t->id, 0, 0, "lock dropped on request");
    l->dropped = true;
    return release(m, t, await_switch);
}

// A long call is over: a request made meanwhile is heeded now.
static struct act hears_again(struct machine *m, struct thread *t) {
    t->deaf = false;
    t->locking = NULL;
    if (!t->lock->drop_request) return thread_run(t, 0, t->next);
    t->forced = true;
    return forced_drop(m, t);
}

struct act lock_deaf(struct thread *t, sim_time cpu, thread_step next) {
    t->next = next;
    if (t->lock && t->lock->enabled) {
        REQUIRE(t->holds);
        t->deaf = true;
        t->locking = hears_again;
    }
    return thread_run(t, cpu, next);
}

// A stage cut up by releases.
static struct act split_go_on(struct machine *m, struct thread *t);

static struct act split_called(struct machine *m, struct thread *t) {
    t->split = split_go_on;
    return lock_take(m, t, t->next);
}

static struct act split_call(struct machine *m, struct thread *t) {
    (void)m;
    t->split = split_called;
    return thread_run(t, t->lock->syscall, t->next);
}

static struct act split_release(struct machine *m, struct thread *t) {
    t->split = split_call;
    return release(m, t, NULL);
}

static struct act split_go_on(struct machine *m, struct thread *t) {
    (void)m;
    sim_time part = t->split_chunk < t->split_rest ? t->split_chunk : t->split_rest;
    t->split_rest -= part;
    t->split = t->split_rest > 0 ? split_release : NULL;
    return thread_run(t, part, t->next);
}

// Whether anybody else wants it or may come for it in a moment. Who comes while it is given away for a call finds it free, so
// that the call cannot be left out only because nobody waits when it begins.
static bool shared(const struct lock *l) {
    return l->first || l->awake > 1;
}

struct act lock_stage(struct machine *m, struct thread *t, sim_time cpu, int releases, thread_step next) {
    t->next = next;
    if (releases < 1 || cpu < 1 || !t->lock || !t->lock->enabled || !shared(t->lock))
        return thread_run(t, cpu, next);
    // The system calls are part of the stage's cost; they are paid without the lock.
    sim_time held = cpu - releases * t->lock->syscall;
    t->split_rest = held > releases ? held : releases + 1;
    t->split_chunk = (t->split_rest + releases) / (releases + 1);
    return split_go_on(m, t);
}

int64_t lock_held(const struct machine *m, const struct lock *l) {
    return l->held + (l->holder ? machine_now(m) - l->held_since : 0);
}
