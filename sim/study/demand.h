#pragma once
// What a request needs of each station, from the scenario alone: the input of every analytic bound and formula.
// Everything in s on the fastest core of the machine. Only what each request must spend is counted: what can be shared
// (turns of a loop), what may not happen (wake-ups, cold restarts, switches, collector passes) and what happens after the
// response (closing) is left out. So the real need is never less.
#include "scenario/result.h"
#include "scenario/scenario.h"

// How a dispatch model uses its stations. A model not known here needs what its handler needs.
enum demand_way { DEMAND_OTHER, DEMAND_LOOP, DEMAND_POOL, DEMAND_THREADS, DEMAND_PROCESS };

// Of one station: mean per request and squared coefficient of variation of what requests need (0 where the mean is 0).
struct need {
    double mean_s, scv;
};

struct demand {
    enum demand_way way;
    double speed;       // of the fastest core
    double cores;       // work the cores do in a second at most, in units of the fastest core
    struct need loop;   // the event loop's thread; of thread_per_request the acceptor
    struct need lock;   // held; 0 where there is no lock
    struct need cpu;    // of server and, where it runs here, client
    struct need pool;   // a place of the pool, thread or process
    struct need client; // the load generator's thread, where it runs on the server's machine
    struct need resource[SEEN_RESOURCES];
    struct need total;                  // the shortest a response can take: no queue anywhere
    double floor_s;                     // no request takes less than this
    double handler_cpu;                 // mean of the handler's own steps, s: with the lock ...
    double handler_nogil, handler_wait; // ... without it, and waiting
    double pool_wait,
        pool_resource
            [SEEN_RESOURCES]; // of handler_wait and resource, what is waited for in a place of the pool
};

void demand_of(const struct scenario *s, struct demand *d);
