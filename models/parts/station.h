#pragma once
// Bookkeeping of one place where items wait or are served: integrals over time, and Little's law by two independent
// counts (the area under the number present; the summed stays of the items).
#include "engine/clock.h"

#include <stdbool.h>
#include <stdint.h>

__extension__ typedef __int128 station_sum;

struct station {
    int64_t n; // present
    int64_t entered, left;
    sim_time changed;   // area is summed up to here
    station_sum area;   // item-ns
    station_sum stays;  // ns, of items that left
    station_sum stamps; // summed entry times of those present
};

static inline void station_advance(struct station *s, sim_time now) {
    s->area += (station_sum)s->n * (now - s->changed);
    s->changed = now;
}

// An item comes in at `now`; keep `now` for station_leave.
static inline void station_enter(struct station *s, sim_time now) {
    station_advance(s, now);
    s->n++;
    s->entered++;
    s->stamps += now;
}

// An item that came in at `entered` leaves.
static inline void station_leave(struct station *s, sim_time now, sim_time entered) {
    station_advance(s, now);
    s->n--;
    s->left++;
    s->stamps -= entered;
    s->stays += now - entered;
}

// Little's law, exactly: area = stays of those that left + stays so far of those present.
static inline bool station_holds(struct station *s, sim_time now) {
    station_advance(s, now);
    return s->n >= 0 && s->entered == s->left + s->n &&
           s->area == s->stays + (station_sum)s->n * now - s->stamps;
}
