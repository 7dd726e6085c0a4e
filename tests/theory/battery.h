#pragma once
// The battery of points that the simulator is held to: what to simulate, and what theory says comes out.
#include "models/model.h"

enum quantity { MEAN, THROUGHPUT, CORE_USE, BLOCKING, P50, P90, P95, P99, QUANTITIES };

struct point {
    char name[48];
    double load;               // utilisation of a server, 0..1 and above
    double theory[QUANTITIES]; // s, 1/s, fractions; NAN = not judged
    bool exact;                // no randomness: every replication must give the theory to the ns
    struct scenario_file file;
};

enum { MOST_POINTS = 96, REPLICATIONS = 20 };

struct battery {
    double
        scale; // length of every run, relative to the one that yields 1 % at 99 % confidence up to load 0.9
    int points;
    struct point point[MOST_POINTS];
};

// Loads every point. Release with battery_fini.
void battery_init(struct battery *b, double scale);
void battery_fini(struct battery *b);
