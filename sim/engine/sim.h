#pragma once
// The simulation handle: clock, timers and event hash.
//
// Everything that can wait owns one timer, and the event list is the set of timers. Setting, moving and cancelling are
// one operation on a slot of a tournament (winner) tree: no allocation per event, no search. Events happen in order of
// (time, sequence of setting): first set, first fired among equals.
#include "engine/clock.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct sim;

// What a timer does when it fires; sim_now() is its time. `owner` and `tag` are those of timer_new. It may set, move,
// cancel, create and free any timer, its own included.
typedef void (*timer_fn)(struct sim *sim, void *owner, uint32_t tag);

typedef uint32_t timer_id;

enum { SIM_MAX_TIMERS = 1 << 24 };

// A simulation at time 0 with room for `timers` that are set at some time (it grows by itself): every setting costs by the
// logarithm of that room. NULL where memory is lacking.
struct sim *sim_create(uint32_t timers);
void sim_destroy(struct sim *sim);

// Current simulated time, ns from the start: the first thing in a simulation, read in place because all handlers ask.
static inline sim_time sim_now(const struct sim *sim) {
    return *(const sim_time *)sim;
}

// The clock itself, for require_clock().
const sim_time *sim_clock(const struct sim *sim);

// A new timer, not set. At most SIM_MAX_TIMERS live at once. Cost: amortised O(1).
timer_id timer_new(struct sim *sim, timer_fn fn, void *owner, uint32_t tag);

// Gives the slot back; a set timer is cancelled first.
void timer_free(struct sim *sim, timer_id id);

// Sets the timer to fire at `at` >= now, or moves it there; it then counts as set now among equals. SIM_NEVER cancels.
// Cost: O(log of the timers ever set), 10-25 ns; the first setting of many is O(their number), when the tree grows.
void timer_set(struct sim *sim, timer_id id, sim_time at);

// Cancels; nothing happens where it is not set. Cost as timer_set.
void timer_cancel(struct sim *sim, timer_id id);

// When it will fire, SIM_NEVER where it is not set.
sim_time timer_at(const struct sim *sim, timer_id id);

// Fires events in order until none is left, sim_halt() is called, or the next lies after `until`; then the clock stands
// at the last event, or at `until` in the last case. Returns whether events are left.
bool sim_run(struct sim *sim, sim_time until);

// Ends sim_run after the current event.
void sim_halt(struct sim *sim);

// Events fired so far, and a 64-bit hash over (time, tag, slot) of each in order: two runs with the same hash did the same.
uint64_t sim_events(const struct sim *sim);
uint64_t sim_hash(const struct sim *sim);
