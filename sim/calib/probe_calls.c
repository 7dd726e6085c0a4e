// System calls of the request path, each in CPU of the thread that calls it, in a pair as they occur: a server and a
// client on two cores, eight connections at a time over loopback. The two take turns awake, so that no call pays for a
// wake-up; what a wake-up adds is a cost of its own.
#include "calib/probe.h"
#include "calib/unit.h"

#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

enum { BATCH = 8, BATCHES = 12 };
enum { CONNECT, SEND, RECV, END, CLOSE, CLIENT_CALLS };

static const char *const client_keys[CLIENT_CALLS] = {
    "client.connect_call", "client.send_call", "client.recv_call", "client.eof_call", "client.close_call"};

static const struct figure_spec figures[] = {
    {"syscall.epoll_wait", FIGURE_CPU, "epoll_wait with one event"},
    {"syscall.epoll_empty", FIGURE_CPU, "epoll_wait without an event, timeout 0"},
    {"syscall.accept4", FIGURE_CPU, "accept4 of a waiting connection"},
    {"syscall.accept4_empty", FIGURE_CPU, "accept4 that finds none"},
    {"syscall.epoll_add", FIGURE_CPU, "epoll_ctl ADD of a connection"},
    {"syscall.epoll_del", FIGURE_CPU, "epoll_ctl DEL of a connection"},
    {"syscall.recv", FIGURE_CPU, "recv of a request"},
    {"syscall.send", FIGURE_CPU, "send of a response to a client that is awake"},
    {"syscall.close", FIGURE_CPU, "close by the server, which sends the end of file"},
    {"syscall.eventfd_write", FIGURE_CPU, "write to an eventfd that nobody waits for"},
    {"syscall.eventfd_read", FIGURE_CPU, "read of an eventfd"},
    {"client.connect_call", FIGURE_CPU, "client: socket and connect"},
    {"client.send_call", FIGURE_CPU, "client: send of a request"},
    {"client.recv_call", FIGURE_CPU, "client: recv of a response"},
    {"client.eof_call", FIGURE_CPU, "client: recv of the end of file"},
    {"client.close_call", FIGURE_CPU, "client: close after the server's"},
    {NULL, 0, NULL}};

struct calls {
    struct bench *bench;
    int port, listener, epoll, event, batches;
    int fd[BATCH]; // the server's
    atomic_int sent, served, drained;
    // What the client measured is noted when its thread has ended: the bench is the caller's.
    double client[CLIENT_CALLS][BATCHES * BATCH];
};

// The CPU of one call.
#define TIMED(b, call)                                                                                       \
    (__extension__({                                                                                         \
        int64_t before_ = bench_cpu();                                                                       \
        call;                                                                                                \
        (double)(bench_cpu() - before_) - (b)->clock_ns;                                                     \
    }))

static void accept_batch(struct calls *c) {
    struct bench *b = c->bench;
    struct epoll_event event;
    bench_note(b, "syscall.epoll_wait", 0, TIMED(b, epoll_wait(c->epoll, &event, 1, -1)));
    for (int i = 0; i < BATCH; i++)
        bench_note(b, "syscall.accept4", 0,
                   TIMED(b, c->fd[i] = accept4(c->listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)));
    bench_note(b, "syscall.accept4_empty", 0, TIMED(b, accept4(c->listener, NULL, NULL, SOCK_NONBLOCK)));
    bench_note(b, "syscall.epoll_empty", 0, TIMED(b, epoll_wait(c->epoll, &event, 1, 0)));
    for (int i = 0; i < BATCH; i++) {
        event = (struct epoll_event){.events = EPOLLIN, .data.fd = c->fd[i]};
        bench_note(b, "syscall.epoll_add", 0, TIMED(b, epoll_ctl(c->epoll, EPOLL_CTL_ADD, c->fd[i], &event)));
    }
}

