#pragma once
// Whether the number of requests in the system grew throughout an open-loop run: then it was saturated and its latencies
// say only how long one looked. The rule is the simulator's.
#include "engine/clock.h"

#include <stdbool.h>
#include <stdint.h>

struct load_growth {
    double area[4], span[4]; // by quarter of the run: integral of the number in the system (x ns), ns
    int64_t arrived[4];      // until the end of the quarter
    sim_time last;           // of the last look
};

// Takes note that `n` requests were in the system from the last look until `at`, in quarter 0 ... 3, and `arrived` in all
// have come. Meant to be called every 50 ms or more often.
void load_growth_look(struct load_growth *g, int quarter, sim_time at, int64_t n, int64_t arrived);

// Growth between the second and the last quarter against what a queue at the edge of stability does by chance: after A
// arrivals a random walk with both variances 1 has the deviation sqrt(2 A); 4.5 sqrt(A) is over three of them.
bool load_growth_found(const struct load_growth *g);
