#include "live/serve_loop.h"

#include "live/demand.h"
#include "live/serve_conn.h"
#include "live/serve_sleep.h"

#include "base/memory.h"
#include "base/require.h"

#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

// Requests that wait for a unit of a resource, and the eventfd that tells of units granted by others.
struct serve_waiters {
    struct serve_loop *loop;
    int resource;
    uv_poll_t poll;
    struct serve_queue queue;
};

// What tells the loop to stop, and the moment before it polls.
struct watches {
    struct serve_loop *loop;
    uv_poll_t signals, lifeline;
    uv_prepare_t before_poll;
};

static void next_step(struct serve_loop *l, struct serve_job *j);

// ---- queues ----

void serve_queue_push(struct serve_queue *q, struct serve_job *j) {
    j->next = NULL;
    *(q->last ? &q->last->next : &q->first) = j;
    q->last = j;
}

void serve_queue_push_front(struct serve_queue *q, struct serve_job *j) {
    j->next = q->first;
    q->first = j;
    if (!q->last) q->last = j;
}

struct serve_job *serve_queue_pop(struct serve_queue *q) {
    struct serve_job *j = q->first;
    if (!j) return NULL;
    q->first = j->next;
    if (!q->first) q->last = NULL;
    return j;
}

// ---- the lock ----

void serve_loop_enter(struct serve_loop *l) {
    if (l->held) return;
    gil_take(&l->worker->gil, &l->hand);
    l->held = true;
    serve_hand_stage(&l->hand, l->worker->releases.poll - 1);
}

static void leave(struct serve_loop *l) {
    if (!l->held) return;
    l->held = false;
    gil_release(&l->worker->gil, &l->hand);
}

static void on_before_poll(uv_prepare_t *p) {
    struct serve_loop *l = ((struct watches *)p->data)->loop;
    serve_tally_add(&l->worker->tally->turns);
    leave(l);
}

// ---- a handler as a coroutine ----

static const struct handler_step *step_of(const struct serve_loop *l, const struct serve_job *j) {
    return &l->worker->scenario->endpoint[j->work.endpoint].step[j->step];
}

static int64_t demand_of(const struct serve_loop *l, const struct serve_job *j) {
    return demand_step(l->worker->scenario, j->work.endpoint, j->step, j->work.number);
}

static void step_over(struct serve_loop *l, struct serve_job *j) {
    j->step++;
    next_step(l, j);
}

static void hold_unit(struct serve_loop *l, struct serve_job *j);

// Whoever is next in line may be of this very loop: the unit goes from hand to hand.
static void unit_back(struct serve_loop *l, struct serve_job *j) {
    int resource = step_of(l, j)->resource;
    struct serve_worker *w = l->worker;
    if (bounded_give(w->resource[resource], w->resource_index[resource], true)) {
        struct serve_job *next = serve_queue_pop(&l->waiters[resource].queue);
        REQUIRE(next);
        hold_unit(l, next);
    }
    step_over(l, j);
}

static void hold_unit(struct serve_loop *l, struct serve_job *j) {
    serve_sleep(l->sleepers, j, demand_of(l, j), unit_back);
}

static void use_resource(struct serve_loop *l, struct serve_job *j) {
    int resource = step_of(l, j)->resource;
    struct serve_worker *w = l->worker;
    if (bounded_take_or_queue(w->resource[resource], w->resource_index[resource]))
        hold_unit(l, j);
    else
        serve_queue_push(&l->waiters[resource].queue, j);
}

static void on_granted(uv_poll_t *p, int status, int events) {
    struct serve_waiters *q = p->data;
    struct serve_worker *w = q->loop->worker;
    eventfd_t units = 0;
    (void)status;
    (void)events;
    serve_loop_enter(q->loop);
    if (eventfd_read(bounded_wake_fd(w->resource[q->resource], w->resource_index[q->resource]), &units) != 0)
        return;
    for (; units > 0; units--) {
        struct serve_job *j = serve_queue_pop(&q->queue);
        REQUIRE(j);
        hold_unit(q->loop, j);
    }
}

