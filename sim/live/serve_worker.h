#pragma once
// One process of the micro-server, as its dispatch (serve_NAME.c) and the parts around it see it.
#include "live/bounded.h"
#include "live/gil.h"
#include "live/http.h"
#include "scenario/result.h"

#include <stdatomic.h>

// Times the lock is released and taken again in a stage, from the cost profile.
struct serve_releases {
    int poll, accept, read, call, write, close, hand_off, complete, pool_work, suspend;
    bool wake;
};

// serve_seen, in memory that the parent sees. Written by any thread of the worker.
struct serve_tally {
    _Atomic int64_t connections, requests, unknown, malformed, refused, aborted, dropped, threads,
        lock_switches, lock_forced, turns;
    _Atomic int64_t endpoint[SEEN_ENDPOINTS]; // requests of each
};

struct serve_worker {
    const struct scenario *scenario;
    int index;
    int listener;          // its own, or all workers'
    int signals, lifeline; // readable: it is time to stop. A signalfd; a pipe that ends with the parent
    int ready;             // pipe on which the parent waits for a byte
    int spare;             // file descriptor kept for turning connections away when there are no others
    bool log;
    struct gil gil;
    struct serve_releases releases;
    struct serve_tally *tally;
    _Atomic uint64_t *requests; // the number of the next request, common to all workers
    atomic_bool *over;          // all workers are to stop
    struct bounded **resource;  // as scenario.resource ...
    int *resource_index;        // ... and what this worker is called there
};

// A thread of a worker. Its address is what the lock knows it by.
struct serve_hand {
    struct serve_worker *worker;
    int slot; // 0.. threads of the pool, as bounded.h counts them
};

// A dispatch: what serve_NAME.c exports.
struct serve_twin {
    const char *name;
    bool blocking; // its threads block in accept
    // Serves until it is told to stop, then finishes what it has begun. Calls serve_worker_ready once it accepts. False
    // with *e (ERR_HOST) where it cannot.
    bool (*run)(struct serve_worker *w, struct err *e);
};

extern const struct serve_twin serve_twin_event_loop, serve_twin_threadpool, serve_twin_thread_per_request,
    serve_twin_prefork;

// Tells the parent that the worker accepts connections.
void serve_worker_ready(struct serve_worker *w);

// Refuses new connections from now on, where all workers stop: others may go on with the socket where only this one does.
void serve_worker_shut(const struct serve_worker *w);

// Most threads of this worker that execute handlers by themselves (blocking), >= 1.
int serve_worker_threads(const struct scenario *s);

// Adds one to a count of the tally.
static inline void serve_tally_add(_Atomic int64_t *count) {
    atomic_fetch_add_explicit(count, 1, memory_order_relaxed);
}

// A system call with the lock released around it, where `releases` says so:
// serve_hand_out(h, n); call; serve_hand_in(h, n). Of n releases the first is around the call, the others around a short
// system call of their own. serve_hand_stage is n of the latter kind.
void serve_hand_out(struct serve_hand *h, int releases);
void serve_hand_in(struct serve_hand *h, int releases);
void serve_hand_stage(struct serve_hand *h, int releases);

// Accepts a connection (`flags` as accept4); a file descriptor, SERVE_NONE or SERVE_OVER (the listening socket is shut).
// Where there are no file descriptors left the connection is closed and counted as refused.
enum { SERVE_NONE = -1, SERVE_OVER = -2 };
int serve_hand_accept(struct serve_hand *h, int flags);

// What is to be done for a request. Endpoint -1: nobody knows the path.
struct serve_work {
    uint64_t number;
    int endpoint;
};
struct serve_work serve_work_of(struct serve_worker *w, const struct http_request *r);

// Burns ns of CPU holding the lock, giving it up where it is asked for; without the lock.
void serve_hand_compute(struct serve_hand *h, int64_t ns);
void serve_hand_compute_unlocked(struct serve_hand *h, int64_t ns);

// Executes all steps, blocking. Enters and leaves holding the lock.
void serve_hand_perform(struct serve_hand *h, const struct serve_work *work);

// Counts an answer (the status; gone: the client did not get it; endpoint: that of a 200) and writes the log's line.
void serve_worker_answered(struct serve_worker *w, const struct http_request *r, int endpoint, int status,
                           bool gone);

// Whether the connection stays open after this request.
bool serve_worker_keeps(const struct serve_worker *w, const struct http_request *r);
