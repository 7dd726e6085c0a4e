#include "models/parts/loop.h"

#include "base/require.h"

#include <stdlib.h>

static struct act poll_again(struct machine *m, struct thread *t);
static struct act flush(struct machine *m, struct thread *t);
static struct act close_next(struct machine *m, struct thread *t);

static struct loop *loop_of(const struct thread *t) {
    return t->self;
}

static void push_conn(struct conn ***list, int *n, int *room, struct conn *c) {
    if (*n == *room) {
        *room = *room ? *room * 2 : 64;
        *list = realloc(*list, sizeof(struct conn *) * (size_t)*room);
        REQUIRE(*list);
    }
    (*list)[(*n)++] = c;
}

// --- poll

static bool has_work(const struct loop *l) {
    return poller_ready(&l->poller) || l->tasks.n > 0 || l->closings > 0;
}

static struct act take_results(struct machine *m, struct thread *t);

// Takes the next request off what was readable when the turn began; closes what a client has closed. NULL: no more.
static struct request *read_one(struct loop *l) {
    for (struct conn *c; (c = poller_next(&l->poller));) {
        struct request *r = conn_read(c);
        if (r) {
            conn_fetch(c);
            return r;
        }
        if (!c->client_gone) continue;
        conn_unwatch(c);
        push_conn(&l->closing, &l->closings, &l->closing_room, c);
    }
    return NULL;
}

// Each request becomes a task of the next turn, or is read only when its turn to be handled has come.
static struct act read_ready(struct machine *m, struct thread *t) {
    struct loop *l = loop_of(t);
    int requests = 0;
    if (l->worker->cost.call_at_once) return take_results(m, t);
    for (struct request *r; (r = read_one(l)); requests++) loop_soon(m, l, r, NULL);
    return worker_stage(l->worker, t, &l->worker->cost.read, requests, take_results);
}

static struct act accept_more(struct machine *m, struct thread *t);

static struct act register_fresh(struct machine *m, struct thread *t) {
    struct loop *l = loop_of(t);
    for (int i = 0; i < l->freshes; i++) conn_watch(m, l->fresh[i], &l->poller);
    bool one = m->scenario->server.accept == ACCEPT_ONE;
    l->freshes = 0;
    return one ? read_ready(m, t) : accept_more(m, t);
}

static struct act drain_ends(struct thread *t) {
    struct worker *w = loop_of(t)->worker;
    const struct stage last = {w->cost.accept_last, w->cost.accept.releases};
    return worker_stage(w, t, &last, 1, read_ready);
}

// Takes connections off the queue, then pays for them; again until the queue is empty (drain), or one a turn.
static struct act accept_more(struct machine *m, struct thread *t) {
    struct loop *l = loop_of(t);
    bool one = m->scenario->server.accept == ACCEPT_ONE;
    for (struct conn *c; !(one && l->freshes) && (c = worker_accept(l->worker));)
        push_conn(&l->fresh, &l->freshes, &l->fresh_room, c);
    if (l->freshes == 0) return l->drained && !one ? drain_ends(t) : read_ready(m, t);
    l->drained = true;
    return worker_stage(l->worker, t, &l->worker->cost.adopt, l->freshes, register_fresh);
}

static struct act turn(struct machine *m, struct thread *t) {
    struct loop *l = loop_of(t);
    l->todo_tasks = l->tasks.n;
    l->todo_posted = l->posted.n;
    l->poller.posted = false;
    l->drained = false;
    l->closing_now = l->closings;
    l->closing_at = 0;
    bool empty = poller_poll(&l->poller) + l->todo_tasks + l->todo_posted + l->closing_now == 0;
    if (empty && l->worker->listener->queue.n == 0) // somebody else took what we were woken for
        return thread_run(t, l->worker->cost.accept_empty, poll_again);
    return accept_more(m, t);
}

static struct act polled(struct machine *m, struct thread *t) {
    (void)m;
    struct worker *w = loop_of(t)->worker;
    return worker_stage(w, t, &w->cost.poll, 1, turn);
}

static struct act woken(struct machine *m, struct thread *t) {
    return lock_take(m, t, polled);
}

static struct act wait_for_events(struct machine *m, struct thread *t) {
    struct loop *l = loop_of(t);
    if (has_work(l)) return lock_take(m, t, polled);
    l->poller.sleeper = t;
    return thread_block(t, woken);
}

static struct act poll_again(struct machine *m, struct thread *t) {
    if (has_work(loop_of(t))) return polled(m, t);
    return lock_release(m, t, wait_for_events);
}

static struct act first_step(struct machine *m, struct thread *t) {
    return lock_take(m, t, poll_again);
}

// --- tasks

static struct act task_paid(struct machine *m, struct thread *t) {
    struct loop *l = loop_of(t);
    return l->now_task(m, l, l->now);
}

