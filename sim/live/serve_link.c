#include "live/serve_link.h"

#include <errno.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { READ_BYTES = 16384, SEND_PATIENCE_MS = 30000, LINGER_MS = 1000, LINGER_READS = 256 };

void serve_link_init(struct serve_link *l, int fd) {
    l->fd = fd;
    http_init(&l->reader);
}

// Waits until the peer has room. The lock is not held.
static bool room(int fd) {
    struct pollfd p = {.fd = fd, .events = POLLOUT};
    return poll(&p, 1, SEND_PATIENCE_MS) == 1 && !(p.revents & (POLLERR | POLLHUP));
}

static bool send_all(struct serve_hand *h, int fd, const char *data, size_t n) {
    bool ok = true;
    int releases = h->worker->releases.write;
    while (n > 0 && ok) {
        serve_hand_out(h, releases);
        ssize_t sent = send(fd, data, n, MSG_NOSIGNAL | MSG_DONTWAIT);
        int error = errno;
        serve_hand_in(h, releases);
        if (sent > 0) {
            data += sent;
            n -= (size_t)sent;
        } else if (error == EAGAIN) {
            gil_release(&h->worker->gil, h);
            ok = room(fd);
            gil_take(&h->worker->gil, h);
        } else {
            ok = error == EINTR;
        }
    }
    return ok;
}

// Whether the connection stays open.
static bool respond(struct serve_hand *h, struct serve_link *l, int endpoint, int status, bool closing) {
    const struct http_request *q = &l->reader.request;
    bool keeps = serve_worker_keeps(h->worker, q) && !closing;
    const struct http_response *r = http_response(status, keeps);
    bool sent = send_all(h, l->fd, r->bytes, q->head ? r->head : r->length);
    serve_worker_answered(h->worker, q, endpoint, status, !sent);
    return keeps && sent;
}

static bool serve_request(struct serve_hand *h, struct serve_link *l, bool (*closing)(void *), void *arg) {
    struct serve_work work = serve_work_of(h->worker, &l->reader.request);
    if (work.endpoint < 0) return respond(h, l, -1, 404, closing(arg));
    serve_hand_stage(h, h->worker->releases.call);
    serve_hand_perform(h, &work);
    return respond(h, l, work.endpoint, 200, closing(arg));
}

static ssize_t receive(struct serve_hand *h, int fd, char *buffer, int flags) {
    int releases = h->worker->releases.read;
    // A read that may block is without the lock whatever the profile says.
    if (!(flags & MSG_DONTWAIT) && releases < 1) releases = 1;
    serve_hand_out(h, releases);
    ssize_t n = recv(fd, buffer, READ_BYTES, flags);
    int error = errno;
    serve_hand_in(h, releases);
    errno = error;
    return n;
}

enum serve_link_state serve_link_serve(struct serve_hand *h, struct serve_link *l, int flags,
                                       bool (*closing)(void *), void *arg) {
    char buffer[READ_BYTES];
    ssize_t n = receive(h, l->fd, buffer, flags);
    if (n < 0 && (errno == EAGAIN || errno == EINTR)) return SERVE_LINK_OPEN;
    if (n <= 0) {
        if (http_midway(&l->reader)) serve_tally_add(&h->worker->tally->aborted);
        return SERVE_LINK_OVER;
    }
    for (size_t at = 0, used = 0; at < (size_t)n; at += used) {
        enum http_state state = http_read(&l->reader, buffer + at, (size_t)n - at, &used);
        if (state == HTTP_REFUSED) respond(h, l, -1, l->reader.request.refusal, true);
        if (state == HTTP_REFUSED || (state == HTTP_COMPLETE && !serve_request(h, l, closing, arg)))
            return SERVE_LINK_OVER;
    }
    return SERVE_LINK_OPEN;
}

// A connection closed with data unread is reset, and the answer may be lost with it.
static void linger(int fd) {
    char buffer[READ_BYTES];
    struct pollfd p = {.fd = fd, .events = POLLIN};
    shutdown(fd, SHUT_WR);
    for (int i = 0; i < LINGER_READS && poll(&p, 1, LINGER_MS) == 1; i++)
        if (recv(fd, buffer, sizeof buffer, MSG_DONTWAIT) <= 0) return;
}

void serve_link_close(struct serve_hand *h, struct serve_link *l) {
    int releases = h->worker->releases.close;
    if (l->reader.request.refusal && releases < 1) releases = 1;
    serve_hand_out(h, releases);
    if (l->reader.request.refusal) linger(l->fd);
    close(l->fd);
    serve_hand_in(h, releases);
}
