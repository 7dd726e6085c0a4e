#include "models/parts/worker.h"

#include "base/require.h"
#include "models/parts/cpu.h"

#include <stdlib.h>

static struct stage stage_of(const struct stage_cost *c) {
    return (struct stage){machine_ns(&c->cpu), (int)(c->releases.value + 0.5)};
}

static struct stages stages_of(const struct server_costs *c) {
    return (struct stages){
        .poll = stage_of(&c->poll),
        .accept = stage_of(&c->accept),
        .adopt = {machine_ns(&c->accept.cpu) + machine_ns(&c->adopt), stage_of(&c->accept).releases},
        .read = stage_of(&c->read),
        .call = stage_of(&c->call),
        .write = stage_of(&c->write),
        .close = stage_of(&c->close),
        .hand_off = stage_of(&c->hand_off),
        .complete = stage_of(&c->complete),
        .pool_work = stage_of(&c->pool_work),
        .watch = stage_of(&c->watch),
        .suspend = stage_of(&c->suspend),
        .accept_last = machine_ns(&c->accept_last),
        .accept_empty = machine_ns(&c->accept_empty),
        .wake = machine_ns(&c->wake),
        .spawn = machine_ns(&c->spawn),
        .block = machine_ns(&c->block),
        .hop_polls = (int)(c->hop_polls.value + 0.5),
        .call_at_once = c->call_at_once.value > 0,
        .batch_flush = c->batch_flush.value > 0,
        .close_later = c->close_later.value > 0,
        .close_at_once = c->close_at_once.value > 0,
        .timed_cpu = c->timed_cpu.value > 0,
        .wake_releases = c->wake_releases.value > 0};
}

static void worker_init(struct server *s, int index) {
    struct machine *m = s->machine;
    const struct scenario *sc = m->scenario;
    struct worker *w = &s->worker[index];
    *w = (struct worker){.machine = m,
                         .server = s,
                         .index = index,
                         .cost = stages_of(&sc->costs.server),
                         .listener = &s->net.listener[s->net.listeners > 1 ? index : 0]};
    w->cost.write.cpu -= m->t.write_rest; // conn_reply charges it
    lock_init(&w->lock, m, sc->server.gil);
    collector_init(&w->collector, m);
    w->resource = calloc((size_t)sc->resources + 1, sizeof(struct resource *));
    REQUIRE(w->resource);
    for (int i = 0; i < sc->resources; i++)
        w->resource[i] = sc->resource[i].shared ? &s->shared[i] : &s->own[index * sc->resources + i];
}

void server_init(struct server *s, struct machine *m, const struct model *model) {
    const struct scenario *sc = m->scenario;
    size_t resources = (size_t)sc->resources + 1, workers = (size_t)sc->server.workers;
    *s = (struct server){.machine = m, .model = model, .workers = sc->server.workers};
    net_init(&s->net, m, sc->server.accept == ACCEPT_REUSEPORT ? s->workers : 1, sc->server.backlog);
    s->worker = calloc(workers, sizeof *s->worker);
    s->shared = calloc(resources, sizeof *s->shared);
    s->own = calloc(resources * workers, sizeof *s->own);
    REQUIRE(s->worker && s->shared && s->own);
    for (int i = 0; i < sc->resources; i++) {
        resource_init(&s->shared[i], sc->resource[i].capacity, false);
        for (int w = 0; w < s->workers; w++)
            resource_init(&s->own[w * sc->resources + i], sc->resource[i].capacity, false);
    }
    for (int w = 0; w < s->workers; w++) worker_init(s, w);
    for (int w = 0; w < s->workers; w++) model->start(m, &s->worker[w]);
}

void server_fini(struct server *s) {
    for (int w = 0; s->worker && w < s->workers; w++) {
        if (s->model->stop) s->model->stop(&s->worker[w]);
        free(s->worker[w].resource);
    }
    free(s->worker);
    free(s->shared);
    free(s->own);
    net_fini(&s->net);
}

static void sample_worker(struct worker *w, struct station_seen *station) {
    struct machine *m = w->machine;
    if (w->loop) {
        struct station_seen *s = &station[LIMIT_LOOP];
        s->busy_s += (double)thread_spent(m, w->loop, THREAD_RUNNING) * 1e-9;
        s->servers += 1;
    }
    if (w->lock.enabled) {
        station[LIMIT_LOCK].busy_s += (double)lock_held(m, &w->lock) * 1e-9;
        station[LIMIT_LOCK].servers += 1;
    }
    if (w->pool) resource_sample(w->pool, m, &station[LIMIT_POOL]);
}

