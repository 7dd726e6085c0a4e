#include "study/demand.h"

#include <math.h>
#include <string.h>

// One kind of need over the endpoints: sums of p * mean and of p * (variance + mean^2).
struct moments {
    double first, second;
};

static void take(struct moments *m, double share, double mean, double variance) {
    m->first += share * mean;
    m->second += share * (variance + mean * mean);
}

static struct need need_of(const struct moments *m) {
    double variance = fmax(m->second - m->first * m->first, 0);
    return (struct need){m->first, m->first > 0 ? variance / (m->first * m->first) : 0};
}

static double least(const struct dist *d) {
    switch (d->kind) {
    case DIST_CONSTANT:
    case DIST_PARETO:
    case DIST_UNIFORM: return d->a * 1e-9;
    default: return 0; // an empirical table is not searched: 0 is true of it too
    }
}

// Mean of a step, s. Where the variance is infinite a finite sample says little about the mean: only the least counts.
static double mean_of(const struct dist *d, double *variance) {
    double mean = dist_mean(d) * 1e-9, scv = dist_scv(d);
    *variance = 0;
    if (!isfinite(mean) || !isfinite(scv)) return least(d);
    *variance = scv * mean * mean;
    return mean;
}

// What the handler of one endpoint needs.
struct handler {
    double cpu, nogil, wait, floor, cpu_var, nogil_var, wait_var;
    double use[SEEN_RESOURCES], use_var[SEEN_RESOURCES];
    int waits;
};

static void add_wait(struct handler *h, const struct handler_step *step, double mean, double variance) {
    h->wait += mean;
    h->wait_var += variance;
    h->waits++;
    if (step->kind != STEP_USE || step->resource >= SEEN_RESOURCES) return;
    // Two uses of a resource in one request are added as if independent, which they are.
    h->use[step->resource] += mean;
    h->use_var[step->resource] += variance;
}

static struct handler handler_of(const struct endpoint *p, double speed) {
    struct handler h = {0};
    for (int i = 0; i < p->steps; i++) {
        const struct handler_step *step = &p->step[i];
        double variance, mean = mean_of(&step->time, &variance);
        bool computes = step->kind == STEP_CPU || step->kind == STEP_CPU_NOGIL;
        h.floor += least(&step->time) / (computes ? speed : 1);
        if (!computes) {
            add_wait(&h, step, mean, variance);
        } else {
            *(step->kind == STEP_CPU ? &h.cpu : &h.nogil) += mean / speed;
            *(step->kind == STEP_CPU ? &h.cpu_var : &h.nogil_var) += variance / (speed * speed);
        }
    }
    return h;
}

// The server's stages, s at the fastest core: all of it, and the part during which the lock is held.
struct path {
    double loop, loop_held, thread, thread_held;
};

static double stage(const struct scenario *s, const struct stage_cost *c, double speed, double *held) {
    double cpu = c->cpu.value * 1e-9, away = c->releases.value * s->costs.lock.syscall.value * 1e-9;
    *held += fmax(cpu - away, 0) / speed;
    return cpu / speed;
}

static void loop_stage(const struct scenario *s, struct path *p, const struct stage_cost *c, double speed) {
    p->loop += stage(s, c, speed, &p->loop_held);
}

static void thread_stage(const struct scenario *s, struct path *p, const struct stage_cost *c, double speed) {
    p->thread += stage(s, c, speed, &p->thread_held);
}

static struct path path_of(const struct scenario *s, enum demand_way way, bool pooled, int waits,
                           double speed) {
    const struct server_costs *c = &s->costs.server;
    struct path p = {0};
    if (way == DEMAND_OTHER) return p;
    bool loop = way == DEMAND_LOOP || way == DEMAND_POOL;
    void (*add)(const struct scenario *, struct path *, const struct stage_cost *, double) =
        loop ? loop_stage : thread_stage;
    // The acceptor of thread_per_request is a thread of its own.
    if (!s->load.keep_alive) (way == DEMAND_PROCESS ? thread_stage : loop_stage)(s, &p, &c->accept, speed);
    add(s, &p, &c->read, speed);
    add(s, &p, &c->call, speed);
    add(s, &p, &c->write, speed);
    if (way == DEMAND_POOL && pooled) {
        loop_stage(s, &p, &c->hand_off, speed);
        loop_stage(s, &p, &c->complete, speed);
        thread_stage(s, &p, &c->pool_work, speed);
    }
    for (int i = 0; loop && !pooled && i < waits; i++) loop_stage(s, &p, &c->suspend, speed);
    if (!loop || pooled) p.thread += waits * c->block.value * 1e-9 / speed; // without the lock
    return p;
}

