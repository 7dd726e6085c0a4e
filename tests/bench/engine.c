// The engine alone: M/M/1 customers, self-rescheduling timers, cancel-heavy and bimodal mixes, random draws.
#include "bench.h"

#include "base/require.h"
#include "engine/sim.h"
#include "stats/hist.h"
#include "stats/rng.h"

#include <stdlib.h>

// --- the limit: a hard-coded loop over two slots, the next arrival and the next departure, with no engine at all

static double two_slot(int64_t customers) {
    struct rng r;
    rng_init(&r, 1, 0, 0, 0);
    double arrival = rng_exp(&r) / 0.9, departure = 1e300, area = 0, last = 0;
    int64_t in_system = 0, left = 0;
    while (left < customers) {
        double now = arrival < departure ? arrival : departure;
        area += (double)in_system * (now - last);
        last = now;
        if (arrival < departure) {
            if (in_system++ == 0) departure = now + rng_exp(&r);
            arrival = now + rng_exp(&r) / 0.9;
        } else {
            left++;
            departure = --in_system ? now + rng_exp(&r) : 1e300;
        }
    }
    return area / (double)left;
}

// --- M/M/1 through the public interface: FIFO queue of arrival times, sojourn histogram, area under the number present

__extension__ typedef __int128 wide;

enum { RING = 1 << 16 };

struct mm1 {
    struct rng arrivals, services;
    const sim_time *clock;
    timer_id arrive, depart;
    sim_time ring[RING];
    uint32_t head, tail;
    int64_t left, wanted;
    wide area;
    sim_time changed;
    struct hist sojourn;
};

enum { MEAN_NS = 1000000 };

static sim_time exponential(struct rng *r, double mean) {
    return (sim_time)(rng_exp(r) * mean + 0.5);
}

static void count(struct mm1 *q, sim_time now) {
    q->area += (wide)(q->tail - q->head) * (now - q->changed);
    q->changed = now;
}

static void arrive(struct sim *sim, void *owner, uint32_t tag) {
    (void)tag;
    struct mm1 *q = owner;
    sim_time now = *q->clock;
    count(q, now);
    if (q->tail == q->head) timer_set(sim, q->depart, now + exponential(&q->services, MEAN_NS));
    q->ring[q->tail++ % RING] = now;
    REQUIRE(q->tail - q->head < RING);
    timer_set(sim, q->arrive, now + exponential(&q->arrivals, MEAN_NS / 0.9));
}

static void depart(struct sim *sim, void *owner, uint32_t tag) {
    (void)tag;
    struct mm1 *q = owner;
    sim_time now = *q->clock;
    count(q, now);
    hist_add(&q->sojourn, now - q->ring[q->head++ % RING]);
    if (++q->left == q->wanted)
        sim_halt(sim);
    else if (q->tail != q->head)
        timer_set(sim, q->depart, now + exponential(&q->services, MEAN_NS));
}

static double mm1(int64_t customers) {
    struct sim *sim = sim_create(2);
    struct mm1 *q = calloc(1, sizeof *q);
    REQUIRE(sim && q);
    q->wanted = customers;
    q->clock = sim_clock(sim);
    hist_init(&q->sojourn);
    rng_init(&q->arrivals, 1, 0, 0, 0);
    rng_init(&q->services, 1, 0, 0, 1);
    q->arrive = timer_new(sim, arrive, q, 0);
    q->depart = timer_new(sim, depart, q, 1);
    timer_set(sim, q->arrive, 0);
    sim_run(sim, SIM_NEVER);
    double mean = hist_mean(&q->sojourn);
    bench_events(sim_events(sim));
    hist_fini(&q->sojourn);
    free(q);
    sim_destroy(sim);
    return mean;
}

// --- HOLD: n timers, each sets itself again when it fires

struct hold {
    struct rng rng;
    int64_t left;
    timer_id *id;
    uint32_t n;
};

