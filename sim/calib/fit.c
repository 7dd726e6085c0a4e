#include "calib/fit.h"

#include "calib/lines.h"
#include "calib/probe.h"
#include "engine/clock.h"
#include "live/host.h"
#include "live/host_speed.h"
#include "live/load.h"
#include "live/serve.h"
#include "scenario/scenario.h"

#include <math.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>

#define GRACE (2 * SIM_S)

const struct figure_spec fit_figures[] = {
    {"fit.same_loop_keep", FIGURE_CPU,
     "micro-server: loop thread per request, 64 kept connections, the client on the same core"},
    {"fit.same_loop_new", FIGURE_CPU, "the same, a new connection per request, 64 at a time"},
    {"fit.same_block_new", FIGURE_CPU, "the same, by a process that blocks on one connection at a time"},
    {"fit.same_client_keep", FIGURE_CPU,
     "load generator per request, 64 kept connections, on the server's core"},
    {"fit.same_client_new", FIGURE_CPU, "the same, a new connection per request, 64 at a time"},
    {"fit.line", FIGURE_SPAN, "half a round trip of a line of cache beside the loads on two cores"},
    {"fit.loop_keep_8", FIGURE_CPU,
     "micro-server: loop thread per request, 8 kept connections, client on another core, wake-ups taken off"},
    {"fit.loop_keep_64", FIGURE_CPU, "the same, 64 kept connections"},
    {"fit.loop_new_8", FIGURE_CPU, "the same, a new connection per request, 8 at a time"},
    {"fit.loop_new_64", FIGURE_CPU, "the same, a new connection per request, 64 at a time"},
    {"fit.pool_loop_64", FIGURE_CPU, "micro-server with pool: loop thread per request, 64 kept connections"},
    {"fit.pool_threads_64", FIGURE_CPU, "the same: pool threads per request"},
    {"fit.watch_threads_64", FIGURE_CPU,
     "micro-server with a thread per request: pool threads per request, 64 kept connections"},
    {"fit.client_keep_64", FIGURE_CPU, "load generator per request, 64 kept connections, wake-ups taken off"},
    {"fit.client_new_64", FIGURE_CPU, "load generator per request, a new connection each, 64 at a time"},
    {"fit.exchange", FIGURE_SPAN,
     "speed index sampled during these loads where nothing slows a core: one message through the kernel"},
    {NULL, 0, NULL}};

struct drive {
    const char *model, *client;
    int concurrency;
    const char *loop_key, *client_key, *rest_key; // NULL: not noted
    bool same_core;                               // client and server on one core, taking turns of a batch
};

static const struct drive drives[] = {
    {"event_loop", "wrk", 64, "fit.same_loop_keep", "fit.same_client_keep", NULL, true},
    {"event_loop", "ab", 64, "fit.same_loop_new", "fit.same_client_new", NULL, true},
    {"prefork", "ab", 64, "fit.same_block_new", NULL, NULL, true},
    {"event_loop", "wrk", 8, "fit.loop_keep_8", NULL, NULL, false},
    {"event_loop", "wrk", 64, "fit.loop_keep_64", "fit.client_keep_64", NULL, false},
    {"event_loop", "ab", 8, "fit.loop_new_8", NULL, NULL, false},
    {"event_loop", "ab", 64, "fit.loop_new_64", "fit.client_new_64", NULL, false},
    {"threadpool", "wrk", 64, "fit.pool_loop_64", NULL, "fit.pool_threads_64", false},
    {"thread_per_request", "wrk", 64, NULL, NULL, "fit.watch_threads_64", false},
};
enum { DRIVES = sizeof drives / sizeof drives[0] };

// What wake-ups add, at the speed of this moment.
struct wake_costs {
    double counted, restart, remote, local, rest; // rest: what a short one costs
    double change;                                // of threads on a core
    double turn, accept_last;                     // of the loop: a turn; an accept that finds nothing
    double own;                                   // part of a busy core's time that no interrupt takes
};

