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
static enum limit behind_pool(const struct case_result *c) {
    double holders = used(c, LIMIT_POOL) * c->size[LIMIT_POOL] * c->instances[LIMIT_POOL];
    static const enum limit inside[] = {LIMIT_CORE, LIMIT_RESOURCE, LIMIT_LOCK};
    for (int i = 0; i < 3; i++)
        if (waiting(c, inside[i]) > holders / 2) return inside[i];
    return used(c, LIMIT_LOOP) >= busy && waiting(c, LIMIT_LOOP) > holders / 2 ? LIMIT_LOOP : LIMIT_POOL;
}

static enum limit find(const struct case_result *c) {
    enum limit cause = busiest_inner(c);
    if (highest_inner(c) >= near_full) return cause;
    if (used(c, LIMIT_POOL) >= near_full) return behind_pool(c);
    if (used(c, cause) >= busy && waiting(c, cause) > some_queue) return cause;
    if (used(c, LIMIT_POOL) >= busy && waiting(c, LIMIT_POOL) > some_queue) return behind_pool(c);
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

enum { SHARE = 24 }; // characters

// A share as a whole per cent; 100 is kept for what is full all the time, 0 for what never is. Returns out.
static const char *share(char out[SHARE], double frac) {
    double p = round(100 * frac);
    if (frac > 0 && p < 1)
        snprintf(out, SHARE, "less than 1 %%");
    else
        snprintf(out, SHARE, "%.0f %%", p >= 100 && frac < 0.9995 ? 99 : p);
    return out;
}

static void say_busy(struct case_result *c, const struct scenario *s, enum limit l) {
    char part[SHARE];
    share(part, used(c, l));
    int workers = s->server.workers, cpus = scenario_cpus(&s->machine);
    if (l == LIMIT_CORE && cpus == 1)
        say(c, "the core is busy %s of the time", part);
    else if (l == LIMIT_CORE)
        say(c, "the %d cores are busy %s of the time", cpus, part);
    else if (l == LIMIT_LOOP && workers == 1)
        say(c, "the event loop is busy %s of the time", part);
    else if (l == LIMIT_LOOP)
        say(c, "the %d event loops are busy %s of the time", workers, part);
    else if (l == LIMIT_LOCK && workers == 1)
        say(c, "the lock is held %s of the time", part);
    else if (l == LIMIT_LOCK)
        say(c, "the %d locks are held %s of the time", workers, part);
    else if (l == LIMIT_CLIENT)
        say(c, "the load generator is busy %s of the time", part);
}

static void say_pool(struct case_result *c) {
    char part[SHARE];
    const char *which = c->instances[LIMIT_POOL] > 1 ? "each pool" : "the pool";
    if (c->full_frac[LIMIT_POOL] > 0 && c->instances[LIMIT_POOL] > 1 && c->size[LIMIT_POOL] < 2)
        say(c, "the one thread of each worker is taken %s of the time",
            share(part, c->full_frac[LIMIT_POOL]));
    else if (c->full_frac[LIMIT_POOL] > 0)
        say(c, "%s of %.0f is full %s of the time", which, c->size[LIMIT_POOL],
            share(part, c->full_frac[LIMIT_POOL]));
    else
        say(c, "%s of %.0f is never full", which, c->size[LIMIT_POOL]);
}

// Who waits for a pool: of processes that serve one connection each, those whose connection waits to be accepted.
static void say_pool_queue(struct case_result *c) {
    const char *in_all = c->instances[LIMIT_POOL] > 1 ? " in all" : "";
    bool outside = waiting(c, LIMIT_POOL) < some_queue && waiting(c, LIMIT_BACKLOG) > some_queue;
    if (outside)
        say(c, ", with %.1f requests%s waiting to be accepted on average", waiting(c, LIMIT_BACKLOG), in_all);
    else
        say(c, ", with %.1f requests%s waiting on average", waiting(c, LIMIT_POOL), in_all);
}

static void say_resource(struct case_result *c, const struct scenario *s) {
    char part[SHARE];
    for (int i = 0; i < c->resources; i++)
        if (!strcmp(c->resource[i].name, c->bottleneck_name))
            say(c, "%s (%d) is in use %s of the time, with %.1f%s waiting on average", c->bottleneck_name,
                s->resource[i].capacity, share(part, c->resource[i].utilisation), c->resource[i].queue,
                s->server.workers > 1 && !s->resource[i].shared ? " in all" : "");
}

static void say_backlog(struct case_result *c, const struct scenario *s) {
    char part[SHARE];
    double frac = c->refused / (c->arrived > 0 ? c->arrived : 1);
    if (c->refused > 0 && frac < 0.095)
        say(c, "the backlog of %d overflows: %.2g %% of the requests are refused", s->server.backlog,
            fmax(100 * frac, 0.01));
    else if (c->refused > 0)
        say(c, "the backlog of %d overflows: %.0f %% of the requests are refused", s->server.backlog,
            100 * frac);
    else
        say(c, "the backlog of %d is full %s of the time", s->server.backlog,
            share(part, used(c, LIMIT_BACKLOG)));
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
    double frac;
    char part[SHARE];
    enum blame wait = longest_wait(c, &frac);
    if (used(c, LIMIT_CLIENT) >= near_full)
        say_busy(c, s, LIMIT_CLIENT);
    else if (wait < BLAME_SERVICE)
        say(c, "nothing is full on average, yet requests wait %s %s of their time", what[wait],
            share(part, frac));
    else
        say(c, "nothing is full, the load offers no more");
}

static void say_second(struct case_result *c, const struct scenario *s) {
    bool pool_exists = !isnan(c->utilisation[LIMIT_POOL]);
    bool compare_pool = c->bottleneck == LIMIT_LOCK || c->bottleneck == LIMIT_LOOP ||
                        c->bottleneck == LIMIT_CORE || c->bottleneck == LIMIT_RESOURCE;
    if (pool_exists && compare_pool) {
        say(c, "; ");
        say_pool(c);
    } else if (second(c) != LIMIT_CLIENT) {
        say(c, "; ");
        say_busy(c, s, second(c));
    }
}

static void say_first(struct case_result *c, const struct scenario *s) {
    switch (c->bottleneck) {
    case LIMIT_POOL:
        say_pool(c);
        say_pool_queue(c);
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

// That the load offers no more says nothing against the load generator, unless it is full itself.
static const char *name_of(const struct case_result *c) {
    if (c->bottleneck == LIMIT_RESOURCE) return busiest_resource(c);
    if (c->bottleneck == LIMIT_CLIENT && used(c, LIMIT_CLIENT) < near_full) return "none";
    return limit_name(c->bottleneck);
}

void bottleneck_find(struct case_result *out, const struct scenario *s) {
    out->bottleneck = find(out);
    snprintf(out->bottleneck_name, sizeof out->bottleneck_name, "%s", name_of(out));
    out->sentence[0] = '\0';
    say_first(out, s);
    say_second(out, s);
}
