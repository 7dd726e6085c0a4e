#include "engine/sim.h"

#include "base/require.h"

#include <stdlib.h>
#include <string.h>

// A tree of `cap` leaves (a power of two) in one array: node 1 is the root, node i has the children 2i and 2i+1, slot s
// is leaf cap+s. Every node holds the smaller key of its children. A key is 128 bits: time above, then the sequence
// number of its setting (40 bits: 10^12 settings), then the slot (24 bits), so that one comparison decides time, order
// among equals and identity. Measured on 2 cores of a shared virtual machine: see tests/bench.
__extension__ typedef unsigned __int128 key;

enum { SLOT_BITS = 24 };
#define SLOT_MASK ((1u << SLOT_BITS) - 1)
#define NO_SLOT   UINT32_MAX

struct handler {
    timer_fn fn;
    void *owner;
    uint32_t tag, next_free;
};

struct sim {
    sim_time now;
    uint64_t sequence;
    key *node;
    uint32_t cap, used, free_head;
    uint32_t fired; // slot whose event is being handled and whose leaf still holds it, NO_SLOT else
    bool halted;
    uint64_t events, hash;
    struct handler *handler;
};

static const key never = ~(key)0;

static key make_key(sim_time at, uint64_t sequence, uint32_t slot) {
    return (key)(uint64_t)at << 64 | (key)(sequence << SLOT_BITS | slot);
}

// Plays slot's matches again from its leaf to the root.
static void replay(struct sim *sim, uint32_t slot, key k) {
    key *node = sim->node;
    uint32_t i = sim->cap + slot;
    node[i] = k;
    while (i > 1) {
        key other = node[i ^ 1];
        k = other < k ? other : k;
        i >>= 1;
        node[i] = k;
    }
}

static bool grow(struct sim *sim, uint32_t cap) {
    key *node = aligned_alloc(64, sizeof *node * 2 * cap);
    struct handler *handler = realloc(sim->handler, sizeof *handler * cap);
    if (handler) sim->handler = handler;
    if (!node || !handler) {
        free(node);
        return false;
    }
    for (uint32_t i = 0; i < 2 * cap; i++) node[i] = never;
    if (sim->used) memcpy(node + cap, sim->node + sim->cap, sizeof *node * sim->used);
    for (uint32_t i = cap - 1; i > 0; i--)
        node[i] = node[2 * i] < node[2 * i + 1] ? node[2 * i] : node[2 * i + 1];
    free(sim->node);
    sim->node = node;
    sim->cap = cap;
    return true;
}

struct sim *sim_create(uint32_t timers) {
    struct sim *sim = calloc(1, sizeof *sim);
    if (!sim) return NULL;
    sim->free_head = NO_SLOT;
    sim->fired = NO_SLOT;
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
    free(sim->node);
    free(sim->handler);
    free(sim);
}

sim_time sim_now(const struct sim *sim) {
    return sim->now;
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
    if (at == SIM_NEVER) {
        timer_cancel(sim, id);
        return;
    }
    REQUIRE(at >= sim->now);
    if (id == sim->fired) sim->fired = NO_SLOT;
    replay(sim, id, make_key(at, sim->sequence++, id));
}

void timer_cancel(struct sim *sim, timer_id id) {
    if (id == sim->fired) sim->fired = NO_SLOT;
    if (sim->node[sim->cap + id] != never) replay(sim, id, never);
}

sim_time timer_at(const struct sim *sim, timer_id id) {
    key k = sim->node[sim->cap + id];
    return k == never || id == sim->fired ? SIM_NEVER : (sim_time)(k >> 64);
}

// One multiply and one rotate an event; the multiplier is that of splitmix64 (Steele, Lea & Flood 2014).
static uint64_t mix(uint64_t hash, uint64_t value) {
    hash = (hash ^ value) * 0xbf58476d1ce4e5b9u;
    return hash << 29 | hash >> 35;
}

bool sim_run(struct sim *sim, sim_time until) {
    sim->halted = false;
    while (!sim->halted) {
        key k = sim->node[1];
        if (k == never) return false;
        sim_time at = (sim_time)(k >> 64);
        if (at > until) {
            sim->now = until;
            return true;
        }
        uint32_t slot = (uint32_t)k & SLOT_MASK;
        struct handler h = sim->handler[slot];
        sim->now = at;
        sim->events++;
        sim->hash = mix(sim->hash, (uint64_t)at ^ (uint64_t)h.tag << 40 ^ slot);
        // The winner's leaf is left as it is: a handler that sets its own timer again overwrites it, one replay
        // instead of two.
        sim->fired = slot;
        h.fn(sim, h.owner, h.tag);
        if (sim->fired == slot) {
            sim->fired = NO_SLOT;
            replay(sim, slot, never);
        }
    }
    return sim->node[1] != never;
}

void sim_halt(struct sim *sim) {
    sim->halted = true;
}

uint64_t sim_events(const struct sim *sim) {
    return sim->events;
}

uint64_t sim_hash(const struct sim *sim) {
    return sim->hash;
}
