#include "calib/ask.h"

#include "base/monotonic.h"
#include "live/response.h"

#include <errno.h>
#include <math.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { WHOLE = ASK_BODY + 4096, LOOK_EVERY_MS = 50 };

// How long an answer is waited for.
struct wait {
    sim_time until;
    const atomic_int *stop;
};

// False when the time is over, or the stop comes, first.
static bool wait_for(int fd, short what, const struct wait *w) {
    for (;;) {
        struct pollfd p = {.fd = fd, .events = what};
        sim_time left = w->until - monotonic_ns();
        if (left <= 0 || (w->stop && atomic_load(w->stop))) return false;
        int n = poll(&p, 1, left < LOOK_EVERY_MS * SIM_MS ? (int)(left / SIM_MS) + 1 : LOOK_EVERY_MS);
        if (n > 0) return true;
        if (n < 0 && errno != EINTR) return false;
    }
}

static bool reach(int fd, const struct sockaddr_in *server, const struct wait *w) {
    int error = 0;
    socklen_t size = sizeof error;
    if (connect(fd, (const struct sockaddr *)server, sizeof *server) == 0) return true;
    if (errno != EINPROGRESS || !wait_for(fd, POLLOUT, w)) return false;
    return getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) == 0 && error == 0;
}

// Reads until the response is whole, keeping what fits. Returns the bytes kept.
static size_t receive(int fd, char *text, struct response *r, const struct wait *w) {
    size_t kept = 0;
    char rest[4096];
    while (r->state == RESPONSE_MORE && wait_for(fd, POLLIN, w)) {
        bool room = kept < WHOLE;
        char *at = room ? text + kept : rest;
        ssize_t n = recv(fd, at, room ? WHOLE - kept : sizeof rest, 0);
        if (n < 0 && (errno == EAGAIN || errno == EINTR)) continue;
        if (n < 0) break;
        if (n == 0)
            response_close(r);
        else
            response_feed(r, at, (size_t)n);
        kept += room ? (size_t)n : 0;
    }
    return kept;
}

static void talk(int fd, const char *path, const struct wait *w, struct ask_answer *out) {
    char request[1024], text[WHOLE + 1];
    struct response r;
    int n =
        snprintf(request, sizeof request,
                 "GET %s HTTP/1.0\r\nHost: 127.0.0.1\r\nUser-Agent: dispatchsim/%s\r\nAccept: */*\r\n\r\n",
                 path, DISPATCHSIM_VERSION);
    if (send(fd, request, (size_t)n, MSG_NOSIGNAL) != n) return;
    response_init(&r);
    text[receive(fd, text, &r, w)] = 0;
    out->status = r.state == RESPONSE_DONE ? r.status : 0;
    const char *body = strstr(text, "\r\n\r\n");
    if (body) snprintf(out->body, sizeof out->body, "%s", body + 4);
}

void ask(const struct sockaddr_in *server, const char *path, sim_time patience, const atomic_int *stop,
         struct ask_answer *out) {
    const struct wait w = {monotonic_ns() + patience, stop};
    *out = (struct ask_answer){0};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0) return;
    out->connected = reach(fd, server, &w);
    if (out->connected) talk(fd, path, &w, out);
    close(fd);
}

bool ask_number(const struct sockaddr_in *server, const char *path, sim_time patience, const atomic_int *stop,
                double *out, struct err *e) {
    struct ask_answer a;
    char *end = a.body;
    ask(server, path, patience, stop, &a);
    *out = strtod(a.body, &end);
    bool number = end > a.body && !end[strspn(end, " \r\n")] && isfinite(*out) && *out > 0;
    if (number && a.status >= 200 && a.status < 300) return true;
    return err_set(e, ERR_HOST,
                   "the server answers %.100s with status %d and \"%.40s\", not with a number above 0", path,
                   a.status, a.body);
}
