// Waking a thread on another, idle core: how long until it runs, by how long the core has been idle (halts get deeper),
// and what the waker pays for telling that core. A pinned pair over a futex; the waker stays awake between two wakes.
//
// The woken thread's CPU clock counts from the wake and not from when it runs (seen: all of 20 us on a
// virtual machine), so it has to be taken off every CPU time that spans a sleep; it is a latency, in idle_exit already.
//
// An idle core stops its tick, unless something was freed on it that has to wait until every core has passed a quiet state
// (RCU: connections and files closed, threads ended). To start the tick again is a part of the latency, and the woken
// thread's clock counts it: so short rests are measured with the tick and without.
//
// A hypervisor may wait awake for a while when a virtual core halts (KVM's halt_poll_ns): waking such a core is cheap for
// either side. For how long it learns from halts, step by step: so short rests come after others that taught it, and after
// long ones, a short one shows whether it had to learn.
#include "calib/lines.h"
#include "calib/probe.h"
#include "stats/interval.h"

#include <math.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

// The first wakes of new threads are slow for reasons of their own: they count for nothing.
enum { GAPS = 7, WARM = 8, WAKES = 24, POLLED = 0, HALTED = 1, UNTAUGHT = 3, STOPPED = 4 };
static const int64_t settle_ns = 40000000; // what was freed is gone after 16 ms (seen, ticks of 4 ms)
static const int64_t warm_ns = 50000;
static const double kvm_halt_poll_ns = 200000;

struct gap {
    const char *key;
    int64_t ns;
    int wakes, warm; // warm: short ones before, which count for nothing
    bool frees;      // the core keeps its tick
};

// A step of the curve begins half-way (on a logarithmic scale) between two gaps.
static const struct gap gaps[GAPS] = {{"machine.idle_exit@0s", 100000, 24, WARM, true},
                                      {"machine.idle_exit@220us", 500000, 16, 0, true},
                                      {"machine.idle_exit@1ms", 2000000, 10, 0, true},
                                      {NULL, 50000, 1, 0, true},
                                      {NULL, 100000, 24, WARM, false},
                                      {"machine.idle_exit@4ms", 8000000, 5, 0, false},
                                      {"machine.idle_exit@15ms", 30000000, 3, 0, false}};

static const struct figure_spec figures[] = {
    {"machine.idle_exit@0s", FIGURE_CPU,
     "futex wake of a thread on a core idle for 100 us, until it runs, less lines"},
    {"machine.idle_exit@220us", FIGURE_CPU,
     "futex wake of a thread on a core idle for 500 us, until it runs, less lines"},
    {"machine.idle_exit@1ms", FIGURE_CPU,
     "futex wake of a thread on a core idle for 2 ms, until it runs, less lines"},
    {"machine.idle_exit@4ms", FIGURE_CPU,
     "futex wake of a thread on a core idle for 8 ms, until it runs, less lines and machine.tick_restart"},
    {"machine.idle_exit@15ms", FIGURE_CPU,
     "futex wake of a thread on a core idle for 30 ms, until it runs, less lines and machine.tick_restart"},
    {"machine.tick_restart", FIGURE_CPU,
     "CPU clock of a thread across a sleep of 100 us where the idle core stops its tick, above one where it "
     "keeps it"},
    {"machine.wake_spread", FIGURE_COUNT,
     "spread of these latencies, 0.1 and 0.5 ms of idleness: ln(p84 / p16) / 2"},
    {"machine.wake_counted", FIGURE_CPU,
     "CPU clock of a thread across a futex wait that slept on an idle core, less one that need not wait, and "
     "lines"},
    {"machine.wake_remote", FIGURE_CPU,
     "futex wake of a thread on a core idle for 100 us, less one that wakes nobody and its lines "
     "(machine.wake_lines)"},
    {"machine.wake_halted", FIGURE_CPU, "... on a core idle for 0.5 and 2 ms, less that"},
    {"machine.halt_poll", FIGURE_SPAN,
     "KVM's default where a core idle for 50 us wakes twice as late after 2 ms as after rests of 50 us"},
    {NULL, 0, NULL}};

struct wake {
    struct bench *bench;
    int wakes[GAPS];
    atomic_int word, asleep, awake;
    double latency[GAPS][WAKES], cpu[GAPS][WAKES], counted[GAPS][WAKES];
    bool alone[GAPS][WAKES];
    int64_t seen;  // when the sleeper ran ...
    double slept;  // ... and what its sleep took of its CPU clock, ns
    double nobody; // CPU of a wake of nobody, ns
};

static void wake_once(struct wake *w, int gap, int k, int64_t ns, int number) {
    bench_await(&w->asleep, number);
    bench_busy(bench_now() + ns);
    w->alone[gap][k] = bench_alone(1, 0);
    int64_t cpu = bench_cpu(), now = bench_now();
    atomic_store(&w->word, number);
    bench_rouse(&w->word);
    w->cpu[gap][k] = (double)(bench_cpu() - cpu) - w->bench->clock_ns - w->nobody;
    bench_await(&w->awake, number);
    w->latency[gap][k] = (double)(w->seen - now);
    w->counted[gap][k] = w->slept;
}

