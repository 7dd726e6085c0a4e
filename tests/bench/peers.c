// Other simulators with the same M/M/1 queue, where they are installed: programs that print ns of processor time per
// customer and executed events per customer.
#include "bench.h"

#include "base/require.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

// Runs `command N`. NAN where it cannot be run here.
static double peer(const char *command, int64_t n) {
    char line[1000];
    double ns, events_each;
    snprintf(line, sizeof line, "%s %lld 2>/dev/null", command, (long long)n);
    FILE *out = popen(line, "r");
    REQUIRE(out);
    int got = fscanf(out, "%lf %lf", &ns, &events_each);
    if (pclose(out) != 0 || got != 2) return NAN;
    bench_events((uint64_t)(events_each * (double)n + 0.5));
    return ns;
}

// Debian's Python, because Debian's SimPy is not seen by others that may come first on the path.
static double simpy(int64_t n, int64_t arg) {
    (void)arg;
    return peer("/usr/bin/python3 " BENCH_SOURCE "/tests/bench/mm1_simpy.py", n);
}

static double simgrid(int64_t n, int64_t arg) {
    (void)arg;
    return peer(BENCH_BUILD "/dispatchsim-bench-simgrid " BENCH_SOURCE "/tests/bench/mm1_simgrid.xml", n);
}

const struct bench_case bench_peers[] = {
    {"mm1_simpy", "ns/customer", BENCH_VALUE, simpy, 50000, 0, "> 100 mm1", false},
    {"mm1_simgrid", "ns/customer", BENCH_VALUE, simgrid, 100000, 0, "> 40 mm1", false},
    {0},
};
