#pragma once
// Random streams keyed by (seed, point, replication, stream) and seekable, so that a draw depends on who asks for
// what, never on the order of work or the number of threads.
//
// A stream's key is turned by Random123's Philox4x64-10 into 256 bits; a substream's number turns those into the state
// of a xoshiro256++ generator (Blackman & Vigna 2021) through the finalizer of SplitMix64, as its authors advise.
// Philox alone was measured first: per 64-bit number 5.8 ns (4x32-10, eight at a time) and 3.4-4.2 ns (4x64-10)
// against 1.2 ns for xoshiro256++; rng_seek and one draw 43, 12-27 and 5-10 ns (Intel Xeon virtual machine, gcc 12 and
// clang 14). Two draws of Philox are 17-29 % of an M/M/1 customer of 40 ns, past the 10 % allowed to randomness.
#include "stats/ziggurat.h"

#include <stdbool.h>
#include <stdint.h>

struct rng {
    uint64_t base[4];  // of the stream
    uint64_t state[4]; // xoshiro256++ in the present substream
};

// Stream `stream` of one replication of one point of one experiment, at substream 0. Streams with different
// (seed, point, replication, stream) are independent. No error. Cost: about 15 ns, nothing is drawn yet.
void rng_init(struct rng *r, uint64_t seed, uint32_t point, uint32_t replication, uint32_t stream);

// Moves to the start of a substream (a request's number): what is drawn there does not depend on what was drawn before.
// Cost: about 5 ns (with one exponential 7.6 ns, with three 15 ns).
void rng_seek(struct rng *r, uint64_t substream);

static inline uint64_t rng_rotate_left(uint64_t x, int bits) {
    return x << bits | x >> (64 - bits);
}

// 64 random bits. Cost: about 1.2 ns.
static inline uint64_t rng_u64(struct rng *r) {
    uint64_t *s = r->state, out = rng_rotate_left(s[0] + s[3], 23) + s[0], shifted = s[1] << 17;
    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= shifted;
    s[3] = rng_rotate_left(s[3], 45);
    return out;
}

// Uniform in (0,1), never 0 or 1: (top 52 bits + 1/2) / 2^52.
static inline double rng_unit(struct rng *r) {
    return ((double)(rng_u64(r) >> 12) + 0.5) * 0x1p-52;
}

// Uniform in 0..n-1 without bias, n >= 1. Source: Lemire 2019, algorithm 5. Cost: about 3 ns.
uint64_t rng_below(struct rng *r, uint64_t n);

// The rare parts (1-2 %) of rng_exp and rng_normal: x lies in `layer`, beyond the box that is all under the density.
// Called by those two alone.
double rng_exp_rare(struct rng *r, unsigned layer, double x);
double rng_normal_rare(struct rng *r, unsigned layer, double x);

// Exponential with mean 1, always > 0 (ziggurat; Marsaglia & Tsang 2000). Cost: 2.9 ns with *r in registers,
// 3.6 ns in memory.
static inline double rng_exp(struct rng *r) {
    uint64_t bits = rng_u64(r);
    unsigned layer = bits & (ZIGGURAT_LAYERS - 1);
    // The layer takes the low 8 bits and the place in it the top 53, so that they do not depend on each other
    // (Doornik 2005). An odd number is never 0.
    double x = (double)(int64_t)(bits >> 11 | 1) * ziggurat_exp.width[layer];
    if (__builtin_expect(x * 0x1p-53 < ziggurat_exp.width[layer + 1], 1)) return x;
    // The slow part works on a copy: were it given the address of *r, a caller's generator could not stay in registers.
    struct rng copy = *r;
    x = rng_exp_rare(&copy, layer, x);
    *r = copy;
    return x;
}

// Standard normal, never 0 (ziggurat). Cost: about 3 ns.
static inline double rng_normal(struct rng *r) {
    uint64_t bits = rng_u64(r);
    unsigned layer = bits & (ZIGGURAT_LAYERS - 1);
    double x = (double)((int64_t)bits >> 10 | 1) * ziggurat_normal.width[layer]; // bit 63 becomes the sign
    if (__builtin_expect(__builtin_fabs(x) * 0x1p-53 < ziggurat_normal.width[layer + 1], 1)) return x;
    struct rng copy = *r;
    x = rng_normal_rare(&copy, layer, x);
    *r = copy;
    return x;
}
