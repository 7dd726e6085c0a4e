#pragma once
// Virtual time.
#include <stdint.h>

// A point in simulated time or a span of it, in ns. Never negative as a point; 2^63 ns are 292 years.
typedef int64_t sim_time;

#define SIM_US    1000LL
#define SIM_MS    1000000LL
#define SIM_S     1000000000LL
#define SIM_NEVER INT64_MAX
