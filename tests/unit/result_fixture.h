#pragma once
// Made-up observations for the tests of results. Include after cmocka.h.
#include "scenario/result.h"

#include <math.h>
#include <string.h>

// A scenario of one worker with a pool of 40 on two cores, and one observation of it.
struct fixture {
    struct scenario s;
    struct observation o;
};

static inline struct fixture fixture(void) {
    struct fixture f = {0};
    f.s.machine = (struct machine_spec){.classes = 1, .class = {{2, 1, 1.0}}};
    f.s.server = (struct server_spec){.model = "threadpool", .workers = 1, .threads = 40, .backlog = 2048};
    f.s.run = (struct run_spec){.replications = 1, .precision_frac = 0.02, .max_replications = 100};
    strcpy(f.s.name, "sync");
    observation_init(&f.o);
    f.o.span_s = 10;
    return f;
}

static inline void station(struct fixture *f, enum limit l, double utilisation, double servers,
                           double queue) {
    f->o.station[l] = (struct station_seen){
        .busy_s = utilisation * servers * 10, .servers = servers, .queue_s = queue * 10};
}

// One request of so many ms, served for all its time but what it waits for the lock.
static inline void add(struct observation *o, int64_t ms, int64_t lock_ms, int endpoint) {
    int64_t blame[BLAME_COUNT] = {
        [BLAME_LOCK] = lock_ms * 1000000, [BLAME_SERVICE] = (ms - lock_ms) * 1000000};
    observation_add(o, ms * 1000000, blame, endpoint);
    o->arrived++;
}

static inline void close_to(double x, double expected, double tolerance) {
    if (!(fabs(x - expected) <= tolerance)) fail_msg("%.9g is not %.9g +- %.3g", x, expected, tolerance);
}
