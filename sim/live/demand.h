#pragma once
// What a request demands, from its number alone: the draws of models/parts/request.c, so that the simulator, the
// micro-server and the load generator mean the same request by the same number. tests/live/twins.c holds them together.
#include "scenario/scenario.h"

#include <stdint.h>

// The endpoint that a request's number falls to by the weights; 0 where there is one. Cost: about 50 ns.
int demand_endpoint(const struct scenario *s, uint64_t number);

// What step `step` of endpoint `endpoint` takes for this request, ns; the same whenever it is asked.
int64_t demand_step(const struct scenario *s, int endpoint, int step, uint64_t number);
