#pragma once
// SIGINT and SIGTERM as a wish to stop: a thread waits for them and sets a number that the work looks at. Another one,
// 0.1 s later or more, ends the program at once.
#include "base/err.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>

struct signals {
    atomic_int seen; // the signal's number, 0 = none so far
    atomic_bool ending;
    bool quiet; // says nothing when the first one comes
    bool started;
    pthread_t thread;
    sigset_t set, before;
};

// Blocks both signals for the calling thread and those it starts from now on, and waits for them in a thread of its own.
// *s must stay where it is until signals_fini. False with *e (ERR_HOST).
bool signals_init(struct signals *s, bool quiet, struct err *e);

// Ends the thread and lets signals through again.
void signals_fini(struct signals *s);
