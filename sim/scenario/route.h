#pragma once
// The request target of an endpoint on a server of the user's own: a path in which {cpu} and {sleep} stand for what the
// endpoint's steps say, so that the handler's times are written once and the server is asked for just these.
#include "scenario/scenario.h"

// Whether `path` can be a request target: begins with /, printable ASCII without blanks and #, and in braces nothing but
// {cpu} and {sleep}. False with *e (text and hint, no place).
bool route_check(const char *path, struct err *e);

// Whether what the path says is the same for each request: where it has {cpu} ({sleep}), the steps of that kind must be
// constant. False with *e (text and hint, no place).
bool route_check_steps(const struct endpoint *p, struct err *e);

// Whether the path has {cpu}, so that somebody must say how many iterations take 1 ms.
bool route_needs_pace(const char *path);

// Whether {cpu} stands for a fixed number of iterations, those that take the time at the speed the profile is for
// (`per_ms` is its pace); else somebody asks the server how many take 1 ms just now.
bool route_fixed(const struct costs *c);

// Writes the target: {cpu} becomes the mean of the endpoint's `cpu` steps in iterations, of which `per_ms` take 1 ms of
// CPU, rounded to a whole number; {sleep} the mean of its `sleep` steps in ms. False where it does not fit.
bool route_expand(const struct endpoint *p, double per_ms, char out[SCENARIO_PATH]);

// Writes /NAME, bytes that are unsafe in a path as %XX; cut off at the end where it does not fit. "" gives "/".
void route_of_name(const char *name, char out[SCENARIO_PATH]);
