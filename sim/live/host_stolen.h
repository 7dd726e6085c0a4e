#pragma once
// Time in which a core is taken away: a thread that reads the clock all the time sees a gap. The host of a virtual machine runs
// something else on the core (it comes in bursts, and what /proc/stat calls steal is a tenth of it or none of it), or a
// thread of the system does so and gives it back only when its slice is over (DAMON's: 1.3 ms twice a second).
#include "base/err.h"

#include <stdint.h>

// Shorter gaps in which the thread stays on its core are interrupts: the machine's own tick, its host's.
static const int64_t HOST_STOLEN_FROM = 200000, HOST_INTERRUPT_FROM = 8000; // ns

enum { HOST_INTERRUPTS = 256 };

struct host_stolen {
    double looked_s, lost_s; // core time that was watched, and that was missing
    double waited_s2; // half the squares of these gaps: per looked_s, what one who comes at any moment waits
    int64_t interrupts;                // shorter gaps, ...
    double interrupt[HOST_INTERRUPTS]; // ... the lengths of the first of them, ns
};

// Watches all cores of this process (eight at most) for `ns`, awake, and adds what was seen to *sum. The machine should be
// idle otherwise. False with *e (ERR_HOST: no thread can be started).
bool host_stolen_look(int64_t ns, struct host_stolen *sum, struct err *e);
