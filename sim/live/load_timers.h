#pragma once
// Timers of the load generator: a binary heap whose entries know their place, so that they move and cancel in O(log n).
#include "engine/clock.h"

#include <stdbool.h>

struct load_timer {
    sim_time at; // on whatever clock the owner uses, ns
    int place;   // in the heap; -1 = not set
};

struct load_timers {
    int count, most;
    struct load_timer **heap;
};

// Room for `most` timers. False where memory is lacking.
bool load_timers_init(struct load_timers *t, int most);
void load_timers_fini(struct load_timers *t);

// Makes a timer known as not set.
void load_timers_new(struct load_timer *x);

// Sets a timer, or moves one that is set.
void load_timers_set(struct load_timers *t, struct load_timer *x, sim_time at);

// Harmless where it is not set.
void load_timers_cancel(struct load_timers *t, struct load_timer *x);

// The earliest, or NULL.
static inline struct load_timer *load_timers_first(const struct load_timers *t) {
    return t->count ? t->heap[0] : (struct load_timer *)0;
}
