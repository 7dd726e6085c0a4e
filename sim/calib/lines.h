#pragma once
// Lines of cache that come over when client and server, or waker and woken, are on two cores. How many is a matter of
// the kernel's code rather than of the machine, and it shows only where the host changes the distance of the cores. So it
// was measured once, on an AMD EPYC (Linux 6.18) whose lines took 60 and 233 ns in turn, for seconds to minutes: what the
// loads and probes of a calibration took more in the second state (24 and 12 rounds of each), over 173 ns. Those of requests
// and connections are counted again on each host, as what a request takes more on two cores than on one (fit_derive.c): there
// all of a line counts, while what is probed between two cores holds the lines of near ones already. On an EPYC of the
// fifth generation they are half as many, since that core brings several at a time.
#include <math.h>

static const double LINES_NEAR_NS = 60; // less showed no difference (another state: 30 ns)
static const double LINES_SERVER = 14,  // a kept request: 5.95 and 8.39 us
    LINES_SERVER_CONNECT = 18,          // what a new connection adds, less sleeps: 3.1 us
    LINES_CLIENT = 16,                  // a kept request: 7.20 and 9.93 us
    LINES_CLIENT_CONNECT = 29,          // what a new connection adds, less wake-ups: 5.0 us
    LINES_WAKE = 6,                     // waking a thread there: 1.88 and 2.94 us; as much of its CPU clock
    LINES_EXIT = 11,                    // until it runs: 4.7 and 6.65 us
    LINES_MIGRATE = 17;                 // 8 requests after a move: 3.8-5.0 and 7.0-8.0 us

// CPU of `lines` of them where one takes line_ns (0 = not known: none), ns.
static inline double lines_cost(double lines, double line_ns) {
    return lines * fmax(line_ns - LINES_NEAR_NS, 0);
}
