#include "live/load_conn.h"

#include "base/monotonic.h"

#include <errno.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

void load_conn_init(struct load_conn *c, struct load_wire *w, uint32_t key) {
    *c = (struct load_conn){.wire = w, .key = key, .fd = -1, .phase = LOAD_CLOSED};
}

void load_conn_close(struct load_conn *c) {
    if (c->fd >= 0) close(c->fd); // which ends epoll's interest, too
    c->fd = -1;
    c->phase = LOAD_CLOSED;
    c->used = false;
    c->key += UINT64_C(1) << 32; // events still to be looked at were the old socket's
}

// False with the reason in errno.
static bool watch(struct load_conn *c, int operation, uint32_t events) {
    struct epoll_event e = {.events = events, .data = {.u64 = c->key}};
    if (operation == EPOLL_CTL_MOD && c->events == events) return true;
    c->events = events;
    return !epoll_ctl(c->wire->epoll, operation, c->fd, &e);
}

static enum load_step give_up(struct load_conn *c, enum load_step why) {
    load_conn_close(c);
    return why;
}

static enum load_step refused(struct load_conn *c, int error) {
    c->wire->connect_error = error;
    c->wire->ports_out |= error == EADDRNOTAVAIL;
    return give_up(c, LOAD_REFUSED);
}

// The response is whole: the connection waits for the next request or goes.
static enum load_step finish(struct load_conn *c) {
    if (c->wire->keep && c->response.keep_alive) {
        c->phase = LOAD_IDLE;
        c->used = true;
    } else {
        load_conn_close(c);
    }
    return LOAD_DONE;
}

static enum load_step connect_anew(struct load_conn *c) {
    struct load_wire *w = c->wire;
    int one = 1;
    c->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (c->fd < 0) {
        w->socket_error = errno;
        return refused(c, errno);
    }
    w->connects++;
    if (w->keep) setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    if (connect(c->fd, (const struct sockaddr *)&w->address, sizeof w->address) && errno != EINPROGRESS)
        return refused(c, errno);
    c->phase = LOAD_CONNECTING;
    if (watch(c, EPOLL_CTL_ADD, EPOLLOUT)) return LOAD_WAIT;
    w->socket_error = errno;
    return refused(c, errno);
}

// The connection broke. A kept one that the server had closed before it could see the request: a new one takes over.
static enum load_step broke(struct load_conn *c) {
    if (c->response.state == RESPONSE_DONE)
        return finish(c); // ab's, that waited for the close and met a reset
    if (!c->used || c->answered) return give_up(c, LOAD_BROKEN);
    c->wire->reconnects++;
    c->sent = 0;
    load_conn_close(c);
    return connect_anew(c);
}

static enum load_step send_rest(struct load_conn *c) {
    if (!c->wrote_at) c->wrote_at = monotonic_ns();
    c->phase = LOAD_SENDING;
    ssize_t n = send(c->fd, c->request + c->sent, c->length - c->sent, MSG_NOSIGNAL);
    if (n < 0 && errno != EAGAIN && errno != EINTR) return broke(c);
    if (n > 0) c->sent += (uint32_t)n;
    if (c->sent == c->length) c->phase = LOAD_RECEIVING;
    return watch(c, EPOLL_CTL_MOD, c->phase == LOAD_RECEIVING ? EPOLLIN : EPOLLOUT) ? LOAD_WAIT : broke(c);
}

static enum load_step send_later(struct load_conn *c) {
    c->phase = LOAD_SENDING;
    return watch(c, EPOLL_CTL_MOD, EPOLLOUT) ? LOAD_WAIT : broke(c);
}

enum load_step load_conn_send(struct load_conn *c, const char *request, size_t length) {
    response_init(&c->response);
    c->request = request;
    c->length = length;
    c->sent = 0;
    c->answered = false;
    c->wrote_at = 0;
    if (c->phase != LOAD_IDLE) return connect_anew(c);
    return c->wire->next_round ? send_later(c) : send_rest(c);
}

static enum load_step connected(struct load_conn *c) {
    int error = 0;
    socklen_t size = sizeof error;
    if (getsockopt(c->fd, SOL_SOCKET, SO_ERROR, &error, &size)) error = errno;
    if (error) return refused(c, error);
    c->wire->connected = true;
    return send_rest(c);
}

static enum load_step closed_by_server(struct load_conn *c) {
    if (!c->answered) return broke(c);
    return response_close(&c->response) == RESPONSE_DONE ? finish(c) : give_up(c, LOAD_BROKEN);
}

static enum load_step receive(struct load_conn *c) {
    ssize_t n = recv(c->fd, c->wire->buffer, LOAD_BUFFER, 0);
    if (n < 0) return errno == EAGAIN || errno == EINTR ? LOAD_WAIT : broke(c);
    if (n == 0) return closed_by_server(c);
    c->wire->bytes += n;
    c->answered = true;
    switch (response_feed(&c->response, c->wire->buffer, (size_t)n)) {
    case RESPONSE_BROKEN: return give_up(c, LOAD_BROKEN);
    case RESPONSE_DONE: return c->wire->until_close ? LOAD_WAIT : finish(c);
    case RESPONSE_MORE: break;
    }
    return LOAD_WAIT;
}

enum load_step load_conn_event(struct load_conn *c) {
    switch (c->phase) {
    case LOAD_CONNECTING: return connected(c);
    case LOAD_SENDING: return send_rest(c);
    case LOAD_RECEIVING: return receive(c);
    case LOAD_IDLE: load_conn_close(c); break; // it was closed, or says something unasked
    case LOAD_CLOSED: break;
    }
    return LOAD_WAIT;
}
