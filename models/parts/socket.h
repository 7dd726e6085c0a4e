#pragma once
// Connections, the listening socket with its bounded queue, and pollers (epoll sets). The client's side opens, sends
// and goes away; the server's side accepts, reads, replies and closes.
#include "models/parts/request.h"
#include "models/parts/station.h"

struct conn;

// What the client's side is told. Called within the server's step (machine.current is the server's thread).
struct conn_user {
    void (*replied)(struct machine *m, struct conn *c, struct request *r); // the response has left the server
    void (*closed)(struct machine *m, struct conn *c); // the server closed; c is gone afterwards
};

// A set of connections that one thread waits for, in the order of level-triggered epoll: a connection that a poll returned
// keeps its place for the next one; others come behind as they become readable. So one that is readable just too late
// for a poll is the last of the next.
struct poller {
    struct conn *
        *order; // [n], NULL = gone; [0, at) were handed out since the poll, [at, polled) are still to be
    int n, at, polled, room;
    int ready;                 // readable and not yet handed out
    struct thread *thread;     // who polls it; NULL = not to be named
    struct thread *sleeper;    // the same while it blocks in the poll
    struct listener *listener; // NULL = watches no listening socket
    bool posted;               // something else to look at (a completion, a task): set by poller_post
};

struct conn {
    struct net *net;
    const struct conn_user *ops;
    void *user;             // the client's side
    struct poller *poller;  // server's side: who is told of data (NULL: nobody yet, or a blocking reader)
    struct thread *reader;  // blocked in a read of this connection
    struct request *inbox;  // sent and not yet read
    sim_time queued;        // entered the listening queue
    const struct cpu *from; // core on which the client last sent or connected; NULL = another machine's
    int place;              // in the poller's order, -1 = not there
    bool accepted, readable, client_gone, server_gone;
    bool reusable;     // the client would send further requests on it (HTTP/1.1 keep-alive)
    bool serving;      // a request was read from it and not yet answered
    bool last;         // the response says that the server will close
    struct conn *next; // of the queue it is in
};

struct listener {
    int capacity;
    struct conn *first, *last;
    struct station queue;
    int64_t refused;
    int pollers;
    struct poller **poller;   // all that watch it, in the order in which they are told
    struct thread **acceptor; // threads blocked in accept: a ring, served first-in first-out
    int acceptors, acceptor_head, acceptor_room;
};

// All sockets of one simulated server: one listener, or one per worker with SO_REUSEPORT.
struct net {
    struct machine *machine;
    int listeners;
    struct listener *listener;
    struct conn *free;
    struct conn_chunk *chunks;
    struct request_pool requests;
};

void net_init(struct net *n, struct machine *m, int listeners, int capacity);
void net_fini(struct net *n);

// --- client's side
// A connection is tried; NULL where the queue is full (counted as refused by the listener). Wakes whoever watches.
struct conn *conn_connect(struct net *n, const struct conn_user *ops, void *user, bool reusable);
// Sends a request on it. Needs an empty inbox (clients do not pipeline).
void conn_send(struct conn *c, struct request *r);
// The client is not interested any more; what it has sent stays sent.
void conn_abandon(struct conn *c);

// --- server's side
// The next waiting connection, its request (if it came already) no longer in accept wait; NULL where there is none.
struct conn *listener_accept(struct machine *m, struct listener *l);
// From now on its data is announced to p (at once where there is some).
void conn_watch(struct machine *m, struct conn *c, struct poller *p);
// No longer.
void conn_unwatch(struct conn *c);
// Takes the request out; NULL where nothing came, then the client went away or is slow.
struct request *conn_read(struct conn *c);
// The thread whose step is being executed is about to work on what came: it pays for lines from the client's core.
void conn_fetch(const struct conn *c);
// The response leaves. The request belongs to the client again (or to nobody: then it is freed).
void conn_reply(struct machine *m, struct conn *c, struct request *r);
void conn_close(struct machine *m, struct conn *c);

// --- pollers
void listener_watch(struct machine *m, struct listener *l, struct poller *p);
// Whether a poll would return at once.
static inline bool poller_ready(const struct poller *p) {
    return p->ready > 0 || p->posted || (p->listener && p->listener->queue.n > 0);
}
// Wakes the poller's thread where it sleeps: there is something else for it to do.
void poller_kick(struct machine *m, struct poller *p);
// The same as a readable descriptor of its own (eventfd, self-pipe).
void poller_post(struct machine *m, struct poller *p);
// The poll: what is readable now is what poller_next hands out, one by one; NULL after the last. Cost: O(connections that
// were returned by the last poll or are readable).
int poller_poll(struct poller *p); // how many
struct conn *poller_next(struct poller *p);
void poller_fini(struct poller *p);
// Thread t will block in accept on l (exclusive, first come first served).
void listener_block(struct listener *l, struct thread *t);

void net_sample(struct net *n, struct station_seen *seen);
