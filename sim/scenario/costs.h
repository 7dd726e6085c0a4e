#pragma once
// What it costs: the cost profile. Every value carries where it came from and how sure it is. CPU costs are
// ns on a core of speed 1 (the core the profile was measured on); `costs: none` is all zero, no slices lost,
// ideal placement.
#include "base/err.h"
#include "base/text.h"
#include "base/units.h"
#include "engine/clock.h"

#include <stdbool.h>

enum provenance { FROM_NONE, FROM_PROBE, FROM_FIT, FROM_PUBLISHED, FROM_GUESS };

// One number with its interval and source. Times in ns, shares as fractions, counts as they are.
struct cost {
    double value, lo, hi; // lo = hi = value where no interval is known
    enum provenance from;
    char source[160];
};

enum { COSTS_CURVE = 8 };

// A cost that depends on a span: points (at, cost), ascending in `at`; between points linear in cost, before
// the first point `at` 0 costs 0 for `cold` and the first cost for `idle_exit`, after the last the last.
struct cost_curve {
    int points;
    struct {
        double at;
        struct cost cost;
    } point[COSTS_CURVE];
};

// The machine: scheduler and cores.
struct machine_costs {
    struct cost_curve idle_exit; // latency of waking a core, by how long it has been idle (a step function)
    struct cost
        wake_spread; // standard deviation of the logarithm of that latency; 0: it varies as `jitter` says
    struct cost wake_counted; // the part of it that the woken thread's CPU clock counts
    struct cost tick_restart; // added to both where the idle core had stopped its tick ...
    struct cost tick_kept;    // ... which it does from so long after a connection was closed on it
    struct cost wake_local;   // CPU the waker pays, target on its own core
    struct cost wake_remote;  // CPU the waker pays when another core must be told (inter-processor interrupt)
    struct cost wake_halted;  // ... and more where that core is halted
    struct cost
        halt_poll; // longest time for which a hypervisor waits awake when a virtual core halts; 0: it does not
    struct cost
        preempt_cpu; // CPU the waker pays where that core is busy and has to give way; 0: as wake_remote
    struct cost
        preempt_remote; // until a busy core gives way when another tells it to; at a burst's end or a tick at the latest
    struct cost switch_; // CPU per change of thread on a core
    struct cost halt;    // CPU added to what runs first on a core that idled
    struct cost
        send_rest; // part of a send (server.write, client.send) that comes after its receiver has been told
    struct cost connect_rest;  // part of client.connect that comes after the server has been told
    struct cost line;          // time in which a line of cache comes from another core
    struct cost line_near;     // as much of it is part of what was probed between two cores
    struct cost exit_lines;    // lines by which the latency of waking an idle core is longer
    struct cost wake_lines;    // lines that waking a thread on another core brings along, on either side
    struct cost migrate_lines; // lines that a thread brings along from the core it last ran on
    struct cost migrate;       // CPU a thread pays on a core other than its last
    struct cost slice;         // fair slice: how long a thread runs while others wait
    struct cost tick;          // period of the scheduler's clock
    struct cost tick_cpu;      // what its interrupt takes from the thread that runs
    struct cost base_slice;    // CPU a thread asks for at a time: its deadline is so far ahead (EEVDF)
    struct cost
        slice_exact; // 1: others get their turn when a slice of timed work ends, not only at the next tick
    struct cost
        sleeper_credit; // how far behind the queue's minimum a woken thread may be placed (virtual time)
    struct cost
        keep_lag; // 1: a thread keeps its lag behind the others over a sleep (EEVDF); 0: it gets that credit
    struct cost stay; // probability that a woken thread goes back to its previous core though it is busy
    struct cost wake_affine; // 1: a thread woken from another core goes to that one where it has less to do
    struct cost
        search_from; // utilisation of a core of late from which on a thread that is woken there looks for an idle
                     // one; 0: always
    struct cost
        search_pressure; // p: of n cores n (1 - (p x utilisation)^2) are searched for an idle one; 0: all
    struct cost pull;    // 1: a core going idle pulls a waiting thread from another queue; 0: never
    struct cost pull_by_success; // 1: it tries in proportion to how often of late it found one; 0: always
    struct cost pull_first;      // ... which is this share of its tries at the start
    struct cost pull_hot;        // no thread that ran within this span (its caches are warm where it is)
    struct cost balance_tick;    // 1: an idle core pulls at the ticks of a core on which threads wait
    struct cost balance;         // period at which idle cores take any waiting thread; 0 = never
    struct cost jitter;          // relative standard deviation of every stage's cost and wake-up latency
    struct cost timer_slack;     // added to each timed wait
    struct cost_curve cold;      // CPU added after a rest of its role, by the length of the rest
    struct cost_curve cold_busy; // the same after so long of a handler's own work
    struct cost cold_work;       // the work over which that addition is spent
    struct cost slow_share;      // share of the time in which each core is slower ...
    struct cost slow_speed;      // ... at this fraction of its speed ...
    struct cost slow_spread;     // ... the standard deviation of its logarithm from phase to phase ...
    struct cost slow_dwell;      // ... for this long at a time, on average
    struct cost interrupt_every; // the host's own tick interrupts a core that often; 0: it does not
    struct cost interrupt_cpu;   // ... for this long
    struct cost stolen_share; // share of the time in which host or system runs something else on the core ...
    struct cost stolen_time;  // ... for this long at a time, on average
    struct cost smt_yield;    // throughput of a core with both siblings busy, over one busy (1.0 .. 2.0)
    struct cost turbo_cores;  // with more hardware threads than this busy ...
    struct cost turbo_speed;  // ... all run at this fraction of their speed (1 = no turbo)
    struct cost ramp_after;   // a core idle longer than this ...
    struct cost ramp_time;    // ... runs for this long of busy time ...
    struct cost ramp_speed;   // ... at this fraction of its speed (1 = no ramp)
    struct cost fast_pull; // a thread this long on a core moves to an idle core of a faster class; 0 = never
};

