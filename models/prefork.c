// Each worker process serves one connection at a time: gunicorn sync, PHP-FPM. All block in accept on one socket; the
// kernel wakes the one that waits longest.
#include "models/model.h"
#include "models/parts/handler.h"

#include "base/require.h"

#include <stdlib.h>

struct process {
    struct hand hand;     // first: handler.c finds it
    struct resource busy; // the process itself: one connection
    struct conn *conn;
    struct thread *thread;
};

static struct act accept_next(struct machine *m, struct thread *t);
static struct act await_request(struct machine *m, struct thread *t);

static struct act closed(struct machine *m, struct thread *t) {
    struct process *p = t->self;
    worker_close(p->hand.worker, p->conn);
    p->conn = NULL;
    resource_give(&p->busy, m);
    return lock_release(m, t, accept_next);
}

static struct act close_conn(struct process *p, struct thread *t) {
    return worker_stage(p->hand.worker, t, &p->hand.worker->cost.close, 1, closed);
}

static struct act written(struct machine *m, struct thread *t) {
    struct process *p = t->self;
    struct request *r = p->hand.request;
    p->hand.request = NULL;
    bool keeps = worker_keeps(p->hand.worker, p->conn);
    conn_reply(m, p->conn, r);
    if (!keeps) return close_conn(p, t);
    return lock_release(m, t, await_request);
}

static struct act handled(struct machine *m, struct thread *t) {
    (void)m;
    struct process *p = t->self;
    return worker_stage(p->hand.worker, t, &p->hand.worker->cost.write, 1, written);
}

static struct act call(struct machine *m, struct thread *t) {
    (void)m;
    struct worker *w = ((struct process *)t->self)->hand.worker;
    return worker_stage(w, t, &w->cost.call, 1, handler_run);
}

static struct act collect(struct machine *m, struct thread *t) {
    (void)m;
    return worker_collect(((struct process *)t->self)->hand.worker, t, call);
}

static struct act read_request(struct machine *m, struct thread *t) {
    struct process *p = t->self;
    struct request *r = conn_read(p->conn);
    if (!r) return close_conn(p, t); // the client went away
    p->hand.request = r;
    conn_fetch(p->conn);
    request_carry(m, r, t);
    return worker_stage(p->hand.worker, t, &p->hand.worker->cost.read, 1, collect);
}

static struct act has_data(struct machine *m, struct thread *t) {
    timer_cancel(m->sim, t->timer);
    return lock_take(m, t, read_request);
}

// Nothing came: the read finds no request, and the connection is closed.
static void idle_too_long(struct machine *m, struct thread *t) {
    ((struct process *)t->self)->conn->reader = NULL;
    thread_wake(m, t);
}

static struct act await_request(struct machine *m, struct thread *t) {
    struct process *p = t->self;
    if (p->conn->inbox || p->conn->client_gone) return has_data(m, t);
    p->conn->reader = t;
    thread_alarm_in(m, t, m->scenario->server.keep_alive_timeout, idle_too_long);
    return thread_block(t, has_data);
}

static struct act accept_next(struct machine *m, struct thread *t) {
    struct process *p = t->self;
    struct worker *w = p->hand.worker;
    p->conn = worker_accept(w);
    if (p->conn) {
        resource_take(&p->busy, m, NULL);
        return worker_stage(w, t, &w->cost.accept, 1, await_request);
    }
    listener_block(w->listener, t);
    return thread_block(t, accept_next);
}

static void start(struct machine *m, struct worker *w) {
    struct process *p = calloc(1, sizeof *p);
    REQUIRE(p);
    p->hand = (struct hand){.worker = w, .done = handled};
    resource_init(&p->busy, 1, false);
    w->pool = &p->busy;
    w->state = p;
    p->thread = thread_create(m, w->index, "process", accept_next, p, &w->lock, &w->loop_role);
    thread_wake(m, p->thread);
}

static void stop(struct worker *w) {
    free(w->state);
}

static const char *const reads[] = {
    "workers", "backlog", "accept", "gil", "gc", "keep_alive", "keep_alive_timeout", NULL};
static const char *const defaults[] = {"server.keep_alive=off", NULL};

const struct model model_prefork = {
    .name = "prefork",
    .summary = "each worker process serves one connection at a time (gunicorn sync, PHP-FPM)",
    .reads = reads,
    .defaults = defaults,
    .closed_form = "M/M/c/K",
    .start = start,
    .stop = stop,
};
