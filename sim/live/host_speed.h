#pragma once
// Speed index: how fast each core passes small messages through the kernel (write and read on a pair of sockets),
// sampled every period (HOST_SPEED_PERIOD beside loads that are judged) by a thread on each core for some 75 us, the
// better of two pieces. It counts the thread's CPU time, so that waiting for the core is not taken for slowness. 1 =
// 10^6 exchanges a second; only ratios mean anything. System calls are what a small server mostly spends: on a host that
// lends half-cores, throughput of nginx follows this index (correlation 0.94 over 18 runs, its spread falls from 11 to 4
// % when divided by it), and a chain of arithmetic hardly at all (0.41).
#include "base/err.h"

#include <stdbool.h>
#include <stdint.h>

enum { HOST_EXCHANGED = 60 };                       // bytes of such a message
static const int64_t HOST_SPEED_PERIOD = 250000000; // ns; at 100 ms samples were the p99 of 1 ms of work

struct host_speed;

// NULL with *e (ERR_HOST: no thread can be started). `dense`: dense work is sampled, too (0.1 ms each time). `period`: from
// sample to sample, ns; the first is taken after 20 ms, or one period if that is less. Stop it with host_speed_stop.
struct host_speed *host_speed_start(bool dense, int64_t period, struct err *e);

// How fast the cores execute dense work (host_dense.h), sampled with the index: the mean that work would see which is
// spread over the cores and the time so far as all that ran on them. Call it before host_speed_stop; 0 where there is no
// sample yet. Cost: about 0.1 ms.
double host_speed_dense(struct host_speed *s);

// What the samples of a run say, over cores and time.
struct host_speed_seen {
    double middle;    // median of those that are not slow
    double low, high; // lowest and highest decile of all
    double slow_frac; // share of those that are slower than `fast` by HOST_SLOW_FROM
    double slow;      // their harmonic mean; 0 = none
    double spread;    // standard deviation of their logarithm; 0 = fewer than two
    double
        even[2]; // of the first two cores: at which work that is even over the time takes as long; 0 = none
    double
        line_ns; // median of host_line_meet (host_line.h) between the first two cores, every third sample; 0 = none
};
static const double HOST_SLOW_FROM = 1.125;

// Ends the sampling and releases *s. `fast`: the index of a core that nothing slows down, 0 = not known (then none is slow).
// All 0 where there is no sample.
struct host_speed_seen host_speed_stop(struct host_speed *s, double fast);

// One sample of the index on the core the caller is on; 0 where no sockets can be had. Cost: about 0.1 ms.
double host_speed_now(void);
