#pragma once
// What tests of the micro-server need: scenarios from text, and a client that does as it is told.
#include "live/serve.h"

#include <arpa/inet.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

// A worker in which ThreadSanitizer finds a race must not end well.
const char *__tsan_default_options(void);
const char *__tsan_default_options(void) {
    return "halt_on_error=1";
}

static inline int64_t peer_now_ns(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * SIM_S + t.tv_nsec;
}

__attribute__((format(printf, 2, 3))) static inline void peer_load(struct scenario_file *f, const char *fmt,
                                                                   ...) {
    struct scenario_model row[16];
    char text[4096];
    struct err e = {0};
    int n = 0;
    va_list args;
    for (const char *const *m = serve_models(); *m; m++) row[n++] = (struct scenario_model){.name = *m};
    va_start(args, fmt);
    vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    if (!scenario_load_text(f, "test.yaml", text, NULL, 0, &(struct scenario_models){n, row}, NULL, &e))
        fail_msg("%s\n%s", e.text, text);
}

static inline struct serve *peer_start(const struct scenario_file *f) {
    struct err e = {0};
    struct serve *v = serve_start(&f->case_[0], &(struct serve_options){0}, &e);
    if (!v) fail_msg("%s", e.text);
    return v;
}

// Stops it within a minute, says whether that went well, and adds up what the workers have done.
static inline struct serve_seen peer_stop(struct serve *v) {
    struct serve_seen seen[64], sum = {0};
    struct err e = {0};
    int n;
    serve_pids(v, &n);
    assert_in_range(n, 1, 64);
    if (!serve_stop_and_look(v, 60 * SIM_S, seen, &e)) fail_msg("%s", e.text);
    for (int i = 0; i < n; i++) {
        sum.connections += seen[i].connections;
        sum.requests += seen[i].requests;
        sum.unknown += seen[i].unknown;
        sum.malformed += seen[i].malformed;
        sum.refused += seen[i].refused;
        sum.aborted += seen[i].aborted;
        sum.threads += seen[i].threads;
        for (int k = 0; k < SEEN_ENDPOINTS; k++) sum.endpoint[k] += seen[i].endpoint[k];
    }
    return sum;
}

// A connection, or -1 where it is refused. Reading from it gives up after 30 s.
static inline int peer_connect(const struct serve *v) {
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons((uint16_t)serve_port(v))};
    struct timeval patience = {30, 0};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(fd >= 0);
    a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    if (connect(fd, (struct sockaddr *)&a, sizeof a) == 0) return fd;
    close(fd);
    return -1;
}

static inline void peer_send(int fd, const char *text) {
    size_t n = strlen(text);
    while (n > 0) {
        ssize_t sent = send(fd, text, n, MSG_NOSIGNAL);
        if (sent <= 0) return; // a server that has refused may have closed
        text += sent;
        n -= (size_t)sent;
    }
}

// Reads one response, byte by byte. Its status; 0 = the server closed, -1 = nothing came, -2 = not what was promised.
static inline int peer_receive(int fd) {
    char head[1024] = "", body[64];
    size_t n = 0;
    while (n < sizeof head - 1 && !strstr(head, "\r\n\r\n")) {
        ssize_t got = recv(fd, head + n, 1, 0);
        if (got == 0 || (got < 0 && errno == ECONNRESET)) return n ? -2 : 0;
        if (got < 0) return -1;
        head[++n] = 0;
    }
    const char *length = strstr(head, "Content-Length: ");
    int left = length ? atoi(length + 16) : -1;
    if (left < 0 || left > (int)sizeof body || strncmp(head, "HTTP/1.1 ", 9) != 0) return -2;
    for (ssize_t got; left > 0; left -= (int)got)
        if ((got = recv(fd, body, (size_t)left, 0)) <= 0) return -2;
    return atoi(head + 9);
}

static inline bool peer_closed(int fd) {
    char byte;
    ssize_t n = recv(fd, &byte, 1, 0);
    return n == 0 || (n < 0 && errno == ECONNRESET);
}

// A request on a connection of its own; the status.
static inline int peer_get(const struct serve *v, const char *path) {
    char text[256];
    int fd = peer_connect(v);
    if (fd < 0) return -1;
    snprintf(text, sizeof text, "GET %s HTTP/1.0\r\n\r\n", path);
    peer_send(fd, text);
    int status = peer_receive(fd);
    if (status > 0 && !peer_closed(fd)) status = -3;
    close(fd);
    return status;
}