// One stage of a server's path: CPU and the number of times the global lock is released and taken again in
// it.
struct stage_cost {
    struct cost cpu;
    struct cost releases;
};

// The runtime and server framework, per worker process.
struct server_costs {
    struct stage_cost poll;      // one loop iteration
    struct stage_cost accept;    // one connection: accept, set-up
    struct stage_cost read;      // read and parse one request
    struct stage_cost call;      // route and call the handler, per request
    struct stage_cost write;     // serialise and send one response
    struct stage_cost close;     // tear one connection down
    struct stage_cost hand_off;  // loop side of handing a request to the pool
    struct stage_cost complete;  // loop side of taking a result back from the pool
    struct stage_cost pool_work; // pool-thread side: take, run, report
    struct stage_cost watch;     // thread_per_request: a kept connection is given back to be watched
    struct stage_cost suspend;   // an await that suspends (sleep, resource) and resumes later
    struct cost
        adopt; // what a loop pays beyond accept and close to poll a connection: registering it and back
    struct cost hop_polls;    // further loop iterations a hand-off needs before the pool has the request
    struct cost accept_empty; // CPU of a wake-up that found the accept queue empty
    struct cost accept_last;  // CPU of the accept that ends a drain, finding nothing
    struct cost
        call_at_once; // 1: what was read is handled at once (libuv, Node.js); 0: in the next turn (asyncio)
    struct cost batch_flush; // 1: responses leave when the loop has run its whole batch (uvloop); 0: at once
    struct cost close_later; // 1: close happens one iteration after the response; 0: at the end of the turn
    struct cost close_at_once; // 1: right after the response
    struct cost timed_cpu;     // 1: a handler's `cpu` is time on a core, not work
    struct cost
        wake_releases; // 1: the pool thread drops the lock to wake the loop (asyncio); 0: holds it (uvloop)
    struct cost wake;  // CPU of that wake-up call
    struct cost spawn; // CPU of starting a pool thread, each side
    struct cost block; // CPU a thread pays for a blocking call that really blocks (sleep, resource)
    struct cost lines; // lines of cache that a request brings along which was sent on another core
    struct cost connect_lines; // the same of a new connection
};

// The global lock's own costs.
struct lock_costs {
    struct cost wait;     // CPU of a wait that had to sleep (futex calls), paid on waking
    struct cost signal;   // CPU of a release that must signal a waiter, without the wake-up itself
    struct cost handover; // CPU lost by the thread that takes the lock after a forced hand-over
    struct cost
        condition; // 1: built of glibc's mutex and condition (2.25 to 2.40), with their convoys; 0: ideal ones
    struct cost syscall; // length of a system call during which the lock is released
};

