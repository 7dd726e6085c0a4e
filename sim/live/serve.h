#pragma once
// The real twin: a micro-server that executes a scenario with real sockets, threads and locks on 127.0.0.1.
#include "scenario/scenario.h"

#include <stdint.h>
#include <sys/types.h>

struct serve;

struct serve_options {
    int port;      // 0 = any free port
    bool http_log; // one line a request on stderr
};

// Starts scenario->server.workers processes that share a listening socket (or have one each with reuseport), each
// running the dispatch of scenario->server.model, and returns when all accept connections. NULL with *e (ERR_HOST).
struct serve *serve_start(const struct scenario *s, const struct serve_options *o, struct err *e);

// The port it listens on, and the process ids of its workers (n of them), for reading their scheduler statistics.
int serve_port(const struct serve *v);
const pid_t *serve_pids(const struct serve *v, int *n);

// Asks every worker to finish what it has begun (SIGTERM), waits at most `grace` ns, then ends them (SIGKILL), reaps
// them and frees v. False with *e where a worker had died before (its signal or exit code is named).
bool serve_stop(struct serve *v, int64_t grace, struct err *e);
