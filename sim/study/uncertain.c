#include "study/uncertain.h"

#include "base/hash.h"
#include "base/memory.h"
#include "stats/fmath.h"
#include "stats/interval.h"
#include "stats/rng.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

// Half the width of a 95 % interval of the standard normal distribution.
static const double z95 = 1.959963984540054;

// Streams of replications have a point that counts from 0; these must not meet them.
static const uint32_t sampling_point = UINT32_MAX;

struct search {
    struct uncertain *found;
    const struct costs *base;
};

static void note(void *context, const struct cost_item *item) {
    struct search *s = context;
    struct uncertain *u = s->found;
    const struct cost *c = item->cost;
    if (c == &s->base->speed) return;
    if (!(c->lo < c->hi)) {
        u->held += c->from != FROM_NONE && !item->on_off;
        return;
    }
    u->cost = memory_grow(u->cost, &u->capacity, (size_t)u->count + 1, sizeof *u->cost);
    struct uncertain_cost *one = &u->cost[u->count++];
    *one = (struct uncertain_cost){.offset = (size_t)((const char *)c - (const char *)s->base),
                                   .value = c->value,
                                   .lo = c->lo,
                                   .hi = c->hi,
                                   .min = item->min,
                                   .max = item->max,
                                   .above = item->above,
                                   .on_off = item->on_off,
                                   .unit = item->unit,
                                   .from = c->from};
    memcpy(one->key, item->key, sizeof one->key);
}

void uncertain_find(struct uncertain *u, const struct costs *c) {
    struct search s = {u, c};
    *u = (struct uncertain){0};
    costs_each((struct costs *)c, note, &s); // note() only reads
}

void uncertain_fini(struct uncertain *u) {
    free(u->cost);
    *u = (struct uncertain){0};
}

static double within_range(const struct uncertain_cost *u, double x) {
    if (x > u->max) return u->max;
    if (x < u->min || (u->above && x == u->min)) return u->above ? u->lo : u->min;
    return x;
}

double uncertain_at(const struct uncertain_cost *u, double z) {
    double end = z < 0 ? u->lo : u->hi, steps = fabs(z) / z95;
    double x = u->lo > 0 ? u->value * fmath_exp(steps * fmath_log(end / u->value))
                         : u->value + steps * (end - u->value);
    if (u->on_off) return x > (u->lo + u->hi) / 2;
    return within_range(u, x);
}

void uncertain_set(const struct uncertain_cost *u, struct costs *c, double value) {
    ((struct cost *)((char *)c + u->offset))->value = value;
}

// The score in the middle of a stratum. normal_quantile goes through libm's log, whose last bit differs between
// processors; rounding to 2^-30 puts the difference out of sight.
static double middle_of(int stratum, int samples) {
    return rint(normal_quantile((stratum + 0.5) / samples) * 0x1p30) * 0x1p-30;
}

void uncertain_sample(const struct uncertain *u, uint64_t seed, int samples, double *z) {
    for (int i = 0; i < u->count; i++) {
        struct rng r;
        double *column = z + i;
        uint64_t name = hash_finish(hash_bytes(HASH_START, u->cost[i].key, strlen(u->cost[i].key)));
        rng_init(&r, seed, sampling_point, (uint32_t)(name >> 32), (uint32_t)name);
        // Strata in random order, by exchange with an earlier place (Fisher & Yates, "inside-out").
        for (int k = 0; k < samples; k++) {
            int j = (int)rng_below(&r, (uint64_t)k + 1);
            column[k * u->count] = column[j * u->count];
            column[j * u->count] = middle_of(k, samples);
        }
    }
}
