#include "live/serve_conn.h"

#include "live/serve_sleep.h"

#include "base/memory.h"
#include "base/require.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    READ_BYTES = 16384,
    AHEAD_BYTES = 65536,    // sent ahead and kept here
    LINGER_NS = 1000000000, // for a refused client to read its answer
    LINGER_READS = 256      // or for as many pieces of what it still sends
};

// IDLE: between requests or in the midst of reading one. BUSY: a request is in the making. SENDING: the client does not
// read its response. LINGERING: refused; a connection closed at once with data unread would lose the answer. CLOSED: only
// libuv's handle is left of it.
enum conn_state { CONN_IDLE, CONN_BUSY, CONN_SENDING, CONN_LINGERING, CONN_CLOSED };

struct conn {
    struct serve_job job; // first: a job is its connection
    struct serve_conns *all;
    struct conn *prev, *next;
    uv_poll_t poll;
    int fd, events, lingered;
    enum conn_state state;
    bool feeding; // its bytes are being read by a caller further up
    bool eof;     // the client sends no more
    bool lost;    // the connection was reset
    bool last;    // closes after the present response
    struct http_reader reader;
    char *ahead;
    size_t ahead_count, ahead_capacity;
    const char *out; // SENDING: what is left of the response
    size_t out_count;
};

struct serve_conns {
    struct serve_loop *loop;
    uv_poll_t listen;
    bool listening;
    struct conn *first;
    void (*over)(struct serve_loop *l);
    char buffer[READ_BYTES];
};

static void feed(struct conn *c, const char *data, size_t n);
static void on_event(uv_poll_t *p, int status, int events);

static struct serve_hand *hand_of(struct conn *c) {
    return &c->all->loop->hand;
}

static const struct serve_releases *releases_of(const struct conn *c) {
    return &c->all->loop->worker->releases;
}

// ---- life ----

static void watch(struct conn *c, int events) {
    if (c->events == events || c->state == CONN_CLOSED) return;
    c->events = events;
    if (events)
        uv_poll_start(&c->poll, events, on_event);
    else
        uv_poll_stop(&c->poll);
}

static void on_closed(uv_handle_t *h) {
    struct conn *c = h->data;
    free(c->ahead);
    free(c);
}

static void check_over(struct serve_conns *all) {
    void (*over)(struct serve_loop *) = all->over;
    if (!over || all->first) return;
    all->over = NULL;
    over(all->loop);
}

static void close_conn(struct conn *c) {
    struct serve_conns *all = c->all;
    if (c->state == CONN_LINGERING) serve_sleep_cancel(all->loop->sleepers, &c->job);
    c->state = CONN_CLOSED;
    *(c->prev ? &c->prev->next : &all->first) = c->next;
    if (c->next) c->next->prev = c->prev;
    uv_close((uv_handle_t *)&c->poll, on_closed);
    serve_hand_out(hand_of(c), releases_of(c)->close);
    close(c->fd);
    serve_hand_in(hand_of(c), releases_of(c)->close);
    check_over(all);
}

static void open_conn(struct serve_conns *all, int fd) {
    struct conn *c = memory_new(1, sizeof *c);
    c->all = all;
    c->fd = fd;
    http_init(&c->reader);
    c->poll.data = c;
    if (uv_poll_init(&all->loop->uv, &c->poll, fd) != 0) { // epoll refuses: no memory for one more
        serve_tally_add(&all->loop->worker->tally->refused);
        close(fd);
        free(c);
        return;
    }
    c->next = all->first;
    if (c->next) c->next->prev = c;
    all->first = c;
    watch(c, UV_READABLE);
}

// ---- answers ----

// Sends what it can of the rest; false where the client is gone.
static bool send_out(struct conn *c) {
    while (c->out_count > 0) {
        serve_hand_out(hand_of(c), releases_of(c)->write);
        ssize_t n = send(c->fd, c->out, c->out_count, MSG_NOSIGNAL | MSG_DONTWAIT);
        int error = errno;
        serve_hand_in(hand_of(c), releases_of(c)->write);
        if (n < 0) return error == EAGAIN || error == EINTR;
        c->out += n;
        c->out_count -= (size_t)n;
    }
    return true;
}

