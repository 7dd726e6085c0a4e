#pragma once
// Simulated threads. A thread's program is stackless: a chain of step functions. Each step does its work in an instant
// and says what the thread does next: burn CPU, leave the core, sleep or end; when that is over the step named by it is
// called. A step that wakes somebody ends in thread_run(), so that the price of the wake-up is paid before anything else.
#include "models/parts/machine.h"
#include "models/parts/role.h"

struct lock;
struct request;

enum act_kind { ACT_RUN, ACT_BLOCK, ACT_LOCK, ACT_EXIT }; // LOCK: as BLOCK, for the global lock

struct act {
    enum act_kind kind;
    sim_time ns; // ACT_RUN: CPU on a core of speed 1
};

typedef struct act (*thread_step)(struct machine *m, struct thread *t);
typedef void (*thread_alarm)(struct machine *m, struct thread *t);

// RUNNABLE includes the latency of the wake-up; LOCK is blocked for the global lock.
enum thread_state {
    THREAD_BLOCKED,
    THREAD_RUNNABLE,
    THREAD_RUNNING,
    THREAD_LOCK,
    THREAD_EXITED,
    THREAD_STATES
};

// When a thread left a core that left none lately.
#define THREAD_LONG_AGO (INT64_MIN / 2)

// Linux: task_struct.wakee_flips, which a new thread has from its parent: what server and load generator begin with. Seen: 3 to
// some thousands; a burst of 64 connections adds 128 to the client's.
enum { THREAD_FLIPS = 256 };

struct thread {
    struct machine *machine;
    int id, process;
    char name[24];
    void *self;          // the program's own state
    thread_step next;    // program: what to do after the present burst
    thread_step split;   // a stage cut up by releases of the lock, if any: comes before next
    thread_step locking; // the lock's own steps, if any: come before split
    enum thread_state state;
    struct cpu *cpu;    // where it runs, waits or last ran; NULL before its first wake-up
    struct cpu *former; // ... when it was woken the last time but one (place.c); NULL = never
    struct role *role;  // NULL: never cold
    sim_time need;      // work left of the burst, ns at speed 1
    sim_time burnt;     // a handler's own work in the burst, ns; 0 = none
    bool timed;         // ... which is time, however fast the core is in its present phase
    sim_time debt;      // price of the wake-ups it made in this step
    int64_t vruntime;   // fair share used on its core's scale
    // The fair share's part (fair.c), with machine.keep_lag.
    int64_t deadline,
        protected; // virtual run time at which others are looked at, at which they may have the core
    int64_t lag;   // share it was behind the others' mean when it left a queue
    int64_t ahead; // its deadline was so far ahead then ...
    bool carries;  // ... and is to be so again where it goes
    bool settled;  // has gone to sleep before
    bool delayed;  // asleep, but in its core's queue until it has paid for what it was ahead
    int64_t rank;  // what the queue is ordered by
    // Where it is woken to (load.c, place.c): share of the time runnable of late, when that was reckoned, whether it is now,
    // the core on which that counts; whom it woke last, how often that changed of late, since when that is counted.
    double load, estimate; // estimate: of load, from what it was when it went to sleep the last times
    sim_time load_at;
    bool loads;
    struct cpu *load_on;
    const struct thread *last_woken;
    uint32_t flips;
    sim_time flips_at;
    timer_id timer;               // sleeps and timed waits
    thread_alarm alarm;           // what its expiry does
    sim_time since;               // state entered at
    int64_t spent[THREAD_STATES]; // time spent in each state up to `since`
    sim_time last_ran;       // left a core at; THREAD_LONG_AGO for one that is new or was woken elsewhere
    sim_time listed;         // came into its core's queue or got the core at
    int heap;                // place in its core's queue, -1 = not in it
    uint64_t queued;         // order of entering that queue
    struct request *request; // carried now, for traces; NULL = none
    // The global lock's part (lock.c).
    struct lock *lock; // the lock of its process, NULL = none
    bool holds, timed_out, forced;
    bool gave;      // gave the lock up while a request to drop it was pending
    bool deaf;      // in a call that looks for no request to drop the lock
    bool resumed;   // goes on with a burst that was cut, whose price is known
    bool signalled; // woken to take the lock, has not run yet
    uint64_t wait_switch, wait_number;
    thread_step lock_then; // the lock's own step after the mutex or the signal, NULL = the program's
    sim_time lock_saved;   // burst cut short by a forced hand-over
    bool lock_timed;       // that was time
    sim_time split_rest, split_chunk;
    struct thread *lock_next, *lock_prev;
    struct thread *all_next;
};

// A new blocked thread of process `process` whose first step is `first`. Never NULL (REQUIRE on memory).
struct thread *thread_create(struct machine *m, int process, const char *name, thread_step first, void *self,
                             struct lock *lock, struct role *role);

// Makes a blocked thread runnable: chooses a core, pre-empts what runs there if the thread's turn has come. The price
// is charged to the thread whose step calls (machine.current). Nothing happens to a thread that is not blocked.
void thread_wake(struct machine *m, struct thread *t);

// What a step returns.
static inline struct act thread_run(struct thread *t, sim_time ns, thread_step next) {
    t->next = next;
    return (struct act){ACT_RUN, ns};
}

static inline struct act thread_block(struct thread *t, thread_step next) {
    t->next = next;
    return (struct act){ACT_BLOCK, 0};
}

static inline struct act thread_exit(struct thread *t) {
    t->next = NULL;
    return (struct act){ACT_EXIT, 0};
}

// Blocks for `ns` of simulated time plus the machine's timer slack (0 stays 0 only with no slack).
struct act thread_sleep(struct machine *m, struct thread *t, sim_time ns, thread_step next);

// Sets the thread's timer, `ns` plus the machine's timer slack from now, to call `alarm` (with machine.current NULL).
void thread_alarm_in(struct machine *m, struct thread *t, sim_time ns, thread_alarm alarm);

// Enters a state: closes the books on the old one.
void thread_enter(struct machine *m, struct thread *t, enum thread_state state);

// Time spent in a state up to now, ns.
int64_t thread_spent(const struct machine *m, const struct thread *t, enum thread_state state);
