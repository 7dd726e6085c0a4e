#pragma once
// Cores with run queues: fair slices, pre-emption by a woken thread that is behind in its share, placement on the
// previous core or by search, pull by a core going idle, wake-up latency by depth of idleness, switch and migration
// cost, SMT siblings that share a core, clock ramp after idling.
#include "models/parts/thread.h"

enum cpu_state { CPU_IDLE, CPU_WAKING, CPU_BUSY };

// Run queue (run_queue.h).
struct run_queue {
    struct thread **heap;
    int n, room;
    int asleep;  // of the n, those that sleep in it (fair.h)
    int64_t sum; // of their virtual run times
};

struct cpu {
    struct machine *machine;
    int id, class, sibling; // sibling: the other hardware thread of the core, -1 = none
    enum cpu_state state;
    bool stepping;          // a step of `running` is being executed
    bool yield;             // during a step: somebody with a better claim came
    struct thread *running; // WAKING: the thread it wakes for
    struct thread *last;
    struct run_queue queue;
    int64_t seen; // of the running thread when the scheduler last looked (fair.c)
    int64_t vmin; // virtual run time the queue has reached; never decreases
    uint64_t order;
    timer_id timer;
    sim_time charged;   // running's burst is charged up to here
    sim_time burst_end; // when its burst ends at the present speed
    sim_time slice_end; // when others may claim the core
    sim_time tick_at;   // next tick of the scheduler's clock; SIM_NEVER = of no use now
    sim_time give_at; // when it has paid for its wake-ups and makes way for one of them; SIM_NEVER = for none
    sim_time
        preempt_at; // when another core's interrupt arrives for a thread with a better claim; SIM_NEVER = none
    sim_time switched_at; // when it has changed from the thread that went to sleep last to what comes next
    sim_time idle_since;
    sim_time keeps_tick;  // if it idles before then
    sim_time poll;        // for how long the host will wait awake when it halts (idle.c)
    sim_time ramp_left;   // busy time still to pass at the ramp's speed
    double speed;         // of its class
    bool slow;            // in a slow phase (speed.c) ...
    double slow_at;       // ... of this speed ...
    sim_time phase_until; // ... which ends then
    struct rng phases;
    sim_time steal_at;     // when the host takes the core for a while; SIM_NEVER = it does not
    sim_time stolen_until; // the end of the last time that it did so while the core idled
    struct rng steals;
    sim_time interrupt_at;  // when its own tick interrupts it; SIM_NEVER = never
    uint64_t rate, inverse; // present speed, work per wall time, and its inverse, in units of 2^-32
    sim_time move_check;    // when its thread may move to a faster idle core
    // What was of late (load.c): utilisation, `busy` when that was reckoned; threads that were runnable on average, when
    // that was reckoned, those that are now.
    double util, load;
    sim_time util_busy, load_at;
    int loads;
    sim_time balanced_at;                       // compared itself with others last (pull.c) ...
    bool balance_seldom;                        // ... and found nothing to take
    int balance_failed;                         // ticks in vain
    uint32_t pull_looks, pull_hits, pull_ratio; // of late (pull.c); the ratio in 1/1024
    sim_time busy;                              // wall time in which a thread ran
};

// Called once by machine_create / machine_destroy.
bool cpu_init_all(struct machine *m);
void cpu_fini_all(struct machine *m);

// A blocked thread becomes runnable. See thread_wake.
void cpu_wake(struct machine *m, struct thread *t);

// An idle core is told to run t (RUNNABLE, in no queue) and does so after the latency of its idleness. Whoever's step is being
// executed pays for telling it.
void cpu_rouse(struct cpu *c, struct thread *t);

// Ends the present burst of a running or queued thread at once and returns the work that was left of it, ns; its next
// step is called as soon as it is on a core. Used by a forced hand-over of the lock.
sim_time cpu_cut_burst(struct machine *m, struct thread *t);

// Brings a core's virtual time (vmin, its thread's vruntime) up to now. Whoever compares or carries shares between
// threads calls it first: without it a core's vmin is that of its last event, up to a whole burst ago.
void cpu_settle(struct cpu *c);

// Busy wall time of a core up to now, ns.
sim_time cpu_busy(const struct machine *m, const struct cpu *c);