// The runtime's collector.
struct gc_costs {
    struct cost requests_per_young; // requests between young (generation 0) passes; 0 = no collector
    struct cost
        per_connection; // part of a request's allocations that its connection made, 0..1: a kept one has not
    struct cost hand_off;            // what handing a request to the pool allocates, in requests
    struct cost young;               // CPU of a young pass
    struct cost middle_every;        // young passes per middle pass
    struct cost middle;              // CPU of a middle pass
    struct cost full_every;          // middle passes per full pass
    struct cost full;                // CPU of a full pass
    struct cost full_per_connection; // added per open connection
};

// The load generator, CPU on its machine.
struct client_costs {
    struct cost connect; // a new connection and its close, per request that needs one
    struct cost close;   // the part of it when the connection ends
    struct cost request; // send one request, read its response
    struct cost send;    // the part of it before the request leaves
    struct cost poll;    // one iteration of its loop
    struct cost lead;    // open loop: awake so long before a request is due
    struct cost lines;   // lines of cache that a response brings along which was written on another core
    struct cost connect_lines; // the same of a connection that was made for it
};

struct costs {
    char name[64];                        // the profile's file name, "none"
    char host[128], kernel[64], date[32]; // provenance of the whole
    bool none;                            // `costs: none`
    struct machine_costs machine;
    struct server_costs server;
    struct lock_costs lock;
    struct gc_costs gc;
    struct client_costs client;
    struct cost
        speed; // speed index (live/host_speed.h) beside a load, that the CPU costs are for; 0 = not known
    struct cost quiet_speed; // the same of an otherwise quiet machine
    struct cost
        pace; // iterations of the server's own kind of work in 1 ms of CPU, at that speed; 0 = not known
    struct cost
        dense; // speed of dense work (live/host_dense.h) that the CPU costs and `pace` are for; 0 = not known
    struct cost network; // one-way latency between a client elsewhere and the server
};

// Multiplies every cost that is CPU (stages, wake-ups, switches, lock, collector, client; not latencies, slices or counts)
// by `factor` > 0: the same work on a machine 1/factor as fast.
void costs_scale(struct costs *c, double factor);

// How many times as long the profile's work takes where these speeds are seen (0 = not known): as dense work says, else as the
// server's own pace, else as the speed index, of those that the profile and the caller both know; 0 where there is none.
double costs_slower_by(const struct costs *c, double dense, double pace, double speed);

// One number of a profile and what it may be.
struct cost_item {
    char key[64]; // "server.accept.cpu"; of a point of a curve "machine.cold.1.cost", points counted from 0
    struct cost *cost; // in the profile
    enum unit unit;    // UNIT_SPAN (ns), UNIT_FRAC or UNIT_NONE
    double min, max;   // legal range of the value
    bool above;        // `min` itself is not allowed
    bool on_off;       // 0 or 1 and nothing between
};

// Calls visit for every number of the profile, curve by curve and point by point, in the order of the key table. The
// item lives as long as the call; its cost may be changed. Cost: about 20 ns a number.
void costs_each(struct costs *c, void (*visit)(void *context, const struct cost_item *item), void *context);

// All zero, ideal machine: slices of 1 ms, free switches, perfect placement (an idle core is found and pulls
// what waits), two SMT siblings as good as two cores, no ramp.
void costs_none(struct costs *c);

// Reads a profile (YAML). What it does not name stays as costs_none has it, with provenance FROM_NONE. The
// profile's name is the file's without folder and ending. False with *e: ERR_CONFIG with file:line:col,
// ERR_HOST where the file cannot be read.
bool costs_load(struct costs *c, const char *path, struct err *e);

// The same from memory; `name` stands for the file.
bool costs_load_text(struct costs *c, const char *name, const char *text, struct err *e);

// The profile as YAML that costs_load reads back to the very same values. FROM_NONE values are left out.
void costs_format(const struct costs *c, struct text *out);

// Writes that to `path` through a temporary file beside it, so that a reader never sees half a profile.
// False with *e (ERR_HOST).
bool costs_save(const struct costs *c, const char *path, struct err *e);

// "none", "probe", "fit", "published", "guess".
const char *costs_provenance_name(enum provenance p);
