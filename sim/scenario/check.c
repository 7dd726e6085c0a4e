#include "scenario/check.h"
#include "scenario/bind.h"
#include "scenario/route.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct check {
    struct scenario *s;
    const struct tree_node *root;
    struct err *e;
};

static bool given(const struct check *c, const char *key) {
    return tree_at(c->root, key) != NULL;
}

// Refuses a key that was given; the place is its value's.
static bool refuse(const struct check *c, const char *key, const char *text, const char *hint) {
    bind_fail(tree_at(c->root, key)->place, key, c->e, "%s", text);
    return err_hint(c->e, "%s", hint);
}

// The first of keys[] (NULL-terminated) that was given, or NULL.
static const char *first_given(const struct check *c, const char *const *keys) {
    for (; *keys; keys++)
        if (given(c, *keys)) return *keys;
    return NULL;
}

static bool check_closed(const struct check *c) {
    static const char *const open_keys[] = {"load.rate", "load.arrivals", "load.trace", "load.burst", NULL};
    struct load_spec *load = &c->s->load;
    const char *key = first_given(c, open_keys);
    if (key)
        return refuse(c, key, "a closed loop (ab, wrk) has no arrivals of its own",
                      "client: open, or remove the key and set load.concurrency");
    bool wrk = load->client == CLIENT_WRK;
    if (given(c, "load.keep_alive") && load->keep_alive != wrk)
        return wrk ? refuse(c, "load.keep_alive", "wrk always keeps its connections",
                            "client: ab opens new ones")
                   : refuse(c, "load.keep_alive", "ab opens a connection for each request",
                            "client: wrk keeps them; servers close HTTP/1.0 even for ab -k");
    load->keep_alive = wrk;
    return true;
}

static bool check_trace(const struct check *c) {
    struct load_spec *load = &c->s->load;
    if (!load->trace)
        return refuse(c, "load.arrivals", "arrivals from a trace need its file", "load.trace: FILE");
    if (given(c, "load.rate"))
        return refuse(c, "load.rate", "the trace itself says when requests arrive", "remove load.rate");
    if (!load->requests && !load->duration) load->requests = (int64_t)load->trace_count;
    if (load->requests > (int64_t)load->trace_count)
        return refuse(c, "load.requests", "the trace holds fewer requests",
                      "leave the key out for all of them");
    return true;
}

static bool check_open(const struct check *c) {
    struct load_spec *load = &c->s->load;
    if (!given(c, "load.keep_alive")) load->keep_alive = true;
    if (load->arrivals == ARRIVALS_TRACE) return check_trace(c);
    if (load->trace) return refuse(c, "load.trace", "a trace needs arrivals: trace", "load.arrivals: trace");
    if (load->arrivals != ARRIVALS_MMPP2 && given(c, "load.burst"))
        return refuse(c, "load.burst", "bursts belong to arrivals: mmpp2", "load.arrivals: mmpp2");
    if (!given(c, "load.rate"))
        return refuse(c, "load.client", "an open load needs a rate", "load.rate: 500/s");
    return true;
}

static void default_length(struct load_spec *load) {
    if (load->requests || load->duration) return;
    if (load->client == CLIENT_AB)
        load->requests = 1000;
    else
        load->duration = 10 * SIM_S;
}

static bool check_load(const struct check *c) {
    struct load_spec *load = &c->s->load;
    bool open = load->client == CLIENT_OPEN;
    if (given(c, "load.requests") && given(c, "load.duration"))
        return refuse(c, "load.duration", "a run ends by load.requests or by load.duration, not both",
                      "remove one of the two");
    if (!given(c, "load.runs_on")) load->place = open ? PLACE_ELSEWHERE : PLACE_SERVER;
    if (!(open ? check_open(c) : check_closed(c))) return false;
    default_length(load);
    return true;
}

// --- a server of the user's own

// The load generator talks to this machine alone.
static bool host_is_here(const char *name) {
    struct in_addr a;
    return !strcmp(name, "localhost") || (inet_pton(AF_INET, name, &a) == 1 && ntohl(a.s_addr) >> 24 == 127);
}

static bool port_is_one(const char *text) {
    size_t n = strlen(text);
    return n > 0 && n <= 5 && strspn(text, "0123456789") == n && atoi(text) >= 1 && atoi(text) <= 65535;
}

// HOST or HOST:PORT, as live/load.h takes it.
static bool check_authority(const struct check *c, const char *text) {
    char name[64];
    size_t n = strcspn(text, ":");
    snprintf(name, sizeof name, "%.*s", (int)n, text);
    if (n >= sizeof name || !host_is_here(name))
        return refuse(c, "server.url", "the server must run on this machine: localhost or 127.x.x.x",
                      "http://127.0.0.1:8000");
    if (text[n] && !port_is_one(text + n + 1))
        return refuse(c, "server.url", "the port must be a number from 1 to 65535", "http://127.0.0.1:8000");
    return true;
}

static bool check_url(const struct check *c) {
    const struct server_external *x = &c->s->server.external;
    static const char scheme[] = "http://";
    if (given(c, "server.url") && strncmp(x->url, scheme, sizeof scheme - 1) != 0)
        return refuse(c, "server.url", "the address must begin with http://", "http://127.0.0.1:8000");
    if (given(c, "server.url") && strpbrk(x->url + sizeof scheme - 1, "/?#"))
        return refuse(c, "server.url", "only host and port stand here", "the path belongs into server.path");
    if (given(c, "server.url") && !check_authority(c, x->url + sizeof scheme - 1)) return false;
    if (given(c, "server.url") && given(c, "server.command"))
        return refuse(c, "server.command", "a server is started or runs already, not both",
                      "remove server.command or server.url");
    if (given(c, "server.command") && !strstr(x->command, "{port}"))
        return refuse(c, "server.command", "it does not say {port}, so nobody knows where the server listens",
                      "uvicorn app:app --port {port}");
    if (given(c, "server.pid") && !given(c, "server.url"))
        return refuse(c, "server.pid", "the process id is of the server behind server.url",
                      "server.url: http://127.0.0.1:PORT");
    return true;
}

// Places an error that route.h has described.
static bool place(const struct check *c, const char *key) {
    const struct tree_node *node = tree_at(c->root, key);
    return bind_place(node ? node->place : c->root->place, key, c->e);
}

static bool check_path(const struct check *c, const char *key, const struct endpoint *p) {
    if (!route_check(p->path, c->e) || !route_check_steps(p, c->e)) return place(c, key);
    if (!route_needs_pace(p->path) || c->s->server.external.pace[0]) return true;
    return refuse(c, key, "nobody says how many iterations {cpu} is",
                  "server.pace: the path that answers how many take 1 ms");
}

static bool check_external(const struct check *c) {
    const struct server_external *x = &c->s->server.external;
    if (!check_url(c)) return false;
    if (given(c, "server.pace") && (!route_check(x->pace, c->e))) return place(c, "server.pace");
    for (int i = 0; i < c->s->endpoints; i++) {
        char key[48];
        snprintf(key, sizeof key, "endpoints.%d.path", i);
        if (!check_path(c, given(c, key) ? key : "server.path", &c->s->endpoint[i])) return false;
    }
    return true;
}

bool check_case(struct scenario *s, const struct tree_node *root, struct err *e) {
    struct check c = {s, root, e};
    return check_load(&c) && check_external(&c);
}
