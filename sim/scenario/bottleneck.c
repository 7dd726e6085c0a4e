#include "scenario/bottleneck.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static const double near_full = 0.9, busy = 0.8, tie = 0.02;
static const double some_queue = 0.1; // mean number waiting that counts as a queue

// Causes in order of preference; the pool and the backlog fill up behind them.
static const enum limit inner[] = {LIMIT_CORE, LIMIT_RESOURCE, LIMIT_LOOP, LIMIT_LOCK, LIMIT_CLIENT};
enum { INNER = sizeof inner / sizeof inner[0] };

static double used(const struct case_result *c, enum limit l) {
    return isnan(c->utilisation[l]) ? 0 : c->utilisation[l];
}

static double highest_inner(const struct case_result *c) {
    double highest = 0;
    for (int i = 0; i < INNER; i++)
        if (used(c, inner[i]) > highest) highest = used(c, inner[i]);
    return highest;
}

// The first of the inner stations whose utilisation is within `tie` of the highest.
static enum limit busiest_inner(const struct case_result *c) {
    int i = 0;
    while (used(c, inner[i]) < highest_inner(c) - tie) i++;
    return inner[i];
}

// Mean number waiting at a station: its own queue or, where it keeps none, what the time of the requests says
// (Little 1961: number = rate x time).
static double waiting(const struct case_result *c, enum limit l) {
    static const int blame[LIMIT_COUNT] = {
        [LIMIT_CORE] = BLAME_RUNQUEUE, [LIMIT_LOOP] = BLAME_LOOP,         [LIMIT_LOCK] = BLAME_LOCK,
        [LIMIT_POOL] = BLAME_POOL,     [LIMIT_RESOURCE] = BLAME_RESOURCE, [LIMIT_BACKLOG] = BLAME_ACCEPT,
        [LIMIT_CLIENT] = BLAME_CLIENT};
    double queue = isnan(c->queue[l]) ? 0 : c->queue[l];
    double requests = c->throughput_per_s.mean * c->blame_mean_s[blame[l]];
    return requests > queue ? requests : queue;
}

// What a full pool waits for: the station inside at which most holders of a pool thread queue, else the pool itself.
// Requests also wait for the loop before they get a thread, so it counts only where it is busy.
static enum limit behind_pool(const struct case_result *c, const struct scenario *s) {
    double holders = used(c, LIMIT_POOL) * s->server.threads * s->server.workers;
    static const enum limit inside[] = {LIMIT_CORE, LIMIT_RESOURCE, LIMIT_LOCK};
    for (int i = 0; i < 3; i++)
        if (waiting(c, inside[i]) > holders / 2) return inside[i];
    return used(c, LIMIT_LOOP) >= busy && waiting(c, LIMIT_LOOP) > holders / 2 ? LIMIT_LOOP : LIMIT_POOL;
}

static enum limit find(const struct case_result *c, const struct scenario *s) {
    enum limit cause = busiest_inner(c);
    if (highest_inner(c) >= near_full) return cause;
    if (used(c, LIMIT_POOL) >= near_full) return behind_pool(c, s);
    if (used(c, cause) >= busy && waiting(c, cause) > some_queue) return cause;
    if (used(c, LIMIT_POOL) >= busy && waiting(c, LIMIT_POOL) > some_queue) return behind_pool(c, s);
    if (used(c, LIMIT_BACKLOG) >= near_full || c->refused > 0) return LIMIT_BACKLOG;
    return LIMIT_CLIENT;
}

// Appends to the sentence, which is cut where it does not fit.
__attribute__((format(printf, 2, 3))) static void say(struct case_result *c, const char *fmt, ...) {
    size_t used_bytes = strlen(c->sentence);
    va_list args;
    va_start(args, fmt);
    vsnprintf(c->sentence + used_bytes, sizeof c->sentence - used_bytes, fmt, args);
    va_end(args);
}

// A share as a whole per cent; 100 is kept for what is full all the time.
static double percent(double frac) {
    double p = round(100 * frac);
    return p >= 100 && frac < 0.9995 ? 99 : p;
}

static void say_busy(struct case_result *c, const struct scenario *s, enum limit l) {
    double share = percent(used(c, l));
    int workers = s->server.workers, cpus = scenario_cpus(&s->machine);
    if (l == LIMIT_CORE && cpus == 1)
        say(c, "the core is busy %.0f %% of the time", share);
    else if (l == LIMIT_CORE)
        say(c, "the %d cores are busy %.0f %% of the time", cpus, share);
    else if (l == LIMIT_LOOP && workers == 1)
        say(c, "the event loop is busy %.0f %% of the time", share);
    else if (l == LIMIT_LOOP)
        say(c, "the %d event loops are busy %.0f %% of the time", workers, share);
    else if (l == LIMIT_LOCK && workers == 1)
        say(c, "the lock is held %.0f %% of the time", share);
    else if (l == LIMIT_LOCK)
        say(c, "the %d locks are held %.0f %% of the time", workers, share);
    else if (l == LIMIT_CLIENT)
        say(c, "the load generator is busy %.0f %% of the time", share);
}

