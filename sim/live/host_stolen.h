#pragma once
// Time in which a host runs something else on a core that a virtual machine takes for its own: a thread that reads the clock
// all the time sees a gap although the kernel has not taken it off the core. It comes in bursts, and what /proc/stat calls
// steal is a tenth of it or none of it.
#include "base/err.h"

#include <stdint.h>

// Shorter gaps are interrupts: the machine's own tick, its host's.
static const int64_t HOST_STOLEN_FROM = 200000, HOST_INTERRUPT_FROM = 8000; // ns

enum { HOST_INTERRUPTS = 256 };

struct host_stolen {
    double looked_s, lost_s; // core time that was watched, and that was missing
    int64_t times;
    int64_t interrupts;                // ... and shorter gaps, ...
    double interrupt[HOST_INTERRUPTS]; // ... the lengths of the first of them, ns
};

// Watches all cores of this process (eight at most) for `ns`, awake, and adds what was seen to *sum. The machine should be
// idle otherwise. False with *e (ERR_HOST: no thread can be started).
bool host_stolen_look(int64_t ns, struct host_stolen *sum, struct err *e);
