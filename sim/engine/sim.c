#include "engine/sim.h"

#include "base/require.h"

#include <stdlib.h>
#include <string.h>

// A tree of `cap` leaves (a power of two) in one array: node 1 is the root, node i has the children 2i and 2i+1, slot s
// is leaf cap+s. A key is 128 bits: time above, then the number of its setting (40 bits: 10^12 settings), then the slot
// (24 bits), so that one comparison decides time, order among equals and identity. Time is held complemented and
// settings are counted down, so that the earliest has the largest key and every node holds the larger of its children:
// zeros are timers not set, and the system's fresh memory is zeros. Pages for timers that do not exist are never
// touched: a timer costs 56 bytes resident, 32 of them here, however far the power of two lies above their number.
__extension__ typedef unsigned __int128 key;

enum { SLOT_BITS = 24 };
#define SLOT_MASK ((1u << SLOT_BITS) - 1)
#define NO_SLOT   UINT32_MAX
#define NOT_SET   ((key)0)

struct handler {
    timer_fn fn;
    void *owner;
    uint32_t tag, next_free;
};

struct sim {
    sim_time now; // first: sim_now() reads it there
    uint64_t settings_left;
    key *node; // in `block`, from a cache line's start: no match is split between two lines
    void *block;
    uint32_t cap, used, free_head;
    uint32_t fired; // slot whose event is being handled and whose leaf still holds it, NO_SLOT else
    uint64_t end;   // sim_run handles what lies before it; 0 = halted
    uint64_t events, hash;
    struct handler *handler;
};

static key make_key(sim_time at, uint64_t settings_left, uint32_t slot) {
    return (key) ~(uint64_t)at << 64 | (key)(settings_left << SLOT_BITS | slot);
}

// Beyond SIM_NEVER where it is not set.
static uint64_t time_of(key k) {
    return ~(uint64_t)(k >> 64);
}

// Plays slot's matches again from its leaf to the root. The steps go in bytes, not in nodes (two instructions of 15 a
// level; 4 % of an event among 10,000 timers), and choose without branching: who wins cannot be foreseen. Where slot is
// not the winner of all, the way up may end where a match ends as it did before: moving one of 100,000 timers takes
// three quarters of the time. Behind the winner it cannot, and asking at each level would cost 15-25 %.
static inline void replay(struct sim *sim, uint32_t slot, key k, bool winner) {
    char *node = (char *)sim->node;
    size_t i = ((size_t)sim->cap + slot) * sizeof k;
    *(key *)(node + i) = k;
    while (i > sizeof k) {
        key other = *(key *)(node + (i ^ sizeof k));
        k = other > k ? other : k;
        i = i / 2 & ~(sizeof k - 1);
        if (!winner && *(key *)(node + i) == k) return;
        *(key *)(node + i) = k;
    }
}

static bool grow(struct sim *sim, uint32_t cap) {
    enum { LINE = 64 };
    void *block = calloc(1, sizeof(key) * 2 * cap + LINE);
    key *node = (key *)(((uintptr_t)block + LINE - 1) / LINE * LINE);
    struct handler *handler = realloc(sim->handler, sizeof *handler * cap);
    if (handler) sim->handler = handler;
    if (!block || !handler) {
        free(block);
        return false;
    }
    if (sim->used) memcpy(node + cap, sim->node + sim->cap, sizeof *node * sim->used);
    // Level by level; to the right of the last timer all is zero already.
    for (uint32_t first = cap / 2, last = cap + sim->used; first > 0; first /= 2) {
        last = (last + 1) / 2;
        for (uint32_t i = first; i < last; i++)
            node[i] = node[2 * i] > node[2 * i + 1] ? node[2 * i] : node[2 * i + 1];
    }
    free(sim->block);
    sim->block = block;
    sim->node = node;
    sim->cap = cap;
    return true;
}

