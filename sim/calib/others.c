#include "calib/others.h"

#include <math.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

static double clock_s(clockid_t which) {
    struct timespec t;
    clock_gettime(which, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

// Time of all CPUs in programs and in the kernel on their behalf, since boot.
static double busy_s(void) {
    unsigned long long user, nice, system;
    FILE *f = fopen("/proc/stat", "r");
    if (!f) return NAN;
    int n = fscanf(f, "cpu %llu %llu %llu", &user, &nice, &system);
    fclose(f);
    return n == 3 ? (double)(user + nice + system) / (double)sysconf(_SC_CLK_TCK) : NAN;
}

void others_begin(struct others *o) {
    *o = (struct others){busy_s(), clock_s(CLOCK_PROCESS_CPUTIME_ID), clock_s(CLOCK_MONOTONIC)};
}

double others_end(const struct others *o, double server_cpu_s) {
    double own = clock_s(CLOCK_PROCESS_CPUTIME_ID) - o->own_s, wall = clock_s(CLOCK_MONOTONIC) - o->at_s;
    double share =
        (busy_s() - o->busy_s - own - server_cpu_s) / (wall * (double)sysconf(_SC_NPROCESSORS_ONLN));
    return isnan(share) ? NAN : fmin(fmax(share, 0), 1);
}
