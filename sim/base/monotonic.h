#pragma once
// The time that passes, by a clock that nobody sets.
#include <stdint.h>
#include <time.h>

// ns since some moment before the program began. Cost: about 20 ns.
static inline int64_t monotonic_ns(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000000000LL + t.tv_nsec;
}
