#include "live/serve.h"

#include "base/monotonic.h"
#include "live/serve_process.h"

#include "base/memory.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static const struct serve_twin *const twins[] = {&serve_twin_event_loop, &serve_twin_threadpool,
                                                 &serve_twin_thread_per_request, &serve_twin_prefork};
enum { TWINS = sizeof twins / sizeof twins[0] };

static const char *const models[TWINS + 1] = {"event_loop", "threadpool", "thread_per_request", "prefork",
                                              NULL};

struct serve {
    struct serve_common common;
    int workers, port, lifeline; // lifeline: this end is held open as long as the workers shall run
    pid_t *pid;
    bool *reaped;
    struct err death; // the first worker that did not end well
};

const char *const *serve_models(void) {
    return models;
}

static const struct serve_twin *find(const char *name) {
    for (int i = 0; i < TWINS; i++)
        if (!strcmp(twins[i]->name, name)) return twins[i];
    return NULL;
}

// ---- start ----

static bool open_listeners(struct serve *v, int port, struct err *e) {
    const struct server_spec *s = &v->common.scenario->server;
    bool own = s->accept == ACCEPT_REUSEPORT;
    v->port = port;
    for (int i = 0; i < (own ? s->workers : 1); i++, v->common.listeners++) {
        int fd = serve_listen(&v->port, s->backlog, own, v->common.twin->blocking, e);
        if (fd < 0) return false;
        v->common.listener[i] = fd;
    }
    return true;
}

static bool create_shared(struct serve *v, struct err *e) {
    const struct scenario *s = v->common.scenario;
    for (int i = 0; i < s->resources; i++) {
        if (!s->resource[i].shared) continue;
        v->common.resource[i] = serve_resource(s, i, v->workers, e);
        if (!v->common.resource[i]) return false;
    }
    return true;
}

// SIGINT and SIGTERM wait until a child has its own way with them (serve_process); *before is what was blocked.
static void hold_signals(sigset_t *before) {
    sigset_t stop;
    sigemptyset(&stop);
    sigaddset(&stop, SIGINT);
    sigaddset(&stop, SIGTERM);
    pthread_sigmask(SIG_BLOCK, &stop, before);
}

// In the child: never returns.
static _Noreturn void be_worker(struct serve *v, int index, int ready) {
    close(v->lifeline);
    _exit(serve_process(&v->common, index, ready) ? 0 : 1);
}

static bool fork_workers(struct serve *v, int ready, struct err *e) {
    for (int i = 0; i < v->workers; i++) {
        pid_t pid = fork();
        if (pid == 0) be_worker(v, i, ready);
        if (pid < 0) return err_set(e, ERR_HOST, "cannot start worker %d: %s", i, strerror(errno));
        v->pid[i] = pid;
    }
    return true;
}

// Each worker writes a byte when it accepts; one that fails closes its end by ending.
static bool await_workers(struct serve *v, int ready, struct err *e) {
    char byte;
    int n = 0;
    while (n < v->workers) {
        ssize_t got = read(ready, &byte, 1);
        if (got < 0 && errno == EINTR) continue;
        if (got <= 0) break;
        n++;
    }
    if (n == v->workers) return true;
    // A worker's end of the pipe closes a moment before the worker can be waited for.
    for (int i = 0; i < 1000 && serve_check(v, e); i++) nanosleep(&(struct timespec){0, 1000000}, NULL);
    return e->kind != ERR_NONE ? false : err_set(e, ERR_HOST, "a worker did not start");
}

static bool start(struct serve *v, const struct serve_options *o, struct err *e) {
    int alive[2], ready[2];
    if (!serve_common_init(&v->common, e) || !open_listeners(v, o->port, e) || !create_shared(v, e))
        return false;
    if (pipe2(alive, O_CLOEXEC) != 0)
        return err_set(e, ERR_HOST, "cannot create a pipe: %s", strerror(errno));
    v->common.lifeline = alive[0];
    v->lifeline = alive[1];
    if (pipe2(ready, O_CLOEXEC) != 0)
        return err_set(e, ERR_HOST, "cannot create a pipe: %s", strerror(errno));
    sigset_t before;
    hold_signals(&before);
    bool ok = fork_workers(v, ready[1], e);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    close(ready[1]);
    ok = ok && await_workers(v, ready[0], e);
    close(ready[0]);
    // Held by this process too, the sockets would take connections when every worker is dead: nobody would be told.
    if (ok) serve_common_close(&v->common);
    return ok;
}

