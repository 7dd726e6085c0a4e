#include "models/parts/run_queue.h"

#include "base/require.h"

#include <stdlib.h>

static bool before(const struct thread *a, const struct thread *b) {
    return a->vruntime != b->vruntime ? a->vruntime < b->vruntime : a->queued < b->queued;
}

static void put(struct run_queue *q, int i, struct thread *t) {
    q->heap[i] = t;
    t->heap = i;
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
    c->machine->waiting++;
    q->sum += t->vruntime;
    int i = q->n++;
    for (; i > 0 && before(t, q->heap[(i - 1) / 2]); i = (i - 1) / 2) put(q, i, q->heap[(i - 1) / 2]);
    put(q, i, t);
}

struct thread *run_queue_pop(struct cpu *c) {
    struct run_queue *q = &c->queue;
    REQUIRE(q->n > 0);
    c->machine->waiting--;
    struct thread *top = q->heap[0], *t = q->heap[--q->n];
    top->heap = -1;
    q->sum -= top->vruntime;
    int i = 0;
    for (int child; q->n && (child = 2 * i + 1) < q->n; i = child) {
        if (child + 1 < q->n && before(q->heap[child + 1], q->heap[child])) child++;
        if (!before(q->heap[child], t)) break;
        put(q, i, q->heap[child]);
    }
    if (q->n) put(q, i, t);
    return top;
}
