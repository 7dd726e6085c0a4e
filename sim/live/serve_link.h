#pragma once
// A connection as a thread serves it that blocks: read, execute, write.
#include "live/serve_worker.h"

struct serve_link {
    int fd;
    struct http_reader reader;
};

// OPEN: more may come on it. OVER: it is to be closed (by the caller, with serve_link_close).
enum serve_link_state { SERVE_LINK_OPEN, SERVE_LINK_OVER };

void serve_link_init(struct serve_link *l, int fd);

// Reads what there is (with `flags` of recv; MSG_DONTWAIT: may be nothing) and serves the requests that are complete, in
// order; keeps none of what it read. Enters and leaves holding the lock. `closing`: asked after each request; where it
// says so, the connection ends with its response. A peer that does not read its response is given up after 30 s.
enum serve_link_state serve_link_serve(struct serve_hand *h, struct serve_link *l, int flags,
                                       bool (*closing)(void *), void *arg);

// Closes it, with the lock held. Where a request was refused the client gets up to a second to read the answer.
void serve_link_close(struct serve_hand *h, struct serve_link *l);
