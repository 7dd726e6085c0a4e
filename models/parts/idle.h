#pragma once
// How a core idles, and what it takes to wake it: latency by how deep it is, CPU on both sides.
#include "models/parts/cpu.h"

// What waking a core takes that has idled until now.
struct idle_end {
    sim_time latency; // until it runs
    sim_time counted; // of which the woken thread's CPU clock counts so much
    sim_time waker;   // CPU of whoever tells the core
};

// Idle core c is woken: its tick has stopped unless something was freed there of late (idle_keep_tick). With costs.machine.halt_poll a hypervisor waits awake for a while when a virtual core halts, and learns from
// its halts for how long: the first point of costs.machine.idle_exit is the latency where the wake-up came while it did, the
// others where it did not. Latencies are drawn around their step of that curve (lognormal with that median, where
// machine.wake_spread is given).
struct idle_end idle_end(struct cpu *c);

// Something was freed by the step that is being executed: for costs.machine.tick_kept its core does not stop its tick when it
// idles (RCU's callbacks wait for it), so that it is awake sooner.
void idle_keep_tick(struct machine *m);