static bool load_scenario(struct scenario_file *f, const struct drive *d, int requests, struct err *e) {
    static const struct scenario_model known[] = {{"event_loop", NULL, NULL},
                                                  {"threadpool", NULL, NULL},
                                                  {"thread_per_request", NULL, NULL},
                                                  {"prefork", NULL, NULL}};
    const struct scenario_models models = {4, known};
    char text[400];
    snprintf(text, sizeof text,
             "costs: none\nserver: {model: %s, gil: none, gc: off, threads: 16}\n"
             "load: {client: %s, concurrency: %d, requests: %d}\n",
             d->model, d->client, d->concurrency, requests);
    return scenario_load_text(f, "calibrate", text, NULL, 0, &models, NULL, e);
}

// What the server's loop thread, its other threads and the client used and how often they slept.
struct use {
    double loop, loop_sleeps, rest, rest_sleeps, client, client_sleeps, turns; // ns, times
};

static struct use use_now(const struct serve *v) {
    struct host_usage all = {0}, loop = {0};
    struct serve_seen seen;
    struct rusage own;
    int n = 0;
    const pid_t server = serve_pids(v, &n)[0];
    serve_look(v, 0, &seen);
    host_usage_read(server, &all);
    host_usage_thread(server, server, &loop);
    getrusage(RUSAGE_THREAD, &own);
    return (struct use){loop.cpu_s * 1e9,
                        (double)loop.voluntary,
                        (all.cpu_s - loop.cpu_s) * 1e9,
                        (double)(all.voluntary - loop.voluntary),
                        (double)bench_cpu(),
                        (double)own.ru_nvcsw,
                        (double)seen.turns};
}

static struct use use_between(const struct use *a, const struct use *b, double n) {
    return (struct use){.loop = (b->loop - a->loop) / n,
                        .loop_sleeps = (b->loop_sleeps - a->loop_sleeps) / n,
                        .rest = (b->rest - a->rest) / n,
                        .rest_sleeps = (b->rest_sleeps - a->rest_sleeps) / n,
                        .client = (b->client - a->client) / n,
                        .client_sleeps = (b->client_sleeps - a->client_sleeps) / n,
                        .turns = (b->turns - a->turns) / n};
}

// The part of a busy core's time that is not taken by interrupts, which the simulator has of its own.
static double uninterrupted(const struct bench *b, double reference) {
    return 1 - 1e-9 * bench_value(b, "machine.interrupt_cpu", reference) *
                   bench_value(b, "stolen.interrupts", reference) * STOLEN_INTERRUPTS_UNITS;
}

// As on cores that nothing slows down: CPU x the speed it had.
static void use_scale(struct use *u, double server, double client) {
    u->loop *= server;
    u->rest *= server;
    u->client *= client;
}

// New connections come in nearly every turn, and each such turn ends in an accept that finds nothing.
static double turns_cost(const struct use *u, const struct wake_costs *w, bool anew) {
    return u->turns * (w->turn + (anew ? w->accept_last : 0));
}

// On one core: nothing comes from another one, and whoever goes to sleep leaves the core to the other.
static void note_same(struct bench *b, const struct drive *d, const struct use *u, const struct wake_costs *w,
                      bool anew) {
    double loop = u->loop - u->client_sleeps * w->local - u->loop_sleeps * w->change - turns_cost(u, w, anew);
    double client = u->client - u->loop_sleeps * w->local - u->client_sleeps * w->change;
    bench_note(b, d->loop_key, 1, fmax(loop, 0));
    if (d->client_key) bench_note(b, d->client_key, 1, fmax(client, 0));
}

// A sleep on an idle core counts latency as CPU and leaves the thread cold; whoever wakes the other side pays for telling its
// core. What comes from the other core line by line is left in it. The pool's threads share the loop's core: their wake-ups
// are local.
static void note_apart(struct bench *b, const struct drive *d, const struct use *u,
                       const struct wake_costs *w, bool anew, double line_ns) {
    double remote = w->remote + lines_cost(LINES_WAKE, line_ns);
    // A core on which connections are closed keeps its tick when it idles.
    double slept = w->counted + (anew ? 0 : w->restart) + lines_cost(LINES_WAKE, line_ns) + w->rest;
    double loop = u->loop - u->client_sleeps * remote - u->rest_sleeps * w->local - turns_cost(u, w, anew);
    double client = u->client - u->client_sleeps * slept - u->loop_sleeps * remote;
    if (!d->rest_key) loop -= u->loop_sleeps * slept;
    if (d->loop_key) bench_note(b, d->loop_key, 1, fmax(loop, 0));
    if (d->client_key) bench_note(b, d->client_key, 0, fmax(client, 0));
    double rest = u->rest - u->loop_sleeps * w->local;
    if (!d->loop_key) rest -= u->client_sleeps * remote; // there the threads tell the client
    if (d->rest_key) bench_note(b, d->rest_key, 1, fmax(rest, 0));
    if (line_ns > 0) bench_note(b, "fit.line", 0, line_ns);
}

