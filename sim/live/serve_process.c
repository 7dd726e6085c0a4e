#include "live/serve_process.h"

#include "base/memory.h"
#include "live/serve_warm.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/sock_diag.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <unistd.h>

// How often a thread that blocks in accept comes back to see whether it is time to stop.
static const struct timeval accept_patience = {0, 200000};

bool serve_common_init(struct serve_common *c, struct err *e) {
    size_t workers = (size_t)c->scenario->server.workers;
    c->listener = memory_new(workers, sizeof *c->listener);
    c->resource = memory_new((size_t)c->scenario->resources, sizeof *c->resource);
    c->bytes = sizeof *c->requests + 64 + workers * sizeof *c->report;
    c->mapping = mmap(NULL, c->bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (c->mapping == MAP_FAILED) {
        c->mapping = NULL;
        return err_set(e, ERR_HOST, "no memory for the workers: %s", strerror(errno));
    }
    c->requests = c->mapping;
    c->over = (atomic_bool *)((char *)c->mapping + sizeof *c->requests);
    c->report = (struct serve_report *)((char *)c->mapping + 64);
    return true;
}

void serve_common_close(struct serve_common *c) {
    for (int i = 0; i < c->listeners; i++) close(c->listener[i]);
    c->listeners = 0;
}

void serve_common_fini(struct serve_common *c) {
    serve_common_close(c);
    for (int i = 0; c->resource && i < c->scenario->resources; i++) bounded_destroy(c->resource[i]);
    if (c->lifeline >= 0) close(c->lifeline);
    if (c->mapping) munmap(c->mapping, c->bytes);
    free(c->listener);
    free(c->resource);
}

void serve_common_shut(struct serve_common *c) {
    for (int i = 0; i < c->listeners; i++) shutdown(c->listener[i], SHUT_RDWR);
}

static bool cannot_listen(int port, int fd, struct err *e) {
    int error = errno;
    if (fd >= 0) close(fd);
    err_set(e, ERR_HOST, "cannot listen on 127.0.0.1:%d: %s", port, strerror(error));
    if (error == EADDRINUSE) return err_hint(e, "port 0 takes any that is free");
    if (error == EACCES)
        return err_hint(e, "ports below 1024 need a privilege; port 0 takes any that is free");
    return false;
}

int serve_listen(int *port, int backlog, bool reuse_port, bool blocking, struct err *e) {
    int on = 1, fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | (blocking ? 0 : SOCK_NONBLOCK), 0);
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons((uint16_t)*port)};
    socklen_t length = sizeof a;
    a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    bool ok = fd >= 0 && setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) == 0;
    if (ok && reuse_port) ok = setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof on) == 0;
    if (ok && blocking)
        ok = setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &accept_patience, sizeof accept_patience) == 0;
    ok = ok && bind(fd, (struct sockaddr *)&a, sizeof a) == 0 && listen(fd, backlog) == 0;
    ok = ok && getsockname(fd, (struct sockaddr *)&a, &length) == 0;
    if (!ok) {
        cannot_listen(*port, fd, e);
        return -1;
    }
    *port = ntohs(a.sin_port);
    return fd;
}

// As many requests may wait as there may be connections.
static int most_waiting(int workers) {
    struct rlimit files = {1024, 1024};
    getrlimit(RLIMIT_NOFILE, &files);
    rlim_t each = files.rlim_max < (1 << 20) ? files.rlim_max : (1 << 20);
    rlim_t all = each * (rlim_t)workers;
    return (int)(all < (1 << 26) ? all : (1 << 26));
}

struct bounded *serve_resource(const struct scenario *s, int i, int workers, struct err *e) {
    struct bounded_limits l = {.capacity = s->resource[i].capacity,
                               .workers = workers,
                               .threads = serve_worker_threads(s),
                               .waiting = most_waiting(workers)};
    return bounded_create(&l, e);
}

// ---- a worker's life ----

static struct serve_releases releases_of(const struct server_costs *c) {
#define COUNT(stage) .stage = (int)(c->stage.releases.value + 0.5)
    return (struct serve_releases){COUNT(poll),
                                   COUNT(accept),
                                   COUNT(read),
                                   COUNT(call),
                                   COUNT(write),
                                   COUNT(close),
                                   COUNT(hand_off),
                                   COUNT(complete),
                                   COUNT(pool_work),
                                   COUNT(suspend),
                                   .wake = c->wake_releases.value > 0};
#undef COUNT
}

