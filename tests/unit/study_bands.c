#include "study/bands.h"

#include <math.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

enum { REQUESTS = 1000, PLAIN = 20 };

// A stand-in for the simulator: one CPU that serves a request in accept + call, shared by 10 connections. Replications
// differ by `shared` in the same way for all costs, and by `own` in a way of their own for every value of the costs.
struct fake {
    double shared, own;
    double
        capacity_per_s; // above 0: an open load of 10,000/s, saturated where the service takes longer than 1/capacity
    atomic_int *stop; // set when `stop_after` replications have begun
    int stop_after, calls;
    bool fails;
    pthread_mutex_t lock;
};

static double noise(uint64_t seed, uint64_t a, uint64_t b) {
    struct rng r;
    rng_init(&r, seed, 7, 0, 1);
    rng_seek(&r, a * UINT64_C(1000003) + b);
    return rng_normal(&r);
}

static bool simulate_fake(void *context, const struct scenario *s, const struct simulate_options *o,
                          struct observation *out, struct err *e) {
    struct fake *f = context;
    double accept = s->costs.server.accept.cpu.value, call = s->costs.server.call.cpu.value;
    pthread_mutex_lock(&f->lock);
    if (++f->calls == f->stop_after) atomic_store(f->stop, 2);
    pthread_mutex_unlock(&f->lock);
    usleep((useconds_t)(o->replication * 7919 + (unsigned)accept) % 100);
    if (f->fails && o->replication == 1) return err_set(e, ERR_BROKEN, "replication 1");
    double service = accept + call;
    service *= 1 + f->shared * noise(s->run.seed, o->replication, 0);
    service *= 1 + f->own * noise(s->run.seed, o->replication, (uint64_t)(accept * 1000 + call));
    out->span_s = REQUESTS * service / 1e9;
    out->saturated = f->capacity_per_s > 0 && service * f->capacity_per_s > 1e9;
    out->arrived = REQUESTS;
    for (int i = 0; i < REQUESTS; i++) {
        // The latencies lie evenly between 5 and 15 services.
        double latency = service * (5 + 10.0 * i / REQUESTS);
        int64_t blame[BLAME_COUNT] = {[BLAME_SERVICE] = (int64_t)latency};
        observation_add(out, (int64_t)latency, blame, -1);
    }
    return true;
}

struct fixture {
    struct fake fake;
    struct scenario scenario;
    struct run_options options;
    struct case_result plain;
    struct bands bands;
};

static void set_cost(struct cost *c, double value, double lo, double hi) {
    *c = (struct cost){.value = value, .lo = lo, .hi = hi, .from = FROM_FIT};
}

static void init(struct fixture *f) {
    *f = (struct fixture){0};
    pthread_mutex_init(&f->fake.lock, NULL);
    costs_none(&f->scenario.costs);
    f->scenario.machine = (struct machine_spec){.classes = 1, .class = {{2, 1, 1}}};
    f->scenario.run = (struct run_spec){.seed = 3, .replications = PLAIN, .max_replications = 60};
    set_cost(&f->scenario.costs.server.accept.cpu, 30e3, 30e3, 30e3);
    set_cost(&f->scenario.costs.server.call.cpu, 70e3, 70e3, 70e3);
    f->options = (struct run_options){.jobs = 2, .simulate = simulate_fake, .context = &f->fake};
}

static void fini(struct fixture *f) {
    pthread_mutex_destroy(&f->fake.lock);
}

static void run_plain(struct fixture *f) {
    struct scenario_file file = {.name = "test", .cases = 1, .case_ = &f->scenario};
    struct result result;
    struct err e = {0};
    assert_true(run_cases(&file, &f->options, &result, NULL, &e));
    f->plain = result.case_[0];
    result_fini(&result);
    f->fake.calls = 0;
}

static void find(struct fixture *f) {
    struct err e = {0};
    bool complete = false;
    run_plain(f);
    if (!bands_of(&f->scenario, &f->plain, &f->options, true, &f->bands, &complete, &e))
        fail_msg("%s", e.text);
    assert_true(complete);
}

static double cost_width(const struct bands *b, int q) {
    return b->of[q].cost_hi - b->of[q].cost_lo;
}

static double band_width(const struct bands *b, int q) {
    return b->of[q].hi - b->of[q].lo;
}

static void close_to(double x, double expected, double relative) {
    if (!(fabs(x - expected) <= relative * fabs(expected))) fail_msg("%.6g is not near %.6g", x, expected);
}

