#pragma once
// Where a thread runs: the core a wake-up goes to, what an idle core pulls, and the costs that depend on a rest.
#include "models/parts/cpu.h"

// The core for a thread about to wake: the previous one if it idles; else, with the profile's probability, the
// previous one all the same; else an idle core (one whose siblings idle too first), searched upwards from the previous
// one as far as search_from and search_pressure allow; else the previous one. A new thread goes to the fastest idle core, else to the shortest queue. O(cores).
struct cpu *place_choose(struct machine *m, const struct thread *t);

// Carries a thread's fair share from one core's scale to another's (from may be NULL) and lets it lag behind the
// queue by no more than the sleeper's credit. With machine.keep_lag it is as far behind the mean of the others as it was
// when it blocked, or as it is now where it waits in a queue (Linux 6.6 and later: EEVDF, place_entity).
void place_rebase(struct thread *t, const struct cpu *from, const struct cpu *to);

// With machine.keep_lag: notes how far the running thread of c, about to block, is behind the others' mean share.
void place_note_lag(const struct cpu *c);

// Takes a waiting thread from the longest queue for core c, or returns NULL; one that ran a moment ago (pull_hot) is
// left where its caches are. O(cores).
struct thread *place_pull(struct cpu *c);

// An idle core of a faster class than c's, NULL where there is none. O(cores).
struct cpu *place_faster_idle(const struct cpu *c);

// Latency of waking a core idle for `idle` ns: drawn around the last step of costs.machine.idle_exit at or below it
// (lognormal with that median, where machine.wake_spread is given).
sim_time place_idle_exit(struct machine *m, sim_time idle);

// CPU added after a rest of `rest` ns: costs.machine.cold, linear between its points, constant after the last.
sim_time place_cold_after(const struct machine *m, sim_time rest);
