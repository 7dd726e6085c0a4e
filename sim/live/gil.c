#include "live/gil.h"

#include "base/require.h"

#include <errno.h>
#include <time.h>

void gil_init(struct gil *g, bool enabled, int64_t interval) {
    pthread_condattr_t monotonic;
    REQUIRE(interval > 0 || !enabled);
    *g = (struct gil){.enabled = enabled, .interval = interval};
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_mutex_init(&g->mutex, NULL);
    pthread_mutex_init(&g->switch_mutex, NULL);
    pthread_cond_init(&g->freed, &monotonic);
    pthread_cond_init(&g->switched, &monotonic);
    pthread_condattr_destroy(&monotonic);
}

void gil_fini(struct gil *g) {
    pthread_cond_destroy(&g->freed);
    pthread_cond_destroy(&g->switched);
    pthread_mutex_destroy(&g->mutex);
    pthread_mutex_destroy(&g->switch_mutex);
}

static struct timespec from_now(int64_t ns) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    ns += t.tv_nsec;
    t.tv_sec += ns / 1000000000;
    t.tv_nsec = ns % 1000000000;
    return t;
}

// One wait with a limit; asks the holder to drop the lock where the limit passed and nobody switched meanwhile.
static void wait_once(struct gil *g) {
    uint64_t seen = g->switches;
    struct timespec until = from_now(g->interval);
    int error = pthread_cond_timedwait(&g->freed, &g->mutex, &until);
    if (error == ETIMEDOUT && g->locked && g->switches == seen) atomic_store(&g->drop_request, true);
}

void gil_take(struct gil *g, const void *self) {
    if (!g->enabled) return;
    pthread_mutex_lock(&g->mutex);
    g->waits += g->locked;
    while (g->locked) wait_once(g);
    g->locked = true;
    pthread_mutex_lock(&g->switch_mutex);
    g->switches += g->last_holder != self;
    g->last_holder = self;
    pthread_cond_signal(&g->switched);
    pthread_mutex_unlock(&g->switch_mutex);
    atomic_store(&g->drop_request, false);
    pthread_mutex_unlock(&g->mutex);
}

// Whoever asked still waits for the lock, so this ends. The dropper that waits here is the only one: to drop it must
// hold, and nobody holds before somebody else has taken.
static void await_switch(struct gil *g, const void *self) {
    pthread_mutex_lock(&g->switch_mutex);
    while (g->last_holder == self) pthread_cond_wait(&g->switched, &g->switch_mutex);
    pthread_mutex_unlock(&g->switch_mutex);
}

void gil_release(struct gil *g, const void *self) {
    if (!g->enabled) return;
    pthread_mutex_lock(&g->mutex);
    REQUIRE(g->locked && g->last_holder == self);
    g->locked = false;
    pthread_cond_signal(&g->freed);
    pthread_mutex_unlock(&g->mutex);
    if (atomic_load(&g->drop_request)) await_switch(g, self);
}

bool gil_check(struct gil *g, const void *self) {
    if (!g->enabled || !atomic_load_explicit(&g->drop_request, memory_order_relaxed)) return false;
    atomic_fetch_add_explicit(&g->forced, 1, memory_order_relaxed);
    gil_release(g, self);
    gil_take(g, self);
    return true;
}
