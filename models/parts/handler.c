#include "models/parts/handler.h"

static struct act next_step(struct machine *m, struct thread *t);

static struct request *serving(const struct thread *t) {
    return ((struct hand *)t->self)->request;
}

static struct act step_over(struct machine *m, struct thread *t) {
    serving(t)->step++;
    return lock_take(m, t, next_step);
}

static struct act unit_back(struct machine *m, struct thread *t) {
    struct hand *h = t->self;
    resource_give(h->worker->resource[request_step(m, h->request)->resource], m);
    return thread_run(t, 0, step_over);
}

static struct act unit_held(struct machine *m, struct thread *t) {
    struct request *r = serving(t);
    return thread_sleep(m, t, request_demand(m, r, r->step), unit_back);
}

static void unit_granted(struct machine *m, struct request *r) {
    struct thread *t = r->place;
    request_phase(m, r, BLAME_SERVICE);
    thread_wake(m, t);
}

static struct act take_unit(struct machine *m, struct thread *t) {
    struct hand *h = t->self;
    struct request *r = h->request;
    r->place = t;
    r->granted = unit_granted;
    if (resource_take(h->worker->resource[request_step(m, r)->resource], m, r)) return unit_held(m, t);
    request_phase(m, r, BLAME_RESOURCE);
    return thread_block(t, unit_held);
}

static struct act without_lock(struct machine *m, struct thread *t) {
    struct request *r = serving(t);
    sim_time ns = request_demand(m, r, r->step);
    switch (request_step(m, r)->kind) {
    case STEP_CPU_NOGIL: return worker_burn(((struct hand *)t->self)->worker, t, ns, step_over);
    case STEP_USE: return take_unit(m, t);
    case STEP_SLEEP:
    case STEP_CPU: break;
    }
    return thread_sleep(m, t, ns, step_over);
}

static struct act call_blocks(struct machine *m, struct thread *t) {
    (void)m;
    return thread_run(t, ((struct hand *)t->self)->worker->cost.block, without_lock);
}

static struct act next_step(struct machine *m, struct thread *t) {
    struct hand *h = t->self;
    struct request *r = h->request;
    if (r->step == request_endpoint(m, r)->steps) return thread_run(t, 0, h->done);
    enum step_kind kind = request_step(m, r)->kind;
    if (kind == STEP_CPU) return worker_burn(h->worker, t, request_demand(m, r, r->step++), next_step);
    return lock_release(m, t, kind == STEP_CPU_NOGIL ? without_lock : call_blocks);
}

struct act handler_run(struct machine *m, struct thread *t) {
    serving(t)->step = 0;
    return next_step(m, t);
}
