#pragma once
// A scenario without simulation: bounds, exact results where a textbook queue applies, and an estimate from a network of
// queues elsewhere. Times in s, rates per s.
#include "study/bounds.h"

enum { ANALYTIC_CLIENTS = 2000 }; // more clients of a closed loop are not computed

struct analytic {
    struct bounds bounds;

    // Balanced-job bounds on the throughput; they hold for exponential service or shared processors, so they are not
    // compared with a simulation. NAN where the loop is open or a station has several servers.
    double balanced_low, balanced_high;

    // With `costs: none`, one endpoint of one step and one worker (prefork: any number): "M/M/1", "M/M/c", "M/G/1",
    // "M/G/inf", or "M/M/c//N" for a closed loop; "" where none applies. NAN: no closed form.
    char exact[16];
    int exact_servers;
    double exact_throughput_per_s, exact_mean_s, exact_quantile_s[QUANTILE_COUNT];

    // Product-form network with mean costs: loop, lock or cores, and resources, the pool around them as a
    // flow-equivalent centre, one such network a worker. NAN where it cannot keep up or is too large.
    double estimate_throughput_per_s, estimate_mean_s;
};

// Cost: milliseconds up to a hundred clients or threads, quadratic beyond.
void analytic_of(const struct scenario *s, struct analytic *a);
