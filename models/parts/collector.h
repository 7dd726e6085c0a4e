#pragma once
// The runtime's garbage collector, as far as a server feels it: passes over the young generation every so many
// requests, over the middle one every so many of those, over everything every so many of those. A pass is CPU of the
// thread that happens to allocate, with the global lock held. The phase is random in each replication, so that a full
// pass falls into a short run as often as it does in reality.
#include "models/parts/machine.h"

struct collector {
    bool enabled;
    double young, requests_per_young;           // allocations since the last young pass, in requests
    double per_connection, hand_off;            // what a connection and a hand-off allocate, in requests
    int middle, middle_every, full, full_every; // younger passes since the last
    sim_time young_cpu, middle_cpu, full_cpu, full_cpu_per_connection;
    int connections; // open in this process; the server keeps it
};

void collector_init(struct collector *c, struct machine *m);

// A connection was accepted: its allocations may make a pass due at the next request's.
void collector_open(struct collector *c);

// A request was handed to the pool: likewise.
void collector_hand_off(struct collector *c);

// One request's allocations; returns the CPU of the passes that they set off, ns (usually 0).
sim_time collector_allocate(struct collector *c, struct machine *m);
