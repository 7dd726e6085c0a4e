#pragma once
// What the processes of one micro-server have in common, made by the parent before it forks; and a worker's life.
#include "live/serve_worker.h"

// One worker's, in memory that all processes see.
struct serve_report {
    struct serve_tally tally;
    struct err error; // written by the worker before it ends badly
};

struct serve_common {
    const struct scenario *scenario;
    const struct serve_twin *twin;
    bool log;
    int lifeline;                // read end, -1 = none yet
    int listeners, *listener;    // file descriptors
    struct bounded **resource;   // shared ones; NULL where each worker has its own
    struct serve_report *report; // [workers]
    _Atomic uint64_t *requests;
    atomic_bool *over; // all workers are to stop
    void *mapping;
    size_t bytes;
};

// Allocates what `scenario` needs; the rest of *c is as the caller set it. False with *e (ERR_HOST); then and later
// serve_common_fini releases and closes everything.
bool serve_common_init(struct serve_common *c, struct err *e);
void serve_common_fini(struct serve_common *c);

// Closes this process's listening sockets; others that have them keep them.
void serve_common_close(struct serve_common *c);

// Shuts the listening sockets that this process still has down for every process: new connections are refused, a blocked
// accept returns.
void serve_common_shut(struct serve_common *c);

// A socket listening on 127.0.0.1:*port (0 = any; *port then says which), or -1 with *e (ERR_HOST).
int serve_listen(int *port, int backlog, bool reuse_port, bool blocking, struct err *e);

// Resource i of the scenario for `workers` processes. NULL with *e.
struct bounded *serve_resource(const struct scenario *s, int i, int workers, struct err *e);

// In the forked process: serves until stopped. False where that failed; the error is in the worker's report.
bool serve_process(struct serve_common *c, int index, int ready);
