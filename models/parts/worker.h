#pragma once
// One server process: its global lock, its collector, its resources, what its stages cost; the parts that any dispatch
// model needs one of. Threads of the model find it through their own state.
#include "models/model.h"
#include "models/parts/collector.h"
#include "models/parts/ledger.h"
#include "models/parts/lock.h"
#include "models/parts/resource.h"
#include "models/parts/socket.h"

// A stage's cost in whole ns and releases.
struct stage {
    sim_time cpu;
    int releases;
};

// adopt: an accept by a loop, which registers the connection as well.
struct stages {
    struct stage poll, accept, adopt, read, call, write, close, hand_off, complete, pool_work, watch, suspend;
    sim_time accept_empty, accept_last, wake, spawn, block;
    int hop_polls;
    bool call_at_once, batch_flush, close_later, close_at_once, timed_cpu, wake_releases;
};

struct server;

struct worker {
    struct machine *machine;
    struct server *server;
    int index;
    struct lock lock;
    struct collector collector;
    struct role loop_role, pool_role;
    struct resource **resource; // as scenario.resource; shared ones are one for all workers
    struct stages cost;
    struct listener *listener; // the common one, or its own with reuseport
    struct thread *loop;       // its loop or acceptor thread, NULL where the model has none
    struct resource *pool;     // its limit of threads at work, NULL where the model has none
    void *state;               // the model's own
};

// The whole simulated server.
struct server {
    struct machine *machine;
    const struct model *model;
    struct net net;
    int workers;
    struct worker *worker;
    struct resource *shared, *own; // storage of the resources
};

void server_init(struct server *s, struct machine *m, const struct model *model);
void server_fini(struct server *s);

// Totals since the start, for the ledger.
void server_sample(struct server *s, struct ledger_totals *totals);

// The laws that every run must obey at any moment; false with *e naming the one that is broken.
bool server_audit(struct server *s, struct err *e);

// As thread_run(), for a handler's step of `ns` of CPU: it is time and not work where the server burns time
// (server.timed_cpu).
struct act worker_burn(const struct worker *w, struct thread *t, sim_time ns, thread_step next);

// A connection was accepted or closed by this process.
struct conn *worker_accept(struct worker *w);
void worker_close(struct worker *w, struct conn *c);

// Whether the connection stays open after this response; tells the client so.
bool worker_keeps(const struct worker *w, struct conn *c);

// The collector's passes, if one is due for a request's allocations, then `next`. Needs the lock.
struct act worker_collect(struct worker *w, struct thread *t, thread_step next);

// `count` times a stage as one burst of the calling thread.
struct act worker_stage(struct worker *w, struct thread *t, const struct stage *s, int count,
                        thread_step next);
