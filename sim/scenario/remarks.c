#include "scenario/remarks.h"
#include "base/memory.h"
#include "scenario/bind.h"
#include "stats/hist.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void add(struct scenario_file *f, struct tree_place place, const char *path, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));

static void add(struct scenario_file *f, struct tree_place place, const char *path, const char *fmt, ...) {
    struct err e;
    char text[sizeof e.text], line[1200];
    va_list args;
    va_start(args, fmt);
    vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    bind_fail(place, path, &e, "%s", text);
    err_format(&e, line, sizeof line);
    for (int i = 0; i < f->remarks; i++)
        if (strcmp(f->remark[i], line) == 0) return;
    size_t capacity = (size_t)f->remarks; // remarks are few: one more each time
    f->remark = memory_grow(f->remark, &capacity, (size_t)f->remarks + 1, sizeof *f->remark);
    f->remark[f->remarks] = memory_new(strlen(line) + 1, 1);
    strcpy(f->remark[f->remarks++], line);
}

static bool reads(const struct scenario_model *model, const char *key) {
    // Which model runs, how many processes of it, and where a real one is, concerns every model.
    static const char *const always[] = {"model", "workers", "preset", "command",
                                         "url",   "pid",     "path",   "pace"};
    for (size_t i = 0; i < sizeof always / sizeof always[0]; i++)
        if (strcmp(key, always[i]) == 0) return true;
    if (!model->reads) return true;
    for (const char *const *p = model->reads; *p; p++)
        if (strcmp(*p, key) == 0) return true;
    return false;
}

static bool any_reads(const struct scenario_model *const *used, int count, const char *key) {
    for (int i = 0; i < count; i++)
        if (reads(used[i], key)) return true;
    return false;
}

void remarks_common(struct scenario_file *f, const struct tree_node *common,
                    const struct scenario_model *const *used) {
    const struct tree_node *server = tree_at(common, "server");
    for (int i = 0; server && i < server->count; i++) {
        const struct tree_entry *entry = &server->entry[i];
        if (any_reads(used, f->cases, entry->key)) continue;
        char path[BIND_PATH];
        bind_join(path, "server", entry->key);
        add(f, entry->place, path, "no model of this file reads the key");
    }
}

static bool same_place(const struct tree_entry *a, const struct tree_entry *b) {
    return a && b && a->place.source == b->place.source && a->place.line == b->place.line &&
           a->place.col == b->place.col;
}

// Keys that the case itself sets for a model that does not look at them.
static void unread(struct scenario_file *f, const struct scenario_model *model, const struct tree_node *root,
                   const struct tree_node *common) {
    const struct tree_node *server = tree_at(root, "server");
    for (int i = 0; server && i < server->count; i++) {
        const struct tree_entry *entry = &server->entry[i];
        char path[BIND_PATH];
        bind_join(path, "server", entry->key);
        // Models' defaults have no line; --set pairs, which have none either, are part of the common tree.
        const struct tree_entry *shared = tree_entry(tree_at(common, "server"), entry->key);
        if (same_place(entry, shared) || !entry->place.line || reads(model, entry->key)) continue;
        add(f, entry->place, path, "the model %s does not read the key", model->name);
    }
}

static struct tree_place place_of(const struct tree_node *root, const char *key) {
    const struct tree_node *node = tree_at(root, key);
    return node ? node->place : root->place;
}

static void pool_and_resource(struct scenario_file *f, const struct scenario *s,
                              const struct tree_node *root) {
    bool used[64] = {false};
    for (int i = 0; i < s->endpoints; i++)
        for (int k = 0; k < s->endpoint[i].steps; k++)
            if (s->endpoint[i].step[k].kind == STEP_USE) used[s->endpoint[i].step[k].resource] = true;
    for (int r = 0; r < s->resources; r++) {
        const struct resource_spec *resource = &s->resource[r];
        int users = resource->shared ? s->server.threads * s->server.workers : s->server.threads;
        char path[BIND_PATH];
        bind_join(path, "resources", resource->name);
        if (!used[r])
            add(f, place_of(root, path), path, "no handler uses it");
        else if (users > resource->capacity)
            add(f, place_of(root, path), path,
                "%d threads share a capacity of %d: the others hold a thread and wait", users,
                resource->capacity);
    }
}

