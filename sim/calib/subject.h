#pragma once
// What a round of a measurement drives: a micro-server that is started for it, or a server of the user's own that lives
// through all rounds and may be shared between cases.
#include "calib/external.h"
#include "live/serve.h"

// The servers of the user's own that have been started, or found, so far. Zero bytes are none.
struct subject_servers {
    int count;
    size_t capacity;
    struct external **server;
};

// Ends those that were started.
void subject_servers_fini(struct subject_servers *all);

struct subject {
    struct scenario scenario;  // the case with the paths that are asked for in this round
    struct serve *serve;       // or
    struct external *external; // which belongs to struct subject_servers
};

// Brings the server for one round of a case: starts it where it is not there yet; asks one of the user's own once for each
// endpoint's path, and for its pace where a path needs it. False with *e; then there is nothing to end. *all and *s must
// stay until subject_end.
bool subject_begin(struct subject *v, struct subject_servers *all, const struct scenario *s,
                   const atomic_int *stop, struct err *e);

// How many iterations of its own work take the server 1 ms of CPU just now; 0 where the scenario names no path for that
// (server.pace). False with *e. Cost: what the server takes to find out, some 20 ms.
bool subject_pace(const struct subject *v, double *per_ms, struct err *e);

// Where the load goes.
void subject_target(const struct subject *v, struct load_target *out);

// What the server's threads have used so far. False where that is not known.
bool subject_look(const struct subject *v, struct family_look *out);

// Ends the round; ends a micro-server. False with *e where the server had died.
bool subject_end(struct subject *v, struct err *e);
