#pragma once
// Sleeping requests of an event loop: one timerfd and a heap of the times at which they are due.
#include "live/serve_loop.h"

// NULL with *e (ERR_HOST).
struct serve_sleepers *serve_sleep_create(struct serve_loop *l, struct err *e);

// j->after is called in ns or a little later; equal times in order.
void serve_sleep(struct serve_sleepers *s, struct serve_job *j, int64_t ns, serve_task after);

// Closes its libuv handle; destroy when the loop has ended. Nobody may sleep any more.
void serve_sleep_close(struct serve_sleepers *s);
void serve_sleep_destroy(struct serve_sleepers *s);

// Forgets a job that sleeps.
void serve_sleep_cancel(struct serve_sleepers *s, const struct serve_job *j);
