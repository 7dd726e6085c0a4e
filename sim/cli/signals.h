#pragma once
// SIGINT and SIGTERM as a wish to stop: a handler sets a number that the work looks at. Another one, 0.1 s later or more,
// ends the program at once. No thread waits for them, because `measure` forks: a child of a process with several threads
// may do little more than execute another program (POSIX, fork), and ThreadSanitizer allows it no thread of its own.
#include "base/err.h"

#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>

struct signals {
    atomic_int seen; // the signal's number, 0 = none so far
    bool quiet;      // says nothing when the first one comes
    bool started;
    _Atomic double first; // when it came, s of CLOCK_MONOTONIC
    struct sigaction before_int, before_term;
};

// Catches both signals for the whole process; system calls that they interrupt go on where the kernel can do that. One
// *s at a time; it must stay where it is until signals_fini. False with *e (ERR_HOST).
bool signals_init(struct signals *s, bool quiet, struct err *e);

// What the signals did before, they do again. Harmless where signals_init has not been called on a zeroed *s.
void signals_fini(struct signals *s);
