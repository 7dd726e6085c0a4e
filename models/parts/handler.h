#pragma once
// A handler's steps executed by a thread that may block: cpu with the lock held, cpu_nogil and waits without it.
#include "models/parts/worker.h"

// First member of the state (thread.self) of every thread that executes handlers.
struct hand {
    struct worker *worker;
    struct request *request; // being executed
    thread_step done;        // what follows its last step; the lock is held then
};

// Executes the request's handler from its first step; the lock is held and the thread carries the request.
struct act handler_run(struct machine *m, struct thread *t);
