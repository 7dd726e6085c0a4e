// The global lock of the micro-server (live/gil.h: CPython's algorithm over pthreads): what a release costs that must
// signal a waiter, above one without, and a wait that has to sleep.
#include "calib/probe.h"
#include "engine/clock.h"
#include "live/gil.h"

enum { TRIALS = 40, CALLS = 200 };

static const int64_t hold_ns = 150000;

static const struct figure_spec figures[] = {
    {"lock.wait", FIGURE_CPU,
     "going to sleep for the lock (the waiter's CPU clock read while it sleeps) and taking it"},
    {"lock.release", FIGURE_CPU, "release with a waiter asleep on the other core, above one without"},
    {"lock.pair", FIGURE_CPU, "release and take without contention"},
    {NULL, 0, NULL}};

struct contest {
    const struct bench *bench;
    struct gil lock;
    int trials;
    atomic_int held, wanted, got;
    clockid_t waiter; // its CPU clock
    int64_t before;   // what that showed when it began to wait
    double release[TRIALS], wait[TRIALS], pair;
};

static double uncontended(const struct bench *b, struct gil *l) {
    int64_t before = bench_cpu();
    for (int i = 0; i < CALLS; i++) {
        gil_take(l, l);
        gil_release(l, l);
    }
    return ((double)(bench_cpu() - before) - b->clock_ns) / CALLS;
}

static void holder(void *arg) {
    struct contest *c = arg;
    c->pair = uncontended(c->bench, &c->lock);
    for (int i = 0; i < c->trials; i++) {
        gil_take(&c->lock, c->release);
        atomic_store(&c->held, i + 1);
        bench_await(&c->wanted, i + 1);
        bench_busy(bench_now() + hold_ns);
        // Asleep by now. Its clock after the wake-up would hold a part of the latency, too.
        c->wait[i] = (double)(bench_clock(c->waiter) - c->before) + c->pair / 2;
        int64_t before = bench_cpu();
        gil_release(&c->lock, c->release);
        c->release[i] = (double)(bench_cpu() - before) - c->bench->clock_ns - c->pair / 2;
        bench_await(&c->got, i + 1);
    }
}

static void waiter(void *arg) {
    struct contest *c = arg;
    pthread_getcpuclockid(pthread_self(), &c->waiter);
    for (int i = 0; i < c->trials; i++) {
        bench_await(&c->held, i + 1);
        c->before = bench_cpu();
        atomic_store(&c->wanted, i + 1);
        gil_take(&c->lock, c->wait);
        gil_release(&c->lock, c->wait);
        atomic_store(&c->got, i + 1);
    }
}

static bool run(struct bench *b, struct err *e) {
    struct contest c = {.bench = b, .trials = bench_repeat(b, TRIALS)};
    const struct bench_role crew[] = {{0, holder}, {1, waiter}};
    gil_init(&c.lock, true, 5 * SIM_MS);
    bool ok = bench_crew(b, crew, 2, &c, e);
    gil_fini(&c.lock);
    for (int i = 0; ok && i < c.trials; i++) {
        bench_note(b, "lock.release", 0, c.release[i]);
        bench_note(b, "lock.wait", 1, c.wait[i]);
    }
    if (ok) bench_note(b, "lock.pair", 0, c.pair);
    return ok;
}

const struct probe probe_lock = {"lock", "release and wait of the global lock", 2, figures, run};
