#pragma once
// What no run of a scenario can exceed. Bounds follow from demands and capacities alone (study/demand.h), whatever the
// distributions, the order of service and the overheads.
#include "scenario/result.h"
#include "study/demand.h"

enum { BOUNDS_STATIONS = LIMIT_COUNT + SEEN_RESOURCES };

struct bounds_station {
    enum limit limit;
    char name[SCENARIO_NAME]; // "lock", or the resource's name
    double demand_s, scv;     // mean per request, and its variation
    double servers;           // all of them together
    double capacity_per_s;    // servers / demand
};

struct bounds {
    int stations; // those with a demand
    struct bounds_station station[BOUNDS_STATIONS];
    int tightest;          // of least capacity; -1 where no station has a demand
    double capacity_per_s; // INFINITY where no station has a demand
    double latency_s;      // least mean latency: nothing waits
    double floor_s;        // no request takes less
    double think_s;        // mean pause of a closed loop's client
    // Of the load that the scenario states:
    double offered_per_s;    // open: its rate; NAN else
    double throughput_per_s; // at most: capacity, offered rate, and clients / (latency + think)
    double requests;         // expected in one replication
};

// Sources: utilisation law and Little's law; for closed loops the asymptotic bounds X <= min(1/Dmax, N/(D + Z)) (Denning &
// Buzen 1978; Lazowska et al. 1984, eq. 5.1).
void bounds_of(const struct scenario *s, struct bounds *b);

// Balanced-job bounds on the throughput of a closed loop of single-server queues with a product form (exponential
// service, or processor sharing), given the sum, the largest and the mean of the demands, s, and the pause. *low <= X <=
// *high. Source: Zahorjan et al. 1982; Lazowska et al. 1984, table 5.2.
void bounds_balanced(double sum_s, double most_s, double mean_s, double think_s, int clients, double *low,
                     double *high);

// How far a finite replication of `requests` may exceed a station's capacity by chance and by what was begun before it:
// a fraction. 5 standard errors of the mean demand, and one request a server.
double bounds_slack(const struct bounds_station *k, double requests);

// Says why these bounds do not let the scenario's open load be carried while at most lost_frac of the requests are lost:
// writes a sentence and returns true where the offered rate exceeds a capacity by so much that a replication cannot but
// show it, as a queue that grows (models/parts/ledger.c: by 4.5 standard deviations of a random walk) or as requests lost.
// False otherwise: for closed loops, which take what they get, and wherever chance could make a replication look well.
bool bounds_overload(const struct bounds *b, const struct scenario *s, double lost_frac, char out[256]);

// Says what of a simulated case lies outside of the bounds by more than chance allows: 5 standard errors of the
// simulation, and bounds_slack. Only what must hold is compared: throughput always, mean latency where no request was lost
// and the run is long enough to have seen the longest. Returns false and writes a sentence where something is outside.
bool bounds_hold(const struct bounds *b, const struct scenario *s, const struct case_result *c,
                 char out[256]);