static void waker(void *arg) {
    struct wake *w = arg;
    int number = 0;
    w->nobody = bench_rouse_nobody(w->bench);
    for (int g = 0; g < GAPS; g++) {
        if (g == STOPPED) bench_sleep(settle_ns);
        for (int k = 0; k < gaps[g].warm; k++) wake_once(w, g, 0, warm_ns, ++number);
        for (int k = 0; k < w->wakes[g]; k++) wake_once(w, g, k, gaps[g].ns, ++number);
    }
}

static void sleep_once(struct wake *w, bool frees, int number) {
    if (frees) close(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    atomic_store(&w->asleep, number);
    int64_t before = bench_cpu();
    bench_block(&w->word, number - 1);
    w->seen = bench_now();
    w->slept = (double)(bench_cpu() - before) - w->bench->clock_ns;
    atomic_store(&w->awake, number);
}

static void sleeper(void *arg) {
    struct wake *w = arg;
    int number = 0;
    for (int g = 0; g < GAPS; g++)
        for (int k = 0; k < gaps[g].warm + w->wakes[g]; k++) sleep_once(w, gaps[g].frees, ++number);
}

static int ascending(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

// Appends ln(latency / median) of a gap's undisturbed wakes to x[0..n); the new n.
static int add_deviations(const struct wake *w, int gap, double *x, int n) {
    double seen[WAKES] = {0};
    int count = 0;
    for (int k = 0; k < w->wakes[gap]; k++)
        if (w->alone[gap][k] && w->latency[gap][k] > 0) seen[count++] = w->latency[gap][k];
    double middle = median(seen, count);
    // A single one would be its own median.
    for (int k = 0; count > 2 && k < count; k++) x[n++] = log(seen[k] / middle);
    return n;
}

// About each gap's own median, for a longer one takes longer; a lognormal's quantiles 0.16 and 0.84 are two sigma apart.
static void note_spread(struct bench *b, const struct wake *w) {
    double x[2 * WAKES];
    int n = add_deviations(w, 1, x, add_deviations(w, 0, x, 0));
    if (n < 8) return;
    qsort(x, (size_t)n, sizeof *x, ascending);
    int low = (int)(0.16 * (n - 1) + 0.5);
    bench_note(b, "machine.wake_spread", 1, (x[n - 1 - low] - x[low]) / 2);
}

// The way into the waker's call and out of the sleeper's, and the change of threads: CPU that is counted elsewhere.
static void note_latencies(struct bench *b, struct wake *w, double restart, double line) {
    double own = w->nobody + bench_value(b, "machine.switch", bench_fast(b));
    double warm = median(w->latency[POLLED], w->wakes[POLLED]);
    bench_note(b, "machine.halt_poll", 1, w->latency[UNTAUGHT][0] > 2 * warm ? kvm_halt_poll_ns : 0);
    for (int g = 0; g < GAPS; g++) {
        double less = own + lines_cost(LINES_EXIT, line) + (gaps[g].frees ? 0 : restart);
        for (int k = 0; k < w->wakes[g]; k++) w->latency[g][k] = fmax(w->latency[g][k] - less, 0);
        if (gaps[g].key) bench_note_latencies(b, gaps[g].key, 1, w->latency[g], w->alone[g], w->wakes[g]);
    }
}

static void note_waker(struct bench *b, struct wake *w, double line) {
    for (int k = 0; k < w->wakes[POLLED]; k++)
        bench_note(b, "machine.wake_remote", 0, fmax(w->cpu[POLLED][k] - lines_cost(LINES_WAKE, line), 0));
    double polled = median(w->cpu[POLLED], w->wakes[POLLED]);
    for (int g = HALTED; g < UNTAUGHT; g++)
        for (int k = 0; k < w->wakes[g]; k++)
            bench_note(b, "machine.wake_halted", 0, fmax(w->cpu[g][k] - polled, 0));
}

static bool run(struct bench *b, struct err *e) {
    struct wake w = {.bench = b};
    const struct bench_role crew[] = {{0, waker}, {1, sleeper}};
    for (int g = 0; g < GAPS; g++) w.wakes[g] = bench_repeat(b, gaps[g].wakes);
    double line = 0;
    if (!bench_crew(b, crew, 2, &w, e) || !bench_line(b, &line, e)) return false;
    for (int k = 0; k < w.wakes[POLLED]; k++)
        bench_note(b, "machine.wake_counted", 1,
                   fmax(w.counted[POLLED][k] - lines_cost(LINES_WAKE, line), 0));
    note_spread(b, &w);
    double kept = median(w.counted[POLLED], w.wakes[POLLED]);
    double restart = fmax(median(w.counted[STOPPED], w.wakes[STOPPED]) - kept, 0);
    bench_note(b, "machine.tick_restart", 1, restart);
    note_latencies(b, &w, restart, line);
    note_waker(b, &w, line);
    return true;
}

const struct probe probe_wake = {"wake", "waking a thread on another core", 2, figures, run};