// Goes on until the handler waits for something or is done.
static void next_step(struct serve_loop *l, struct serve_job *j) {
    int steps = l->worker->scenario->endpoint[j->work.endpoint].steps;
    for (; j->step < steps; j->step++) {
        switch (step_of(l, j)->kind) {
        case STEP_CPU: serve_hand_compute(&l->hand, demand_of(l, j)); continue;
        case STEP_CPU_NOGIL: serve_hand_compute_unlocked(&l->hand, demand_of(l, j)); continue;
        case STEP_SLEEP:
            serve_hand_stage(&l->hand, l->worker->releases.suspend);
            serve_sleep(l->sleepers, j, demand_of(l, j), step_over);
            return;
        case STEP_USE:
            serve_hand_stage(&l->hand, l->worker->releases.suspend);
            use_resource(l, j);
            return;
        }
    }
    serve_loop_respond(l, j, 200);
}

void serve_loop_perform(struct serve_loop *l, struct serve_job *j) {
    next_step(l, j);
}

void serve_loop_respond(struct serve_loop *l, struct serve_job *j, int status) {
    (void)l;
    serve_conn_answer(j, status);
}

// ---- beginning and end ----

static void close_handles(struct serve_loop *l) {
    struct watches *w = l->uv.data;
    if (l->ops->stop) l->ops->stop(l);
    for (int i = 0; i < l->worker->scenario->resources; i++)
        uv_close((uv_handle_t *)&l->waiters[i].poll, NULL);
    serve_sleep_close(l->sleepers);
    uv_close((uv_handle_t *)&w->signals, NULL);
    uv_close((uv_handle_t *)&w->lifeline, NULL);
    uv_close((uv_handle_t *)&w->before_poll, NULL);
}

// The parent is gone, and with it whoever would wait for a graceful end.
static void on_orphaned(uv_poll_t *p, int status, int events) {
    (void)p;
    (void)status;
    (void)events;
    _exit(1);
}

static void on_stop(uv_poll_t *p, int status, int events) {
    struct serve_loop *l = ((struct watches *)p->data)->loop;
    (void)status;
    (void)events;
    uv_poll_stop(p);
    serve_loop_enter(l);
    serve_worker_shut(l->worker);
    serve_conn_stop(l->conns, close_handles);
}

static bool watch(uv_loop_t *uv, uv_poll_t *p, int fd, void *data, uv_poll_cb call, struct err *e) {
    int error = uv_poll_init(uv, p, fd);
    p->data = data;
    if (!error) error = uv_poll_start(p, UV_READABLE, call);
    return !error || err_set(e, ERR_HOST, "cannot watch a file descriptor: %s", uv_strerror(error));
}

static bool watch_resources(struct serve_loop *l, struct err *e) {
    struct serve_worker *w = l->worker;
    int n = w->scenario->resources;
    l->waiters = memory_new((size_t)n, sizeof *l->waiters);
    for (int i = 0; i < n; i++) {
        struct serve_waiters *q = &l->waiters[i];
        *q = (struct serve_waiters){.loop = l, .resource = i};
        if (!watch(&l->uv, &q->poll, bounded_wake_fd(w->resource[i], w->resource_index[i]), q, on_granted, e))
            return false;
    }
    return true;
}

static bool start(struct serve_loop *l, struct watches *w, struct err *e) {
    uv_prepare_init(&l->uv, &w->before_poll);
    w->before_poll.data = w;
    uv_prepare_start(&w->before_poll, on_before_poll);
    return watch(&l->uv, &w->signals, l->worker->signals, w, on_stop, e) &&
           watch(&l->uv, &w->lifeline, l->worker->lifeline, w, on_orphaned, e) && watch_resources(l, e) &&
           (l->sleepers = serve_sleep_create(l, e)) && (!l->ops->start || l->ops->start(l, e)) &&
           (l->conns = serve_conn_create(l, e));
}

bool serve_loop_run(struct serve_worker *w, const struct serve_loop_ops *ops, void *state, struct err *e) {
    struct serve_loop l = {.worker = w, .hand = {w, 0}, .ops = ops, .state = state};
    struct watches watches = {.loop = &l};
    int error = uv_loop_init(&l.uv);
    if (error) return err_set(e, ERR_HOST, "cannot create an event loop: %s", uv_strerror(error));
    l.uv.data = &watches;
    // A worker that cannot start ends: the process gives back what was opened here.
    if (!start(&l, &watches, e)) return false;
    serve_worker_ready(w);
    uv_run(&l.uv, UV_RUN_DEFAULT);
    leave(&l);
    uv_loop_close(&l.uv);
    serve_conn_destroy(l.conns);
    serve_sleep_destroy(l.sleepers);
    free(l.waiters);
    return true;
}
