#include "live/serve_worker.h"

#include "live/demand.h"
#include "live/host.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

enum { LOOK_EVERY_NS = 25000 }; // how often interpreted code looks for a drop request

void serve_worker_ready(struct serve_worker *w) {
    // The parent has either time to read or is gone.
    if (write(w->ready, "r", 1) != 1) return;
    close(w->ready);
}

void serve_worker_shut(const struct serve_worker *w) {
    if (atomic_load(w->over)) shutdown(w->listener, SHUT_RDWR);
}

int serve_worker_threads(const struct scenario *s) {
    bool pool = !strcmp(s->server.model, "threadpool") || !strcmp(s->server.model, "thread_per_request");
    return pool ? s->server.threads : 1;
}

// ---- the lock around system calls ----

void serve_hand_stage(struct serve_hand *h, int releases) {
    struct gil *g = &h->worker->gil;
    for (int i = 0; i < releases && g->enabled; i++) {
        gil_release(g, h);
        syscall(SYS_getppid);
        gil_take(g, h);
    }
}

void serve_hand_out(struct serve_hand *h, int releases) {
    if (releases > 0) gil_release(&h->worker->gil, h);
}

void serve_hand_in(struct serve_hand *h, int releases) {
    if (releases > 0) gil_take(&h->worker->gil, h);
    serve_hand_stage(h, releases - 1);
}

// ---- accepting ----

// No file descriptor is left: the spare one is given up to take the connection off the queue and close it; otherwise the
// client would hang and the loop be told of it again and again.
static void turn_away(struct serve_worker *w) {
    close(w->spare);
    int fd = accept4(w->listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (fd >= 0) {
        close(fd);
        serve_tally_add(&w->tally->refused);
    }
    w->spare = open("/dev/null", O_RDONLY | O_CLOEXEC);
}

static int accept_once(struct serve_hand *h, int flags) {
    int releases = h->worker->releases.accept;
    serve_hand_out(h, releases);
    int fd = accept4(h->worker->listener, NULL, NULL, SOCK_CLOEXEC | flags), error = errno;
    serve_hand_in(h, releases);
    errno = error;
    return fd;
}

int serve_hand_accept(struct serve_hand *h, int flags) {
    struct serve_worker *w = h->worker;
    for (;;) {
        int fd = accept_once(h, flags), on = 1;
        if (fd >= 0) {
            setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
            serve_tally_add(&w->tally->connections);
            return fd;
        }
        switch (errno) {
        case EMFILE:
        case ENFILE: turn_away(w); return SERVE_NONE;
        case EAGAIN:
        case EINTR:
        case ENOBUFS:
        case ENOMEM: return SERVE_NONE;
        case EBADF:
        case EINVAL:
        case ENOTSOCK: return SERVE_OVER;
        default: break; // what befell the connection before it was accepted is nobody's concern
        }
    }
}

// ---- what a request demands ----

static int digit(char c) {
    return c >= '0' && c <= '9'   ? c - '0'
           : c >= 'A' && c <= 'F' ? c - 'A' + 10
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
                                  : -1;
}

// Whether `path`, in which %XX stands for a byte, is `name`.
static bool names(const char *path, const char *name) {
    for (; *path && *name; name++) {
        int high = *path == '%' ? digit(path[1]) : -1, low = high >= 0 ? digit(path[2]) : -1;
        int byte = low >= 0 ? 16 * high + low : (unsigned char)*path;
        if (byte != (unsigned char)*name) return false;
        path += low >= 0 ? 3 : 1;
    }
    return !*path && !*name;
}

static int endpoint_by_path(const struct scenario *s, const char *path) {
    for (int i = 0; i < s->endpoints; i++)
        if (names(path, s->endpoint[i].name)) return i;
    return -1;
}

struct serve_work serve_work_of(struct serve_worker *w, const struct http_request *r) {
    struct serve_work work = {.endpoint = -1};
    if (r->path[0] != '/') return work;
    if (r->path[1]) work.endpoint = endpoint_by_path(w->scenario, r->path + 1);
    if (r->path[1] && work.endpoint < 0) return work;
    work.number = r->numbered ? r->number : atomic_fetch_add_explicit(w->requests, 1, memory_order_relaxed);
    if (!r->path[1]) work.endpoint = demand_endpoint(w->scenario, work.number);
    return work;
}

// ---- doing it ----

static bool look(void *hand) {
    struct serve_hand *h = hand;
    return gil_check(&h->worker->gil, h);
}

void serve_hand_compute(struct serve_hand *h, int64_t ns) {
    host_spin(ns, LOOK_EVERY_NS, h->worker->gil.enabled ? look : NULL, h);
}

void serve_hand_compute_unlocked(struct serve_hand *h, int64_t ns) {
    gil_release(&h->worker->gil, h);
    host_spin(ns, 100 * LOOK_EVERY_NS, NULL, NULL);
    gil_take(&h->worker->gil, h);
}

static void sleep_ns(int64_t ns) {
    struct timespec t = {ns / 1000000000, ns % 1000000000};
    while (clock_nanosleep(CLOCK_MONOTONIC, 0, &t, &t) == EINTR) continue;
}

static void hold(struct serve_hand *h, int resource, int64_t ns) {
    struct serve_worker *w = h->worker;
    bounded_take(w->resource[resource], w->resource_index[resource], h->slot);
    sleep_ns(ns);
    bounded_give(w->resource[resource], w->resource_index[resource], false);
}

static void perform_step(struct serve_hand *h, const struct handler_step *step, int64_t ns) {
    switch (step->kind) {
    case STEP_CPU: serve_hand_compute(h, ns); return;
    case STEP_CPU_NOGIL: serve_hand_compute_unlocked(h, ns); return;
    case STEP_SLEEP:
    case STEP_USE: break;
    }
    gil_release(&h->worker->gil, h);
    if (step->kind == STEP_SLEEP)
        sleep_ns(ns);
    else
        hold(h, step->resource, ns);
    gil_take(&h->worker->gil, h);
}

void serve_hand_perform(struct serve_hand *h, const struct serve_work *work) {
    const struct scenario *s = h->worker->scenario;
    const struct endpoint *p = &s->endpoint[work->endpoint];
    for (int i = 0; i < p->steps; i++)
        perform_step(h, &p->step[i], demand_step(s, work->endpoint, i, work->number));
}

// ---- answers ----

void serve_worker_answered(struct serve_worker *w, const struct http_request *r, int endpoint, int status,
                           bool gone) {
    struct serve_tally *t = w->tally;
    if (!gone && status == 200 && endpoint < SEEN_ENDPOINTS) serve_tally_add(&t->endpoint[endpoint]);
    serve_tally_add(gone            ? &t->aborted
                    : status == 200 ? &t->requests
                    : status == 404 ? &t->unknown
                    : status == 503 ? &t->refused
                                    : &t->malformed);
    if (!w->log) return;
    char line[HTTP_PATH + 64];
    int n = snprintf(line, sizeof line, "worker %d: %s %d%s\n", w->index, r->path[0] ? r->path : "-", status,
                     gone ? " (client gone)" : "");
    if (write(STDERR_FILENO, line, (size_t)n) < 0) return; // nobody reads it
}

bool serve_worker_keeps(const struct serve_worker *w, const struct http_request *r) {
    return w->scenario->server.keep_alive && r->keep_alive;
}
