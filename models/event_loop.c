// One event loop per worker runs everything: asyncio and uvloop with `async def` endpoints, Node.js.
#include "models/model.h"
#include "models/parts/loop.h"

static const struct loop_ops ops = {.call = loop_run_handler};

static void start(struct machine *m, struct worker *w) {
    (void)m;
    w->state = loop_create(w, &ops);
}

static void stop(struct worker *w) {
    loop_destroy(w->state);
}

static const char *const reads[] = {"workers", "backlog",    "accept",        "gil",
                                    "gc",      "keep_alive", "dispatch.loop", NULL};
static const char *const defaults[] = {NULL};

const struct model model_event_loop = {
    .name = "event_loop",
    .summary = "one event loop per worker runs every handler to its next await (async def, Node.js)",
    .reads = reads,
    .defaults = defaults,
    .closed_form = "M/G/1",
    .start = start,
    .stop = stop,
};