static void fire_again(struct sim *sim, void *owner, uint32_t tag) {
    struct hold *h = owner;
    if (--h->left == 0) {
        sim_halt(sim);
        return;
    }
    timer_set(sim, h->id[tag], sim_now(sim) + exponential(&h->rng, MEAN_NS));
}

// Timers of two kinds: one in ten waits a thousand times as long (time-outs among bursts).
static void fire_bimodal(struct sim *sim, void *owner, uint32_t tag) {
    struct hold *h = owner;
    if (--h->left == 0) {
        sim_halt(sim);
        return;
    }
    timer_set(sim, h->id[tag], sim_now(sim) + exponential(&h->rng, tag % 10 ? MEAN_NS : 1000 * MEAN_NS));
}

// Each event also moves another timer further away, as a time-out is moved when its request is answered.
static void fire_and_move(struct sim *sim, void *owner, uint32_t tag) {
    struct hold *h = owner;
    fire_again(sim, owner, tag);
    uint32_t other = (uint32_t)(rng_u64(&h->rng) % h->n);
    timer_cancel(sim, h->id[other]);
    timer_set(sim, h->id[other], sim_now(sim) + 2 * MEAN_NS);
}

static double hold(int64_t events, uint32_t n, timer_fn fn) {
    struct sim *sim = sim_create(n);
    struct hold h = {.left = events, .n = n, .id = calloc(n, sizeof *h.id)};
    REQUIRE(sim && h.id);
    rng_init(&h.rng, 1, 0, 0, 0);
    for (uint32_t i = 0; i < n; i++) {
        h.id[i] = timer_new(sim, fn, &h, i);
        timer_set(sim, h.id[i], exponential(&h.rng, MEAN_NS));
    }
    sim_run(sim, SIM_NEVER);
    double now = (double)sim_now(sim);
    bench_events(sim_events(sim));
    free(h.id);
    sim_destroy(sim);
    return now;
}

static double timers_2(int64_t n) {
    return hold(n, 2, fire_again);
}
static double timers_16(int64_t n) {
    return hold(n, 16, fire_again);
}
static double timers_128(int64_t n) {
    return hold(n, 128, fire_again);
}
static double timers_1000(int64_t n) {
    return hold(n, 1000, fire_again);
}
static double timers_10000(int64_t n) {
    return hold(n, 10000, fire_again);
}
static double timers_100000(int64_t n) {
    return hold(n, 100000, fire_again);
}
static double bimodal_1000(int64_t n) {
    return hold(n, 1000, fire_bimodal);
}
static double move_1000(int64_t n) {
    return hold(n, 1000, fire_and_move);
}

// --- draws

static double draw_u64(int64_t n) {
    struct rng r;
    rng_init(&r, 1, 0, 0, 0);
    uint64_t x = 0;
    for (int64_t i = 0; i < n; i++) x ^= rng_u64(&r);
    return (double)x;
}

static double draw_exp(int64_t n) {
    struct rng r;
    rng_init(&r, 1, 0, 0, 0);
    double x = 0;
    for (int64_t i = 0; i < n; i++) x += rng_exp(&r);
    return x;
}

const struct bench_case bench_engine[] = {
    {"two_slot", "ns/customer", two_slot, 2000000, 1e9},
    {"mm1", "ns/customer", mm1, 2000000, 1e9},
    {"timers_2", "ns/event", timers_2, 2000000, 1e9},
    {"timers_16", "ns/event", timers_16, 2000000, 1e9},
    {"timers_128", "ns/event", timers_128, 2000000, 1e9},
    {"timers_1000", "ns/event", timers_1000, 2000000, 1e9},
    {"timers_10000", "ns/event", timers_10000, 2000000, 1e9},
    {"timers_100000", "ns/event", timers_100000, 2000000, 1e9},
    {"bimodal_1000", "ns/event", bimodal_1000, 2000000, 1e9},
    {"move_1000", "ns/event", move_1000, 1000000, 1e9},
    {"draw_u64", "ns", draw_u64, 20000000, 1e9},
    {"draw_exp", "ns", draw_exp, 20000000, 1e9},
    {0},
};
