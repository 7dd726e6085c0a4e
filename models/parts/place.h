#pragma once
// Where a thread runs: the core a wake-up goes to, what an idle core pulls, and the costs that depend on a rest.
#include "models/parts/cpu.h"

// The core for a thread about to wake: the previous one if it idles; else, with the profile's probability, the
// previous one all the same; else an idle core (one whose siblings idle too first), searched upwards from the previous
// one as far as search_from and search_pressure allow; else the previous one. A new thread goes to the fastest idle core, else to the shortest queue. O(cores).
struct cpu *place_choose(struct machine *m, const struct thread *t);

// Takes a waiting thread from the longest queue for core c, or returns NULL; one that ran a moment ago (pull_hot) is
// left where its caches are. O(cores), and O(threads) where some of a queue sleep in it.
struct thread *place_pull(struct cpu *c);

// An idle core of a faster class than c's, NULL where there is none. O(cores).
struct cpu *place_faster_idle(const struct cpu *c);

// Latency of waking a core idle for `idle` ns: drawn around the last step of costs.machine.idle_exit at or below it
// (lognormal with that median, where machine.wake_spread is given).
sim_time place_idle_exit(struct machine *m, sim_time idle);

// CPU added after a rest of `rest` ns: costs.machine.cold, linear between its points, constant after the last.
sim_time place_cold_after(const struct machine *m, sim_time rest);
