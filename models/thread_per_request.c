// One acceptor thread and a bounded pool of threads that block: Tomcat's NIO connector, gunicorn gthread, Puma. The
// acceptor watches connections until a request is there and queues it; a thread reads, handles, answers and closes it
// or gives the connection back to the acceptor.
#include "models/model.h"
#include "models/parts/handler.h"

#include "base/require.h"

#include <stdio.h>
#include <stdlib.h>

struct job_thread {
    struct hand hand; // first: handler.c finds it
    struct crew *crew;
    struct thread *thread;
    struct conn *conn;
    bool waits; // blocked for want of work
    struct job_thread *next_idle;
};

struct crew {
    struct worker *worker;
    struct poller poller;
    struct resource limiter;          // threads at work; its queue is the pool's
    struct job_thread *thread, *idle; // idle: last-in first-out
    struct conn *fresh;               // accepted in the present burst
    struct request *ready;            // to be handed to a thread when that is paid for
};

// --- a pool thread

static struct act next_job(struct machine *m, struct thread *t);

static struct worker *worker_of(const struct thread *t) {
    return ((struct hand *)t->self)->worker;
}

static void assign(struct machine *m, struct request *r) {
    struct crew *crew = r->holder;
    struct job_thread *j = crew->idle;
    REQUIRE(j && !j->hand.request);
    crew->idle = j->next_idle;
    j->hand.request = r;
    request_carry(m, r, j->thread);
    if (j->waits) thread_wake(m, j->thread);
}

static struct act job_over(struct machine *m, struct thread *t) {
    struct job_thread *j = t->self;
    j->next_idle = j->crew->idle;
    j->crew->idle = j;
    resource_give(&j->crew->limiter, m);
    return thread_run(t, 0, next_job);
}

static struct act closed(struct machine *m, struct thread *t) {
    (void)m;
    struct job_thread *j = t->self;
    worker_close(j->hand.worker, j->conn);
    return thread_run(t, 0, job_over);
}

static struct act watched(struct machine *m, struct thread *t) {
    struct job_thread *j = t->self;
    conn_watch(m, j->conn, &j->crew->poller);
    return thread_run(t, 0, job_over);
}

static struct act written(struct machine *m, struct thread *t) {
    struct job_thread *j = t->self;
    struct worker *w = j->hand.worker;
    struct request *r = j->hand.request;
    j->hand.request = NULL;
    j->conn = r->conn;
    bool keeps = worker_keeps(w, j->conn);
    conn_reply(m, j->conn, r);
    if (!keeps) return worker_stage(w, t, &w->cost.close, 1, closed);
    return worker_stage(w, t, &w->cost.watch, 1, watched);
}

static struct act handled(struct machine *m, struct thread *t) {
    (void)m;
    return worker_stage(worker_of(t), t, &worker_of(t)->cost.write, 1, written);
}

static struct act call(struct machine *m, struct thread *t) {
    (void)m;
    struct worker *w = worker_of(t);
    return worker_stage(w, t, &w->cost.call, 1, handler_run);
}

static struct act collect(struct machine *m, struct thread *t) {
    (void)m;
    return worker_collect(worker_of(t), t, call);
}

static struct act start_job(struct machine *m, struct thread *t) {
    (void)m;
    conn_fetch(((struct hand *)t->self)->request->conn);
    return worker_stage(worker_of(t), t, &worker_of(t)->cost.read, 1, collect);
}

static struct act got_job(struct machine *m, struct thread *t) {
    struct job_thread *j = t->self;
    j->waits = false;
    return lock_take(m, t, start_job);
}

static struct act wait_for_job(struct machine *m, struct thread *t) {
    struct job_thread *j = t->self;
    if (j->hand.request) return got_job(m, t);
    j->waits = true;
    return thread_block(t, got_job);
}

static struct act next_job(struct machine *m, struct thread *t) {
    if (((struct job_thread *)t->self)->hand.request) return start_job(m, t);
    return lock_release(m, t, wait_for_job);
}

// --- the acceptor

static struct act look(struct machine *m, struct thread *t);

static struct act submit_ready(struct machine *m, struct thread *t);

static struct act submit(struct machine *m, struct thread *t) {
    struct crew *crew = t->self;
    struct request *r = crew->ready;
    crew->ready = NULL;
    r->holder = crew;
    r->granted = assign;
    if (resource_take(&crew->limiter, m, r))
        assign(m, r);
    else
        request_leave(m, r, BLAME_POOL);
    return thread_run(t, 0, submit_ready);
}

