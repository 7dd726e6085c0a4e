#pragma once
// A core's run queue: a binary heap on (virtual run time, order of entering). Each thread knows its place.
#include "models/parts/cpu.h"

// Adds a thread that is in no queue. Amortised O(log n).
void run_queue_push(struct cpu *c, struct thread *t);

// Takes the thread with the best claim; the queue must not be empty. O(log n).
struct thread *run_queue_pop(struct cpu *c);

// The thread with the best claim, NULL where it is empty.
static inline struct thread *run_queue_first(const struct cpu *c) {
    return c->queue.n ? c->queue.heap[0] : NULL;
}
