#pragma once
// Stage costs of the micro-server, corrected by the micro-server itself: its no-op handler under load, with kept and with
// new connections, by one loop, through the pool and by a process that blocks. What a thread used per request (schedstat)
// replaces the sum of system calls; how it divides over the stages stays as the sums say. Client and server on one core show
// that without lines of cache and interrupts of another core; what the same load takes more on two is what those lines cost.
// These loads must validate nothing.
#include "base/err.h"
#include "calib/bench.h"

// The figures that fit_run notes, under the probe name "fit".
extern const struct figure_spec fit_figures[];

// Measures once: some short loads, pinned, server on core 1 of the bench and client there or on core 0. Needs the figures
// machine.wake_counted, tick_restart, wake_remote, wake_local, switch and interrupt_cpu: what wake-ups add to a thread's clock is taken off, because
// the simulator pays for it elsewhere. `reference`: speed index of a core that nothing slows down; what is noted is scaled to
// it by the index beside each load (close the round without a speed). `requests`: of each load. Cost: about 1 s at 6,000.
// False with *e (ERR_HOST).
bool fit_run(struct bench *b, int requests, double reference, struct err *e);

// Scales the rounds [0, rounds) of fit_run to what the index is beside a load, and adds the figures of the fitted costs
// under the probe name "fitted".
void fit_derive(struct bench *b, int rounds, double reference);
