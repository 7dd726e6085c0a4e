#pragma once
// An event loop: one thread that polls, accepts, reads, runs callbacks and coroutines in batches, writes and closes.
// What happens when a request is called is the dispatch model's (loop_ops.call).
//
// One turn: poll | accept all or one | read what was readable | take results back from a pool | run the tasks that were
// ready when the turn began | flush responses | close. Whatever a turn makes ready is for the next turn, which is why
// each hop costs a poll.
#include "models/parts/worker.h"

struct loop;

// Goes on with request r, whose turn has come, on the loop's thread with the lock held; ends in one of the loop's steps.
typedef struct act (*loop_task)(struct machine *m, struct loop *l, struct request *r);

struct loop_ops {
    loop_task call; // a request has been parsed and routed: do its handler
    // Pool only: its result was posted and the loop's cost for that is paid.
    void (*completed)(struct machine *m, struct loop *l, struct request *r);
};

struct loop {
    struct worker *worker;
    struct thread *thread;
    struct poller poller;
    const struct loop_ops *ops;
    struct request_queue tasks, now_tasks, posted, flush; // now_tasks: still of this turn
    int todo_tasks, todo_posted;                          // of this turn
    struct request *now;                                  // being worked on ...
    loop_task now_task;                                   // ... and what follows the burst it is in
    struct conn **closing; // connections to close: [0..closing_now) in this turn, the rest in the next
    int closings, closing_now, closing_room, closing_at;
    struct conn **fresh; // accepted in the present burst
    int freshes, fresh_room;
    struct conn *leaving; // being closed at once
    bool drained;         // something was accepted in this turn
    void *model;          // the dispatch model's own state
};

// Creates the loop's thread and its poller on w's listener; `ops` as above. Sets w->loop.
struct loop *loop_create(struct worker *w, const struct loop_ops *ops);
void loop_destroy(struct loop *l);

// Executes r's handler on the loop as a coroutine, from its first step, and responds.
struct act loop_run_handler(struct machine *m, struct loop *l, struct request *r);

// Writes r's response.
struct act loop_respond(struct machine *m, struct loop *l, struct request *r);

// The next of this turn's tasks; a task that is finished or suspended ends in it (after thread_run where it woke anyone).
struct act loop_next_task(struct machine *m, struct thread *t);

// r will go on with `task` in the next turn; its time until then is the loop's lag.
void loop_soon(struct machine *m, struct loop *l, struct request *r, loop_task task);

// The same from within a turn; where requests are handled at once it is in this turn.
void loop_next(struct machine *m, struct loop *l, struct request *r, loop_task task);

// The same, and where requests are handled at once it is the next thing that is done in this turn.
void loop_first(struct machine *m, struct loop *l, struct request *r, loop_task task);

// From another thread: r's result is there. Wakes the loop.
void loop_post(struct machine *m, struct loop *l, struct request *r);

// `count` times a stage on the loop's thread, then `task` with r.
struct act loop_stage(struct machine *m, struct loop *l, const struct stage *s, struct request *r,
                      loop_task task);