static struct act submit_ready(struct machine *m, struct thread *t) {
    struct crew *crew = t->self;
    struct conn *c = poller_next(&crew->poller);
    if (!c) return look(m, t);
    struct request *r = conn_read(c);
    conn_unwatch(c); // a thread has it now, or it is closed
    if (!r) {
        worker_close(crew->worker, c);
        return thread_run(t, 0, submit_ready);
    }
    crew->ready = r;
    return worker_stage(crew->worker, t, &crew->worker->cost.hand_off, 1, submit);
}

static struct act accept_next(struct machine *m, struct thread *t);

static struct act registered(struct machine *m, struct thread *t) {
    struct crew *crew = t->self;
    conn_watch(m, crew->fresh, &crew->poller);
    crew->fresh = NULL;
    return m->scenario->server.accept == ACCEPT_ONE ? submit_ready(m, t) : accept_next(m, t);
}

static struct act accepted(struct machine *m, struct thread *t) {
    (void)m;
    struct worker *w = ((struct crew *)t->self)->worker;
    return worker_stage(w, t, &w->cost.watch, 1, registered);
}

static struct act accept_next(struct machine *m, struct thread *t) {
    (void)m;
    struct crew *crew = t->self;
    crew->fresh = worker_accept(crew->worker);
    if (crew->fresh) return worker_stage(crew->worker, t, &crew->worker->cost.accept, 1, accepted);
    const struct stage last = {crew->worker->cost.accept_last, crew->worker->cost.accept.releases};
    return worker_stage(crew->worker, t, &last, 1, submit_ready);
}

static struct act polled(struct machine *m, struct thread *t) {
    struct crew *crew = t->self;
    int readable = poller_poll(&crew->poller);
    if (crew->worker->listener->queue.n > 0) return accept_next(m, t);
    if (readable > 0) return submit_ready(m, t);
    return thread_run(t, crew->worker->cost.accept_empty, submit_ready); // somebody else took it
}

static struct act pay_poll(struct machine *m, struct thread *t) {
    (void)m;
    struct crew *crew = t->self;
    return worker_stage(crew->worker, t, &crew->worker->cost.poll, 1, polled);
}

static struct act woken(struct machine *m, struct thread *t) {
    return lock_take(m, t, pay_poll);
}

static struct act wait_for_events(struct machine *m, struct thread *t) {
    struct crew *crew = t->self;
    if (poller_ready(&crew->poller)) return woken(m, t);
    crew->poller.sleeper = t;
    return thread_block(t, woken);
}

static struct act look(struct machine *m, struct thread *t) {
    if (poller_ready(&((struct crew *)t->self)->poller)) return pay_poll(m, t);
    return lock_release(m, t, wait_for_events);
}

static struct act first_step(struct machine *m, struct thread *t) {
    return lock_take(m, t, look);
}

static void start(struct machine *m, struct worker *w) {
    int threads = m->scenario->server.threads;
    struct crew *crew = calloc(1, sizeof *crew);
    REQUIRE(crew);
    crew->worker = w;
    crew->thread = calloc((size_t)threads, sizeof *crew->thread);
    REQUIRE(crew->thread);
    resource_init(&crew->limiter, threads, m->scenario->server.queue_order == ORDER_LIFO);
    listener_watch(m, w->listener, &crew->poller);
    w->pool = &crew->limiter;
    w->state = crew;
    w->loop = thread_create(m, w->index, "acceptor", first_step, crew, &w->lock, &w->loop_role);
    crew->poller.thread = w->loop;
    thread_wake(m, w->loop);
    for (int i = threads - 1; i >= 0; i--) {
        struct job_thread *j = &crew->thread[i];
        *j = (struct job_thread){
            .hand = {.worker = w, .done = handled}, .crew = crew, .waits = true, .next_idle = crew->idle};
        char name[24];
        snprintf(name, sizeof name, "pool %d", i + 1);
        j->thread = thread_create(m, w->index, name, got_job, j, &w->lock, &w->pool_role);
        crew->idle = j;
    }
}

static void stop(struct worker *w) {
    struct crew *crew = w->state;
    if (!crew) return;
    poller_fini(&crew->poller);
    free(crew->thread);
    free(crew);
}

static const char *const reads[] = {"workers", "threads", "queue_order", "backlog",       "accept",
                                    "gil",     "gc",      "keep_alive",  "dispatch.pool", NULL};
static const char *const defaults[] = {NULL};

const struct model model_thread_per_request = {
    .name = "thread_per_request",
    .summary =
        "one acceptor and a bounded pool of blocking threads per worker (Tomcat, gunicorn gthread, Puma)",
    .reads = reads,
    .defaults = defaults,
    .closed_form = "M/M/c",
    .start = start,
    .stop = stop,
};
