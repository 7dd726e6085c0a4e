#pragma once
// What the benchmarks share: a benchmark is a function that does `n` units of work; the harness times it in rounds, one
// after the other with all others, and reports the median.
#include <stdint.h>

// Does n units of work; what it returns only keeps the compiler from leaving the work out.
typedef double (*bench_fn)(int64_t n);

struct bench_case {
    const char *name, *unit; // "ns/customer", "ns/event", "requests/s", "s"
    bench_fn run;
    int64_t n;    // units a round
    double scale; // what is reported per unit: 1e9 = ns, 0 = units per second
};

// Number of events that the work done last consisted of; a benchmark may tell it.
void bench_events(uint64_t events);

// The lists of the single files, ended by a case without name.
extern const struct bench_case bench_engine[], bench_server[];
