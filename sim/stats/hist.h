#pragma once
// Log-linear histogram of non-negative integers (HdrHistogram's layout): the value's highest set bit picks an octave,
// the next HIST_BITS bits a slot in it; values below 2^(HIST_BITS+1) have a slot each. Relative error of a reported
// value <= 2^-(HIST_BITS+1). Merges exactly.
#include "base/require.h"

#include <stdbool.h>
#include <stdint.h>

enum { HIST_BITS = 9 };

struct hist {
    uint64_t count;   // values recorded
    int64_t min, max; // exact; min > max while empty
    double sum;       // exact below 2^53
    uint64_t *slot;   // grown on demand, by octaves; at most 220 kB in all
    uint32_t slots;
};

void hist_init(struct hist *h);
void hist_fini(struct hist *h);
void hist_clear(struct hist *h); // keeps its memory

// The slot a value >= 0 falls in and the lowest value and width of a slot; for callers that keep sums beside the slots.
static inline uint32_t hist_index(int64_t value) {
    int octave = 63 - __builtin_clzll((uint64_t)value | 1) - HIST_BITS;
    if (octave < 0) return (uint32_t)value;
    return ((uint32_t)octave << HIST_BITS) + (uint32_t)(value >> octave);
}
int64_t hist_slot_low(uint32_t index);
int64_t hist_slot_width(uint32_t index);

// Makes room for slot `index`; called by hist_add. Aborts where memory is out.
void hist_grow(struct hist *h, uint32_t index);

// Adds a value >= 0. Cost: about 2 ns, no allocation once the octave has been seen.
static inline void hist_add(struct hist *h, int64_t value) {
    INVARIANT(value >= 0);
    uint32_t index = hist_index(value);
    if (__builtin_expect(index >= h->slots, 0)) hist_grow(h, index);
    h->slot[index]++;
    h->count++;
    h->sum += (double)value;
    if (value < h->min) h->min = value;
    if (value > h->max) h->max = value;
}

// *into += *from.
void hist_merge(struct hist *into, const struct hist *from);

// The q-quantile, q in [0,1], as `ab` and a sorted array define it: the value at rank floor(q*count) (from 0, at most
// count-1); the middle of its slot, clamped to [min,max]; min at the first rank and max at the last. 0 while empty.
// A product q*count within rounding of an integer is that integer. Cost: one pass over the slots.
int64_t hist_quantile(const struct hist *h, double q);

// Mean, 0 while empty.
double hist_mean(const struct hist *h);

// Whether `count` values are enough to report the q-quantile: an interval between two order statistics covers it with
// probability >= 0.95, where (for q >= 1/2; below, the mirror image) the upper end is not the largest value of all,
// on which no claim should rest, and the lower end is at most two ranks below that of the interval with equal tails.
// First true at 8 values for q = .5, 46 for .9, 95 for .95, 482 for .99, 4,798 for .999, and from there on always.
// False for q outside (0,1). Coverage is exact (binomial; David & Nagaraja 2003, section 7.1). Cost: below 1 us at
// every count. Does not allocate.
bool hist_supports(uint64_t count, double q);
