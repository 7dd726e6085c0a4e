#pragma once
// A unit of warm work as a small HTTP server does it: epoll_wait, recv, parse, send, on one TCP connection over
// loopback. Requests lie ready in the socket, so that serving one never waits unless the caller wants it to.
#include "base/err.h"

#include <llhttp.h>

extern const char unit_request[]; // as wrk and most clients send it
extern const char unit_response[];

struct unit {
    int client, server, epoll;
    llhttp_t parser;
    llhttp_settings_t settings;
};

// Opens the connection. False with *e (ERR_HOST); then there is nothing to close.
bool unit_open(struct unit *u, struct err *e);
void unit_close(struct unit *u);

// The client sends n requests at once.
void unit_ask(struct unit *u, int n);

// The server waits for a request (epoll_wait), and answers it (recv, parse, send); or both. Cost: 2-10 us of CPU.
void unit_wait(struct unit *u);
void unit_answer(struct unit *u);
void unit_serve(struct unit *u);

// The client takes in what has been answered so far, without waiting.
void unit_drain(struct unit *u);

// A TCP socket on 127.0.0.1 that listens on a free port (*port), non-blocking; or -1 with *e (ERR_HOST).
int unit_listen(int *port, struct err *e);

// A socket connected to it, with TCP_NODELAY; or -1 with *e.
int unit_connect(int port, struct err *e);

// Parses n bytes of requests with llhttp; the parser must be initialised. Returns whether they were well-formed.
bool unit_parse(struct unit *u, const char *bytes, size_t n);
void unit_parser_init(struct unit *u);