// CPU of r on the loop's thread, then `task` with it.
static struct act burst(struct loop *l, struct request *r, sim_time ns, loop_task task) {
    l->now = r;
    l->now_task = task;
    return thread_run(l->thread, ns, task_paid);
}

struct act loop_stage(struct machine *m, struct loop *l, const struct stage *s, struct request *r,
                      loop_task task) {
    (void)m;
    l->now = r;
    l->now_task = task;
    return worker_stage(l->worker, l->thread, s, 1, task_paid);
}

static struct act route(struct machine *m, struct thread *t) {
    struct loop *l = loop_of(t);
    return loop_stage(m, l, &l->worker->cost.call, l->now, l->ops->call);
}

static struct act call(struct machine *m, struct loop *l, struct request *r) {
    (void)m;
    r->step = 0;
    l->now = r;
    return worker_collect(l->worker, l->thread, route);
}

// What is handled as soon as it is read: the loop comes to it after its tasks.
static struct act handle_next(struct machine *m, struct thread *t) {
    struct loop *l = loop_of(t);
    struct request *r = read_one(l);
    if (!r) return thread_run(t, 0, flush);
    request_carry(m, r, t);
    return loop_stage(m, l, &l->worker->cost.read, r, call);
}

struct act loop_next_task(struct machine *m, struct thread *t) {
    struct loop *l = loop_of(t);
    if (l->todo_tasks == 0 && l->now_tasks.n == 0) return handle_next(m, t);
    struct request *r = request_queue_pop(l->todo_tasks > 0 ? &l->tasks : &l->now_tasks);
    l->todo_tasks -= l->todo_tasks > 0;
    REQUIRE(r);
    request_carry(m, r, t);
    loop_task task = r->task ? r->task : call;
    return task(m, l, r);
}

void loop_soon(struct machine *m, struct loop *l, struct request *r, loop_task task) {
    request_await(m, r, l->thread);
    r->task = task;
    request_queue_push(&l->tasks, r);
}

void loop_next(struct machine *m, struct loop *l, struct request *r, loop_task task) {
    request_await(m, r, l->thread);
    r->task = task;
    request_queue_push(l->worker->cost.call_at_once ? &l->now_tasks : &l->tasks, r);
}

static struct act results_paid(struct machine *m, struct thread *t) {
    struct loop *l = loop_of(t);
    while (l->todo_posted > 0) {
        l->todo_posted--;
        struct request *r = request_queue_pop(&l->posted);
        l->ops->completed(m, l, r);
    }
    return loop_next_task(m, t);
}

static struct act take_results(struct machine *m, struct thread *t) {
    (void)m;
    struct loop *l = loop_of(t);
    if (l->todo_posted == 0) return thread_run(t, 0, loop_next_task);
    return worker_stage(l->worker, t, &l->worker->cost.complete, l->todo_posted, results_paid);
}

void loop_first(struct machine *m, struct loop *l, struct request *r, loop_task task) {
    if (!l->worker->cost.call_at_once) {
        loop_next(m, l, r, task);
        return;
    }
    request_await(m, r, l->thread);
    r->task = task;
    request_queue_push_front(&l->now_tasks, r);
}

void loop_post(struct machine *m, struct loop *l, struct request *r) {
    request_await(m, r, l->thread);
    request_queue_push(&l->posted, r);
    poller_post(m, &l->poller);
}

// --- a handler as a coroutine

static struct act next_step(struct machine *m, struct loop *l, struct request *r);

static struct act step_over(struct machine *m, struct loop *l, struct request *r) {
    r->step++;
    return next_step(m, l, r);
}

static struct act unit_back(struct machine *m, struct loop *l, struct request *r) {
    resource_give(l->worker->resource[request_step(m, r)->resource], m);
    return burst(l, r, 0, step_over);
}

// A coroutine's timer went off, or its resource was granted: it is a task of the next turn.
static void resume(struct machine *m, struct request *r, loop_task task) {
    struct loop *l = r->place;
    loop_soon(m, l, r, task);
    poller_kick(m, &l->poller);
}

static void slept(struct machine *m, struct request *r) {
    resume(m, r, step_over);
}

static void held(struct machine *m, struct request *r) {
    resume(m, r, unit_back);
}

static struct act hold(struct machine *m, struct loop *l, struct request *r) {
    request_leave(m, r, BLAME_SERVICE);
    request_alarm_in(m, r, request_demand(m, r, r->step), held);
    return thread_run(l->thread, 0, loop_next_task);
}

static void granted(struct machine *m, struct request *r) {
    resume(m, r, hold);
}

