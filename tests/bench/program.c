// The program as a user runs it: the six published rows, and replications on one and on two threads.
#include "bench.h"

#include "base/require.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static double wall_s(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

// Seconds that `dispatchsim run ARGUMENTS` takes.
static double run(const char *arguments, int64_t jobs) {
    char line[1000];
    snprintf(line, sizeof line,
             BENCH_BUILD "/dispatchsim run " BENCH_SOURCE "/configs/%s --jobs %lld --quiet >/dev/null",
             arguments, (long long)jobs);
    double start = wall_s();
    REQUIRE(system(line) == 0);
    return wall_s() - start;
}

static double seed_file(int64_t n, int64_t jobs) {
    (void)n;
    return run("fastapi-seed.yaml", jobs);
}

// How many times as fast the same replications are on two threads. One straight after the other, and the first again
// at the end, because the machine's speed drifts.
static double two_cores(int64_t replications, int64_t jobs) {
    char arguments[100];
    snprintf(arguments, sizeof arguments, "example.yaml --set load.requests=20000 --reps %lld",
             (long long)replications);
    double before = run(arguments, 1), together = run(arguments, jobs), after = run(arguments, 1);
    return (before + after) / 2 / together;
}

const struct bench_case bench_program[] = {
    {"seed_file", "s", BENCH_VALUE, seed_file, 1, 2},
    {"replications_on_2_cores", "times 1", BENCH_VALUE, two_cores, 16, 2},
    {0},
};
