#pragma once
// Arrival processes of an open load.
#include "models/parts/client.h"

void arrivals_init(struct client *c);

// Time of the next arrival, >= now; SIM_NEVER after the last of a trace. Bursty: a Markov-modulated Poisson process of
// two states (Fischer & Meier-Hellstern 1993) with the scenario's mean rate.
sim_time arrivals_next(struct client *c);
