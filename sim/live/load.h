#pragma once
// The real load generator: closed loops as `ab` and `wrk` run them, and an open loop with latency from the intended
// start. One thread, epoll, on this machine.
#include "scenario/result.h"

#include <netinet/in.h>
#include <stdatomic.h>

enum { LOAD_CONNECTIONS = 10000 }; // of an open loop, where the target asks for no other bound

// An open loop is awake so long before a request is due, and waits for it on its core.
enum { LOAD_LEAD_NS = 50000 };

struct load_target {
    struct sockaddr_in address;
    char host[256], path[512]; // of the request line; path begins with '/'
    int connections; // open loop: at most so many requests under way, later ones wait for one to end and their wait counts
                     // as latency; 0 = LOAD_CONNECTIONS, and then waiting makes the generator the limit
    sim_time
        silence; // ns without a sign of the server, while requests are under way, that end the run with an error;
                 // 0 = 120 s
    // Told when a request has been answered (CLOCK_MONOTONIC, ns), on the generator's thread; NULL = nobody listens.
    void (*answered)(void *listener, sim_time at);
    void *listener;
};

// What the generator knows beyond the observation.
struct load_report {
    double send_lag_p50_s, send_lag_p99_s; // open loop: actual minus intended start
    // Latency from the actual start.
    double uncorrected_mean_s, uncorrected_p50_s, uncorrected_p90_s, uncorrected_p95_s, uncorrected_p99_s,
        uncorrected_max_s;
    double cpu_s, wall_s, steal_s; // its own CPU, its length, the machine's steal time meanwhile
    double spin_s;                 // open loop: part of cpu_s in which it only waited for the next start
    bool
        was_limit; // it was busy (> 90 % of a core, spinning apart) or could not keep the rate (half of the requests went
    // out over 1 ms late, or connections ran out): do not trust
    int64_t done; // requests, those of the warm-up included
    int64_t connects, bytes,
        errors;         // errors: connection reset, malformed or unexpected responses; also in `refused`
    int64_t reconnects; // kept connections that the server had closed just when they were used again
    // Attempts at the end of the run, since the last response, that found nobody listening: above 0, the server has ended,
    // and the throughput counts time without it.
    int64_t unheard;
    int64_t not_ok; // responses with a status other than 2xx or 3xx; done, as ab and wrk count them
};

// Parses http://HOST[:PORT][/PATH]; HOST must be a loopback name or address: localhost or 127.x.x.x. The rest of *out is
// zero. False with *e (ERR_USAGE).
bool load_parse_url(const char *url, struct load_target *out, struct err *e);

// Runs the load of `s` (as scenario.h describes it; think times, arrivals, retries and back-off are drawn from the
// simulator's streams of this replication, so that both see the same) against the target. Fills *out (initialised) with span, counts and latency (blame and stations
// stay zero) and *report; both without the warm-up where the simulator would leave one out (scenario/warmup.h). `stop`:
// polled every 50 ms at least; when it becomes non-zero the run ends early with what is complete.
//
// Where the scenario has several endpoints, a request's number decides which one it asks for, as in the simulator, by that
// endpoint's path; and goes with it in the header X-Request-Number: the micro-server then demands what the simulator would.
//
//   ab    HTTP/1.0. The first request runs alone; when its header is here the other connections open in one burst. A
//         connection a request; it ends when the server closes, and its successor begins in the same callback. Latency
//         from just before connect().
//   wrk   HTTP/1.1 on `concurrency` kept connections. Latency from the first byte written: connecting is left out.
//   open  HTTP/1.1. Latency from the intended start (*out) and from the actual one (*report).
//
// A request fails when its connection is refused or breaks, the response is not HTTP, or `timeout` passes; it is tried
// again `retries` times. Failures but timeouts count as refused, and a closed loop rests 1 ms after one. A kept
// connection that turns out closed before a byte of the response came is replaced at once, without counting (RFC 9112,
// section 9.3.1). A run ends early where nobody has listened for 2 s. load.connect_retry is not looked at: the kernel has its
// own way.
//
// False with *e (ERR_HOST): the first connections are refused, more files are needed than the process may open (the soft
// limit is raised to the hard one meanwhile), or the server is silent for target->silence. Memory: 300 bytes a
// connection (1.8 KB with several endpoints), three histograms a segment. The calling thread's timer slack is 1 ns meanwhile.
bool load_run(const struct scenario *s, uint32_t replication, const struct load_target *target,
              const atomic_int *stop, struct observation *out, struct load_report *report, struct err *e);