struct serve *serve_start(const struct scenario *s, const struct serve_options *o, struct err *e) {
    const struct serve_twin *twin = find(s->server.model);
    if (!twin) {
        err_set(e, ERR_CONFIG, "the micro-server has no twin of the model '%s'", s->server.model);
        return NULL;
    }
    struct serve *v = memory_new(1, sizeof *v);
    struct err first = {0};
    v->common = (struct serve_common){.scenario = s, .twin = twin, .log = o->http_log, .lifeline = -1};
    v->workers = s->server.workers;
    v->lifeline = -1;
    v->pid = memory_new((size_t)v->workers, sizeof *v->pid);
    v->reaped = memory_new((size_t)v->workers, sizeof *v->reaped);
    if (start(v, o, &first)) return v;
    serve_stop(v, 0, NULL);
    if (e) *e = first;
    return NULL;
}

// ---- while it runs ----

int serve_port(const struct serve *v) {
    return v->port;
}

const pid_t *serve_pids(const struct serve *v, int *n) {
    *n = v->workers;
    return v->pid;
}

void serve_look(const struct serve *v, int worker, struct serve_seen *out) {
    struct serve_tally *t = &v->common.report[worker].tally;
    *out = (struct serve_seen){.connections = t->connections,
                               .requests = t->requests,
                               .unknown = t->unknown,
                               .malformed = t->malformed,
                               .refused = t->refused,
                               .aborted = t->aborted,
                               .dropped = t->dropped,
                               .threads = t->threads,
                               .lock_switches = t->lock_switches,
                               .lock_forced = t->lock_forced,
                               .turns = t->turns};
    for (int i = 0; i < SEEN_ENDPOINTS; i++) out->endpoint[i] = t->endpoint[i];
}

// What is to be said of a worker's end; nothing of a clean one, nor of one that we killed.
static void judge(struct serve *v, int worker, int status, bool killed) {
    const struct err *own = &v->common.report[worker].error;
    if (v->death.kind != ERR_NONE || (WIFEXITED(status) && WEXITSTATUS(status) == 0)) return;
    if (killed && WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL) return;
    if (own->kind != ERR_NONE)
        v->death = *own;
    else if (WIFSIGNALED(status))
        err_set(&v->death, ERR_HOST, "worker %d (process %d) was ended by signal %d (%s)", worker,
                (int)v->pid[worker], WTERMSIG(status), strsignal(WTERMSIG(status)));
    else
        err_set(&v->death, ERR_HOST, "worker %d (process %d) ended with exit code %d", worker,
                (int)v->pid[worker], WEXITSTATUS(status));
}

// Reaps those that have ended; how many still run.
static int reap(struct serve *v, int options, bool killed) {
    int running = 0, status;
    for (int i = 0; i < v->workers; i++) {
        if (v->reaped[i] || v->pid[i] == 0) continue;
        pid_t pid = waitpid(v->pid[i], &status, options);
        v->reaped[i] = pid == v->pid[i] || (pid < 0 && errno == ECHILD);
        if (pid == v->pid[i]) judge(v, i, status, killed);
        running += !v->reaped[i];
    }
    return running;
}

bool serve_check(struct serve *v, struct err *e) {
    reap(v, WNOHANG, false);
    if (v->death.kind == ERR_NONE) return true;
    if (e) *e = v->death;
    return false;
}

// ---- stop ----

static void signal_all(struct serve *v, int number) {
    for (int i = 0; i < v->workers; i++)
        if (!v->reaped[i] && v->pid[i] > 0) kill(v->pid[i], number);
}

static void end_workers(struct serve *v, int64_t grace) {
    int64_t until = monotonic_ns() + grace;
    if (v->common.over) atomic_store(v->common.over, true);
    signal_all(v, SIGTERM);
    serve_common_shut(&v->common); // a start that failed; else only the workers have the sockets
    while (reap(v, WNOHANG, false) > 0) {
        if (monotonic_ns() >= until) {
            signal_all(v, SIGKILL);
            reap(v, 0, true);
            return;
        }
        nanosleep(&(struct timespec){0, 1000000}, NULL);
    }
}

bool serve_stop_and_look(struct serve *v, int64_t grace, struct serve_seen *out, struct err *e) {
    reap(v, WNOHANG, false);
    end_workers(v, grace);
    for (int i = 0; out && i < v->workers; i++) serve_look(v, i, &out[i]);
    struct err death = v->death;
    if (v->lifeline >= 0) close(v->lifeline);
    serve_common_fini(&v->common);
    free(v->pid);
    free(v->reaped);
    free(v);
    if (death.kind == ERR_NONE) return true;
    if (e) *e = death;
    return false;
}

bool serve_stop(struct serve *v, int64_t grace, struct err *e) {
    return serve_stop_and_look(v, grace, NULL, e);
}
