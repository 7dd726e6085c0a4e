// One event loop per worker runs everything: the twin of models/event_loop.c.
#include "live/serve_loop.h"

static const struct serve_loop_ops ops = {.call = serve_loop_perform};

static bool run(struct serve_worker *w, struct err *e) {
    return serve_loop_run(w, &ops, NULL, e);
}

const struct serve_twin serve_twin_event_loop = {.name = "event_loop", .run = run};