static void answer_batch(struct calls *c) {
    struct bench *b = c->bench;
    const size_t response = strlen(unit_response);
    char bytes[1024];
    for (int i = 0; i < BATCH; i++) {
        bench_note(b, "syscall.recv", 0, TIMED(b, recv(c->fd[i], bytes, sizeof bytes, 0)));
        bench_note(b, "syscall.send", 0, TIMED(b, send(c->fd[i], unit_response, response, MSG_NOSIGNAL)));
    }
    for (int i = 0; i < BATCH; i++) {
        bench_note(b, "syscall.epoll_del", 0, TIMED(b, epoll_ctl(c->epoll, EPOLL_CTL_DEL, c->fd[i], NULL)));
        bench_note(b, "syscall.close", 0, TIMED(b, close(c->fd[i])));
    }
}

static void event_calls(struct calls *c) {
    struct bench *b = c->bench;
    uint64_t count = 1;
    ssize_t n = 0;
    bench_note(b, "syscall.eventfd_write", 0, TIMED(b, n = write(c->event, &count, sizeof count)));
    bench_note(b, "syscall.eventfd_read", 0, TIMED(b, n += read(c->event, &count, sizeof count)));
    (void)n;
}

static void server(void *arg) {
    struct calls *c = arg;
    for (int i = 0; i < c->batches; i++) {
        bench_await(&c->sent, i + 1);
        accept_batch(c);
        answer_batch(c);
        event_calls(c);
        atomic_store(&c->served, i + 1);
        bench_await(&c->drained, i + 1);
    }
}

static void client_batch(struct calls *c, int batch) {
    const size_t request = strlen(unit_request);
    double(*x)[BATCHES * BATCH] = c->client;
    int fd[BATCH], at = batch * BATCH;
    char bytes[1024];
    for (int i = 0; i < BATCH; i++) {
        struct err ignored;
        x[CONNECT][at + i] = TIMED(c->bench, fd[i] = unit_connect(c->port, &ignored));
        x[SEND][at + i] = TIMED(c->bench, send(fd[i], unit_request, request, MSG_NOSIGNAL));
    }
    atomic_store(&c->sent, batch + 1);
    bench_await(&c->served, batch + 1);
    for (int i = 0; i < BATCH; i++) {
        x[RECV][at + i] = TIMED(c->bench, recv(fd[i], bytes, sizeof bytes, 0));
        x[END][at + i] = TIMED(c->bench, recv(fd[i], bytes, sizeof bytes, 0));
        x[CLOSE][at + i] = TIMED(c->bench, close(fd[i]));
    }
    atomic_store(&c->drained, batch + 1);
}

static void client(void *arg) {
    struct calls *c = arg;
    for (int i = 0; i < c->batches; i++) client_batch(c, i);
}

static bool open_server(struct calls *c, struct err *e) {
    struct epoll_event event = {.events = EPOLLIN};
    c->listener = unit_listen(&c->port, e);
    if (c->listener < 0) return false;
    c->epoll = epoll_create1(EPOLL_CLOEXEC);
    c->event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    event.data.fd = c->listener;
    if (c->epoll >= 0 && c->event >= 0 && !epoll_ctl(c->epoll, EPOLL_CTL_ADD, c->listener, &event))
        return true;
    return err_set(e, ERR_HOST, "cannot open an epoll set: %s", strerror(errno));
}

static void close_server(struct calls *c) {
    const int fd[] = {c->listener, c->epoll, c->event};
    for (int i = 0; i < 3; i++)
        if (fd[i] >= 0) close(fd[i]);
}

static bool run(struct bench *b, struct err *e) {
    struct calls c = {.bench = b, .epoll = -1, .event = -1, .batches = bench_repeat(b, BATCHES)};
    const struct bench_role crew[] = {{0, server}, {1, client}};
    bool ok = open_server(&c, e) && bench_crew(b, crew, 2, &c, e);
    for (int k = 0; ok && k < CLIENT_CALLS; k++)
        for (int i = 0; i < c.batches * BATCH; i++) bench_note(b, client_keys[k], 1, c.client[k][i]);
    close_server(&c);
    return ok;
}

const struct probe probe_calls = {"calls", "system calls of the request path", 1, figures, run};
