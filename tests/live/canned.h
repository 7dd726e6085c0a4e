#pragma once
// A server for tests of the load generator: one thread that accepts, reads requests to their blank line and answers as
// it is told. It counts what it sees.
#include <arpa/inet.h>
#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#define CANNED_OK "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"

struct canned;

// Answers request `number` (from 0); returns whether the connection stays open.
typedef bool canned_answer(struct canned *s, int fd, int number);

struct canned {
    int listener, epoll, wake, port;
    pthread_t thread;
    canned_answer *answer;
    atomic_int accepted, requests, old; // old: HTTP/1.0
    int alone, others;                  // for answers that look at connections
    unsigned char matched[1 << 16];     // by file: how much of the blank line has been seen
    bool connection[1 << 16];           // by file
};

static inline void canned_say(int fd, const char *text) {
    ssize_t n = send(fd, text, strlen(text), MSG_NOSIGNAL);
    (void)n; // the client may have gone
}

// Answers, keeping HTTP/1.1 connections.
static inline bool canned_plain(struct canned *s, int fd, int number) {
    (void)number;
    canned_say(fd, CANNED_OK);
    return atomic_load(&s->old) == 0;
}

static inline void canned_watch(struct canned *s, int fd) {
    struct epoll_event e = {.events = EPOLLIN, .data = {.fd = fd}};
    if (epoll_ctl(s->epoll, EPOLL_CTL_ADD, fd, &e)) abort();
}

// Accepts all that wait; returns how many.
static inline int canned_accept(struct canned *s) {
    int n = 0;
    for (int fd; (fd = accept4(s->listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0; n++) {
        if (fd >= (int)sizeof s->matched) abort(); // cmocka's own checks belong to the test's thread
        s->matched[fd] = 0;
        s->connection[fd] = true;
        canned_watch(s, fd);
        atomic_fetch_add(&s->accepted, 1);
    }
    return n;
}

static inline void canned_hang_up(struct canned *s, int fd) {
    s->connection[fd] = false;
    close(fd);
}

static inline void canned_read(struct canned *s, int fd) {
    static const char blank[] = "\r\n\r\n";
    char bytes[4096];
    ssize_t n = recv(fd, bytes, sizeof bytes, 0);
    if (n <= 0) {
        if (n == 0 || errno != EAGAIN) canned_hang_up(s, fd);
        return;
    }
    if (memmem(bytes, (size_t)n, " HTTP/1.0\r\n", 11)) atomic_fetch_add(&s->old, 1);
    for (ssize_t i = 0; i < n; i++) {
        unsigned char m = s->matched[fd];
        m = bytes[i] == blank[m] ? m + 1 : bytes[i] == '\r';
        s->matched[fd] = m % 4;
        if (m == 4 && !s->answer(s, fd, atomic_fetch_add(&s->requests, 1))) {
            canned_hang_up(s, fd);
            return;
        }
    }
}

static inline void *canned_run(void *arg) {
    struct canned *s = arg;
    struct epoll_event e[64];
    for (;;) {
        int n = epoll_wait(s->epoll, e, 64, -1);
        for (int i = 0; i < n; i++) {
            if (e[i].data.fd == s->wake) return NULL;
            if (e[i].data.fd == s->listener)
                canned_accept(s);
            else
                canned_read(s, e[i].data.fd);
        }
    }
}

static inline struct canned *canned_start(canned_answer *answer) {
    struct canned *s = calloc(1, sizeof *s);
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t size = sizeof a;
    assert_non_null(s);
    s->answer = answer;
    s->listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    s->epoll = epoll_create1(EPOLL_CLOEXEC);
    s->wake = eventfd(0, EFD_CLOEXEC);
    assert_int_equal(bind(s->listener, (struct sockaddr *)&a, size), 0);
    assert_int_equal(listen(s->listener, 4096), 0);
    assert_int_equal(getsockname(s->listener, (struct sockaddr *)&a, &size), 0);
    s->port = ntohs(a.sin_port);
    canned_watch(s, s->listener);
    canned_watch(s, s->wake);
    assert_int_equal(pthread_create(&s->thread, NULL, canned_run, s), 0);
    return s;
}

// Ends the thread and closes what is open.
static inline void canned_stop(struct canned *s) {
    assert_int_equal(eventfd_write(s->wake, 1), 0);
    pthread_join(s->thread, NULL);
    for (int fd = 0; fd < (int)sizeof s->matched; fd++)
        if (s->connection[fd]) close(fd);
    close(s->listener);
    close(s->wake);
    close(s->epoll);
    free(s);
}

static inline void canned_pause_ms(int ms) {
    struct timespec t = {ms / 1000, ms % 1000 * 1000000L};
    nanosleep(&t, NULL);
}