static void test_nothing_uncertain(void **state) {
    (void)state;
    struct fixture f;
    init(&f);
    f.fake.shared = 0.02;
    find(&f);
    assert_int_equal(f.fake.calls, 0);
    assert_int_equal(f.bands.uncertain, 0);
    assert_int_equal(f.bands.held, 2);
    assert_int_equal(f.bands.samples, 0);
    assert_int_equal(f.bands.costs, 0);
    for (int q = 0; q < BANDS_QUANTITIES; q++) assert_true(cost_width(&f.bands, q) == 0);
    assert_true(f.bands.of[QUANTITY_THROUGHPUT].lo == f.plain.throughput_per_s.lo);
    close_to(f.bands.of[QUANTITY_P99].hi, f.plain.latency.quantile[QUANTILE_P99].hi, 1e-12);
    fini(&f);
}

// Without noise the band is what the interval of the one cost makes of the formula.
static void test_one_cost(void **state) {
    (void)state;
    struct fixture f;
    init(&f);
    set_cost(&f.scenario.costs.server.accept.cpu, 30e3, 20e3, 50e3);
    find(&f);
    assert_int_equal(f.bands.uncertain, 1);
    assert_int_equal(f.bands.held, 1);
    assert_int_equal(f.bands.samples, BANDS_SAMPLES);
    close_to(f.bands.of[QUANTITY_THROUGHPUT].cost_lo, 1e9 / 120e3, 0.02);
    close_to(f.bands.of[QUANTITY_THROUGHPUT].cost_hi, 1e9 / 90e3, 0.02);
    close_to(f.bands.of[QUANTITY_MEAN].lo, 10 * 90e-6, 0.02);
    close_to(f.bands.of[QUANTITY_P99].hi, 14.9 * 120e-6, 0.02);
    assert_int_equal(f.bands.costs, 1);
    assert_string_equal(f.bands.cost[0].key, "server.accept.cpu");
    close_to(f.bands.cost[0].throughput, (1 / 120. - 1 / 90.) / 2 * 100, 1e-3);
    close_to(f.bands.cost[0].p99, 0.15, 5e-3);
    fini(&f);
}

static void test_wider_interval(void **state) {
    (void)state;
    double width = 0;
    for (int i = 1; i <= 3; i++) {
        struct fixture f;
        init(&f);
        f.fake.shared = 0.02;
        f.fake.own = 0.01;
        set_cost(&f.scenario.costs.server.accept.cpu, 30e3, 30e3 - i * 5e3, 30e3 + i * 5e3);
        set_cost(&f.scenario.costs.server.call.cpu, 70e3, 68e3, 72e3);
        find(&f);
        for (int q = 0; q < BANDS_QUANTITIES; q++) {
            assert_true(f.bands.of[q].lo <= f.bands.of[q].cost_lo &&
                        f.bands.of[q].hi >= f.bands.of[q].cost_hi);
            assert_true(band_width(&f.bands, q) >= cost_width(&f.bands, q));
        }
        assert_true(band_width(&f.bands, QUANTITY_THROUGHPUT) > 1.2 * width);
        width = band_width(&f.bands, QUANTITY_THROUGHPUT);
        fini(&f);
    }
}

// Where common random numbers achieve nothing and costs do next to nothing, the noise of a few replications is not taken
// for the costs' doing: on average the costs' part is small beside the draws' raw spread, and no cost is blamed.
static void test_noise_is_not_costs(void **state) {
    (void)state;
    enum { SEEDS = 12 };
    double relative = 0;
    int blamed = 0;
    for (int seed = 1; seed <= SEEDS; seed++) {
        struct fixture f;
        init(&f);
        f.fake.own = 0.05;
        f.scenario.run.seed = (uint64_t)seed;
        set_cost(&f.scenario.costs.server.accept.cpu, 30e3, 29990, 30010);
        set_cost(&f.scenario.costs.server.call.cpu, 70e3, 69990, 70010);
        find(&f);
        const struct estimate *plain = &f.plain.throughput_per_s;
        double raw = 2 * 1.96 * 0.05 / sqrt(f.bands.replications) * plain->mean;
        relative += cost_width(&f.bands, QUANTITY_THROUGHPUT) / raw / SEEDS;
        assert_true(band_width(&f.bands, QUANTITY_THROUGHPUT) >= plain->hi - plain->lo);
        // Three standard errors of half a difference.
        close_to(f.bands.unseen[QUANTITY_THROUGHPUT], 3 * 0.05 / sqrt(2 * f.bands.replications), 0.3);
        blamed += f.bands.costs;
        fini(&f);
    }
    assert_true(relative < 0.4);
    assert_true(blamed <= 1); // 48 changes looked at, 0.3 % each by chance
}