static enum demand_way way_of(const char *model) {
    static const struct {
        const char *model;
        enum demand_way way;
    } known[] = {{"event_loop", DEMAND_LOOP},
                 {"threadpool", DEMAND_POOL},
                 {"thread_per_request", DEMAND_THREADS},
                 {"prefork", DEMAND_PROCESS}};
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
        if (!strcmp(known[i].model, model)) return known[i].way;
    return DEMAND_OTHER;
}

static double fastest(const struct machine_spec *m) {
    double speed = 0;
    for (int i = 0; i < m->classes; i++) speed = fmax(speed, m->class[i].speed);
    return speed;
}

// Siblings together do smt_yield times the work of one thread; with more than turbo_cores busy all are slowed down.
static double cores_of(const struct scenario *s, double speed) {
    const struct machine_costs *c = &s->costs.machine;
    double all = 0;
    for (int i = 0; i < s->machine.classes; i++) {
        const struct core_class *k = &s->machine.class[i];
        all += k->count * k->speed / speed * (k->smt == 2 ? fmax(c->smt_yield.value, 1) : 1);
    }
    return fmax(fmin(all, c->turbo_cores.value), all * c->turbo_speed.value);
}

static double client_cpu(const struct scenario *s, double speed) {
    const struct client_costs *c = &s->costs.client;
    double connect = s->load.keep_alive ? 0 : c->connect.value;
    return s->load.place == PLACE_SERVER ? (connect + c->request.value) * 1e-9 / speed : 0;
}

// Sums over the endpoints.
struct sums {
    struct moments loop, lock, cpu, pool, total, resource[SEEN_RESOURCES];
};

static void add_endpoint(const struct scenario *s, struct demand *d, const struct endpoint *e, double share,
                         double client, struct sums *sum) {
    bool pooled = d->way == DEMAND_POOL && e->dispatch != DISPATCH_LOOP;
    struct handler h = handler_of(e, d->speed);
    struct path p = path_of(s, d->way, pooled, h.waits, d->speed);
    bool in_loop = d->way == DEMAND_LOOP || (d->way == DEMAND_POOL && !pooled);
    double cpu = h.cpu + h.nogil, cpu_var = h.cpu_var + h.nogil_var, stages = p.loop + p.thread;
    double network = s->load.place == PLACE_SERVER ? 0 : 2 * s->costs.network.value * 1e-9;
    take(&sum->loop, share, p.loop + (in_loop ? cpu : 0), in_loop ? cpu_var : 0);
    if (s->server.gil && d->way != DEMAND_OTHER)
        take(&sum->lock, share, p.loop_held + p.thread_held + h.cpu, h.cpu_var);
    take(&sum->cpu, share, stages + cpu + client, cpu_var);
    if (!in_loop && d->way != DEMAND_OTHER) {
        take(&sum->pool, share, p.thread + cpu + h.wait, cpu_var + h.wait_var);
        d->pool_wait += share * h.wait;
        for (int r = 0; r < SEEN_RESOURCES; r++) d->pool_resource[r] += share * h.use[r];
    }
    take(&sum->total, share, stages + cpu + h.wait + network, cpu_var + h.wait_var);
    for (int r = 0; r < s->resources && r < SEEN_RESOURCES; r++)
        take(&sum->resource[r], share, h.use[r], h.use_var[r]);
    d->floor_s = fmin(d->floor_s, h.floor + network);
    d->handler_cpu += share * h.cpu;
    d->handler_nogil += share * h.nogil;
    d->handler_wait += share * h.wait;
}

void demand_of(const struct scenario *s, struct demand *d) {
    struct sums sum = {0};
    double weight = 0;
    *d = (struct demand){.way = way_of(s->server.model), .speed = fastest(&s->machine), .floor_s = INFINITY};
    d->cores = cores_of(s, d->speed);
    double client = client_cpu(s, d->speed);
    for (int i = 0; i < s->endpoints; i++) weight += s->endpoint[i].weight;
    for (int i = 0; i < s->endpoints; i++)
        add_endpoint(s, d, &s->endpoint[i], s->endpoint[i].weight / weight, client, &sum);
    d->loop = need_of(&sum.loop);
    d->lock = need_of(&sum.lock);
    d->cpu = need_of(&sum.cpu);
    d->pool = need_of(&sum.pool);
    d->total = need_of(&sum.total);
    d->client = (struct need){client, 0};
    for (int r = 0; r < s->resources && r < SEEN_RESOURCES; r++) d->resource[r] = need_of(&sum.resource[r]);
}
