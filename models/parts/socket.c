#include "models/parts/socket.h"

#include "base/require.h"
#include "models/parts/idle.h"
#include "models/parts/line.h"

#include <stdlib.h>

enum { CHUNK = 256 };

struct conn_chunk {
    struct conn_chunk *next;
    struct conn conn[CHUNK];
};

void net_init(struct net *n, struct machine *m, int listeners, int capacity) {
    *n = (struct net){.machine = m, .listeners = listeners};
    n->listener = calloc((size_t)listeners, sizeof *n->listener);
    REQUIRE(n->listener);
    for (int i = 0; i < listeners; i++) n->listener[i].capacity = capacity;
}

void net_fini(struct net *n) {
    for (int i = 0; n->listener && i < n->listeners; i++) {
        free(n->listener[i].poller);
        free(n->listener[i].acceptor);
    }
    free(n->listener);
    for (struct conn_chunk *c = n->chunks, *next; c; c = next) {
        next = c->next;
        free(c);
    }
    request_pool_fini(&n->requests);
    *n = (struct net){0};
}

static struct conn *conn_new(struct net *n) {
    if (!n->free) {
        struct conn_chunk *c = calloc(1, sizeof *c);
        REQUIRE(c);
        c->next = n->chunks;
        n->chunks = c;
        for (int i = CHUNK - 1; i >= 0; i--) {
            c->conn[i].next = n->free;
            n->free = &c->conn[i];
        }
    }
    struct conn *c = n->free;
    n->free = c->next;
    *c = (struct conn){.net = n, .place = -1};
    return c;
}

static void conn_release(struct conn *c) {
    struct net *n = c->net;
    if (c->inbox) request_free(&n->requests, c->inbox);
    c->inbox = NULL;
    c->next = n->free;
    n->free = c;
}

// --- pollers

void poller_kick(struct machine *m, struct poller *p) {
    struct thread *t = p->sleeper;
    if (!t) return;
    p->sleeper = NULL;
    thread_wake(m, t);
}

void poller_post(struct machine *m, struct poller *p) {
    p->posted = true;
    poller_kick(m, p);
}

static void append(struct poller *p, struct conn *c) {
    if (p->n == p->room) {
        p->room = p->room ? p->room * 2 : 64;
        p->order = realloc(p->order, sizeof(struct conn *) * (size_t)p->room);
        REQUIRE(p->order);
    }
    c->place = p->n;
    p->order[p->n++] = c;
}

static void announce(struct machine *m, struct conn *c) {
    struct poller *p = c->poller;
    if (c->readable) return;
    c->readable = true;
    if (c->place < 0) append(p, c);
    p->ready++;
    poller_kick(m, p);
}

int poller_poll(struct poller *p) {
    int kept = 0;
    for (int i = 0; i < p->n; i++) {
        struct conn *c = p->order[i];
        if (!c) continue;
        c->place = c->readable ? kept : -1;
        if (c->readable) p->order[kept++] = c;
    }
    p->at = 0;
    p->n = p->polled = kept;
    return kept;
}

struct conn *poller_next(struct poller *p) {
    while (p->at < p->polled) {
        struct conn *c = p->order[p->at++];
        if (!c || !c->readable) continue;
        c->readable = false;
        p->ready--;
        return c;
    }
    return NULL;
}

void poller_fini(struct poller *p) {
    free(p->order);
}

void listener_watch(struct machine *m, struct listener *l, struct poller *p) {
    l->poller = realloc(l->poller, sizeof(struct poller *) * (size_t)(l->pollers + 1));
    REQUIRE(l->poller);
    // Workers start side by side, so that any of them may be the first to watch; the order then stays.
    int place = (int)rng_below(&m->stream[STREAM_SOCKET], (uint64_t)l->pollers + 1);
    l->poller[l->pollers++] = l->poller[place];
    l->poller[place] = p;
    p->listener = l;
}

void listener_block(struct listener *l, struct thread *t) {
    if (l->acceptors == l->acceptor_room) {
        int room = l->acceptor_room ? l->acceptor_room * 2 : 8;
        struct thread **ring = malloc(sizeof(struct thread *) * (size_t)room);
        REQUIRE(ring);
        for (int i = 0; i < l->acceptors; i++)
            ring[i] = l->acceptor[(l->acceptor_head + i) % l->acceptor_room];
        free(l->acceptor);
        l->acceptor = ring;
        l->acceptor_head = 0;
        l->acceptor_room = room;
    }
    l->acceptor[(l->acceptor_head + l->acceptors++) % l->acceptor_room] = t;
}

// Every poller that sleeps is woken (no EPOLLEXCLUSIVE). The kernel begins with the last registered; who wins is
// decided by wake-up latencies, and where these are equal or none by chance, not by the order of waking. Of the threads
// blocked in accept, the one that came first is woken.
static void tell(struct machine *m, struct listener *l) {
    for (int i = 0; i < l->pollers; i++) poller_kick(m, l->poller[i]);
    if (l->acceptors == 0) return;
    struct thread *t = l->acceptor[l->acceptor_head];
    l->acceptor_head = (l->acceptor_head + 1) % l->acceptor_room;
    l->acceptors--;
    thread_wake(m, t);
}