static void say_pool(struct case_result *c, const struct scenario *s) {
    const char *each = s->server.workers > 1 ? "each pool" : "the pool";
    if (c->full_frac[LIMIT_POOL] > 0)
        say(c, "%s of %d is full %.0f %% of the time", each, s->server.threads,
            percent(c->full_frac[LIMIT_POOL]));
    else
        say(c, "%s of %d is never full", each, s->server.threads);
}

static void say_resource(struct case_result *c, const struct scenario *s) {
    for (int i = 0; i < c->resources; i++)
        if (!strcmp(c->resource[i].name, c->bottleneck_name))
            say(c, "%s (%d) is in use %.0f %% of the time, with %.1f waiting on average", c->bottleneck_name,
                s->resource[i].capacity, percent(c->resource[i].utilisation), c->resource[i].queue);
}

static void say_backlog(struct case_result *c, const struct scenario *s) {
    if (c->refused > 0)
        say(c, "the backlog of %d overflows: %.2g %% of the requests are refused", s->server.backlog,
            100 * c->refused / (c->arrived > 0 ? c->arrived : 1));
    else
        say(c, "the backlog of %d is full %.0f %% of the time", s->server.backlog,
            percent(used(c, LIMIT_BACKLOG)));
}

// Something of the server that is not what binds, to compare with; LIMIT_CLIENT where there is nothing.
static enum limit second(const struct case_result *c) {
    static const enum limit order[] = {LIMIT_LOCK, LIMIT_LOOP, LIMIT_CORE};
    enum limit best = LIMIT_CLIENT;
    double highest = -1;
    for (int i = 0; i < 3; i++) {
        double u = c->utilisation[order[i]];
        if (order[i] == c->bottleneck || isnan(u) || u <= highest) continue;
        highest = u;
        best = order[i];
    }
    return best;
}

// What a request waits for most, unless that is less than a quarter of its time: BLAME_COUNT.
static enum blame longest_wait(const struct case_result *c, double *share) {
    double whole = 0;
    enum blame longest = BLAME_ACCEPT;
    for (int b = 0; b < BLAME_COUNT; b++) {
        whole += c->blame_mean_s[b];
        bool is_wait = b != BLAME_SERVICE && b != BLAME_CLIENT;
        if (is_wait && c->blame_mean_s[b] > c->blame_mean_s[longest]) longest = (enum blame)b;
    }
    *share = whole > 0 ? c->blame_mean_s[longest] / whole : 0;
    return *share < 0.25 ? BLAME_COUNT : longest;
}

// Uneven work over several workers, or bursts, make requests wait though nothing is full on average.
static void say_client(struct case_result *c, const struct scenario *s) {
    static const char *const what[] = {"to be accepted", "for an event loop", "for a lock",
                                       "for a core",     "for a pool",        "for a resource"};
    double share;
    enum blame wait = longest_wait(c, &share);
    if (used(c, LIMIT_CLIENT) >= busy)
        say_busy(c, s, LIMIT_CLIENT);
    else if (wait < BLAME_SERVICE)
        say(c, "nothing is full on average, yet requests wait %s %.0f %% of their time", what[wait],
            percent(share));
    else
        say(c, "nothing is full, the load offers no more");
}

static void say_second(struct case_result *c, const struct scenario *s) {
    bool pool_exists = !isnan(c->utilisation[LIMIT_POOL]);
    bool compare_pool = c->bottleneck == LIMIT_LOCK || c->bottleneck == LIMIT_LOOP ||
                        c->bottleneck == LIMIT_CORE || c->bottleneck == LIMIT_RESOURCE;
    if (pool_exists && compare_pool) {
        say(c, "; ");
        say_pool(c, s);
    } else if (second(c) != LIMIT_CLIENT) {
        say(c, "; ");
        say_busy(c, s, second(c));
    }
}

static void say_first(struct case_result *c, const struct scenario *s) {
    switch (c->bottleneck) {
    case LIMIT_POOL:
        say_pool(c, s);
        say(c, ", with %.1f requests waiting on average", waiting(c, LIMIT_POOL));
        return;
    case LIMIT_RESOURCE: say_resource(c, s); return;
    case LIMIT_BACKLOG: say_backlog(c, s); return;
    case LIMIT_CLIENT: say_client(c, s); return;
    default: say_busy(c, s, c->bottleneck);
    }
}

static const char *busiest_resource(const struct case_result *c) {
    int best = 0;
    for (int i = 1; i < c->resources; i++)
        if (c->resource[i].utilisation > c->resource[best].utilisation) best = i;
    return c->resource[best].name;
}

void bottleneck_find(struct case_result *out, const struct scenario *s) {
    out->bottleneck = find(out, s);
    const char *name =
        out->bottleneck == LIMIT_RESOURCE ? busiest_resource(out) : limit_name(out->bottleneck);
    snprintf(out->bottleneck_name, sizeof out->bottleneck_name, "%s", name);
    out->sentence[0] = '\0';
    say_first(out, s);
    say_second(out, s);
}