// What all rows share neither widens the costs' part nor moves it: the draws' few replications may be off the plain run's
// many, and that is taken off.
static void test_common_noise(void **state) {
    (void)state;
    double width[2];
    for (int i = 0; i < 2; i++) {
        struct fixture f;
        init(&f);
        f.fake.shared = 0.05 * i;
        set_cost(&f.scenario.costs.server.accept.cpu, 30e3, 25e3, 36e3);
        find(&f);
        width[i] = cost_width(&f.bands, QUANTITY_MEAN);
        const struct band *band = &f.bands.of[QUANTITY_MEAN];
        close_to(band->cost_hi / f.plain.latency.mean.mean, 1.06, 0.01); // (36 + 70) / (30 + 70)
        close_to(band->cost_lo / f.plain.latency.mean.mean, 0.95, 0.01);
        if (i == 0) assert_true(f.bands.of[QUANTITY_MEAN].lo == f.bands.of[QUANTITY_MEAN].cost_lo);
        if (i == 1) assert_true(band_width(&f.bands, QUANTITY_MEAN) > 1.05 * width[1]);
        fini(&f);
    }
    close_to(width[1], width[0], 0.1);
}

static void test_ranking(void **state) {
    (void)state;
    struct fixture f;
    init(&f);
    f.fake.shared = f.fake.own = 0.002;
    // More uncertain costs than are tried; two of them do something, one much.
    struct server_costs *s = &f.scenario.costs.server;
    struct stage_cost *idle[] = {&s->poll,     &s->read,     &s->write,     &s->close,
                                 &s->hand_off, &s->complete, &s->pool_work, &s->suspend};
    for (int i = 0; i < 8; i++) {
        set_cost(&idle[i]->cpu, 1e3, 0.5e3, 2e3);
        set_cost(&idle[i]->releases, 2, 1, 3);
    }
    set_cost(&s->accept.cpu, 30e3, 25e3, 36e3);
    set_cost(&s->call.cpu, 70e3, 40e3, 110e3);
    find(&f);
    assert_int_equal(f.bands.uncertain, 18);
    assert_int_equal(f.bands.costs, 2);
    assert_string_equal(f.bands.cost[0].key, "server.call.cpu");
    assert_string_equal(f.bands.cost[1].key, "server.accept.cpu");
    assert_true(f.bands.cost[0].throughput < -0.3 && f.bands.cost[0].p99 > 0.3);
    assert_true(f.bands.cost[0].value == 70e3 && f.bands.cost[0].lo == 40e3 && f.bands.cost[0].hi == 110e3);
    assert_int_equal(f.bands.cost[0].from, FROM_FIT);
    assert_int_equal(f.fake.calls, f.bands.replications * (1 + BANDS_SAMPLES + 2 * BANDS_CANDIDATES));
    assert_true(f.fake.calls <= 10 * PLAIN);
    fini(&f);
}

// Where some draws exceed the capacity, latency has no upper bound, and the cost that does it comes first.
static void test_saturation(void **state) {
    (void)state;
    struct fixture f;
    init(&f);
    f.fake.capacity_per_s = 1e9 / 108e3;
    set_cost(&f.scenario.costs.server.accept.cpu, 30e3, 25e3, 36e3);
    set_cost(&f.scenario.costs.server.call.cpu, 70e3, 60e3, 80e3);
    find(&f);
    assert_true(f.bands.saturated >= 2 && f.bands.saturated < BANDS_SAMPLES / 2);
    assert_true(isinf(f.bands.of[QUANTITY_P99].hi) && isinf(f.bands.of[QUANTITY_MEAN].cost_hi));
    assert_true(isfinite(f.bands.of[QUANTITY_P99].lo) && f.bands.of[QUANTITY_P99].lo > 0);
    assert_true(isfinite(f.bands.of[QUANTITY_THROUGHPUT].lo) && isfinite(f.bands.of[QUANTITY_THROUGHPUT].hi));
    assert_string_equal(f.bands.cost[0].key, "server.call.cpu");
    assert_true(isinf(f.bands.cost[0].p99));
    assert_true(isfinite(f.bands.cost[1].p99));
    fini(&f);
}

