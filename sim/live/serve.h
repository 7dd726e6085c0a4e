#pragma once
// The real twin: a micro-server that executes a scenario with real sockets, threads and locks on 127.0.0.1. For each
// model of models/models.def it has a twin of the same dispatch.
//
// A request's demands are drawn as the simulator draws them, from its number: the one it carries in the header
// `X-Request-Number`, else the count of requests that the server's processes have read so far. Its endpoint is the one
// its path names (/NAME, with %XX for
// what is unsafe there); a plain / is shared out by the weights, by number too. A span of `cpu` is a span of the
// thread's CPU time. Not imitated: the collector, and machine.cores (the machine is the one it runs on).
#include "scenario/result.h"

#include <stdint.h>
#include <sys/types.h>

struct serve;

struct serve_options {
    int port;      // 0 = any free port
    bool http_log; // one line a request on file descriptor 2
};

// The models it can execute; NULL-terminated.
const char *const *serve_models(void);

// Starts scenario->server.workers processes that share a listening socket (or have one each with reuseport), each
// running the dispatch of scenario->server.model, and returns when all accept connections. *s must stay as it is until
// serve_stop. The processes end by themselves when the caller's process is gone. Call it before starting threads where
// possible: it forks. NULL with *e (ERR_HOST: port in use or not permitted, no processes, threads or memory; ERR_CONFIG:
// a model it does not know).
struct serve *serve_start(const struct scenario *s, const struct serve_options *o, struct err *e);

// The port it listens on, and the process ids of its workers (n of them), for reading their scheduler statistics.
int serve_port(const struct serve *v);
const pid_t *serve_pids(const struct serve *v, int *n);

// What a worker has done so far.
struct serve_seen {
    int64_t connections, requests; // accepted; answered by the handler (status 200)
    int64_t unknown;               // answered 404
    int64_t malformed;             // answered 400 to 431, 501 or 505
    int64_t refused;               // for want of file descriptors (closed at once) or of threads (503)
    int64_t aborted;               // the client was gone before its response
    // Attempts to connect that the kernel dropped, the backlog being full; of a socket that workers share the first worker
    // tells; told at its end.
    int64_t dropped;
    int64_t threads;                    // pool threads started
    int64_t lock_switches, lock_forced; // changes of holder, hand-overs on request; told at its end
    int64_t turns;                      // of the event loop, where there is one
    int64_t endpoint[SEEN_ENDPOINTS];   // of `requests`, as scenario.endpoint
};
void serve_look(const struct serve *v, int worker, struct serve_seen *out);

// False with *e where a worker has died meanwhile (its signal, exit code or error is named). Does not wait.
bool serve_check(struct serve *v, struct err *e);

// Asks every worker to finish what it has begun (SIGTERM), waits at most `grace` ns, then ends them (SIGKILL), reaps
// them and frees v. False with *e where a worker had died before or did not end well (its signal or exit code is named).
bool serve_stop(struct serve *v, int64_t grace, struct err *e);

// The same, and then tells what each worker has done: out[0..workers). `out` may be NULL.
bool serve_stop_and_look(struct serve *v, int64_t grace, struct serve_seen *out, struct err *e);
