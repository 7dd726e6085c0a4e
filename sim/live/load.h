#pragma once
// The real load generator: closed loops as `ab` and `wrk` run them, and an open loop with latency from the intended
// start. One thread, epoll, on this machine.
#include "scenario/result.h"

#include <netinet/in.h>

struct load_target {
    struct sockaddr_in address;
    char host[256], path[512]; // of the request line; path begins with '/'
};

// What the generator knows beyond the observation.
struct load_report {
    double send_lag_p50_s, send_lag_p99_s; // open loop: actual minus intended start
    double uncorrected_p50_s, uncorrected_p99_s, uncorrected_mean_s; // latency from the actual start
    double cpu_s, wall_s, steal_s;   // its own CPU, its length, the machine's steal time meanwhile
    bool was_limit;                  // it was busy (> 90 % of a core) or could not keep the rate: do not trust
    int64_t connects, bytes, errors; // errors: connection reset, malformed or unexpected responses
};

// Parses http://HOST[:PORT][/PATH]; HOST must be a loopback name or address. False with *e (ERR_USAGE).
bool load_parse_url(const char *url, struct load_target *out, struct err *e);

// Runs `load` (as scenario.h describes it; think times, arrivals, retries and back-off are drawn from `seed` with the
// simulator's streams) against the target. Fills *out (initialised) with span, counts and latency (blame and stations
// stay zero) and *report. `stop`: polled; when it becomes non-zero the run ends early with what is complete. False
// with *e (ERR_HOST: cannot connect at all).
bool load_run(const struct load_spec *load, uint64_t seed, const struct load_target *target, volatile int *stop,
              struct observation *out, struct load_report *report, struct err *e);
