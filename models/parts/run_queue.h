#pragma once
// A core's run queue: a binary heap on (rank, order of entering). Each thread knows its place.
#include "models/parts/cpu.h"

// Adds a thread that is in no queue, with its rank. Amortised O(log n).
void run_queue_push(struct cpu *c, struct thread *t);

// Takes a thread out of the queue that it is in. O(log n).
void run_queue_remove(struct cpu *c, struct thread *t);

// The thread of the lowest rank, NULL where the queue is empty.
static inline struct thread *run_queue_first(const struct cpu *c) {
    return c->queue.n ? c->queue.heap[0] : NULL;
}

// Threads in it that are awake. Those that sleep in it (fair.h) have nothing to run.
static inline int run_queue_awake(const struct cpu *c) {
    return c->queue.n - c->queue.asleep;
}
