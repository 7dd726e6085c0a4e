#pragma once
// A server of the user's own in place of the micro-server: started by server.command, or found running at server.url.
#include "calib/family.h"
#include "live/load.h"
#include "scenario/scenario.h"

#include <stdatomic.h>

struct external;

// Starts the command of *x in its folder, in a session of its own, with its output kept aside, and returns when it
// accepts connections on 127.0.0.1 (within 60 s) and has settled (within 5 s); of a server that runs already, makes sure
// that it accepts. {port}, {workers}, {threads}, {backlog} and {gc} (1 or 0) in the command are a free port and what *s says. *stop (NULL = never) non-zero ends
// the wait, and every later question (external_try, external_pace); it must stay until external_close. NULL with *e (ERR_HOST): it ended (with what it said last), nobody listens, or the wait was ended.
struct external *external_open(const struct server_spec *s, const atomic_int *stop, struct err *e);

// Whether x is what external_open would start, or find, for *s: two cases may then share it.
bool external_is(const struct external *x, const struct server_spec *s);

// Where it listens; the path is "/".
void external_target(const struct external *x, struct load_target *out);

// What the threads of server, children and their children have used so far. False where that is not known: it has ended,
// or runs at a URL without server.pid.
bool external_look(const struct external *x, struct family_look *out);

// Asks for a path once. False with *e (ERR_HOST) where it does not answer within 30 s, or with a status of 400 or more.
bool external_try(const struct external *x, const char *path, struct err *e);

// Asks the path `pace` how many iterations take 1 ms of CPU just now. False with *e where it does not answer with a
// number above 0 and nothing else.
bool external_pace(const struct external *x, const char *pace, double *per_ms, struct err *e);

// False with *e (ERR_HOST) where a started server has ended meanwhile: how, and what it said last. Also forgets old
// output, of which an access log can make much.
bool external_check(struct external *x, struct err *e);

// Ends a started server: SIGTERM, after 5 s SIGKILL, to all of its session; leaves one that ran already alone. Frees x
// (NULL is allowed).
void external_close(struct external *x);
