// An event loop that hands each request to a pool of threads and takes the result back: `def` endpoints of FastAPI
// (Starlette's run_in_threadpool over AnyIO's limiter), run_in_executor, libuv's work queue.
#include "models/model.h"
#include "models/parts/handler.h"
#include "models/parts/loop.h"

#include "base/require.h"

#include <stdio.h>
#include <stdlib.h>

struct pool_thread {
    struct hand hand; // first: handler.c finds it
    struct pool *pool;
    struct thread *thread;
    struct request *item;   // put into its queue, not yet taken
    bool waits;             // blocked on that queue
    bool running;           // it has run since it was started ...
    struct thread *starter; // ... and the loop's thread while that waits for it
    struct pool_thread *next_idle, *next;
};

// Threads at rest are taken last-in first-out (AnyIO: keeps the warm ones busy, lets the others age).
struct pool {
    struct loop *loop;
    struct resource limiter;
    struct pool_thread *idle, *all;
    int spawned;
};

// --- a pool thread: gets an item from its queue, runs it, tells the loop

static struct act get(struct machine *m, struct thread *t);

static struct act take_lock_again(struct machine *m, struct thread *t) {
    return lock_take(m, t, get);
}

static struct act tell_loop(struct machine *m, struct thread *t) {
    struct pool_thread *p = t->self;
    struct request *r = p->hand.request;
    p->hand.request = NULL;
    loop_post(m, p->pool->loop, r);
    return thread_run(t, 0, p->hand.worker->cost.wake_releases ? take_lock_again : get);
}

// The wake-up of the loop is a system call: asyncio's self-pipe gives the lock away for it, uvloop's eventfd does not.
static struct act call_wake(struct machine *m, struct thread *t) {
    (void)m;
    struct pool_thread *p = t->self;
    const struct stages *c = &p->hand.worker->cost;
    bool pending = p->pool->loop->poller.posted;
    return thread_run(t, pending && !c->wake_releases ? 0 : c->wake, tell_loop);
}

static struct act report(struct machine *m, struct thread *t) {
    struct pool_thread *p = t->self;
    return p->hand.worker->cost.wake_releases ? lock_release(m, t, call_wake) : call_wake(m, t);
}

static struct act take_item(struct machine *m, struct thread *t) {
    (void)m;
    struct pool_thread *p = t->self;
    p->hand.request = p->item;
    p->item = NULL;
    return worker_stage(p->hand.worker, t, &p->hand.worker->cost.pool_work, 1, handler_run);
}

static struct act got(struct machine *m, struct thread *t) {
    struct pool_thread *p = t->self;
    p->waits = false;
    return lock_take(m, t, take_item);
}

static struct act wait_for_item(struct machine *m, struct thread *t) {
    struct pool_thread *p = t->self;
    if (p->item) return got(m, t);
    p->waits = true;
    return thread_block(t, got);
}

static struct act get(struct machine *m, struct thread *t) {
    struct pool_thread *p = t->self;
    if (p->item) return take_item(m, t);
    return lock_release(m, t, wait_for_item);
}

// A new thread announces itself once it has had the lock; until then the loop waits for it (threading.Thread.start).
static struct act announce(struct machine *m, struct thread *t) {
    struct pool_thread *p = t->self;
    p->running = true;
    if (p->starter) thread_wake(m, p->starter);
    return thread_run(t, 0, take_item);
}

static struct act first_lock(struct machine *m, struct thread *t) {
    return lock_take(m, t, announce);
}

static struct act born(struct machine *m, struct thread *t) {
    (void)m;
    struct pool_thread *p = t->self;
    p->waits = false;
    return thread_run(t, p->hand.worker->cost.spawn, first_lock);
}

// --- the loop's side

static struct pool_thread *spawn(struct machine *m, struct pool *pool) {
    struct worker *w = pool->loop->worker;
    struct pool_thread *p = calloc(1, sizeof *p);
    REQUIRE(p);
    *p = (struct pool_thread){
        .hand = {.worker = w, .done = report}, .pool = pool, .waits = true, .next = pool->all};
    pool->all = p;
    pool->spawned++;
    char name[24];
    snprintf(name, sizeof name, "pool %d", pool->spawned);
    p->thread = thread_create(m, w->index, name, born, p, &w->lock, &w->pool_role);
    return p;
}

static struct act started(struct machine *m, struct thread *t) {
    return lock_take(m, t, loop_next_task);
}

