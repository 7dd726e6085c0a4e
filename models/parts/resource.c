#include "models/parts/resource.h"

#include "base/require.h"

void resource_init(struct resource *x, int capacity, bool lifo) {
    *x = (struct resource){.capacity = capacity, .lifo = lifo};
}

static void hold(struct resource *x, struct machine *m) {
    x->used++;
    station_enter(&x->held, machine_now(m));
    if (x->used == x->capacity) x->full_since = machine_now(m);
}

bool resource_take(struct resource *x, struct machine *m, struct request *r) {
    if (x->used < x->capacity && x->waiting.n == 0) {
        hold(x, m);
        return true;
    }
    r->stamp = machine_now(m);
    station_enter(&x->queue, r->stamp);
    if (x->lifo)
        request_queue_push_front(&x->waiting, r);
    else
        request_queue_push(&x->waiting, r);
    return false;
}

void resource_give(struct resource *x, struct machine *m) {
    REQUIRE(x->used > 0);
    struct request *next = request_queue_pop(&x->waiting);
    if (next) { // the unit changes hands: it stays in use
        station_leave(&x->queue, machine_now(m), next->stamp);
        x->held.entered++;
        x->held.left++;
        next->granted(m, next);
        return;
    }
    if (x->used == x->capacity) x->full += machine_now(m) - x->full_since;
    x->used--;
    station_advance(&x->held, machine_now(m));
    x->held.n--;
    x->held.left++;
}

void resource_sample(struct resource *x, const struct machine *m, struct station_seen *seen) {
    sim_time now = machine_now(m);
    station_advance(&x->held, now);
    station_advance(&x->queue, now);
    seen->busy_s += (double)x->held.area * 1e-9;
    seen->queue_s += (double)x->queue.area * 1e-9;
    seen->full_s += (double)(x->full + (x->used == x->capacity ? now - x->full_since : 0)) * 1e-9;
    seen->servers += x->capacity;
    seen->instances += 1;
    seen->arrivals += x->held.entered + x->queue.n;
}
