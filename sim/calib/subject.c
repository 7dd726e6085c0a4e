#include "calib/subject.h"

#include "base/memory.h"
#include "scenario/route.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

// A worker of the micro-server finishes what it has begun within this, or is ended.
#define GRACE (2 * SIM_S)

// A worker that has said that it is ready may not have come to its first wait yet, beside the client on its core: whether it
// takes part in the first rush of connections is then a matter of luck. A server under load has started long ago.
static const struct timespec settle = {0, 50000000};

void subject_servers_fini(struct subject_servers *all) {
    for (int i = 0; i < all->count; i++) external_close(all->server[i]);
    free(all->server);
    *all = (struct subject_servers){0};
}

static struct external *find_or_open(struct subject_servers *all, const struct server_spec *s,
                                     const atomic_int *stop, struct err *e) {
    for (int i = 0; i < all->count; i++)
        if (external_is(all->server[i], s)) return all->server[i];
    struct external *x = external_open(s, stop, e);
    if (!x) return NULL;
    all->server = memory_grow(all->server, &all->capacity, (size_t)all->count + 1, sizeof *all->server);
    return all->server[all->count++] = x;
}

// The case with endpoints of its own, whose paths may differ; their steps stay the case's.
static struct scenario copy_endpoints(const struct scenario *s) {
    struct scenario copy = *s;
    size_t bytes = (size_t)s->endpoints * sizeof *s->endpoint;
    copy.endpoint = memory_new((size_t)s->endpoints, sizeof *s->endpoint);
    memcpy(copy.endpoint, s->endpoint, bytes);
    return copy;
}

static bool needs_pace(const struct scenario *s) {
    for (int i = 0; i < s->endpoints; i++)
        if (route_needs_pace(s->endpoint[i].path)) return true;
    return false;
}

static bool route(struct subject *v, const struct scenario *s, struct err *e) {
    bool fixed = route_fixed(&s->costs);
    double per_ms = s->costs.pace.value;
    if (!fixed && needs_pace(s) && !external_pace(v->external, s->server.external.pace, &per_ms, e))
        return false;
    for (int i = 0; i < s->endpoints; i++) {
        if (!route_expand(&s->endpoint[i], per_ms, v->scenario.endpoint[i].path))
            return err_set(e, ERR_HOST, "the path %.100s is too long", s->endpoint[i].path);
        if (!external_try(v->external, v->scenario.endpoint[i].path, e)) return false;
    }
    return true;
}

static bool begin_external(struct subject *v, struct subject_servers *all, const struct scenario *s,
                           const atomic_int *stop, struct err *e) {
    v->external = find_or_open(all, &s->server, stop, e);
    return v->external && external_check(v->external, e) && route(v, s, e);
}

bool subject_begin(struct subject *v, struct subject_servers *all, const struct scenario *s,
                   const atomic_int *stop, struct err *e) {
    const struct server_external *x = &s->server.external;
    *v = (struct subject){.scenario = copy_endpoints(s)};
    bool ok;
    if (x->command[0] || x->url[0]) {
        ok = begin_external(v, all, s, stop, e);
    } else {
        // The micro-server knows endpoints by their names, whatever another server calls them.
        for (int i = 0; i < s->endpoints; i++)
            route_of_name(s->endpoint[i].name, v->scenario.endpoint[i].path);
        v->serve = serve_start(s, &(struct serve_options){0}, e);
        ok = v->serve != NULL;
        if (ok) nanosleep(&settle, NULL);
    }
    if (!ok) free(v->scenario.endpoint);
    return ok;
}

bool subject_pace(const struct subject *v, double *per_ms, struct err *e) {
    const char *path = v->scenario.server.external.pace;
    *per_ms = 0;
    return !v->external || !path[0] || external_pace(v->external, path, per_ms, e);
}

void subject_target(const struct subject *v, struct load_target *out) {
    if (v->external) {
        external_target(v->external, out);
    } else {
        *out = (struct load_target){.path = "/", .host = "127.0.0.1"};
        out->address.sin_family = AF_INET;
        out->address.sin_port = htons((uint16_t)serve_port(v->serve));
        out->address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    }
    if (v->scenario.endpoints == 1) memcpy(out->path, v->scenario.endpoint[0].path, SCENARIO_PATH);
}

bool subject_look(const struct subject *v, struct family_look *out) {
    if (v->external) return external_look(v->external, out);
    int n;
    const pid_t *pid = serve_pids(v->serve, &n);
    family_look(out, pid, n);
    return out->threads > 0;
}

bool subject_end(struct subject *v, struct err *e) {
    bool ok = v->external ? external_check(v->external, e) : serve_stop(v->serve, GRACE, e);
    free(v->scenario.endpoint);
    return ok;
}
