#pragma once
// What the benchmarks share. The harness runs every case once a round, one after the other, so that a change of the
// machine's speed meets all of them, and reports medians over the rounds.
#include <stdbool.h>
#include <stdint.h>

enum bench_kind {
    BENCH_NS,    // processor time, ns per unit of work
    BENCH_RATE,  // units of work per second of processor time
    BENCH_VALUE, // the function itself returns what is reported; NAN where it cannot be had here
};

// Does n units of work of a size `arg`. What it returns only keeps the compiler from leaving the work out, BENCH_VALUE
// apart.
typedef double (*bench_fn)(int64_t n, int64_t arg);

struct bench_case {
    const char *name, *unit; // unit: "ns/customer", "requests/s" ...
    enum bench_kind kind;
    bench_fn run;
    int64_t n;        // units of work a round
    int64_t arg;      // number of timers, connections ...; the function's own
    const char *goal; // NULL = none is stated
    bool once;        // too long for more than one round
};

// Most resident memory of a process of its own that runs c once, bytes.
double bench_resident(const struct bench_case *c);

// Tells of how many events the work done last consisted.
void bench_events(uint64_t events);

// The lists of the single files, ended by a case without name. Each case of the growth lists runs in a process of its own,
// whose largest resident memory is reported with it.
extern const struct bench_case bench_engine[], bench_peers[], bench_server[], bench_program[],
    bench_growth_engine[], bench_growth[];

// Simulates a scenario given as text with n requests, once; costs are those of the profile in configs/.
// `%` and a letter d in the text stand for arg. Returns the simulated seconds.
double bench_simulate(const char *text, int64_t n, int64_t arg);
