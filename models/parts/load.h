#pragma once
// What was busy and runnable of late, as the kernel's load tracking has it: averages over time whose weights halve every
// 32 ms (Linux: PELT, kernel/sched/pelt.c). Two kinds: utilisation of cores (a thread ran) and load of threads and cores
// (threads were runnable: ran or waited). A thread that moves takes its load along; one that sleeps leaves it behind, to fade.
//
// Load is kept only where the profile wants it (machine.wake_affine). Constant cost, about 5 ns a wake-up and as much a sleep.
#include "models/parts/cpu.h"

// t, runnable from now on or already, counts on core c.
void load_enter(struct thread *t, struct cpu *c);

// t sleeps from now on.
void load_leave(struct thread *t);

// t goes to sleep, though it may stay in its queue: what it was when it did is kept as an estimate of what it will be, higher ones at
// once, lower ones by a quarter (Linux: util_est_update).
void load_estimate(struct thread *t);

// The share of the time in which t was runnable of late, 0 to 1.
double load_thread(struct thread *t);

// How many threads were runnable on c of late, on average; those that sleep count as long as they are remembered. >= 0.
double load_core(struct cpu *c);

// Utilisation of c of late, and the mean of all cores, 0 to 1, at most 4 ms old. O(cores) every 4 ms.
double load_busy(struct machine *m, const struct cpu *c);
double load_busy_mean(struct machine *m);

// The same, or what the thread that runs there is estimated at, if that is more (Linux: cpu_util with util_est).
double load_expected(struct machine *m, const struct cpu *c);
