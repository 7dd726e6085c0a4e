// Each worker process serves one connection at a time and blocks in accept, all on one socket: the twin of
// models/prefork.c.
#include "live/serve_link.h"

#include <poll.h>
#include <sys/socket.h>

// A client that sends nothing holds up the whole process; after this long it is told so.
enum { READ_PATIENCE_MS = 30000 };

struct process {
    struct serve_hand hand;
    struct serve_link link;
    bool stopping;
};

// What await_data has seen; the signals are blocked and stay pending.
static bool stopping(void *argument) {
    return ((struct process *)argument)->stopping;
}

static void look_for_end(struct process *p) {
    const struct serve_worker *w = p->hand.worker;
    struct pollfd f[] = {{.fd = w->signals, .events = POLLIN}, {.fd = w->lifeline, .events = POLLIN}};
    p->stopping = poll(f, 2, 0) > 0;
    if (p->stopping) serve_worker_shut(w);
}

static void timed_out(struct process *p) {
    const struct http_response *r = http_response(408, false);
    if (send(p->link.fd, r->bytes, r->length, MSG_NOSIGNAL | MSG_DONTWAIT) > 0)
        serve_worker_answered(p->hand.worker, &p->link.reader.request, -1, 408, false);
}

// Waits for data or for the end; false where there is nothing more to wait for. Without the lock.
static bool await_data(struct process *p) {
    const struct serve_worker *w = p->hand.worker;
    struct pollfd f[] = {{.fd = p->link.fd, .events = POLLIN},
                         {.fd = w->signals, .events = POLLIN},
                         {.fd = w->lifeline, .events = POLLIN}};
    int n = poll(f, 3, READ_PATIENCE_MS);
    if (n == 0) timed_out(p);
    if (n > 0 && (f[1].revents || f[2].revents)) p->stopping = true;
    if (p->stopping) serve_worker_shut(w);
    return n > 0 && f[0].revents;
}

static void serve_connection(struct process *p, int fd) {
    struct gil *gil = &p->hand.worker->gil;
    enum serve_link_state state = SERVE_LINK_OPEN;
    serve_link_init(&p->link, fd);
    while (state == SERVE_LINK_OPEN && await_data(p)) {
        gil_take(gil, &p->hand);
        state = serve_link_serve(&p->hand, &p->link, MSG_DONTWAIT, stopping, p);
        gil_release(gil, &p->hand);
    }
    gil_take(gil, &p->hand);
    serve_link_close(&p->hand, &p->link);
    gil_release(gil, &p->hand);
}

static bool run(struct serve_worker *w, struct err *e) {
    (void)e;
    struct process p = {.hand = {w, 0}};
    w->releases.accept = 0; // it blocks there, without the lock, as in models/prefork.c
    serve_worker_ready(w);
    for (int fd = SERVE_NONE; !p.stopping && fd != SERVE_OVER;) {
        fd = serve_hand_accept(&p.hand, 0);
        if (fd >= 0)
            serve_connection(&p, fd);
        else
            look_for_end(&p);
    }
    return true;
}

const struct serve_twin serve_twin_prefork = {.name = "prefork", .blocking = true, .run = run};