static struct act await_start(struct machine *m, struct thread *t) {
    struct pool_thread *p = ((struct pool *)((struct loop *)t->self)->model)->all; // the one started last
    if (p->running) return started(m, t);
    p->starter = t;
    return thread_block(t, started);
}

static struct act call_spawn(struct machine *m, struct thread *t) {
    (void)m;
    return thread_run(t, ((struct loop *)t->self)->worker->cost.spawn, await_start);
}

static void give_item(struct machine *m, struct pool_thread *p, struct request *r) {
    p->item = r;
    r->holder = p;
    request_carry(m, r, p->thread);
    if (p->waits) thread_wake(m, p->thread);
}

// r has its token: an idle thread gets it, or a new one is started, for which the loop waits without the lock (not with
// free spawning: then nothing is to be waited for).
static struct act dispatch(struct machine *m, struct loop *l, struct request *r) {
    struct pool *pool = l->model;
    struct pool_thread *p = pool->idle;
    if (p) {
        pool->idle = p->next_idle;
        give_item(m, p, r);
        return thread_run(l->thread, 0, loop_next_task);
    }
    REQUIRE(pool->spawned < pool->limiter.capacity);
    give_item(m, spawn(m, pool), r);
    if (l->worker->cost.spawn == 0) return thread_run(l->thread, 0, loop_next_task);
    return lock_release(m, l->thread, call_spawn);
}

// Where requests are handled at once, whoever waits gets the thread right after the response that set it free, and not after
// the responses of the whole turn.
static void token_granted(struct machine *m, struct request *r) {
    loop_first(m, r->place, r, dispatch);
}

static struct act enter_pool(struct machine *m, struct loop *l, struct request *r) {
    struct pool *pool = l->model;
    r->place = l;
    r->granted = token_granted;
    if (resource_take(&pool->limiter, m, r)) {
        // With a free token AnyIO yields to the loop once more before it uses it.
        if (l->worker->cost.hop_polls == 0) return dispatch(m, l, r);
        loop_soon(m, l, r, dispatch);
    } else {
        request_leave(m, r, BLAME_POOL);
    }
    return thread_run(l->thread, 0, loop_next_task);
}

static struct act hop(struct machine *m, struct loop *l, struct request *r) {
    if (r->hops-- <= 0) return enter_pool(m, l, r);
    loop_soon(m, l, r, hop);
    return thread_run(l->thread, 0, loop_next_task);
}

static struct act call(struct machine *m, struct loop *l, struct request *r) {
    if (request_endpoint(m, r)->dispatch == DISPATCH_LOOP) return loop_run_handler(m, l, r);
    collector_hand_off(&l->worker->collector);
    r->hops = l->worker->cost.hop_polls - 1; // the last is after the token
    return loop_stage(m, l, &l->worker->cost.hand_off, r, hop);
}

// The task goes on in the loop: it gives its token back before it writes.
static struct act finish(struct machine *m, struct loop *l, struct request *r) {
    resource_give(&((struct pool *)l->model)->limiter, m);
    return loop_respond(m, l, r);
}

static void completed(struct machine *m, struct loop *l, struct request *r) {
    struct pool *pool = l->model;
    struct pool_thread *p = r->holder;
    p->next_idle = pool->idle;
    pool->idle = p;
    loop_next(m, l, r, finish);
}

static const struct loop_ops ops = {.call = call, .completed = completed};

static void start(struct machine *m, struct worker *w) {
    const struct server_spec *s = &m->scenario->server;
    struct pool *pool = calloc(1, sizeof *pool);
    REQUIRE(pool);
    resource_init(&pool->limiter, s->threads, s->queue_order == ORDER_LIFO);
    pool->loop = loop_create(w, &ops);
    pool->loop->model = pool;
    w->pool = &pool->limiter;
    w->state = pool;
}

static void stop(struct worker *w) {
    struct pool *pool = w->state;
    if (!pool) return;
    for (struct pool_thread *p = pool->all, *next; p; p = next) {
        next = p->next;
        free(p);
    }
    loop_destroy(pool->loop);
    free(pool);
}

static const char *const reads[] = {"workers",       "threads",       "queue_order", "backlog",
                                    "accept",        "gil",           "gc",          "keep_alive",
                                    "dispatch.loop", "dispatch.pool", NULL};
static const char *const defaults[] = {NULL};

const struct model model_threadpool = {
    .name = "threadpool",
    .summary =
        "an event loop per worker hands each request to a pool of threads (def endpoints, run_in_executor)",
    .reads = reads,
    .defaults = defaults,
    .closed_form = "M/M/c",
    .start = start,
    .stop = stop,
};
