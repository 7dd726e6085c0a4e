#pragma once
// Runtimes that are known: what a server built on one is by construction, and no load from outside can tell. How often it
// releases a global lock, when its responses leave, how a stage's cost divides, how its collector counts.
#include "scenario/costs.h"

#include <sys/types.h>

struct attach_stack {
    const char *name, *what;
    // Parts of lines of /proc/PID/maps that no stack listed before and no other server has; none = never detected.
    const char *mark[3];
    const char *server; // scenario keys that belong to it, as `server: {...}` takes them
    bool lock;          // it has a global lock
    double read, call;  // shares of a kept request's cost; the rest is the response
    double accept;      // share of what a new connection adds; the rest is its end
    double hand_off;    // share of what the pool adds to the loop; the rest is taking the result back
    double suspend;     // an await that suspends, as a share of `call`
    double middle_every, full_every; // passes of the collector, as `gc` has them; 1 = it has but one kind
    const struct attach_fact *facts; // ends with a NULL key
};

// One number of the profile.
struct attach_fact {
    const char *key;
    double value;
    enum provenance from;
    const char *source;
};

// All of them, `*count`; the last one is what a server is taken for where no mark is seen.
const struct attach_stack *attach_stacks(int *count);

// The one of that name, or NULL.
const struct attach_stack *attach_stack_named(const char *name);

// What the process's mapped files (/proc/PID/maps) tell. Never NULL.
const struct attach_stack *attach_stack_of(pid_t pid);

// The same from the text of such a file.
const struct attach_stack *attach_stack_in(const char *maps);

// Sets the facts in a profile.
void attach_stack_apply(const struct attach_stack *s, struct costs *c);
