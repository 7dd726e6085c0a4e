#pragma once
// A bounded resource, a real one: a connection pool, a limit of a database. Units are given first-come first-served to
// threads, which block, and to event loops, which are told; of one process or of several that were forked after it was
// created.
#include "base/err.h"

struct bounded;

struct bounded_limits {
    int capacity; // units, >= 1
    int workers;  // processes that share it, >= 1
    int threads;  // of one of them that may wait, >= 1
    int waiting;  // most requests that ever wait at once
};

// NULL with *e (ERR_HOST: no memory, no file descriptor). Uses workers file descriptors.
struct bounded *bounded_create(const struct bounded_limits *l, struct err *e);
void bounded_destroy(struct bounded *b);

// Takes a unit and blocks until one is free; `thread` is 0..threads-1, `worker` 0..workers-1.
void bounded_take(struct bounded *b, int worker, int thread);

// Takes a unit where one is free and nobody waits, else queues for one: false. Then bounded_wake_fd becomes readable (an
// eventfd, non-blocking) for as many units as it counts; they belong to the worker's loop, in the order of its calls.
bool bounded_take_or_queue(struct bounded *b, int worker);
int bounded_wake_fd(const struct bounded *b, int worker);

// Gives a unit back to the first in line. True where that is the loop of `worker` and `by_loop` says that it is the loop
// that calls: it has been given to nobody else and is not counted by the eventfd.
bool bounded_give(struct bounded *b, int worker, bool by_loop);
