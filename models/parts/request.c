#include "models/parts/request.h"

#include "base/require.h"

#include <stdlib.h>
#include <string.h>

_Static_assert(sizeof(struct request) <= 256, "what a waiting request takes");

enum { CHUNK = 256, STEP_BITS = 9, ENDPOINT_DRAW = (1 << STEP_BITS) - 1 };

struct request_chunk {
    struct request_chunk *next;
    struct request request[CHUNK];
};

static void expired(struct sim *sim, void *owner, uint32_t tag) {
    (void)sim;
    (void)tag;
    struct request *r = owner;
    r->machine->current = NULL;
    r->alarm(r->machine, r);
}

static void refill(struct request_pool *p, struct machine *m) {
    struct request_chunk *c = calloc(1, sizeof *c);
    REQUIRE(c);
    c->next = p->chunks;
    p->chunks = c;
    for (int i = CHUNK - 1; i >= 0; i--) {
        c->request[i].timer = timer_new(m->sim, expired, &c->request[i], 3);
        c->request[i].next = p->free;
        p->free = &c->request[i];
    }
}

void request_pool_fini(struct request_pool *p) {
    for (struct request_chunk *c = p->chunks, *next; c; c = next) {
        next = c->next;
        free(c);
    }
    *p = (struct request_pool){0};
}

static int draw_endpoint(struct machine *m, uint64_t number) {
    const struct scenario *s = m->scenario;
    if (s->endpoints < 2) return 0;
    double total = 0;
    for (int i = 0; i < s->endpoints; i++) total += s->endpoint[i].weight;
    rng_seek(&m->stream[STREAM_DEMAND], number << STEP_BITS | ENDPOINT_DRAW);
    double x = rng_unit(&m->stream[STREAM_DEMAND]) * total;
    int i = 0;
    while (i < s->endpoints - 1 && (x -= s->endpoint[i].weight) >= 0) i++;
    return i;
}

struct request *request_new(struct request_pool *p, struct machine *m, uint64_t number, sim_time born) {
    if (!p->free) refill(p, m);
    struct request *r = p->free;
    p->free = r->next;
    *r = (struct request){.number = number,
                          .born = born,
                          .mark = born,
                          .phase = BLAME_CLIENT,
                          .timer = r->timer,
                          .machine = m,
                          .endpoint = draw_endpoint(m, number)};
    machine_trace(m, TRACE_REQUEST_BEGIN, (int64_t)number, r->endpoint, 0, NULL);
    machine_trace(m, TRACE_REQUEST_PHASE, (int64_t)number, BLAME_CLIENT, 0, NULL);
    return r;
}

static void let_go(struct request *r) {
    if (r->carrier && r->carrier->request == r) r->carrier->request = NULL;
    r->carrier = NULL;
}

void request_free(struct request_pool *p, struct request *r) {
    timer_cancel(r->machine->sim, r->timer);
    let_go(r);
    r->next = p->free;
    p->free = r;
}

static struct spent spent_by(const struct thread *t, sim_time now) {
    int64_t here = now - t->since; // in its present state
    return (struct spent){
        .runnable = t->spent[THREAD_RUNNABLE] + (t->state == THREAD_RUNNABLE ? here : 0),
        .running = t->spent[THREAD_RUNNING] + (t->state == THREAD_RUNNING ? here : 0),
        .lock = t->spent[THREAD_LOCK] + (t->state == THREAD_LOCK ? here : 0),
    };
}

// Books what has passed of the carrier's time; returns how much of it the carrier was blocked.
static int64_t settle_with_carrier(struct request *r, sim_time now) {
    struct spent after = spent_by(r->carrier, now);
    int64_t runnable = after.runnable - r->before.runnable, running = after.running - r->before.running,
            lock = after.lock - r->before.lock;
    r->blame[BLAME_RUNQUEUE] += runnable;
    r->blame[BLAME_LOCK] += lock;
    r->blame[r->behind ? r->phase : BLAME_SERVICE] += running;
    r->before = after;
    return now - r->mark - runnable - running - lock;
}

// Often several times in one instant, when there is nothing to book. The shares of time are added without branches and
// not state by state: 15 % of a request in an event loop.
void request_settle(struct machine *m, struct request *r) {
    sim_time now = machine_now(m);
    if (now == r->mark) return;
    r->blame[r->phase] += r->carrier ? settle_with_carrier(r, now) : now - r->mark;
    r->mark = now;
}

void request_continue(struct machine *m, struct request *r, sim_time entered,
                      const int64_t blame[BLAME_COUNT]) {
    r->entered = entered;
    for (int b = 0; b < BLAME_COUNT; b++) r->mark += r->blame[b] = blame[b];
    request_settle(m, r); // from the end of the last attempt to now the client paused
}

void request_restart(struct machine *m, struct request *r) {
    REQUIRE(r->phase == BLAME_CLIENT && !r->carrier);
    r->born = r->mark = machine_now(m);
}

static void set_phase(struct machine *m, struct request *r, enum blame b) {
    if (r->phase != b) machine_trace(m, TRACE_REQUEST_PHASE, (int64_t)r->number, b, 0, NULL);
    r->phase = b;
}

void request_leave(struct machine *m, struct request *r, enum blame b) {
    request_settle(m, r);
    let_go(r);
    set_phase(m, r, b);
}

void request_phase(struct machine *m, struct request *r, enum blame b) {
    request_settle(m, r);
    set_phase(m, r, b);
}

static void follow(struct machine *m, struct request *r, struct thread *t, bool behind) {
    request_settle(m, r);
    let_go(r);
    r->carrier = t;
    r->behind = behind;
    r->before = spent_by(t, machine_now(m));
    set_phase(m, r, behind ? BLAME_LOOP : BLAME_SERVICE);
}

void request_carry(struct machine *m, struct request *r, struct thread *t) {
    follow(m, r, t, false);
    t->request = r;
}

void request_await(struct machine *m, struct request *r, struct thread *t) {
    follow(m, r, t, true);
}

sim_time request_demand(struct machine *m, const struct request *r, int step) {
    const struct dist *d = &request_endpoint(m, r)->step[step].time;
    if (d->kind == DIST_CONSTANT) return (sim_time)(d->a + 0.5);
    struct rng *g = &m->stream[STREAM_DEMAND];
    rng_seek(g, r->number << STEP_BITS | (uint64_t)step);
    return machine_span(dist_draw(d, g));
}

void request_alarm_in(struct machine *m, struct request *r, sim_time ns,
                      void (*alarm)(struct machine *m, struct request *r)) {
    r->alarm = alarm;
    timer_set(m->sim, r->timer, machine_after(m, ns));
}
