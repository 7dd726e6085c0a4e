#include "calib/fit.h"

#include "calib/lines.h"
#include "engine/clock.h"
#include "live/host.h"
#include "live/host_speed.h"
#include "live/load.h"
#include "live/serve.h"
#include "scenario/scenario.h"

#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>

#define GRACE (2 * SIM_S)

const struct figure_spec fit_figures[] = {
    {"fit.loop_keep_8", FIGURE_CPU,
     "micro-server: loop thread per request, 8 kept connections, wake-ups taken off"},
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
};

static const struct drive drives[] = {
    {"event_loop", "wrk", 8, "fit.loop_keep_8", NULL, NULL},
    {"event_loop", "wrk", 64, "fit.loop_keep_64", "fit.client_keep_64", NULL},
    {"event_loop", "ab", 8, "fit.loop_new_8", NULL, NULL},
    {"event_loop", "ab", 64, "fit.loop_new_64", "fit.client_new_64", NULL},
    {"threadpool", "wrk", 64, "fit.pool_loop_64", NULL, "fit.pool_threads_64"},
    {"thread_per_request", "wrk", 64, NULL, NULL, "fit.watch_threads_64"},
};
enum { DRIVES = sizeof drives / sizeof drives[0] };

// What wake-ups add, at the speed of this moment.
struct wake_costs {
    double counted, restart, remote, local, rest; // rest: what a short one costs
    double turn, accept_last;                     // of the loop: a turn; an accept that finds nothing
};

static double value_of(const struct bench *b, const char *key, double reference) {
    struct figure_estimate x;
    const struct figure *f = bench_figure(b, key);
    if (!f) return 0;
    figure_estimate(f, reference, &x);
    return isnan(x.value) ? 0 : x.value;
}