// A quantity without a prediction has no band.
static void test_unknown(void **state) {
    (void)state;
    struct fixture f;
    init(&f);
    f.fake.capacity_per_s = 1e6; // always saturated
    set_cost(&f.scenario.costs.server.call.cpu, 70e3, 60e3, 80e3);
    find(&f);
    assert_true(isnan(f.bands.of[QUANTITY_MEAN].lo) && isnan(f.bands.of[QUANTITY_P99].hi));
    assert_true(cost_width(&f.bands, QUANTITY_THROUGHPUT) > 0);
    assert_int_equal(f.bands.costs, 1);
    set_cost(&f.scenario.costs.server.call.cpu, 70e3, 70e3, 70e3);
    find(&f);
    assert_true(isnan(f.bands.of[QUANTITY_MEAN].lo) && isnan(f.bands.of[QUANTITY_MEAN].cost_hi));
    fini(&f);
}

static void test_jobs(void **state) {
    (void)state;
    struct bands expected;
    for (int jobs = 1; jobs <= 8; jobs++) {
        struct fixture f;
        init(&f);
        f.fake.shared = f.fake.own = 0.03;
        set_cost(&f.scenario.costs.server.accept.cpu, 30e3, 20e3, 50e3);
        set_cost(&f.scenario.costs.server.call.cpu, 70e3, 60e3, 80e3);
        f.options.jobs = jobs;
        find(&f);
        if (jobs == 1) expected = f.bands;
        assert_memory_equal(f.bands.of, expected.of, sizeof expected.of);
        assert_memory_equal(f.bands.unseen, expected.unseen, sizeof expected.unseen);
        assert_memory_equal(f.bands.cost, expected.cost, sizeof expected.cost);
        f.scenario.run.seed = 4;
        find(&f);
        assert_memory_not_equal(f.bands.of, expected.of, sizeof expected.of);
        fini(&f);
    }
}

static void test_stop_and_failure(void **state) {
    (void)state;
    struct fixture f;
    struct err e = {0};
    atomic_int stop = 0;
    bool complete = true;
    init(&f);
    set_cost(&f.scenario.costs.server.call.cpu, 70e3, 60e3, 80e3);
    run_plain(&f);
    f.options.stop = f.fake.stop = &stop;
    int in_draws = 30, in_ends = 0;
    assert_true(bands_of(&f.scenario, &f.plain, &f.options, true, &f.bands, &complete, &e));
    in_ends = f.fake.calls - 1;
    for (int i = 0; i < 2; i++) {
        atomic_store(&stop, 0);
        f.fake.calls = 0;
        f.fake.stop_after = i ? in_ends : in_draws;
        assert_true(bands_of(&f.scenario, &f.plain, &f.options, true, &f.bands, &complete, &e));
        assert_false(complete);
        assert_true(f.fake.calls <= f.fake.stop_after + 1);
    }
    atomic_store(&stop, 0);
    f.fake.fails = true;
    assert_false(bands_of(&f.scenario, &f.plain, &f.options, true, &f.bands, &complete, &e));
    assert_int_equal(e.kind, ERR_BROKEN);
    fini(&f);
}

struct watcher {
    struct run_progress last;
    int calls;
};

static void watch(void *listener, const struct run_progress *p) {
    struct watcher *w = listener;
    assert_int_equal(p->replications_done, w->last.replications_done + 1);
    assert_true(!w->calls || p->replications_wanted == w->last.replications_wanted);
    w->last = *p;
    w->calls++;
}

static void test_progress(void **state) {
    (void)state;
    struct fixture f;
    struct watcher w = {0};
    struct err e = {0};
    bool complete;
    init(&f);
    set_cost(&f.scenario.costs.server.call.cpu, 70e3, 60e3, 80e3);
    run_plain(&f);
    f.options.progress = watch;
    f.options.listener = &w;
    assert_true(bands_of(&f.scenario, &f.plain, &f.options, true, &f.bands, &complete, &e));
    assert_int_equal(w.calls, f.fake.calls);
    assert_int_equal(w.last.replications_done, w.last.replications_wanted);
    assert_int_equal(w.last.cases_done, w.last.cases);
    fini(&f);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nothing_uncertain),
        cmocka_unit_test(test_one_cost),
        cmocka_unit_test(test_wider_interval),
        cmocka_unit_test(test_noise_is_not_costs),
        cmocka_unit_test(test_common_noise),
        cmocka_unit_test(test_ranking),
        cmocka_unit_test(test_saturation),
        cmocka_unit_test(test_unknown),
        cmocka_unit_test(test_jobs),
        cmocka_unit_test(test_stop_and_failure),
        cmocka_unit_test(test_progress),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
