#include "stats/hist.h"

#include "stats/fmath.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

void hist_init(struct hist *h) {
    *h = (struct hist){.min = INT64_MAX, .max = -1};
}

void hist_fini(struct hist *h) {
    free(h->slot);
    hist_init(h);
}

void hist_clear(struct hist *h) {
    uint64_t *slot = h->slot;
    uint32_t slots = h->slots;
    hist_init(h);
    h->slot = slot;
    h->slots = slots;
    if (slots > 0) memset(slot, 0, slots * sizeof *slot);
}

void hist_grow(struct hist *h, uint32_t index) {
    uint32_t slots = ((index >> HIST_BITS) + 1) << HIST_BITS;
    uint64_t *slot = realloc(h->slot, slots * sizeof *slot);
    REQUIRE(slot != NULL);
    memset(slot + h->slots, 0, (slots - h->slots) * sizeof *slot);
    h->slot = slot;
    h->slots = slots;
}

// The power of two that a slot spans. Index >> HIST_BITS is 0 and 1 for the two octaves of width 1.
static uint32_t slot_shift(uint32_t index) {
    uint32_t octave = index >> HIST_BITS;
    return octave > 0 ? octave - 1 : 0;
}

int64_t hist_slot_low(uint32_t index) {
    uint32_t shift = slot_shift(index);
    return (int64_t)(index - (shift << HIST_BITS)) << shift;
}

int64_t hist_slot_width(uint32_t index) {
    return (int64_t)1 << slot_shift(index);
}

void hist_merge(struct hist *into, const struct hist *from) {
    if (from->count == 0) return;
    if (from->slots > into->slots) hist_grow(into, from->slots - 1);
    for (uint32_t i = 0; i < from->slots; i++) into->slot[i] += from->slot[i];
    into->count += from->count;
    into->sum += from->sum;
    if (from->min < into->min) into->min = from->min;
    if (from->max > into->max) into->max = from->max;
}

// floor(q*count), at most count-1. `ab` computes with whole percents in integers, where 57 % of 100 is 57; as doubles
// the product is 56.99..., so a product that near to an integer is taken for it.
static uint64_t rank_of(uint64_t count, double q) {
    double product = q * (double)count, nearest = floor(product + 0.5);
    double rank = fabs(product - nearest) <= nearest * 0x1p-51 ? nearest : floor(product);
    return rank < (double)count ? (uint64_t)rank : count - 1;
}

int64_t hist_quantile(const struct hist *h, double q) {
    if (h->count == 0) return 0;
    uint64_t rank = rank_of(h->count, q);
    if (rank == 0) return h->min;
    if (rank == h->count - 1) return h->max;
    uint32_t i = hist_index(h->min);
    for (uint64_t below = h->slot[i]; below <= rank; below += h->slot[i]) i++;
    int64_t middle = hist_slot_low(i) + hist_slot_width(i) / 2;
    if (middle < h->min) return h->min;
    return middle > h->max ? h->max : middle;
}

double hist_mean(const struct hist *h) {
    return h->count > 0 ? h->sum / (double)h->count : 0;
}

// Expected number of values above the quantile past which fewer than two of them have probability < 1e-11.
enum { EXPECTED = 30 };

// P(k of n exceed) from P(k-1 of n exceed); odds = p/(1-p), p = chance that one does.
static double next_chance(double chance, double n, int k, double odds) {
    return chance * (n - k + 1) / k * odds;
}

bool hist_supports(uint64_t count, double q) {
    if (!(q > 0 && q < 1) || count < 2) return false;
    double n = (double)count, p = q < 0.5 ? q : 1 - q, odds = p / (1 - p);
    if (n * p > EXPECTED) return true;
    double chance = fmath_exp(n * fmath_log1p(-p)), at_most = chance, none_or_one = chance * (1 + n * odds);
    int k = 0;
    // With equal tails the lower end is the (n-k)-th smallest value, k the first with P(more than k exceed) < 0.025 ...
    for (; 1 - at_most >= 0.025; at_most += chance) chance = next_chance(chance, n, ++k, odds);
    // ... and two ranks lower where there are such.
    for (int more = 0; more < 2 && k + 1 < n; more++, at_most += chance)
        chance = next_chance(chance, n, ++k, odds);
    return at_most - none_or_one >= 0.95;
}
