#include "stats/rng.h"

#include "base/require.h"
#include "stats/fmath.h"

#include <math.h>

#include <Random123/philox.h>

void rng_init(struct rng *r, uint64_t seed, uint32_t point, uint32_t replication, uint32_t stream) {
    philox4x64_key_t key = {{seed, (uint64_t)point << 32 | replication}};
    philox4x64_ctr_t counter = {{stream, 0, 0, 0}};
    philox4x64_ctr_t out = philox4x64(counter, key);
    for (int i = 0; i < 4; i++) r->base[i] = out.v[i];
    rng_seek(r, 0);
}

// The finalizer of SplitMix64 (Steele, Lea & Flood 2014; constants of Stafford's variant 13).
static uint64_t mix(uint64_t z) {
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return z ^ z >> 31;
}

void rng_seek(struct rng *r, uint64_t substream) {
    // Each word of the state is the substream's number-th output of a SplitMix64 generator started at a word of the
    // base. The state is all zero, where xoshiro would stay, with probability 2^-256.
    uint64_t step = substream * 0x9e3779b97f4a7c15u;
    for (int i = 0; i < 4; i++) r->state[i] = mix(r->base[i] + step);
}

uint64_t rng_below(struct rng *r, uint64_t n) {
    REQUIRE(n > 0);
    __extension__ typedef unsigned __int128 product;
    product p = (product)rng_u64(r) * n;
    if ((uint64_t)p < n) {
        uint64_t surplus = -n % n; // 2^64 mod n values of the low half would favour some results
        while ((uint64_t)p < surplus) p = (product)rng_u64(r) * n;
    }
    return (uint64_t)(p >> 64);
}

// Whether a point of the wedge of `layer` at x, where the density is f, lies under the density.
static bool under(struct rng *r, const struct ziggurat *z, unsigned layer, double f) {
    double low = z->height[layer], high = z->height[layer + 1];
    return low + (high - low) * rng_unit(r) < f;
}

double rng_exp_rare(struct rng *r, unsigned layer, double x) {
    // Past the start of the tail an exponential is an exponential again.
    if (layer == 0) return ziggurat_exp.width[1] * 0x1p53 + rng_exp(r);
    if (under(r, &ziggurat_exp, layer, fmath_exp(-x))) return x;
    return rng_exp(r);
}

// |x| beyond the start of the tail. Source: Marsaglia 1964.
static double normal_tail(struct rng *r) {
    const double start = ziggurat_normal.width[1] * 0x1p53;
    for (;;) {
        double beyond = rng_exp(r) / start, limit = rng_exp(r);
        if (2 * limit > beyond * beyond) return start + beyond;
    }
}

double rng_normal_rare(struct rng *r, unsigned layer, double x) {
    if (layer == 0) return copysign(normal_tail(r), x);
    if (under(r, &ziggurat_normal, layer, fmath_exp(-0.5 * x * x))) return x;
    return rng_normal(r);
}