// --- client's side

struct conn *conn_connect(struct net *n, const struct conn_user *ops, void *user, bool reusable) {
    struct machine *m = n->machine;
    struct listener *l =
        &n->listener[n->listeners > 1 ? rng_below(&m->stream[STREAM_SOCKET], (uint64_t)n->listeners) : 0];
    if (l->queue.n >= l->capacity) {
        l->refused++;
        return NULL;
    }
    struct conn *c = conn_new(n);
    c->ops = ops;
    c->user = user;
    c->reusable = reusable;
    c->queued = machine_now(m);
    c->from = line_here(m);
    station_enter(&l->queue, c->queued);
    *(l->last ? &l->last->next : &l->first) = c;
    l->last = c;
    m->waking = l->pollers > 1 ? WAKING_ONE_OF_MANY : WAKING_SENT;
    tell(m, l);
    m->waking = WAKING_PLAIN;
    return c;
}

// Where an unread request waits: in the listening queue, or for whoever has the connection.
static void wait_for_server(struct machine *m, const struct conn *c, struct request *r) {
    if (c->poller && c->poller->thread)
        request_await(m, r, c->poller->thread);
    else
        request_leave(m, r, c->accepted ? BLAME_LOOP : BLAME_ACCEPT);
}

static void rouse_reader(struct machine *m, struct conn *c) {
    struct thread *t = c->reader;
    if (!t) return;
    c->reader = NULL;
    thread_wake(m, t);
}

void conn_send(struct conn *c, struct request *r) {
    struct machine *m = c->net->machine;
    REQUIRE(!c->inbox && !c->server_gone);
    r->conn = c;
    c->inbox = r;
    c->from = line_here(m);
    wait_for_server(m, c, r);
    if (m->current) m->current->debt += m->t.send_rest;
    m->waking = WAKING_SENT;
    if (c->poller) announce(m, c);
    rouse_reader(m, c);
    m->waking = WAKING_PLAIN;
}

void conn_abandon(struct conn *c) {
    struct machine *m = c->net->machine;
    REQUIRE(!c->client_gone);
    idle_keep_tick(m);
    if (c->server_gone) {
        conn_release(c);
        return;
    }
    c->client_gone = true;
    c->user = NULL;
    if (c->poller && !c->serving) announce(m, c); // end of file is data, too
    rouse_reader(m, c);
}

// --- server's side

struct conn *listener_accept(struct machine *m, struct listener *l) {
    struct conn *c = l->first;
    if (!c) return NULL;
    l->first = c->next;
    if (!l->first) l->last = NULL;
    c->next = NULL;
    c->accepted = true;
    line_bring(m, c->from, m->scenario->costs.server.connect_lines.value);
    station_leave(&l->queue, machine_now(m), c->queued);
    if (c->inbox) wait_for_server(m, c, c->inbox);
    return c;
}

void conn_watch(struct machine *m, struct conn *c, struct poller *p) {
    c->poller = p;
    if (c->inbox) wait_for_server(m, c, c->inbox);
    if (c->inbox || c->client_gone) announce(m, c);
}

void conn_unwatch(struct conn *c) {
    struct poller *p = c->poller;
    if (!p) return;
    c->poller = NULL;
    if (c->place < 0) return;
    p->order[c->place] = NULL;
    c->place = -1;
    p->ready -= c->readable;
    c->readable = false;
}

struct request *conn_read(struct conn *c) {
    struct request *r = c->inbox;
    c->inbox = NULL;
    c->serving = r != NULL;
    return r;
}

void conn_fetch(const struct conn *c) {
    struct machine *m = c->net->machine;
    line_bring(m, c->from, m->scenario->costs.server.lines.value);
}

void conn_reply(struct machine *m, struct conn *c, struct request *r) {
    if (m->current) m->current->debt += m->t.write_rest;
    request_leave(m, r, BLAME_CLIENT);
    c->serving = false;
    r->written_on = line_here(m);
    r->conn = NULL; // the server has nothing more to do with it
    if (c->client_gone || !r->user) {
        request_free(&c->net->requests, r);
        return;
    }
    m->waking = WAKING_SENT;
    c->ops->replied(m, c, r);
    m->waking = WAKING_PLAIN;
}

void conn_close(struct machine *m, struct conn *c) {
    REQUIRE(!c->server_gone);
    idle_keep_tick(m);
    conn_unwatch(c);
    c->server_gone = true;
    if (c->client_gone)
        conn_release(c);
    else
        c->ops->closed(m, c);
}

void net_sample(struct net *n, struct station_seen *seen) {
    for (int i = 0; i < n->listeners; i++) {
        struct listener *l = &n->listener[i];
        station_advance(&l->queue, machine_now(n->machine));
        double area = (double)l->queue.area * 1e-9;
        seen->busy_s += area; // filled places are what is busy in a backlog
        seen->queue_s += area;
        seen->servers += l->capacity;
        seen->arrivals += l->queue.entered + l->refused;
        seen->refused += l->refused;
    }
}
