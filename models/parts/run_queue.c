#include "models/parts/run_queue.h"

#include "base/require.h"

#include <stdlib.h>

static bool before(const struct thread *a, const struct thread *b) {
    return a->rank != b->rank ? a->rank < b->rank : a->queued < b->queued;
}

static void put(struct run_queue *q, int i, struct thread *t) {
    q->heap[i] = t;
    t->heap = i;
}

static void rise(struct run_queue *q, int i, struct thread *t) {
    for (; i > 0 && before(t, q->heap[(i - 1) / 2]); i = (i - 1) / 2) put(q, i, q->heap[(i - 1) / 2]);
    put(q, i, t);
}

static void sink(struct run_queue *q, int i, struct thread *t) {
    for (int child; (child = 2 * i + 1) < q->n; i = child) {
        if (child + 1 < q->n && before(q->heap[child + 1], q->heap[child])) child++;
        if (!before(q->heap[child], t)) break;
        put(q, i, q->heap[child]);
    }
    put(q, i, t);
}

static void count(struct cpu *c, const struct thread *t, int by) {
    c->queue.sum += by * t->vruntime;
    if (t->delayed)
        c->queue.asleep += by;
    else
        c->machine->waiting += by;
}

void run_queue_push(struct cpu *c, struct thread *t) {
    struct run_queue *q = &c->queue;
    REQUIRE(t->heap < 0);
    if (q->n == q->room) {
        q->room = q->room ? q->room * 2 : 8;
        q->heap = realloc(q->heap, sizeof(struct thread *) * (size_t)q->room);
        REQUIRE(q->heap);
    }
    t->queued = c->order++;
    t->rank = c->machine->t.keep_lag ? t->deadline : t->vruntime;
    count(c, t, 1);
    rise(q, q->n++, t);
    c->machine->crowded |= c->running || q->n > 1;
}

void run_queue_remove(struct cpu *c, struct thread *t) {
    struct run_queue *q = &c->queue;
    int i = t->heap;
    REQUIRE(i >= 0 && i < q->n && q->heap[i] == t);
    count(c, t, -1);
    t->heap = -1;
    struct thread *last = q->heap[--q->n];
    if (last == t) return;
    if (i > 0 && before(last, q->heap[(i - 1) / 2]))
        rise(q, i, last);
    else
        sink(q, i, last);
}
