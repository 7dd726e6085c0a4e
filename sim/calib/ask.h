#pragma once
// One question to an HTTP server: is it there, does it know a path, what does it say.
#include "base/err.h"
#include "engine/clock.h"

#include <netinet/in.h>
#include <stdatomic.h>
#include <stdbool.h>

enum { ASK_BODY = 2048 };

struct ask_answer {
    bool connected;          // somebody listens
    int status;              // of HTTP; 0 = nothing that is HTTP came in time
    char body[ASK_BODY + 1]; // as much of it as fits, NUL-terminated
};

// GET `path` by HTTP/1.0 and waits for the end of the response, at most `patience` ns. *stop (NULL = never) non-zero ends
// the wait within 50 ms.
void ask(const struct sockaddr_in *server, const char *path, sim_time patience, const atomic_int *stop,
         struct ask_answer *out);

// The same, where the answer must be a number above 0 and nothing else but white space. False with *e (ERR_HOST).
bool ask_number(const struct sockaddr_in *server, const char *path, sim_time patience, const atomic_int *stop,
                double *out, struct err *e);