static struct load_target target_of(const struct serve *v) {
    struct load_target t = {.path = "/", .host = "127.0.0.1"};
    t.address.sin_family = AF_INET;
    t.address.sin_port = htons((uint16_t)serve_port(v));
    t.address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return t;
}

// Sampled often: where cores change their speed within milliseconds, a look before and one after say little of what lies
// between.
enum { LOOK_EVERY = 8000000 };

// The index beside a load on an otherwise quiet machine is not what it is without one.
static void note_speed(struct bench *b, const struct host_speed_seen *seen) {
    if (seen->middle > 0 && seen->slow_frac < 1) bench_note(b, "fit.exchange", 0, 1000 / seen->middle);
}

static bool load_server(struct bench *b, const struct drive *d, const struct scenario *s,
                        const struct wake_costs *w, const struct serve *v, double quiet, struct err *e) {
    struct load_target target = target_of(v);
    struct load_report report = {0};
    struct observation seen;
    observation_init(&seen);
    int core = d->same_core ? 1 : 0;
    bool anew = strcmp(d->client, "ab") == 0;
    bench_pin(b, -1); // samples both cores
    struct host_speed *index = host_speed_start(false, LOOK_EVERY, e);
    bench_pin(b, core);
    struct use before = use_now(v);
    bool ok = index && load_run(s, 0, &target, NULL, &seen, &report, e); // some tenths of a second
    struct use after = use_now(v);
    observation_fini(&seen);
    if (!index) return false;
    const struct host_speed_seen speed = host_speed_stop(index, quiet);
    if (!d->same_core) note_speed(b, &speed);
    if (!ok || report.errors || !speed.even[0] || !speed.even[1]) return ok;
    struct use per_request = use_between(&before, &after, (double)s->load.requests);
    use_scale(&per_request, w->own * speed.even[1] / quiet, w->own * speed.even[core] / quiet);
    if (d->same_core)
        note_same(b, d, &per_request, w, anew);
    else
        note_apart(b, d, &per_request, w, anew, speed.line_ns);
    return true;
}

// What is woken in this class does not take the core from whoever runs: client and server take turns of a whole batch.
static void take_turns(bool on) {
    static const struct sched_param none = {0};
    sched_setscheduler(0, on ? SCHED_BATCH : SCHED_OTHER, &none);
}

static bool run_drive(struct bench *b, const struct drive *d, int requests, const struct wake_costs *w,
                      double quiet, struct err *e) {
    struct scenario_file f;
    if (!load_scenario(&f, d, requests, e)) return false;
    bench_pin(b, 1); // the server inherits it, and its class
    take_turns(d->same_core);
    struct serve *v = serve_start(&f.case_[0], &(struct serve_options){0}, e);
    bench_pin(b, 0);
    bool ok = v && load_server(b, d, &f.case_[0], w, v, quiet, e);
    take_turns(false);
    if (v) ok = serve_stop(v, GRACE, ok ? e : NULL) && ok;
    scenario_fini(&f);
    return ok;
}

bool fit_run(struct bench *b, int requests, double reference, struct err *e) {
    const struct wake_costs w = {bench_value(b, "machine.wake_counted", reference),
                                 bench_value(b, "machine.tick_restart", reference),
                                 bench_value(b, "machine.wake_remote", reference),
                                 bench_value(b, "machine.wake_local", reference),
                                 bench_value(b, "machine.halt", reference),
                                 bench_value(b, "machine.switch", reference),
                                 bench_value(b, "loop.turn", reference) +
                                     bench_value(b, "syscall.epoll_wait", reference) -
                                     bench_value(b, "syscall.epoll_empty", reference),
                                 bench_value(b, "syscall.accept4_empty", reference),
                                 uninterrupted(b, reference)};
    for (int i = 0; i < DRIVES && !bench_stopped(b); i++)
        if (!run_drive(b, &drives[i], requests, &w, reference, e)) return false;
    return true;
}