// Connections are file descriptors: as many as the administrator allows.
static void raise_file_limit(void) {
    struct rlimit files;
    if (getrlimit(RLIMIT_NOFILE, &files) != 0) return;
    files.rlim_cur = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &files);
}

// SIGTERM and SIGINT wait to be read from a file descriptor; whatever the parent did with signals is undone.
static int watch_signals(void) {
    static const int parents[] = {SIGHUP,  SIGINT,  SIGQUIT, SIGTERM, SIGALRM,
                                  SIGUSR1, SIGUSR2, SIGCHLD, SIGPROF};
    sigset_t stop;
    for (size_t i = 0; i < sizeof parents / sizeof parents[0]; i++) signal(parents[i], SIG_DFL);
    signal(SIGPIPE, SIG_IGN);
    sigemptyset(&stop);
    sigaddset(&stop, SIGTERM);
    sigaddset(&stop, SIGINT);
    sigprocmask(SIG_SETMASK, &stop, NULL);
    return signalfd(-1, &stop, SFD_CLOEXEC | SFD_NONBLOCK);
}

static bool open_resources(struct serve_worker *w, struct serve_common *c, struct err *e) {
    const struct scenario *s = c->scenario;
    w->resource = memory_new((size_t)s->resources, sizeof *w->resource);
    w->resource_index = memory_new((size_t)s->resources, sizeof *w->resource_index);
    for (int i = 0; i < s->resources; i++) {
        w->resource_index[i] = c->resource[i] ? w->index : 0;
        w->resource[i] = c->resource[i] ? c->resource[i] : serve_resource(s, i, 1, e);
        if (!w->resource[i]) return false;
    }
    return true;
}

// What the kernel counts for a listening socket: attempts to connect that met a full backlog. A client whose attempt is
// dropped tries again after 1, 3, 7 s ... and counts each time.
static int64_t drops_of(int listener) {
    uint32_t info[SK_MEMINFO_VARS] = {0};
    socklen_t size = sizeof info;
    if (getsockopt(listener, SOL_SOCKET, SO_MEMINFO, info, &size) != 0) return 0;
    return info[SK_MEMINFO_DROPS];
}

static bool serve(struct serve_worker *w, struct serve_common *c, struct err *e) {
    w->spare = open("/dev/null", O_RDONLY | O_CLOEXEC);
    w->signals = watch_signals();
    if (w->signals < 0 || w->spare < 0)
        return err_set(e, ERR_HOST, "worker %d: no file descriptor: %s", w->index, strerror(errno));
    raise_file_limit();
    serve_warm();
    if (!open_resources(w, c, e)) return false;
    gil_init(&w->gil, w->scenario->server.gil, w->scenario->server.switch_interval);
    bool ok = c->twin->run(w, e);
    w->tally->lock_switches = (int64_t)w->gil.switches;
    w->tally->lock_forced = (int64_t)w->gil.forced;
    if (w->index == 0 || c->listeners > 1) w->tally->dropped = drops_of(w->listener);
    gil_fini(&w->gil);
    return ok;
}

static void release(struct serve_worker *w, const struct serve_common *c) {
    if (w->signals >= 0) close(w->signals);
    if (w->spare >= 0) close(w->spare);
    for (int i = 0; w->resource && i < w->scenario->resources; i++)
        if (!c->resource[i]) bounded_destroy(w->resource[i]);
    free(w->resource);
    free(w->resource_index);
}

bool serve_process(struct serve_common *c, int index, int ready) {
    char name[16] = "serve-";
    struct serve_worker w = {.scenario = c->scenario,
                             .index = index,
                             .listener = c->listener[c->listeners > 1 ? index : 0],
                             .lifeline = c->lifeline,
                             .ready = ready,
                             .signals = -1,
                             .spare = -1,
                             .log = c->log,
                             .releases = releases_of(&c->scenario->costs.server),
                             .tally = &c->report[index].tally,
                             .requests = c->requests,
                             .over = c->over};
    name[6] = (char)('0' + index % 10);
    prctl(PR_SET_NAME, name);
    bool ok = serve(&w, c, &c->report[index].error);
    release(&w, c);
    return ok;
}
