#pragma once
// A collector's long passes, seen from outside: for their length no request ends, and the server's CPU clock runs on
// without one. Clients that wait meanwhile see it as a cluster of as many slow requests as there are connections.
#include "engine/clock.h"

#include <stddef.h>

// One run of a load: when its requests ended, and the server's CPU clock at some of those moments.
struct attach_series {
    int ended; // requests
    size_t room;
    sim_time *at; // [ended], ascending
    int samples;
    size_t sample_room;
    struct attach_sample {
        sim_time at, cpu;
        int ended; // requests up to then
    } * sample;    // ascending; the first before the run, the last after it
};

struct attach_stall {
    int after;  // requests of the run that had ended before it
    double cpu; // ns the server used beyond what the requests around it cost
};

// Adds the end of a request; a sample of the server's CPU clock.
void attach_series_end(struct attach_series *s, sim_time at);
void attach_series_sample(struct attach_series *s, sim_time at, sim_time cpu);
void attach_series_clear(struct attach_series *s);
void attach_series_fini(struct attach_series *s);

// Finds the stalls of a run with `connections` clients, at most `most` of them, ascending; returns their number. A stall
// is a gap between two ends of requests that is longer than the time in which all connections are served once, by 3 ms at
// least, and in which the server used as much CPU: a gap for want of a core, or of the generator's, is none. Passes
// shorter than half that time or ATTACH_SHORTEST are not told from ordinary work. O(n log n).
int attach_stalls(const struct attach_series *s, int connections, struct attach_stall *out, int most);

#define ATTACH_SHORTEST (4 * SIM_MS)