struct sim *sim_create(uint32_t timers) {
    struct sim *sim = calloc(1, sizeof *sim);
    if (!sim) return NULL;
    sim->free_head = NO_SLOT;
    sim->fired = NO_SLOT;
    sim->settings_left = ((uint64_t)1 << (64 - SLOT_BITS)) - 1;
    uint32_t cap = 2;
    while (cap < timers && cap < SIM_MAX_TIMERS) cap *= 2;
    if (!grow(sim, cap)) {
        sim_destroy(sim);
        return NULL;
    }
    return sim;
}

void sim_destroy(struct sim *sim) {
    if (!sim) return;
    free(sim->block);
    free(sim->handler);
    free(sim);
}

const sim_time *sim_clock(const struct sim *sim) {
    return &sim->now;
}

timer_id timer_new(struct sim *sim, timer_fn fn, void *owner, uint32_t tag) {
    uint32_t slot = sim->free_head;
    if (slot != NO_SLOT) {
        sim->free_head = sim->handler[slot].next_free;
    } else {
        if (sim->used == sim->cap) REQUIRE(sim->cap < SIM_MAX_TIMERS && grow(sim, sim->cap * 2));
        slot = sim->used++;
    }
    sim->handler[slot] = (struct handler){fn, owner, tag, NO_SLOT};
    return slot;
}

void timer_free(struct sim *sim, timer_id id) {
    timer_cancel(sim, id);
    sim->handler[id].fn = NULL;
    sim->handler[id].next_free = sim->free_head;
    sim->free_head = id;
}

void timer_set(struct sim *sim, timer_id id, sim_time at) {
    INVARIANT(id < sim->used && sim->handler[id].fn);
    REQUIRE(at >= sim->now);
    key k = make_key(at, sim->settings_left--, id);
    if (id == sim->fired) {
        sim->fired = NO_SLOT;
        replay(sim, id, k, true);
    } else {
        replay(sim, id, k, false);
    }
}

void timer_cancel(struct sim *sim, timer_id id) {
    if (id == sim->fired) sim->fired = NO_SLOT;
    if (sim->node[sim->cap + id] != NOT_SET) replay(sim, id, NOT_SET, false);
}

sim_time timer_at(const struct sim *sim, timer_id id) {
    uint64_t at = time_of(sim->node[sim->cap + id]);
    return at > SIM_NEVER || id == sim->fired ? SIM_NEVER : (sim_time)at;
}

// One multiply and one rotate an event; the multiplier is that of splitmix64 (Steele, Lea & Flood 2014).
static uint64_t mix(uint64_t hash, uint64_t value) {
    hash = (hash ^ value) * 0xbf58476d1ce4e5b9u;
    return hash << 29 | hash >> 35;
}

bool sim_run(struct sim *sim, sim_time until) {
    sim->end = until < SIM_NEVER ? (uint64_t)until + 1 : SIM_NEVER;
    for (;;) {
        key k = sim->node[1];
        uint64_t at = time_of(k);
        if (at >= sim->end) break; // one test for all: halted, none left, none so early
        uint32_t slot = (uint32_t)k & SLOT_MASK;
        const struct handler *h = &sim->handler[slot];
        sim->now = (sim_time)at;
        sim->events++;
        sim->hash = mix(sim->hash, at ^ (uint64_t)h->tag << 40 ^ slot);
        // The winner's leaf is left as it is: a handler that sets its own timer again overwrites it, one replay
        // instead of two.
        sim->fired = slot;
        h->fn(sim, h->owner, h->tag);
        if (sim->fired == slot) {
            sim->fired = NO_SLOT;
            replay(sim, slot, NOT_SET, true);
        }
    }
    if (time_of(sim->node[1]) >= SIM_NEVER) return false;
    if (sim->end > 0) sim->now = until;
    return true;
}

void sim_halt(struct sim *sim) {
    sim->end = 0;
}

uint64_t sim_events(const struct sim *sim) {
    return sim->events;
}

uint64_t sim_hash(const struct sim *sim) {
    return sim->hash;
}
