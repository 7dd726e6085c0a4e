#pragma once
// The load generator: `ab` and `wrk` (closed loops) and an open loop. It runs on the server's cores, as one thread with
// its own event loop, or elsewhere, where it costs nothing but the network's latency.
//
// A user is one virtual client: it has at most one request under way. Closed loops have `concurrency` of them; an open
// loop makes one for each arrival that finds none free.
#include "models/parts/ledger.h"
#include "models/parts/socket.h"
#include "scenario/arrivals.h"

struct client;

// Of an open load far beyond capacity: some GB of memory. The engine's timers allow about twice as many.
enum { CLIENT_MOST_USERS = 2000000 };

// READ: ab, which reads the answer in one turn of its loop and learns in a later one that the server has closed.
enum user_action { USER_NOTHING, USER_SEND, USER_READ, USER_RECEIVE };

struct user {
    struct client *client;
    struct conn *conn;
    struct request *request;
    enum user_action pending; // queued for the client's thread, or on its way through the network
    sim_time born, entered;   // of the request, through all attempts
    uint64_t number;
    int64_t blame[BLAME_COUNT]; // of the attempts before this one
    int attempt, connects;
    bool expired;             // timed out while its sending or reading still waited for the client's thread
    bool eof;                 // the server has closed, and the answer is yet to be read
    bool fresh;               // made a connection for the present request
    bool connecting;          // told the servers of its connection, has not sent the request yet
    timer_id timer, deadline; // pause, back-off, network; time-out
    void (*on_timer)(struct machine *m, struct user *u);
    struct user *next;
};

struct client {
    struct machine *machine;
    struct net *net;
    const struct load_spec *load;
    struct ledger *ledger;
    struct thread *thread; // NULL: elsewhere
    struct role role;
    struct user *first, *last; // actions the thread has to take, in order
    struct user *doing;        // the one it acts for now
    bool sleeping;
    sim_time connect_cpu, connect_rest, close_cpu, request_cpu, send_cpu, poll_cpu, network;
    sim_time lead;            // awake so long before a request is due; 0: woken for it
    sim_time due;             // of the next request; SIM_NEVER = none to come
    timer_id alert;           // lead before that
    bool spinning;            // awake, waiting for `due`
    sim_time spun, spin_from; // CPU spent so; since when
    int64_t taken;            // users under way
    bool overflow;            // more of them than can be simulated: the run was ended
    struct user *idle;        // open loop: free users, those with a connection last used first
    struct user_chunk *chunks;
    uint64_t born; // requests given out
    int64_t ended;
    timer_id arrival;
    struct arrivals_source arrivals; // open loop
};

// Builds the generator; it starts with the clock.
void client_init(struct client *c, struct machine *m, struct net *n, struct ledger *l);
void client_fini(struct client *c);

// Adds the generator's own utilisation (one thread) where it runs on the server's cores.
void client_sample(const struct client *c, struct station_seen *seen);

// For client_thread.c: does now what the user's pending action says; calls `what` after `ns`.
void client_perform(struct machine *m, struct user *u);
void client_after(struct user *u, sim_time ns, void (*what)(struct machine *m, struct user *u));
