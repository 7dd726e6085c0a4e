#pragma once
// The requests of the load generator: users, each with at most one request under way, as models/parts/client.c has them.
#include "live/load.h"
#include "live/load_conn.h"
#include "live/load_ledger.h"
#include "live/load_request.h"
#include "live/load_timers.h"
#include "scenario/arrivals.h"

struct load_gen;

struct load_user {
    struct load_timer
        timer; // first, so that a timer is its user: time-out, pause or back-off, never two at a time
    void (*on_timer)(struct load_user *u);
    struct load_gen *gen;
    struct load_conn conn;
    sim_time intended, started; // of the request, through all attempts
    uint64_t number;
    int endpoint; // 0 where there is only one
    char *room;   // for its bytes, where they carry its number
    int attempt;
    bool busy;              // a request is under way
    struct load_user *next; // free users of an open loop
};

struct load_gen {
    const struct scenario *scenario;
    const struct load_spec *load; // the scenario's
    struct load_wire wire;
    struct load_requests requests;
    struct load_ledger ledger;
    struct load_timers timers;
    struct rng arrivals_rng, client_rng;
    struct arrivals_source arrivals;
    int users;
    struct load_user *user; // [users]
    struct load_user *idle; // open loop: free users, the last one used first
    sim_time start;         // CLOCK_MONOTONIC
    sim_time end;           // of a run bounded by duration; SIM_NEVER else
    sim_time due;  // open loop: intended start of the next request, CLOCK_MONOTONIC; SIM_NEVER = none
    sim_time over; // when the last request ended
    bool finished, burst_done;
    bool starved;        // open loop: a request had to wait for a user
    int64_t born, ended; // requests
    int64_t errors, not_ok;
    int64_t unheard;        // attempts since the last response that found nobody listening ...
    sim_time unheard_since; // ... and when the first of them failed
    void (*answered)(void *listener, sim_time at); // NULL = nobody listens
    void *listener;
    sim_time progress; // when the server last gave a sign, or a request was last begun or given up
    char *rooms;       // of all users
};

// CLOCK_MONOTONIC, ns.
sim_time load_user_now(void);

// Makes the users of a generator whose scenario, load, wire, requests, rngs and users count are set, and gives out the first
// requests of a closed loop. False where memory is lacking. Release with load_user_fini.
bool load_user_init(struct load_gen *g);
void load_user_fini(struct load_gen *g);

// Open loop: gives out what is due, as far as users are free.
void load_user_arrivals(struct load_gen *g);

// Goes on after epoll returned `key`; keys of sockets that are closed by now are passed over.
void load_user_event(struct load_gen *g, uint64_t key);

// Fires the timers that are due.
void load_user_timers(struct load_gen *g);

// Counts what an open loop still owes at time `at` as arrived and under way.
void load_user_count_due(struct load_gen *g, sim_time at);
