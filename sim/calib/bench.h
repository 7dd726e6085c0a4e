#pragma once
// The workbench of the probes: two cores, clocks, pinned threads that meet, and the figures that probes note.
#include "base/err.h"
#include "calib/figure.h"

#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <time.h>

struct bench {
    int cores, cpu[2];      // cores in use (1 or 2) and their numbers; cpu[1] == cpu[0] where there is one
    cpu_set_t allowed;      // of the process, before the bench pinned anything
    double effort;          // how many repetitions, 1 = as the probe says
    const atomic_int *stop; // polled; non-zero ends measuring early. NULL = never
    double clock_ns;        // CPU of reading the CPU clock, ns; taken off every timed call
    double *speed;          // the speed index (live/host_speed.h) at every look
    int speeds;
    size_t speed_room;
    int figures;
    size_t figure_room;
    struct figure *figure;
};

// Chooses the first two cores the process may use; 0 < effort <= 1. False with *e (ERR_HOST).
bool bench_init(struct bench *b, double effort, const atomic_int *stop, struct err *e);

// Releases everything and lets the thread run where it ran before.
void bench_fini(struct bench *b);

// Room for the figures of a list, or for one; `probe` names who notes them. Earlier pointers to figures end here.
void bench_expect(struct bench *b, const char *probe, const struct figure_spec *specs);
struct figure *bench_expect_one(struct bench *b, const char *probe, const struct figure_spec *spec);

// The figure of that key (the first expected, where there are several), or NULL.
struct figure *bench_figure(const struct bench *b, const char *key);

// What the rounds of that figure say so far, as on a core of speed index `reference`; 0 where it has none.
double bench_value(const struct bench *b, const char *key, double reference);

// The speed index that a tenth of all looks so far exceed: what a core does when nothing slows it down.
double bench_fast(const struct bench *b);

// Adds to the present round: a sample in ns that was taken on core 0 or 1 of the bench, or trials. The key must be
// expected.
void bench_note(struct bench *b, const char *key, int core, double ns);
void bench_count(struct bench *b, const char *key, double hits, double trials);

// Adds latencies x[0..n), n >= 1: those that were taken undisturbed (`alone`), or the shortest quarter where none was,
// since other work on the machine only ever lengthens them. Sorts x then.
void bench_note_latencies(struct bench *b, const char *key, int core, double *x, const bool *alone, int n);

// Ends the round of every figure of `probe`, or forgets it.
void bench_close(struct bench *b, const char *probe, int round, const double speed[2]);
void bench_drop(struct bench *b, const char *probe);

// The speed index of each core, the better of two samples. The calling thread is on core 0 afterwards. Cost: 0.5 ms.
void bench_look(struct bench *b, double speed[2]);

// n * effort, at least 1.
int bench_repeat(const struct bench *b, int n);
bool bench_stopped(const struct bench *b);

// Puts the calling thread on core 0 or 1, or (-1) on any of the two.
void bench_pin(const struct bench *b, int core);

typedef void (*bench_part)(void *arg);

// One thread of a probe: what it does, and on which core (0, 1, or -1 for either).
struct bench_role {
    int core;
    bench_part part;
};

enum { BENCH_CREW = 3 };

// Runs role[0] in the calling thread and role[1..n), n <= BENCH_CREW, in threads of their own, all with the same `arg`,
// and returns when all have ended. False with *e (ERR_HOST) where a thread cannot be started; then no part ran.
bool bench_crew(const struct bench *b, const struct bench_role *role, int n, void *arg, struct err *e);

// How long a line of cache takes between the two cores at this moment (host_line_meet), ns; 0 where that could not be seen.
// False with *e (ERR_HOST). Cost: 0.1 ms.
bool bench_line(const struct bench *b, double *ns, struct err *e);

// Waits awake until *word is at least `value` (so that no wake-up is paid for), giving the core to others now and then.
void bench_await(const atomic_int *word, int value);

// Blocks on *word while it is `seen`. bench_rouse wakes one who does and returns whether somebody slept there.
void bench_block(atomic_int *word, int seen);
bool bench_rouse(atomic_int *word);

// CPU of a bench_rouse where nobody sleeps, ns.
double bench_rouse_nobody(const struct bench *b);

// Waits, awake and at most `most` ns, until no more than n threads are runnable on the whole machine, the caller among
// them. Returns whether that was seen. Cost: at least some ten us.
bool bench_alone(int n, int64_t most);

// Sleeps for a span of ns.
void bench_sleep(int64_t ns);

static inline int64_t bench_clock(clockid_t clock) {
    struct timespec t;
    clock_gettime(clock, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

// CPU the calling thread has used; the monotonic clock. ns.
static inline int64_t bench_cpu(void) {
    return bench_clock(CLOCK_THREAD_CPUTIME_ID);
}
static inline int64_t bench_now(void) {
    return bench_clock(CLOCK_MONOTONIC);
}

// Burns the core until the monotonic clock says `until`.
static inline void bench_busy(int64_t until) {
    while (bench_now() < until) {}
}