// Mean CPU and mean waiting of a request's own steps, ns, over the endpoints by weight.
static void demand(const struct scenario *s, double *cpu, double *wait) {
    double weight = 0;
    *cpu = *wait = 0;
    for (int i = 0; i < s->endpoints; i++) weight += s->endpoint[i].weight;
    for (int i = 0; i < s->endpoints; i++)
        for (int k = 0; k < s->endpoint[i].steps; k++) {
            const struct handler_step *step = &s->endpoint[i].step[k];
            bool computes = step->kind == STEP_CPU || step->kind == STEP_CPU_NOGIL;
            *(computes ? cpu : wait) += dist_mean(&step->time) * s->endpoint[i].weight / weight;
        }
}

static void workers_and_cores(struct scenario_file *f, const struct scenario *s,
                              const struct tree_node *root) {
    double cpu, wait;
    int cpus = scenario_cpus(&s->machine);
    demand(s, &cpu, &wait);
    if (isinf(cpu) || isinf(wait))
        add(f, place_of(root, "handler"), "handler", "a step has no finite mean, so latencies have none");
    if (s->server.workers > cpus && cpu > wait)
        add(f, place_of(root, "server.workers"), "server.workers",
            "%d workers compute on %d logical CPUs: more processes, not more work", s->server.workers, cpus);
    // A scenario for a server of the user's own is measured, and gets its costs from --set.
    bool own = s->server.external.command[0] || s->server.external.url[0];
    if (s->costs.none && !own && cpu + wait == 0 && !s->load.has_think && s->load.client != CLIENT_OPEN)
        add(f, place_of(root, "handler"), "handler",
            "with `costs: none` and an empty handler a request takes no time");
}

static void client(struct scenario_file *f, const struct scenario *s, const struct tree_node *root) {
    static const char *const closed_keys[] = {"load.concurrency", "load.think"};
    const struct load_spec *load = &s->load;
    for (int i = 0; i < 2; i++)
        if (load->client == CLIENT_OPEN && tree_at(root, closed_keys[i]))
            add(f, place_of(root, closed_keys[i]), closed_keys[i], "an open load does not read the key");
    if (load->client != CLIENT_OPEN && load->requests && load->requests < load->concurrency)
        add(f, place_of(root, "load.concurrency"), "load.concurrency",
            "more connections than requests: some never send one");
    if (load->retries == 0 && tree_at(root, "load.backoff"))
        add(f, place_of(root, "load.backoff"), "load.backoff",
            "without load.retries there is nothing to wait for");
    double offered = load->rate_per_s * (double)load->duration / 1e9;
    if (offered > 1e8)
        add(f, place_of(root, "load.rate"), "load.rate", "%.0f requests a replication: that takes minutes",
            offered);
    if (load->client != CLIENT_OPEN && load->concurrency > s->server.backlog)
        add(f, place_of(root, "load.concurrency"), "load.concurrency",
            "a burst of %d connections may overflow server.backlog (%d): the rest tries again after "
            "load.connect_retry",
            load->concurrency, s->server.backlog);
}

// What a run is too short, or just of the wrong size, to tell.
static void percentiles(struct scenario_file *f, const struct scenario *s, const struct tree_node *root) {
    const struct gc_costs *gc = &s->costs.gc;
    const char *key = tree_at(root, "load.requests") ? "load.requests" : "load";
    int64_t n = s->load.requests;
    if (n && !hist_supports((uint64_t)n, 0.99))
        add(f, place_of(root, key), key, "a run of %lld requests has no p99: that takes 482", (long long)n);
    double period =
        gc->requests_per_young.value * fmax(gc->middle_every.value, 1) * fmax(gc->full_every.value, 1);
    // Requests on kept connections allocate less, down to nothing.
    bool kept = s->load.keep_alive && s->server.keep_alive;
    if (kept && gc->per_connection.value < 1) period /= 1 - gc->per_connection.value;
    if (!n || s->load.client == CLIENT_OPEN || !s->server.gc || period <= 0) return;
    if (kept && gc->per_connection.value >= 1) return;
    // A full pass stops everything: it hits about as many requests as there are connections.
    double hit = s->load.concurrency * fmax((double)n / (period * s->server.workers), 1) * 100 / (double)n;
    if (hit > 0.5 && hit < 2)
        add(f, place_of(root, key), key,
            "the collector's full passes (one in %.0f requests) hit about %.1f %% of the requests: p99 falls "
            "to either "
            "side of them from run to run; compare p95, or change load.requests or load.concurrency",
            period, hit);
}

