#pragma once
// A process-wide interpreter lock with CPython's algorithm (3.2 to 3.13, Python/ceval_gil.h): a waiter waits with a
// time limit that starts afresh at each wake-up; one that timed out while nobody switched asks the holder to drop the
// lock; the holder does so at once where it runs interpreted code, signals one waiter and waits until another thread has
// taken the lock. A release signals one waiter but reserves nothing, so a thread that comes by may take it first (barging).
#include "models/parts/thread.h"

struct lock {
    bool enabled;      // false: no lock (gil: none): every call below succeeds at once
    sim_time interval; // switch interval
    sim_time wait_cpu, signal_cpu, handover_cpu, syscall; // costs.lock
    struct thread *holder, *last_holder, *dropper;
    struct thread *first, *last;             // waiters in order of their present wait's start
    bool condition;                          // costs.lock: the four below are in use
    struct thread *signaller;                // holds the mutex inside while it signals
    struct thread *mutex_first, *mutex_last; // asleep on that mutex
    struct thread *closer;     // the signaller, asleep until those signalled before have woken up
    int waking;                // signalled, not yet run
    uint64_t waits, group_end; // waits begun; those numbered below group_end may be signalled
    bool drop_request;
    bool dropped;      // the last release was on request
    uint64_t switches; // changes of holder
    sim_time held_since;
    int64_t held, forced; // time held, forced hand-overs
    int waiting;          // threads that want it (asleep or on their way)
    int awake;            // of its process, on a core or waiting for one (thread.c)
};

void lock_init(struct lock *l, const struct machine *m, bool enabled);

// What a step returns to go on as `next` once it holds its process's lock.
struct act lock_take(struct machine *m, struct thread *t, thread_step next);

// What a step returns to give the lock up, signalling one waiter at the thread's expense, and then go on as `next`.
struct act lock_release(struct machine *m, struct thread *t, thread_step next);

// A stage of `cpu` ns of interpreted code in which the lock is released and taken again `releases` times around short
// system calls. They cost nothing while all other threads of the process sleep elsewhere; else each is simulated. Needs
// the lock.
struct act lock_stage(struct machine *m, struct thread *t, sim_time cpu, int releases, thread_step next);

// A call of `cpu` ns into the runtime that cannot be interrupted: a request to drop the lock is heeded at its end.
struct act lock_deaf(struct thread *t, sim_time cpu, thread_step next);

// Time held up to now, ns.
int64_t lock_held(const struct machine *m, const struct lock *l);
