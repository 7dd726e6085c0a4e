#include "calib/unit.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

const char unit_request[] = "GET /items/42 HTTP/1.1\r\n"
                            "Host: 127.0.0.1:8080\r\n"
                            "User-Agent: calibrate\r\n"
                            "Accept: */*\r\n"
                            "\r\n";
const char unit_response[] = "HTTP/1.1 200 OK\r\n"
                             "Content-Type: application/json\r\n"
                             "Content-Length: 17\r\n"
                             "\r\n"
                             "{\"hello\":\"world\"}";

enum { REQUEST_BYTES = sizeof unit_request - 1, RESPONSE_BYTES = sizeof unit_response - 1 };

static int refuse(const char *what, int fd, struct err *e) {
    err_set(e, ERR_HOST, "cannot %s on 127.0.0.1: %s", what, strerror(errno));
    if (fd >= 0) close(fd);
    return -1;
}

int unit_listen(int *port, struct err *e) {
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof a;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0) return refuse("open a socket", fd, e);
    if (bind(fd, (struct sockaddr *)&a, sizeof a) || listen(fd, 128) ||
        getsockname(fd, (struct sockaddr *)&a, &size))
        return refuse("listen", fd, e);
    *port = ntohs(a.sin_port);
    return fd;
}

static void send_at_once(int fd) {
    const int on = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

int unit_connect(int port, struct err *e) {
    const struct sockaddr_in a = {
        .sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0) return refuse("open a socket", fd, e);
    if (connect(fd, (const struct sockaddr *)&a, sizeof a)) return refuse("connect", fd, e);
    send_at_once(fd);
    return fd;
}

void unit_parser_init(struct unit *u) {
    llhttp_settings_init(&u->settings);
    llhttp_init(&u->parser, HTTP_REQUEST, &u->settings);
}

bool unit_parse(struct unit *u, const char *bytes, size_t n) {
    return llhttp_execute(&u->parser, bytes, n) == HPE_OK;
}

bool unit_open(struct unit *u, struct err *e) {
    int port = 0, listener = unit_listen(&port, e);
    *u = (struct unit){.client = -1, .server = -1, .epoll = -1};
    if (listener < 0) return false;
    u->client = unit_connect(port, e);
    if (u->client >= 0) u->server = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (u->server >= 0) send_at_once(u->server);
    u->epoll = epoll_create1(EPOLL_CLOEXEC);
    struct epoll_event event = {.events = EPOLLIN};
    bool ok = u->server >= 0 && u->epoll >= 0 && !epoll_ctl(u->epoll, EPOLL_CTL_ADD, u->server, &event);
    if (!ok && u->client >= 0) refuse("accept", -1, e);
    close(listener);
    unit_parser_init(u);
    if (!ok) unit_close(u);
    return ok;
}

static void close_one(int fd) {
    if (fd >= 0) close(fd);
}

void unit_close(struct unit *u) {
    close_one(u->client);
    close_one(u->server);
    close_one(u->epoll);
}

void unit_ask(struct unit *u, int n) {
    char bytes[32 * REQUEST_BYTES];
    if (n > 32) n = 32;
    for (int i = 0; i < n; i++) memcpy(bytes + i * REQUEST_BYTES, unit_request, REQUEST_BYTES);
    send(u->client, bytes, (size_t)n * REQUEST_BYTES, MSG_NOSIGNAL);
}

void unit_wait(struct unit *u) {
    struct epoll_event event;
    epoll_wait(u->epoll, &event, 1, -1);
}

void unit_answer(struct unit *u) {
    char bytes[REQUEST_BYTES];
    ssize_t n = recv(u->server, bytes, sizeof bytes, 0);
    if (n > 0) unit_parse(u, bytes, (size_t)n);
    send(u->server, unit_response, RESPONSE_BYTES, MSG_NOSIGNAL);
}

void unit_serve(struct unit *u) {
    unit_wait(u);
    unit_answer(u);
}

void unit_drain(struct unit *u) {
    char bytes[4096];
    while (recv(u->client, bytes, sizeof bytes, MSG_DONTWAIT) > 0) {}
}