static bool load_scenario(struct scenario_file *f, const struct drive *d, int requests, struct err *e) {
    static const struct scenario_model known[] = {
        {"event_loop", NULL, NULL}, {"threadpool", NULL, NULL}, {"thread_per_request", NULL, NULL}};
    const struct scenario_models models = {3, known};
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

// As on cores that nothing slows down: CPU x the speed it had.
static void use_scale(struct use *u, double server, double client) {
    u->loop *= server;
    u->rest *= server;
    u->client *= client;
}

// A sleep on an idle core counts latency as CPU and leaves the thread cold; whoever wakes the other side pays for telling its
// core, and what comes from the other core is paid line by line. The pool's threads share the loop's core: their wake-ups
// are local.
static void note(struct bench *b, const struct drive *d, const struct use *u, const struct wake_costs *w,
                 double line_ns) {
    bool anew = strcmp(d->client, "ab") == 0;
    double server_lines = lines_cost(LINES_SERVER + (anew ? LINES_SERVER_CONNECT : 0), line_ns);
    double client_lines = lines_cost(LINES_CLIENT + (anew ? LINES_CLIENT_CONNECT : 0), line_ns);
    double remote = w->remote + lines_cost(LINES_WAKE, line_ns);
    // A core on which connections are closed keeps its tick when it idles.
    double slept = w->counted + (anew ? 0 : w->restart) + lines_cost(LINES_WAKE, line_ns) + w->rest;
    // New connections come in nearly every turn, and each such turn ends in an accept that finds nothing.
    double turn = w->turn + (anew ? w->accept_last : 0);
    double loop =
        u->loop - server_lines - u->client_sleeps * remote - u->rest_sleeps * w->local - u->turns * turn;
    double client = u->client - client_lines - u->client_sleeps * slept - u->loop_sleeps * remote;
    if (!d->rest_key) loop -= u->loop_sleeps * slept;
    if (d->loop_key) bench_note(b, d->loop_key, 1, fmax(loop, 0));
    if (d->client_key) bench_note(b, d->client_key, 0, fmax(client, 0));
    double rest = u->rest - u->loop_sleeps * w->local;
    // There the threads read and write, and tell the client.
    if (!d->loop_key) rest -= server_lines + u->client_sleeps * remote;
    if (d->rest_key) bench_note(b, d->rest_key, 1, fmax(rest, 0));
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
    bench_pin(b, -1); // samples both cores
    struct host_speed *index = host_speed_start(false, LOOK_EVERY, e);
    bench_pin(b, 0);
    struct use before = use_now(v);
    bool ok = index && load_run(s, 0, &target, NULL, &seen, &report, e); // some tenths of a second
    struct use after = use_now(v);
    observation_fini(&seen);
    if (!index) return false;
    const struct host_speed_seen speed = host_speed_stop(index, quiet);
    note_speed(b, &speed);
    if (!ok || report.errors || !speed.even[0] || !speed.even[1]) return ok;
    struct use per_request = use_between(&before, &after, (double)s->load.requests);
    use_scale(&per_request, speed.even[1] / quiet, speed.even[0] / quiet);
    note(b, d, &per_request, w, speed.line_ns);
    return true;
}

static bool run_drive(struct bench *b, const struct drive *d, int requests, const struct wake_costs *w,
                      double quiet, struct err *e) {
    struct scenario_file f;
    if (!load_scenario(&f, d, requests, e)) return false;
    bench_pin(b, 1); // the server inherits it
    struct serve *v = serve_start(&f.case_[0], &(struct serve_options){0}, e);
    bench_pin(b, 0);
    bool ok = v && load_server(b, d, &f.case_[0], w, v, quiet, e);
    if (v) ok = serve_stop(v, GRACE, ok ? e : NULL) && ok;
    scenario_fini(&f);
    return ok;
}

bool fit_run(struct bench *b, int requests, double reference, struct err *e) {
    const struct wake_costs w = {value_of(b, "machine.wake_counted", reference),
                                 value_of(b, "machine.tick_restart", reference),
                                 value_of(b, "machine.wake_remote", reference),
                                 value_of(b, "machine.wake_local", reference),
                                 value_of(b, "machine.halt", reference),
                                 value_of(b, "loop.turn", reference) +
                                     value_of(b, "syscall.epoll_wait", reference) -
                                     value_of(b, "syscall.epoll_empty", reference),
                                 value_of(b, "syscall.accept4_empty", reference)};
    for (int i = 0; i < DRIVES && !bench_stopped(b); i++)
        if (!run_drive(b, &drives[i], requests, &w, reference, e)) return false;
    return true;
}

// --- from these to the stages: each takes the part of a measured difference that it has in the sum of its group

enum { GROUP = 4 };

struct fitted {
    struct figure_spec spec;
    const char *whole, *less; // measured: whole - less
    const char *group[GROUP]; // what that is the cost of; the first is this one
};

static const struct fitted fitted[] = {
    {{"server.read.cpu", FIGURE_CPU, "micro-server's loop thread per kept request, read's part of it"},
     "fit.loop_keep_64",
     NULL,
     {"server.read.cpu", "server.call.cpu", "server.write.cpu"}},
    {{"server.call.cpu", FIGURE_CPU, "micro-server's loop thread per kept request, call's part of it"},
     "fit.loop_keep_64",
     NULL,
     {"server.call.cpu", "server.read.cpu", "server.write.cpu"}},
    {{"server.write.cpu", FIGURE_CPU, "micro-server's loop thread per kept request, write's part of it"},
     "fit.loop_keep_64",
     NULL,
     {"server.write.cpu", "server.read.cpu", "server.call.cpu"}},
    {{"server.accept.cpu", FIGURE_CPU,
      "micro-server's loop thread per new connection, accept's part of what it adds"},
     "fit.loop_new_64",
     "fit.loop_keep_64",
     {"server.accept.cpu", "server.close.cpu"}},
    {{"server.close.cpu", FIGURE_CPU,
      "micro-server's loop thread per new connection, close's part of what it adds"},
     "fit.loop_new_64",
     "fit.loop_keep_64",
     {"server.close.cpu", "server.accept.cpu"}},
    {{"server.hand_off.cpu", FIGURE_CPU,
      "micro-server's loop thread with pool, hand-off's part of what that adds"},
     "fit.pool_loop_64",
     "fit.loop_keep_64",
     {"server.hand_off.cpu", "server.complete.cpu"}},
    {{"server.complete.cpu", FIGURE_CPU,
      "micro-server's loop thread with pool, completion's part of what that adds"},
     "fit.pool_loop_64",
     "fit.loop_keep_64",
     {"server.complete.cpu", "server.hand_off.cpu"}},
    {{"server.pool_work.cpu", FIGURE_CPU, "micro-server's pool threads per request, less their wake-up call"},
     "fit.pool_threads_64",
     NULL,
     {"server.pool_work.cpu", "server.wake"}},
    {{"server.watch.cpu", FIGURE_CPU,
      "micro-server with a thread per request: pool threads, less read, call and write"},
     "fit.watch_threads_64",
     "fit.loop_keep_64",
     {"server.watch.cpu"}},
    {{"client.request", FIGURE_CPU, "load generator per kept request"},
     "fit.client_keep_64",
     NULL,
     {"client.request"}},
    {{"client.connect", FIGURE_CPU, "load generator: what a new connection adds"},
     "fit.client_new_64",
     "fit.client_keep_64",
     {"client.connect"}},
};
enum { FITTED = sizeof fitted / sizeof fitted[0] };

static double part_of(const struct bench *b, const struct fitted *x, double reference) {
    double sum = 0, first = value_of(b, x->group[0], reference);
    for (int i = 0; i < GROUP && x->group[i]; i++) sum += value_of(b, x->group[i], reference);
    return sum > 0 ? first / sum : 0;
}

static bool round_value(const struct bench *b, const char *key, int round, double reference, double *out) {
    const struct figure *f = bench_figure(b, key);
    const struct figure_round *r = f ? figure_round_of(f, round) : NULL;
    if (r) *out = figure_scaled(f, r, reference);
    return r != NULL;
}

// Beside a load the index of a core that nothing slows down is not that of a look: what fit_run scaled by the latter is
// scaled by the former.
static void settle(struct bench *b, double reference) {
    double exchange = value_of(b, "fit.exchange", reference);
    if (exchange <= 0) return;
    for (const struct figure_spec *spec = fit_figures; spec->key; spec++) {
        struct figure *f = bench_figure(b, spec->key);
        for (int i = 0; spec->kind == FIGURE_CPU && i < f->rounds; i++)
            f->round[i].value *= reference * exchange / 1000;
    }
}

void fit_derive(struct bench *b, int rounds, double reference) {
    const double scaled[2] = {0, 0};
    settle(b, reference);
    double part[FITTED];
    for (int i = 0; i < FITTED; i++) part[i] = part_of(b, &fitted[i], reference);
    for (int i = 0; i < FITTED; i++) {
        struct figure *f = bench_expect_one(b, "fitted", &fitted[i].spec);
        for (int r = 0; r < rounds; r++) {
            double whole, less = 0;
            if (!round_value(b, fitted[i].whole, r, reference, &whole)) continue;
            if (fitted[i].less && !round_value(b, fitted[i].less, r, reference, &less)) continue;
            figure_add(f, 0, part[i] * (whole - less));
            figure_close(f, r, scaled);
        }
    }
}
