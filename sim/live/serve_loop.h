#pragma once
// An event loop on libuv: one thread that polls, accepts, reads, runs handlers as coroutines, writes and closes. What
// happens when a request has been read is the dispatch's (serve_loop_ops.call).
//
// Sockets are watched with uv_poll and read here, because uv_tcp would decide how many connections an event accepts.
// Spans are slept with a timerfd in libuv's loop: libuv's own timers count whole milliseconds. The lock is taken by the
// first callback of a turn and released before the poll.
#include "live/serve_worker.h"

#include <uv.h>

struct serve_loop;
struct serve_job;

// Goes on with a request; called on the loop's thread with the lock held.
typedef void (*serve_task)(struct serve_loop *l, struct serve_job *j);

// A request from its last byte read to its response.
struct serve_job {
    struct serve_work work;
    int step;               // of its handler, the next or present one
    serve_task after;       // when its sleep is over
    int64_t due, order;     // of its sleep: ns of CLOCK_MONOTONIC, first slept first woken
    struct serve_job *next; // of the queue it is in
};

// First-in first-out through job.next.
struct serve_queue {
    struct serve_job *first, *last;
};
void serve_queue_push(struct serve_queue *q, struct serve_job *j);
void serve_queue_push_front(struct serve_queue *q, struct serve_job *j);
struct serve_job *serve_queue_pop(struct serve_queue *q); // NULL where it is empty

struct serve_loop_ops {
    bool (*start)(struct serve_loop *l, struct err *e); // NULL = nothing to do
    serve_task call;                                    // must lead to serve_loop_respond
    void (*stop)(
        struct serve_loop *l); // every request is answered: closes its libuv handles. NULL = nothing to do
};

struct serve_loop {
    struct serve_worker *worker;
    struct serve_hand hand; // the loop's thread
    const struct serve_loop_ops *ops;
    void *state; // the dispatch's own
    uv_loop_t uv;
    struct serve_conns *conns;
    struct serve_sleepers *sleepers;
    struct serve_waiters *waiters; // [scenario.resources]
    bool held;                     // the thread has the lock
};

// Runs a loop until it is told to stop and has answered what it had read. False with *e (ERR_HOST).
bool serve_loop_run(struct serve_worker *w, const struct serve_loop_ops *ops, void *state, struct err *e);

// First thing in a callback of libuv: the thread needs the lock.
void serve_loop_enter(struct serve_loop *l);

// Executes the job's handler as a coroutine and answers.
void serve_loop_perform(struct serve_loop *l, struct serve_job *j);

// Sends the response with this status (200, 503). The job is over; its memory may be another's.
void serve_loop_respond(struct serve_loop *l, struct serve_job *j, int status);
