#pragma once
// One connection of the load generator and the request on it. Knows sockets, nothing of users, retries or latencies.
#include "engine/clock.h"
#include "live/response.h"

#include <netinet/in.h>
#include <stdint.h>

// What all connections share.
struct load_wire {
    int epoll;
    struct sockaddr_in address;
    bool until_close; // ab: the response ends when the server closes
    bool keep;        // leave connections open
    bool next_round;  // wrk: write when epoll says that one may, also on an idle connection
    char *buffer;     // what is read, one piece at a time
    int64_t connects, reconnects, bytes;
    bool connected;    // at least once
    int socket_error;  // why no socket could be had, 0 = none
    int connect_error; // why the last connection was refused
    bool ports_out;    // once for lack of a free port of this machine
};

enum { LOAD_BUFFER = 64 << 10 };

enum load_phase { LOAD_CLOSED, LOAD_CONNECTING, LOAD_SENDING, LOAD_RECEIVING, LOAD_IDLE };

// What came of a step.
enum load_step {
    LOAD_WAIT,    // the kernel will say when it goes on
    LOAD_DONE,    // the response is whole
    LOAD_REFUSED, // no connection
    LOAD_BROKEN,  // the connection broke, or what came is no response
};

struct load_conn {
    struct load_wire *wire;
    uint64_t key;        // what epoll returns for it
    int fd;              // LOAD_CLOSED: -1
    uint32_t events;     // that epoll watches
    const char *request; // what is to be sent, the caller's
    size_t length;
    uint32_t sent; // bytes of it
    enum load_phase phase;
    bool used;         // has carried a response
    bool answered;     // a byte of the present response is here
    sim_time wrote_at; // first byte of the request written, CLOCK_MONOTONIC; 0 = not yet
    struct response response;
};

// A closed connection. `key` must tell it from all others, in the lower 32 bits; the upper ones count its sockets.
void load_conn_init(struct load_conn *c, struct load_wire *w, uint32_t key);

// Sends request[0..length), which must stay as it is until the response is whole: at once on an idle connection
// (next_round: in the loop's next round), else after connecting. LOAD_WAIT, LOAD_REFUSED or LOAD_BROKEN; with one of the
// two the connection is closed.
enum load_step load_conn_send(struct load_conn *c, const char *request, size_t length);

// Goes on after epoll returned the connection's present key. Reads at most LOAD_BUFFER bytes. After anything
// but LOAD_WAIT the connection is idle (kept) or closed. An idle one that the server closes is closed: LOAD_WAIT.
enum load_step load_conn_event(struct load_conn *c);

// Closes the socket, whatever is under way. Harmless where it is closed.
void load_conn_close(struct load_conn *c);