static void linger_over(struct serve_loop *l, struct serve_job *j) {
    (void)l;
    close_conn((struct conn *)j);
}

static void linger(struct conn *c) {
    shutdown(c->fd, SHUT_WR);
    c->state = CONN_LINGERING;
    watch(c, UV_READABLE);
    serve_sleep(c->all->loop->sleepers, &c->job, LINGER_NS, linger_over);
}

// The response has left. Reads on in what was sent ahead, unless the caller further up is about to.
static void sent(struct conn *c) {
    if (c->reader.request.refusal && !c->eof && !c->all->over) {
        linger(c);
    } else if (c->last) {
        close_conn(c);
    } else {
        c->state = CONN_IDLE;
        watch(c, c->eof ? 0 : UV_READABLE);
        if (!c->feeding) feed(c, NULL, 0);
    }
}

static void respond(struct conn *c, int status) {
    struct serve_worker *w = c->all->loop->worker;
    const struct http_request *q = &c->reader.request;
    c->last = !serve_worker_keeps(w, q) || c->all->over;
    const struct http_response *r = http_response(status, !c->last);
    c->out = r->bytes;
    c->out_count = q->head ? r->head : r->length;
    bool gone = c->lost || !send_out(c);
    serve_worker_answered(w, q, c->job.work.endpoint, status, gone);
    if (gone) {
        close_conn(c);
    } else if (c->out_count > 0) {
        c->state = CONN_SENDING;
        watch(c, UV_WRITABLE);
    } else {
        sent(c);
    }
}

void serve_conn_answer(struct serve_job *j, int status) {
    struct conn *c = (struct conn *)j;
    REQUIRE(c->state == CONN_BUSY);
    respond(c, status);
}

// ---- requests ----

static void begin(struct conn *c) {
    struct serve_loop *l = c->all->loop;
    c->state = CONN_BUSY;
    c->job.work = serve_work_of(l->worker, &c->reader.request);
    c->job.step = 0;
    if (c->job.work.endpoint < 0) {
        respond(c, 404);
        return;
    }
    serve_hand_stage(&l->hand, releases_of(c)->call);
    l->ops->call(l, &c->job);
}

static void keep_ahead(struct conn *c, const char *data, size_t n) {
    c->ahead = memory_grow(c->ahead, &c->ahead_capacity, c->ahead_count + n, 1);
    memcpy(c->ahead + c->ahead_count, data, n);
    c->ahead_count += n;
    if (c->ahead_count >= AHEAD_BYTES) watch(c, c->events & ~UV_READABLE);
}

// One connection may not be freed under our feet: libuv frees it in a later phase of the turn.
static void feed_some(struct conn *c, const char *data, size_t n) {
    size_t used = 0;
    while (n > 0 && c->state == CONN_IDLE) {
        enum http_state state = http_read(&c->reader, data, n, &used);
        data += used;
        n -= used;
        if (state == HTTP_REFUSED) respond(c, c->reader.request.refusal);
        if (state == HTTP_COMPLETE) begin(c);
    }
    if (n > 0 && (c->state == CONN_BUSY || c->state == CONN_SENDING)) keep_ahead(c, data, n);
}

// Reads what was sent ahead, then `data`. A client that sends no more is served what it had asked for.
static void feed(struct conn *c, const char *data, size_t n) {
    char *ahead = c->ahead;
    size_t count = c->ahead_count;
    c->ahead = NULL;
    c->ahead_count = c->ahead_capacity = 0;
    c->feeding = true;
    if (count) feed_some(c, ahead, count);
    if (n) feed_some(c, data, n);
    c->feeding = false;
    free(ahead);
    if (c->state != CONN_IDLE || (!c->eof && !c->all->over)) return;
    if (http_midway(&c->reader)) serve_tally_add(&c->all->loop->worker->tally->aborted);
    close_conn(c);
}

