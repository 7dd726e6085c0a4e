#pragma once
// How fast a core executes dense work: independent loads, stores and additions, several a cycle, as an interpreter or any
// large program does. On a host that lends a virtual CPU half of a physical core, such work takes up to twice as long
// while a neighbour has the other half; system calls (host_speed_now) take up to 1.5 times as long, a chain of dependent arithmetic
// feels nothing.
// Measured beside CPython on one virtual machine: with a busy neighbour CPython's loop takes 1.85 times as long, this 1.95; the logarithms of this and of CPython's loop move 1 : 1.0 (correlation 0.91).

// One sample on the core the caller is on: 1 = 10^9 rounds of four memory operations a second. Only ratios mean anything.
// Cost: about 60 us.
double host_dense_now(void);

// Time a core has worked for anybody since boot, s, in ticks of the kernel's statistics; 0 where it does not say.
// Cost: about 50 us.
double host_dense_busy_s(int cpu);
