// The engine alone: M/M/1 customers, self-rescheduling timers, cancel-heavy and bimodal mixes, random draws.
#include "bench.h"

#include "base/require.h"
#include "engine/sim.h"
#include "stats/dist.h"
#include "stats/hist.h"
#include "stats/rng.h"

#include <math.h>
#include <stdlib.h>

// --- the limit: a hard-coded loop over two slots, the next arrival and the next departure, with no engine at all

static double two_slot(int64_t customers, int64_t arg) {
    (void)arg;
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

// --- spans drawn one ahead: which event is next cannot be foreseen, and a processor that guessed wrong waits for the
// span on which it depends. One drawn while the event before was handled is there at once: 11 ns of 51 a customer.
// Blocks of 16, 64 and 256 were tried, too: 4-6 ns slower than one ahead.

enum { MEAN_NS = 1000000 };

struct source {
    struct rng rng;
    double mean;
    sim_time next;
};

static void source_draw(struct source *s) {
    s->next = (sim_time)(rng_exp(&s->rng) * s->mean + 0.5);
}

static void source_init(struct source *s, uint32_t stream, double mean) {
    rng_init(&s->rng, 1, 0, 0, stream);
    s->mean = mean;
    source_draw(s);
}

// The same limit with spans drawn one ahead, so that like can be compared with like.
static double two_slot_ahead(int64_t customers, int64_t arg) {
    (void)arg;
    struct rng r;
    rng_init(&r, 1, 0, 0, 0);
    double arrival = rng_exp(&r) / 0.9, departure = 1e300, area = 0, last = 0;
    double gap = rng_exp(&r) / 0.9, service = rng_exp(&r);
    int64_t in_system = 0, left = 0;
    while (left < customers) {
        double now = arrival < departure ? arrival : departure;
        area += (double)in_system * (now - last);
        last = now;
        if (arrival < departure) {
            if (in_system++ == 0) {
                departure = now + service;
                service = rng_exp(&r);
            }
            arrival = now + gap;
            gap = rng_exp(&r) / 0.9;
        } else {
            left++;
            departure = 1e300;
            if (--in_system == 0) continue;
            departure = now + service;
            service = rng_exp(&r);
        }
    }
    return area / (double)left;
}

// --- M/M/1 through the public interface: FIFO queue of arrival times, sojourn histogram, area under the number present

enum { RING = 1 << 12 };

struct mm1 {
    struct source gaps, services;
    timer_id arrive, depart;
    sim_time ring[RING];
    uint32_t head, tail;
    int64_t left, wanted;
    int64_t area; // customers * ns: 10^12 customers fit
    sim_time changed;
    struct hist sojourn;
};

static void count(struct mm1 *q, sim_time now) {
    q->area += (int64_t)(q->tail - q->head) * (now - q->changed);
    q->changed = now;
}

static void serve(struct sim *sim, struct mm1 *q) {
    timer_set(sim, q->depart, sim_now(sim) + q->services.next);
    source_draw(&q->services);
}

static void arrive(struct sim *sim, void *owner, uint32_t tag) {
    (void)tag;
    struct mm1 *q = owner;
    sim_time now = sim_now(sim);
    count(q, now);
    if (q->tail == q->head) serve(sim, q);
    q->ring[q->tail++ % RING] = now;
    REQUIRE(q->tail - q->head < RING);
    timer_set(sim, q->arrive, now + q->gaps.next);
    source_draw(&q->gaps);
}

static void depart(struct sim *sim, void *owner, uint32_t tag) {
    (void)tag;
    struct mm1 *q = owner;
    sim_time now = sim_now(sim);
    count(q, now);
    hist_add(&q->sojourn, now - q->ring[q->head++ % RING]);
    if (++q->left == q->wanted)
        sim_halt(sim);
    else if (q->tail != q->head)
        serve(sim, q);
}

// Little's law joins the two statistics: the area is the sum of the sojourns, apart from those not yet over.
static double mm1_result(const struct mm1 *q) {
    double inside = 0;
    for (uint32_t i = q->head; i != q->tail; i++) inside += (double)(q->changed - q->ring[i % RING]);
    REQUIRE(fabs((double)q->area - q->sojourn.sum - inside) <= 1e-9 * (double)q->area);
    return hist_mean(&q->sojourn);
}

static double mm1(int64_t customers, int64_t arg) {
    (void)arg;
    struct sim *sim = sim_create(2);
    struct mm1 *q = calloc(1, sizeof *q);
    REQUIRE(sim && q);
    q->wanted = customers;
    hist_init(&q->sojourn);
    source_init(&q->gaps, 0, MEAN_NS / 0.9);
    source_init(&q->services, 1, MEAN_NS);
    q->arrive = timer_new(sim, arrive, q, 0);
    q->depart = timer_new(sim, depart, q, 1);
    timer_set(sim, q->arrive, 0);
    sim_run(sim, SIM_NEVER);
    double mean = mm1_result(q);
    bench_events(sim_events(sim));
    hist_fini(&q->sojourn);
    free(q);
    sim_destroy(sim);
    return mean;
}

// --- HOLD: n timers, each sets itself again when it fires

struct hold {
    struct source spans;
    int64_t left;
    timer_id *id;
    uint32_t n;
};

// Sets the timer of this tag anew, `times` the next span from now.
static bool again(struct sim *sim, struct hold *h, uint32_t tag, int64_t times) {
    if (--h->left == 0) {
        sim_halt(sim);
        return false;
    }
    timer_set(sim, h->id[tag], sim_now(sim) + h->spans.next * times);
    source_draw(&h->spans);
    return true;
}

static void fire_again(struct sim *sim, void *owner, uint32_t tag) {
    again(sim, owner, tag, 1);
}

// Timers of two kinds: one in ten waits a thousand times as long (time-outs among bursts).
static void fire_bimodal(struct sim *sim, void *owner, uint32_t tag) {
    again(sim, owner, tag, tag % 10 ? 1 : 1000);
}

// Each event also cancels another timer and sets it anew, as the time-out of a connection with its next request.
static void fire_and_move(struct sim *sim, void *owner, uint32_t tag) {
    struct hold *h = owner;
    if (!again(sim, h, tag, 1)) return;
    uint32_t other = (uint32_t)rng_below(&h->spans.rng, h->n);
    timer_cancel(sim, h->id[other]);
    timer_set(sim, h->id[other], sim_now(sim) + 2 * MEAN_NS);
}

static double hold(int64_t events, int64_t n, timer_fn fn) {
    struct sim *sim = sim_create((uint32_t)n);
    struct hold h = {.left = events, .n = (uint32_t)n, .id = calloc((size_t)n, sizeof *h.id)};
    REQUIRE(sim && h.id);
    source_init(&h.spans, 0, MEAN_NS);
    for (uint32_t i = 0; i < n; i++) {
        h.id[i] = timer_new(sim, fn, &h, i);
        timer_set(sim, h.id[i], h.spans.next);
        source_draw(&h.spans);
    }
    sim_run(sim, SIM_NEVER);
    double now = (double)sim_now(sim);
    bench_events(sim_events(sim));
    free(h.id);
    sim_destroy(sim);
    return now;
}

static double timers(int64_t events, int64_t n) {
    return hold(events, n, fire_again);
}

static double bimodal(int64_t events, int64_t n) {
    return hold(events, n, fire_bimodal);
}

static double cancel(int64_t events, int64_t n) {
    return hold(events, n, fire_and_move);
}

// --- draws

static double draw_u64(int64_t n, int64_t arg) {
    (void)arg;
    struct rng r;
    rng_init(&r, 1, 0, 0, 0);
    uint64_t x = 0;
    for (int64_t i = 0; i < n; i++) x ^= rng_u64(&r);
    return (double)x;
}

static double draw_exp(int64_t n, int64_t arg) {
    (void)arg;
    struct rng r;
    rng_init(&r, 1, 0, 0, 0);
    double x = 0;
    for (int64_t i = 0; i < n; i++) x += rng_exp(&r);
    return x;
}

static double draw_dist(int64_t n, int64_t kind) {
    struct rng r;
    struct dist d;
    rng_init(&r, 1, 0, 0, 0);
    REQUIRE(dist_init(&d, (enum dist_kind)kind, 1, 0.5));
    double x = 0;
    for (int64_t i = 0; i < n; i++) x += dist_draw(&d, &r);
    return x;
}

// Bytes that a pending event adds to a process, 4 of the benchmark's own apart.
static double memory_timer(int64_t n, int64_t arg) {
    (void)arg;
    const struct bench_case few = {.run = timers, .n = 1, .arg = n},
                            many = {.run = timers, .n = 1, .arg = 2 * n};
    return (bench_resident(&many) - bench_resident(&few)) / (double)n - 4;
}

enum { MANY = 2000000, DRAWS = 10000000 };

const struct bench_case bench_engine[] = {
    {"two_slot", "ns/customer", BENCH_NS, two_slot, MANY, 0, NULL, false},
    {"two_slot_ahead", "ns/customer", BENCH_NS, two_slot_ahead, MANY, 0, NULL, false},
    {"mm1", "ns/customer", BENCH_NS, mm1, MANY, 0, "<= 40, 2 two_slot", false},
    {"timers_2", "ns/event", BENCH_NS, timers, MANY, 2, NULL, false},
    {"timers_16", "ns/event", BENCH_NS, timers, MANY, 16, "<= 20", false},
    {"timers_128", "ns/event", BENCH_NS, timers, MANY, 128, "<= 25", false},
    {"timers_1000", "ns/event", BENCH_NS, timers, MANY, 1000, "<= 35", false},
    {"timers_10000", "ns/event", BENCH_NS, timers, MANY, 10000, "<= 50", false},
    {"timers_100000", "ns/event", BENCH_NS, timers, MANY, 100000, NULL, false},
    {"bimodal_1000", "ns/event", BENCH_NS, bimodal, MANY, 1000, NULL, false},
    {"cancel_1000", "ns/event", BENCH_NS, cancel, MANY, 1000, NULL, false},
    {"cancel_100000", "ns/event", BENCH_NS, cancel, MANY, 100000, NULL, false},
    {"draw_u64", "ns/draw", BENCH_NS, draw_u64, DRAWS, 0, NULL, false},
    {"draw_exp", "ns/draw", BENCH_NS, draw_exp, DRAWS, 0, NULL, false},
    {"draw_lognormal", "ns/draw", BENCH_NS, draw_dist, DRAWS / 10, DIST_LOGNORMAL, NULL, false},
    {"draw_gamma", "ns/draw", BENCH_NS, draw_dist, DRAWS / 10, DIST_GAMMA, NULL, false},
    {"memory_timer", "B", BENCH_VALUE, memory_timer, 400000, 0, "<= 64", true},
    {0},
};

// The difference between two of them is what a pending event takes, 4 bytes of the benchmark's own apart.
const struct bench_case bench_growth_engine[] = {
    {"growth_timers_1000", "ns/event", BENCH_NS, timers, MANY, 1000, NULL, false},
    {"growth_timers_100000", "ns/event", BENCH_NS, timers, MANY, 100000, NULL, false},
    {"growth_timers_1000000", "ns/event", BENCH_NS, timers, MANY, 1000000, NULL, false},
    {"growth_timers_1100000", "ns/event", BENCH_NS, timers, MANY, 1100000, NULL, false},
    {0},
};
