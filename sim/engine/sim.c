#include "engine/sim.h"

#include "base/require.h"

#include <stdlib.h>
#include <string.h>

// A tree of `cap` leaves (a power of two) in one array: node 1 is the root, node i has the children 2i and 2i+1, leaf l
// is node cap+l. A key is 128 bits: time above, then the number of its setting (40 bits: 10^12 settings), then the slot
// (24 bits), so that one comparison decides time, order among equals and identity. Time is held complemented and
// settings are counted down, so that the earliest has the largest key and every node holds the larger of its children:
// zeros are timers not set, and the system's fresh memory is zeros. A timer has a leaf from its first setting on: most
// of a server's timers (time-outs, sleeps) are never set, and each halving of the tree saves a level of every replay
// (event loop with 100 clients: 10 levels otherwise, instead of 3: 10 % of a request). Pages for leaves that do not exist are never
// touched: a timer costs 24 bytes resident and 32 more with its leaf, however far the power of two lies above their number.
__extension__ typedef unsigned __int128 key;

enum { SLOT_BITS = 24 };
#define SLOT_MASK ((1u << SLOT_BITS) - 1)
#define NO_SLOT   UINT32_MAX
#define NO_LEAF   0
#define NOT_SET   ((key)0)

struct handler {
    timer_fn fn; // NULL = free
    void *owner;
    uint32_t tag;  // of a free one: the next free slot
    uint32_t leaf; // its node, in bytes from node 0; kept when the slot is freed, for its next owner
};

struct sim {
    sim_time now; // first: sim_now() reads it there
    uint64_t settings_left;
    key *node; // in `block`, from a cache line's start: no match is split between two lines
    void *block;
    uint32_t cap, leaves;           // of the tree; in use
    uint32_t room, used, free_head; // slots
    uint32_t fired;      // slot whose event is being handled and whose leaf still holds it, NO_SLOT else
    uint32_t fired_leaf; // that leaf, at hand before a handler knows its timer: 2 ns of an event
    uint64_t end;        // sim_run handles what lies before it; 0 = halted
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

static key *node_at(const struct sim *sim, size_t bytes) {
    return (key *)((char *)sim->node + bytes);
}

// Plays a leaf's matches again, from there to the root. The steps go in bytes, not in nodes (two instructions of 15 a
// level; 4 % of an event among 10,000 timers), and choose without branching: who wins cannot be foreseen. Where it is
// not the winner of all, the way up may end where a match ends as it did before: moving one of 100,000 timers takes
// three quarters of the time. Behind the winner it cannot, and asking at each level would cost 15-25 %.
static inline void replay(struct sim *sim, uint32_t leaf, key k, bool winner) {
    size_t i = leaf;
    *node_at(sim, i) = k;
    while (i > sizeof k) {
        key other = *node_at(sim, i ^ sizeof k);
        k = other > k ? other : k;
        i = i / 2 & ~(sizeof k - 1);
        if (!winner && *node_at(sim, i) == k) return;
        *node_at(sim, i) = k;
    }
}

static bool grow_tree(struct sim *sim, uint32_t cap) {
    enum { LINE = 64 };
    void *block = calloc(1, sizeof(key) * 2 * cap + LINE);
    if (!block) return false;
    key *node = (key *)(((uintptr_t)block + LINE - 1) / LINE * LINE);
    if (sim->leaves) memcpy(node + cap, sim->node + sim->cap, sizeof *node * sim->leaves);
    // Level by level; to the right of the last leaf all is zero already.
    for (uint32_t first = cap / 2, last = cap + sim->leaves; first > 0; first /= 2) {
        last = (last + 1) / 2;
        for (uint32_t i = first; i < last; i++)
            node[i] = node[2 * i] > node[2 * i + 1] ? node[2 * i] : node[2 * i + 1];
    }
    uint32_t moved = (cap - sim->cap) * (uint32_t)sizeof *node;
    for (uint32_t i = 0; i < sim->used; i++)
        if (sim->handler[i].leaf != NO_LEAF) sim->handler[i].leaf += moved;
    sim->fired_leaf += moved;
    free(sim->block);
    sim->block = block;
    sim->node = node;
    sim->cap = cap;
    return true;
}

static bool grow_slots(struct sim *sim, uint32_t room) {
    struct handler *handler = realloc(sim->handler, sizeof *handler * room);
    if (!handler) return false;
    sim->handler = handler;
    sim->room = room;
    return true;
}

// The first setting of a timer.
static uint32_t new_leaf(struct sim *sim) {
    if (sim->leaves == sim->cap) REQUIRE(grow_tree(sim, sim->cap * 2));
    return (sim->cap + sim->leaves++) * (uint32_t)sizeof(key);
}

struct sim *sim_create(uint32_t timers) {
    struct sim *sim = calloc(1, sizeof *sim);
    if (!sim) return NULL;
    sim->free_head = NO_SLOT;
    sim->fired = NO_SLOT;
    sim->settings_left = ((uint64_t)1 << (64 - SLOT_BITS)) - 1;
    uint32_t room = 2;
    while (room < timers && room < SIM_MAX_TIMERS) room *= 2;
    if (!grow_slots(sim, room) || !grow_tree(sim, room)) {
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
        sim->free_head = sim->handler[slot].tag;
    } else {
        if (sim->used == sim->room) REQUIRE(sim->room < SIM_MAX_TIMERS && grow_slots(sim, sim->room * 2));
        slot = sim->used++;
        sim->handler[slot].leaf = NO_LEAF;
    }
    struct handler *h = &sim->handler[slot];
    *h = (struct handler){fn, owner, tag, h->leaf};
    return slot;
}

void timer_free(struct sim *sim, timer_id id) {
    timer_cancel(sim, id);
    sim->handler[id].fn = NULL;
    sim->handler[id].tag = sim->free_head;
    sim->free_head = id;
}

void timer_set(struct sim *sim, timer_id id, sim_time at) {
    INVARIANT(id < sim->used && sim->handler[id].fn);
    REQUIRE(at >= sim->now);
    key k = make_key(at, sim->settings_left--, id);
    if (id == sim->fired) {
        sim->fired = NO_SLOT;
        replay(sim, sim->fired_leaf, k, true);
    } else {
        uint32_t leaf = sim->handler[id].leaf;
        if (leaf == NO_LEAF) leaf = sim->handler[id].leaf = new_leaf(sim);
        replay(sim, leaf, k, false);
    }
}

void timer_cancel(struct sim *sim, timer_id id) {
    uint32_t leaf = sim->handler[id].leaf;
    if (id == sim->fired) sim->fired = NO_SLOT;
    if (leaf != NO_LEAF && *node_at(sim, leaf) != NOT_SET) replay(sim, leaf, NOT_SET, false);
}

sim_time timer_at(const struct sim *sim, timer_id id) {
    uint32_t leaf = sim->handler[id].leaf;
    uint64_t at = leaf == NO_LEAF ? SIM_NEVER : time_of(*node_at(sim, leaf));
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
        sim->fired_leaf = h->leaf;
        h->fn(sim, h->owner, h->tag);
        if (sim->fired == slot) {
            sim->fired = NO_SLOT;
            replay(sim, sim->fired_leaf, NOT_SET, true);
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
