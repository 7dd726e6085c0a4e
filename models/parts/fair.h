#pragma once
// The fair share of a core, by one of two rules, as the profile says (machine.keep_lag).
//
// Off, as Linux up to 6.5 (CFS): the thread of the least virtual run time has the best claim; a woken one is put behind
// the queue's minimum by at most the sleeper's credit. A turn lasts machine.slice.
//
// On, as Linux 6.12 and later (EEVDF with delayed dequeue; kernel/sched/fair.c: pick_eevdf, place_entity, dequeue_entity). A thread is eligible
// while it has not had more than the mean V of all on the core; of those eligible the earliest deadline has the best
// claim, which is its virtual run time when it came plus machine.base_slice. The running one stays until its deadline
// while it is eligible. One that is not when it goes to sleep stays in the queue asleep ("delayed dequeue") and counts in
// V until it is eligible again, so it pays for what it was ahead; one that is keeps what it was behind. Deadlines are
// looked at when a thread comes and at the tick (machine.tick).
//
// Costs O(log n) in the length of a queue as a rule; with EEVDF choosing is O(n) at worst, where few are eligible.
#include "models/parts/cpu.h"

// Places a thread that is in no queue and about to enter that of `to`; `from` is where it was last, NULL for a new one.
void fair_place(struct thread *t, const struct cpu *from, const struct cpu *to);

// Keeps of a thread that waits or runs on c what fair_place() needs on another core. Before it leaves c.
void fair_note(struct thread *t, const struct cpu *c);

// Whether t, which has just entered the queue of c, shall have the core at once. The running thread is charged up to now.
bool fair_claims(struct cpu *c, const struct thread *t);

// The waiting thread (awake, still in the queue; sleepers that have waited long enough leave it) that shall have the core now instead of the running one, NULL = none.
struct thread *fair_rival(struct cpu *c);

// The same at the tick: NULL with CFS, where turns end by themselves.
struct thread *fair_rival_at_tick(struct cpu *c);

// The running thread of c, charged up to now, has the core from now on.
void fair_begin(struct cpu *c);

// When others are to be looked at for the running thread of c, which has just got the core or keeps it: a turn's length and
// `change`, ns, from now; with EEVDF what is left of its slice where that is exact (machine.slice_exact), else SIM_NEVER.
sim_time fair_slice_end(const struct cpu *c, sim_time change);

// Takes the thread with the best claim off the queue; NULL where nobody in it is awake.
struct thread *fair_take(struct cpu *c);

// The running thread of c, charged up to now, goes to sleep: whether it shall stay in the queue for what it was ahead.
bool fair_leave(struct cpu *c);

// A thread that went to sleep so wakes: it is placed anew if it has become eligible meanwhile, and is awake in the queue.
void fair_rejoin(struct cpu *c, struct thread *t);

// When the scheduler's clock ticks next (one clock for all cores); SIM_NEVER where ticks are of no consequence.
sim_time fair_next_tick(const struct machine *m);
