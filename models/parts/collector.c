#include "models/parts/collector.h"

#include "models/parts/thread.h"

void collector_init(struct collector *c, struct machine *m) {
    const struct gc_costs *k = &m->scenario->costs.gc;
    struct rng *r = &m->stream[STREAM_COLLECTOR];
    *c = (struct collector){.requests_per_young = k->requests_per_young.value,
                            .per_connection = k->per_connection.value,
                            .hand_off = k->hand_off.value,
                            .middle_every = k->middle_every.value >= 1 ? (int)k->middle_every.value : 1,
                            .full_every = k->full_every.value >= 1 ? (int)k->full_every.value : 1,
                            .young_cpu = machine_ns(&k->young),
                            .middle_cpu = machine_ns(&k->middle),
                            .full_cpu = machine_ns(&k->full),
                            .full_cpu_per_connection = machine_ns(&k->full_per_connection)};
    c->enabled = m->scenario->server.gc && c->requests_per_young > 0;
    c->young = rng_unit(r) * c->requests_per_young;
    c->middle = (int)rng_below(r, (uint64_t)c->middle_every);
    c->full = (int)rng_below(r, (uint64_t)c->full_every);
}

void collector_open(struct collector *c) {
    c->connections++;
    c->young += c->per_connection;
}

void collector_hand_off(struct collector *c) {
    c->young += c->hand_off;
}

static sim_time pass(struct collector *c, struct machine *m) {
    c->young -= c->requests_per_young;
    if (++c->middle < c->middle_every) return c->young_cpu;
    c->middle = 0;
    if (++c->full < c->full_every) return c->middle_cpu;
    c->full = 0;
    machine_trace(m, TRACE_INSTANT, m->current ? m->current->id : -1, 0, 0, "full collection");
    return c->full_cpu + c->full_cpu_per_connection * c->connections;
}

sim_time collector_allocate(struct collector *c, struct machine *m) {
    sim_time ns = 0;
    if (!c->enabled) return 0;
    for (c->young += 1 - c->per_connection; c->young >= c->requests_per_young;) ns += pass(c, m);
    return ns;
}