static struct act suspended(struct machine *m, struct loop *l, struct request *r) {
    const struct handler_step *s = request_step(m, r);
    r->place = l;
    if (s->kind == STEP_USE) {
        r->granted = granted;
        if (resource_take(l->worker->resource[s->resource], m, r)) return hold(m, l, r);
        request_leave(m, r, BLAME_RESOURCE);
    } else {
        request_leave(m, r, BLAME_SERVICE);
        request_alarm_in(m, r, request_demand(m, r, r->step), slept);
    }
    return thread_run(l->thread, 0, loop_next_task);
}

static struct act taken_back(struct machine *m, struct thread *t) {
    return lock_take(m, t, task_paid);
}

static struct act without_lock(struct machine *m, struct thread *t) {
    (void)m;
    struct loop *l = loop_of(t);
    return worker_burn(l->worker, t, request_demand(m, l->now, l->now->step), taken_back);
}

static struct act next_step(struct machine *m, struct loop *l, struct request *r) {
    if (r->step == request_endpoint(m, r)->steps) return loop_respond(m, l, r);
    switch (request_step(m, r)->kind) {
    case STEP_CPU:
        l->now = r;
        l->now_task = step_over;
        return worker_burn(l->worker, l->thread, request_demand(m, r, r->step), task_paid);
    case STEP_CPU_NOGIL:
        l->now = r;
        l->now_task = step_over;
        return lock_release(m, l->thread, without_lock);
    case STEP_SLEEP:
    case STEP_USE: break;
    }
    return loop_stage(m, l, &l->worker->cost.suspend, r, suspended);
}

struct act loop_run_handler(struct machine *m, struct loop *l, struct request *r) {
    r->step = 0;
    return next_step(m, l, r);
}

// --- responses and closes

static struct act left(struct machine *m, struct thread *t) {
    (void)m;
    struct loop *l = loop_of(t);
    worker_close(l->worker, l->leaving);
    return thread_run(t, 0, loop_next_task);
}

// The response leaves; a connection that is not kept is closed at once, at the end of this turn, or in the next one.
static void reply(struct machine *m, struct loop *l, struct request *r) {
    struct conn *c = r->conn;
    bool keeps = worker_keeps(l->worker, c);
    if (!keeps && l->worker->cost.close_at_once) {
        conn_unwatch(c);
        l->leaving = c;
    } else if (!keeps) {
        conn_unwatch(c);
        push_conn(&l->closing, &l->closings, &l->closing_room, c);
        if (!l->worker->cost.close_later) l->closing_now = l->closings;
    }
    conn_reply(m, c, r);
}

static struct act written(struct machine *m, struct loop *l, struct request *r) {
    if (l->worker->cost.batch_flush) {
        request_await(m, r, l->thread);
        request_queue_push(&l->flush, r);
        return thread_run(l->thread, 0, loop_next_task);
    }
    l->leaving = NULL;
    reply(m, l, r);
    if (l->leaving) return worker_stage(l->worker, l->thread, &l->worker->cost.close, 1, left);
    return thread_run(l->thread, 0, loop_next_task);
}

struct act loop_respond(struct machine *m, struct loop *l, struct request *r) {
    return loop_stage(m, l, &l->worker->cost.write, r, written);
}

static struct act flush(struct machine *m, struct thread *t) {
    struct loop *l = loop_of(t);
    struct request *r = request_queue_pop(&l->flush);
    if (!r) return close_next(m, t);
    reply(m, l, r);
    return thread_run(t, 0, flush);
}

static struct act closed(struct machine *m, struct thread *t) {
    (void)m;
    struct loop *l = loop_of(t);
    worker_close(l->worker, l->closing[l->closing_at++]);
    return thread_run(t, 0, close_next);
}

static struct act close_next(struct machine *m, struct thread *t) {
    struct loop *l = loop_of(t);
    if (l->closing_at < l->closing_now) return worker_stage(l->worker, t, &l->worker->cost.close, 1, closed);
    int rest = l->closings - l->closing_now;
    for (int i = 0; i < rest; i++) l->closing[i] = l->closing[l->closing_now + i];
    l->closings = rest;
    l->closing_now = l->closing_at = 0;
    return poll_again(m, t);
}

struct loop *loop_create(struct worker *w, const struct loop_ops *ops) {
    struct loop *l = calloc(1, sizeof *l);
    REQUIRE(l);
    l->worker = w;
    l->ops = ops;
    listener_watch(w->machine, w->listener, &l->poller);
    l->thread = thread_create(w->machine, w->index, "loop", first_step, l, &w->lock, &w->loop_role);
    w->loop = l->poller.thread = l->thread;
    thread_wake(w->machine, l->thread);
    return l;
}

void loop_destroy(struct loop *l) {
    if (!l) return;
    poller_fini(&l->poller);
    free(l->closing);
    free(l->fresh);
    free(l);
}
