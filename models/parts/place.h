#pragma once
// Where a woken thread runs.
#include "models/parts/cpu.h"

// The core for a thread about to wake. With machine.wake_affine it is looked for around the waker's core where that has
// less to do, else, and always for interrupts, around the thread's previous one: that one if it idles; else an idle core
// (one whose siblings idle too first), searched upwards from it as far as `stay`, search_from and search_pressure allow;
// else that one all the same. A new thread goes to the fastest idle core, else to the shortest queue. O(cores).
struct cpu *place_choose(struct machine *m, struct thread *t);

// An idle core of a faster class than c's, NULL where there is none. O(cores).
struct cpu *place_faster_idle(const struct cpu *c);
