#pragma once
// Which limit binds a case, and the sentence that says so.
#include "scenario/result.h"

// Fills out->bottleneck, bottleneck_name and sentence from the utilisations, queues and counts already in *out.
// The rule, from the inside of the server outwards: of core, resource, loop, lock and the load generator itself the
// busiest at or above 90 % binds; within 2 % of each other the earlier in this order does, because it is the cause
// (a loop that holds the lock all the time, a core for which the holder of the lock waits). Requests keep a pool
// thread while they wait for what is inside, so a full pool binds only when none of these is near full and most of
// its threads do not wait for one of them; and the backlog only when nothing at all is near full. Between 80 and
// 90 % the busiest binds if something queues at it. Otherwise the load offers no more: LIMIT_CLIENT,
// with the name "none" unless the load generator itself is busy for 90 % of the time.
void bottleneck_find(struct case_result *out, const struct scenario *s);