static const char *place_of_endpoint(const struct scenario *s, int endpoint, char out[48]) {
    if (!s->endpoint[endpoint].name[0]) return "handler";
    snprintf(out, 48, "endpoints.%d", endpoint);
    return out;
}

// Handlers that run on an event loop: everyone waits for what does not await.
static void on_the_loop(struct scenario_file *f, const struct scenario *s, const struct scenario_model *model,
                        const struct tree_node *root) {
    bool by_itself = model->reads && !reads(model, "dispatch.pool") && reads(model, "dispatch.loop");
    for (int i = 0; i < s->endpoints; i++) {
        const struct endpoint *p = &s->endpoint[i];
        bool asked = p->dispatch == DISPATCH_LOOP, awaits = false, computes = false;
        char path[48];
        const char *key = place_of_endpoint(s, i, path);
        for (int k = 0; k < p->steps; k++) {
            awaits |= p->step[k].kind == STEP_USE || (asked && p->step[k].kind == STEP_SLEEP);
            computes |= p->step[k].kind == STEP_CPU_NOGIL;
        }
        if (!asked && !by_itself) continue;
        if (awaits && s->server.gil)
            add(f, place_of(root, key), key,
                "on the loop a wait is taken to await; one that blocks (time.sleep, a synchronous driver) "
                "would stop "
                "every request of the worker and belongs into the pool");
        if (computes && s->server.gil)
            add(f, place_of(root, key), key,
                "cpu_nogil on the loop: the lock is free, yet the loop waits and serves nobody else");
    }
}

// A process that serves one connection at a time is taken by a kept one.
static void kept_connections(struct scenario_file *f, const struct scenario *s,
                             const struct scenario_model *model, const struct tree_node *root) {
    bool whole = model->reads && reads(model, "keep_alive_timeout");
    if (!whole || !s->server.keep_alive || !s->load.keep_alive || s->load.concurrency <= s->server.workers ||
        s->load.client == CLIENT_OPEN)
        return;
    add(f, place_of(root, "load.concurrency"), "load.concurrency",
        "%d kept connections for %d processes that serve one each: the others wait until one is closed",
        s->load.concurrency, s->server.workers);
}

static void external(struct scenario_file *f, const struct scenario *s, const struct tree_node *root) {
    const struct server_external *x = &s->server.external;
    static const char *const keys[] = {"server.path", "server.pace"};
    for (int i = 0; i < 2; i++)
        if (tree_at(root, keys[i]) && !x->command[0] && !x->url[0])
            add(f, place_of(root, keys[i]), keys[i], "without server.command or server.url nobody is asked");
    if (x->command[0] && s->server.workers > 1 && !strstr(x->command, "{workers}"))
        add(f, place_of(root, "server.command"), "server.command",
            "it does not say {workers}: does it start %d?", s->server.workers);
}

void remarks_case(struct scenario_file *f, const struct scenario *s, const struct scenario_model *model,
                  const struct tree_node *root, const struct tree_node *common) {
    unread(f, model, root, common);
    if (model->reads && reads(model, "threads")) pool_and_resource(f, s, root);
    workers_and_cores(f, s, root);
    client(f, s, root);
    percentiles(f, s, root);
    on_the_loop(f, s, model, root);
    kept_connections(f, s, model, root);
    external(f, s, root);
    // New connections are spread anew each time; kept ones stay where a burst put them.
    if (s->server.workers > 1 && s->server.accept == ACCEPT_DRAIN && s->load.keep_alive &&
        s->server.keep_alive && reads(model, "accept"))
        add(f, place_of(root, "server.workers"), "server.accept",
            "drain: one worker may take most connections of a burst and keep them");
}