static void sample_threads(struct machine *m, struct ledger_totals *totals) {
    struct station_seen *station = totals->station;
    for (const struct thread *t = m->first_thread; t; t = t->all_next) {
        station[LIMIT_CORE].queue_s += (double)thread_spent(m, t, THREAD_RUNNABLE) * 1e-9;
        station[LIMIT_LOCK].queue_s += (double)thread_spent(m, t, THREAD_LOCK) * 1e-9;
        if (t->process >= 0) totals->server_cpu_s += (double)thread_spent(m, t, THREAD_RUNNING) * 1e-9;
    }
    for (int i = 0; i < m->cpus; i++) station[LIMIT_CORE].busy_s += (double)cpu_busy(m, &m->cpu[i]) * 1e-9;
    station[LIMIT_CORE].servers = m->cpus;
    totals->server_cpu_s += (double)m->counts.counted * 1e-9;
}

void server_sample(struct server *s, struct ledger_totals *totals) {
    struct machine *m = s->machine;
    struct station_seen *station = totals->station, *resource = totals->resource;
    const struct scenario *sc = m->scenario;
    for (int w = 0; w < s->workers; w++) sample_worker(&s->worker[w], station);
    sample_threads(m, totals);
    net_sample(&s->net, &station[LIMIT_BACKLOG]);
    for (int i = 0; i < sc->resources && i < SEEN_RESOURCES; i++) {
        if (sc->resource[i].shared) resource_sample(&s->shared[i], m, &resource[i]);
        for (int w = 0; !sc->resource[i].shared && w < s->workers; w++)
            resource_sample(&s->own[w * sc->resources + i], m, &resource[i]);
    }
}

static bool audit_worker(struct worker *w, struct err *e) {
    struct machine *m = w->machine;
    sim_time now = machine_now(m);
    if (lock_held(m, &w->lock) > now)
        return err_set(e, ERR_BROKEN, "lock %d was held for longer than the run", w->index);
    if (w->pool && !station_holds(&w->pool->queue, now))
        return err_set(e, ERR_BROKEN, "Little's law fails at the pool queue of worker %d", w->index);
    for (int i = 0; i < m->scenario->resources; i++) {
        struct resource *x = w->resource[i];
        if (!station_holds(&x->queue, now) || x->used > x->capacity || x->queue.n != x->waiting.n)
            return err_set(e, ERR_BROKEN, "Little's law fails at resource %s", m->scenario->resource[i].name);
    }
    return true;
}

bool server_audit(struct server *s, struct err *e) {
    struct machine *m = s->machine;
    sim_time now = machine_now(m), ran = 0, busy = 0;
    for (const struct thread *t = m->first_thread; t; t = t->all_next) {
        sim_time sum = 0;
        for (int k = 0; k < THREAD_STATES; k++) sum += thread_spent(m, t, (enum thread_state)k);
        ran += thread_spent(m, t, THREAD_RUNNING);
        if (sum > now) return err_set(e, ERR_BROKEN, "thread %s lived longer than the run", t->name);
    }
    for (int i = 0; i < m->cpus; i++) {
        sim_time b = cpu_busy(m, &m->cpu[i]);
        if (b > now) return err_set(e, ERR_BROKEN, "core %d was busy for longer than the run", i);
        busy += b;
    }
    if (busy != ran)
        return err_set(e, ERR_BROKEN, "utilisation law: cores were busy %lld ns, threads ran %lld ns",
                       (long long)busy, (long long)ran);
    for (int i = 0; i < s->net.listeners; i++)
        if (!station_holds(&s->net.listener[i].queue, now))
            return err_set(e, ERR_BROKEN, "Little's law fails at the listening queue");
    for (int w = 0; w < s->workers; w++)
        if (!audit_worker(&s->worker[w], e)) return false;
    return true;
}

struct conn *worker_accept(struct worker *w) {
    struct conn *c = listener_accept(w->machine, w->listener);
    if (c) collector_open(&w->collector);
    return c;
}

void worker_close(struct worker *w, struct conn *c) {
    w->collector.connections--;
    conn_close(w->machine, c);
}

bool worker_keeps(const struct worker *w, struct conn *c) {
    bool keeps = w->machine->scenario->server.keep_alive && c->reusable && !c->client_gone;
    c->last = !keeps;
    return keeps;
}

struct act worker_stage(struct worker *w, struct thread *t, const struct stage *s, int count,
                        thread_step next) {
    struct machine *m = w->machine;
    return lock_stage(m, t, machine_vary(m, s->cpu * count, count), s->releases * count, next);
}

struct act worker_collect(struct worker *w, struct thread *t, thread_step next) {
    sim_time cpu = collector_allocate(&w->collector, w->machine);
    return cpu > 0 ? lock_deaf(t, cpu, next) : next(w->machine, t);
}

struct act worker_burn(const struct worker *w, struct thread *t, sim_time ns, thread_step next) {
    t->timed = w->cost.timed_cpu;
    t->burnt = ns;
    return thread_run(t, ns, next);
}