// ---- events ----

// The client went away or said that it sends no more. Its request, if there is one, is finished nevertheless, as real
// servers do: they cannot tell the two apart.
static void no_more(struct conn *c, bool lost) {
    c->eof = true;
    c->lost |= lost;
    watch(c, 0);
    if (c->state == CONN_LINGERING || (c->state == CONN_SENDING && lost))
        close_conn(c);
    else if (c->state == CONN_SENDING)
        watch(c, UV_WRITABLE);
    else if (c->state == CONN_IDLE)
        feed(c, NULL, 0);
}

static void on_readable(struct conn *c) {
    char *buffer = c->all->buffer;
    int releases = releases_of(c)->read;
    serve_hand_out(hand_of(c), releases);
    ssize_t n = recv(c->fd, buffer, READ_BYTES, MSG_DONTWAIT);
    int error = errno;
    serve_hand_in(hand_of(c), releases);
    if (n < 0 && (error == EAGAIN || error == EINTR)) return;
    if (n <= 0)
        no_more(c, n < 0);
    else if (c->state == CONN_IDLE)
        feed(c, buffer, (size_t)n);
    else if (c->state == CONN_BUSY)
        keep_ahead(c, buffer, (size_t)n);
    else if (++c->lingered > LINGER_READS)
        close_conn(c);
}

static void on_writable(struct conn *c) {
    if (!send_out(c))
        close_conn(c);
    else if (c->out_count == 0)
        sent(c);
}

static void on_event(uv_poll_t *p, int status, int events) {
    struct conn *c = p->data;
    serve_loop_enter(c->all->loop);
    if (status < 0) {
        c->events = 0; // libuv has stopped watching
        no_more(c, true);
    } else if (c->state == CONN_SENDING) {
        on_writable(c);
    } else if (events & UV_READABLE) {
        on_readable(c);
    }
}

static void leave_listener(struct serve_conns *all) {
    if (!all->listening) return;
    all->listening = false;
    uv_close((uv_handle_t *)&all->listen, NULL);
}

static void on_connection(uv_poll_t *p, int status, int events) {
    struct serve_conns *all = p->data;
    bool one = all->loop->worker->scenario->server.accept == ACCEPT_ONE;
    int fd = SERVE_NONE;
    (void)status; // accept says what is wrong
    (void)events;
    serve_loop_enter(all->loop);
    do {
        fd = serve_hand_accept(&all->loop->hand, SOCK_NONBLOCK);
        if (fd >= 0) open_conn(all, fd);
    } while (fd >= 0 && !one);
    if (fd == SERVE_OVER) leave_listener(all);
}

// ---- all of them ----

struct serve_conns *serve_conn_create(struct serve_loop *l, struct err *e) {
    struct serve_conns *all = memory_new(1, sizeof *all);
    all->loop = l;
    all->listen.data = all;
    int error = uv_poll_init(&l->uv, &all->listen, l->worker->listener);
    if (error) {
        err_set(e, ERR_HOST, "cannot watch the listening socket: %s", uv_strerror(error));
        free(all);
        return NULL;
    }
    all->listening = true;
    uv_poll_start(&all->listen, UV_READABLE, on_connection);
    return all;
}

void serve_conn_stop(struct serve_conns *all, void (*over)(struct serve_loop *l)) {
    leave_listener(all);
    all->over = over;
    for (struct conn *c = all->first, *next; c; c = next) {
        next = c->next;
        if (c->state == CONN_IDLE || c->state == CONN_LINGERING) {
            if (http_midway(&c->reader)) serve_tally_add(&all->loop->worker->tally->aborted);
            close_conn(c);
        }
    }
    check_over(all);
}

void serve_conn_destroy(struct serve_conns *all) {
    free(all);
}
