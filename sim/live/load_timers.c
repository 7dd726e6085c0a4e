#include "live/load_timers.h"

#include "base/require.h"

#include <stdlib.h>

bool load_timers_init(struct load_timers *t, int most) {
    *t = (struct load_timers){0, most, calloc((size_t)most, sizeof(struct load_timer *))};
    return t->heap;
}

void load_timers_fini(struct load_timers *t) {
    free(t->heap);
    *t = (struct load_timers){0};
}

void load_timers_new(struct load_timer *x) {
    *x = (struct load_timer){.place = -1};
}

static void put(struct load_timers *t, struct load_timer *x, int place) {
    t->heap[place] = x;
    x->place = place;
}

static void sift_up(struct load_timers *t, struct load_timer *x) {
    int i = x->place;
    for (; i > 0 && x->at < t->heap[(i - 1) / 2]->at; i = (i - 1) / 2) put(t, t->heap[(i - 1) / 2], i);
    put(t, x, i);
}

static void sift_down(struct load_timers *t, struct load_timer *x) {
    int i = x->place;
    for (int child; (child = 2 * i + 1) < t->count; i = child) {
        if (child + 1 < t->count && t->heap[child + 1]->at < t->heap[child]->at) child++;
        if (x->at <= t->heap[child]->at) break;
        put(t, t->heap[child], i);
    }
    put(t, x, i);
}

void load_timers_set(struct load_timers *t, struct load_timer *x, sim_time at) {
    if (x->place < 0) {
        REQUIRE(t->count < t->most);
        put(t, x, t->count++);
    }
    x->at = at;
    sift_up(t, x);
    sift_down(t, x);
}

void load_timers_cancel(struct load_timers *t, struct load_timer *x) {
    if (x->place < 0) return;
    struct load_timer *last = t->heap[--t->count];
    int hole = x->place;
    x->place = -1;
    if (last == x) return;
    put(t, last, hole);
    sift_up(t, last);
    sift_down(t, last);
}
