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

// Seconds that `dispatchsim ARGUMENTS` takes, `processes` of them at once.
static double run(const char *arguments, int64_t jobs, int processes) {
    char line[1000];
    snprintf(line, sizeof line,
             "for i in $(seq %d); do " BENCH_BUILD
             "/dispatchsim %s --jobs %lld --quiet >/dev/null & all=\"$all $!\"; done; "
             "for one in $all; do wait $one || exit 1; done",
             processes, arguments, (long long)jobs);
    double start = wall_s();
    REQUIRE(system(line) == 0);
    return wall_s() - start;
}

static double seed_file(int64_t n, int64_t jobs) {
    (void)n;
    return run("run " BENCH_SOURCE "/configs/fastapi-seed.yaml", jobs, 1);
}

static double plan(int64_t n, int64_t jobs) {
    (void)n;
    return run("plan " BENCH_SOURCE "/configs/plan-api.yaml", jobs, 1);
}

// Many short replications, so that neither thread waits for the other's last one.
static double replications(int64_t n, int64_t jobs, int processes) {
    char arguments[300];
    snprintf(arguments, sizeof arguments,
             "run " BENCH_SOURCE "/configs/example.yaml --set load.requests=5000 --reps %lld", (long long)n);
    return run(arguments, jobs, processes);
}

// How many times as fast the same replications are on two threads, and on two processes with half of them each, which
// share nothing: more than these gain the machine does not have to give. One straight after the other, and the first
// again at the end, because the machine's speed drifts.
static double two_cores(int64_t n, int64_t processes) {
    double before = replications(n, 1, 1);
    double together = processes > 1 ? replications(n / processes, 1, (int)processes) : replications(n, 2, 1);
    return (before + replications(n, 1, 1)) / 2 / together;
}

const struct bench_case bench_program[] = {
    {"seed_file", "s", BENCH_VALUE, seed_file, 1, 2, NULL, false},
    {"plan_1024", "s", BENCH_VALUE, plan, 1, 2, NULL, true},
    {"replications_on_2_cores", "times", BENCH_VALUE, two_cores, 64, 1, ">= 1.9", false},
    {"processes_on_2_cores", "times", BENCH_VALUE, two_cores, 64, 2, NULL, false},
    {0},
};
