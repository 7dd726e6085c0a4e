#pragma once
// Connections of an event loop: accepted, read, answered, closed. A connection has one request at a time in the making;
// what a client sends ahead (pipelining) waits in a buffer, and beyond that in the kernel.
#include "live/serve_loop.h"

// NULL with *e (ERR_HOST).
struct serve_conns *serve_conn_create(struct serve_loop *l, struct err *e);

// No further connections: the listening socket is left alone, connections without a request in the making are closed,
// the others when theirs is answered. When none is left, `over` is called, at once or later.
void serve_conn_stop(struct serve_conns *c, void (*over)(struct serve_loop *l));

// Sends the response of the job's connection and reads on.
void serve_conn_answer(struct serve_job *j, int status);

// When the loop has ended.
void serve_conn_destroy(struct serve_conns *c);
