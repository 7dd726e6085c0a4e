#pragma once
// Requests: data, never threads. Each keeps the books of where its time went (enum blame); every ns of it is in one
// place, which the ledger checks when the request ends.
#include "models/parts/thread.h"
#include "scenario/result.h"

struct conn;
struct loop;
struct user;

// What a thread has spent in the states that are not its request's own doing, ns; the rest of the time it was blocked.
struct spent {
    int64_t runnable, running, lock;
};

struct request {
    uint64_t number;        // order of birth: decides what it demands
    int endpoint, step;     // step: the next of its handler to be done
    int hops;               // loop iterations still to pass before the pool has it
    enum blame phase;       // where time goes now; with a carrier: where its blocked time goes
    sim_time born;          // intended start; latency counts from here
    sim_time entered;       // counted as in the system from here
    sim_time stamp;         // entered the station it is in (pool queue, resource queue)
    sim_time mark;          // books closed up to here
    struct thread *carrier; // whose states decide where its time goes; NULL: all of it goes to `phase`
    struct spent before;    // of the carrier, at `mark`
    int64_t blame[BLAME_COUNT];
    struct conn *conn;
    const struct cpu *written_on; // core on which the response was written; NULL = another machine's
    struct user *user;            // the client's side; NULL once it gave up
    struct request *next;         // of whatever queue it is in
    struct act (*task)(struct machine *m, struct loop *l,
                       struct request *r);                 // what an event loop does with it next
    void *place;                                           // whoever is to be told when its wait is over
    void *holder;                                          // the dispatch model's own: who serves it
    void (*granted)(struct machine *m, struct request *r); // called when its resource is free
    timer_id timer;                                        // its sleep in an event loop
    bool behind; // the carrier does not serve it yet: it is an event loop that will come round to it
    void (*alarm)(struct machine *m, struct request *r);
    struct machine *machine;
};

// First-in first-out queue through request.next.
struct request_queue {
    struct request *first, *last;
    int n;
};

// Pool of requests: nothing is allocated in steady state.
struct request_pool {
    struct request *free;
    struct request_chunk *chunks;
};

void request_pool_fini(struct request_pool *p);

// A request born at `born` (<= now), blamed on the client so far. `number` decides endpoint and demands.
struct request *request_new(struct request_pool *p, struct machine *m, uint64_t number, sim_time born);
void request_free(struct request_pool *p, struct request *r);

// A further attempt at a request: it was in the system from `entered` on, and `blame` says where its time went before.
void request_continue(struct machine *m, struct request *r, sim_time entered,
                      const int64_t blame[BLAME_COUNT]);

// Its latency counts from now on. It must have been with the client since its birth.
void request_restart(struct machine *m, struct request *r);

// From now on its time goes to `b`: to nobody's thread (leave), or, while a thread carries it, only the time in which
// that thread is blocked (phase); the thread's running, runnable and lock-waiting time goes where it belongs (carry).
void request_leave(struct machine *m, struct request *r, enum blame b);
void request_phase(struct machine *m, struct request *r, enum blame b);
void request_carry(struct machine *m, struct request *r, struct thread *t);
// It waits for thread t, a loop, to come round to it: t's own waits (for the lock, for a core) are its waits, and all
// else is the loop's lag.
void request_await(struct machine *m, struct request *r, struct thread *t);

// Closes the books at now; the sum of blame is then now - born.
void request_settle(struct machine *m, struct request *r);

// Demand of one step of its handler, ns, the same whenever and by whomever it is asked.
sim_time request_demand(struct machine *m, const struct request *r, int step);

// The handler of its endpoint.
static inline const struct endpoint *request_endpoint(const struct machine *m, const struct request *r) {
    return &m->scenario->endpoint[r->endpoint];
}

// The step of it that is to be done next.
static inline const struct handler_step *request_step(const struct machine *m, const struct request *r) {
    return &request_endpoint(m, r)->step[r->step];
}

// Calls `alarm` after ns (machine.current NULL).
void request_alarm_in(struct machine *m, struct request *r, sim_time ns,
                      void (*alarm)(struct machine *m, struct request *r));

static inline void request_queue_push(struct request_queue *q, struct request *r) {
    r->next = NULL;
    *(q->last ? &q->last->next : &q->first) = r;
    q->last = r;
    q->n++;
}

static inline void request_queue_push_front(struct request_queue *q, struct request *r) {
    r->next = q->first;
    q->first = r;
    if (!q->last) q->last = r;
    q->n++;
}

// NULL where it is empty.
static inline struct request *request_queue_pop(struct request_queue *q) {
    struct request *r = q->first;
    if (!r) return NULL;
    q->first = r->next;
    if (!q->first) q->last = NULL;
    q->n--;
    r->next = NULL;
    return r;
}
