#include "calib/attach_drive.h"

#include "base/monotonic.h"
#include "calib/ask.h"
#include "live/host.h"
#include "live/host_speed.h"
#include "live/host_dense.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define LOOP_OF   "loop's CPU per request: "
#define POOL_OF   "other threads' CPU per request: "
#define CLIENT_OF "load generator's CPU per request: "

static const struct attach_load loads[] = {
    {ATTACH_STAGES,
     false,
     CLIENT_AB,
     24,
     1500,
     0,
     {{"new_24.loop", FIGURE_CPU, LOOP_OF "24 clients, a connection each"},
      {NULL, FIGURE_CPU, NULL},
      {"new_24.client", FIGURE_CPU, CLIENT_OF "24 clients, a connection each"}}},
    {ATTACH_STAGES,
     false,
     CLIENT_AB,
     64,
     1500,
     0,
     {{"new_64.loop", FIGURE_CPU, LOOP_OF "64 clients, a connection each"}}},
    {ATTACH_STAGES,
     false,
     CLIENT_WRK,
     24,
     2000,
     0,
     {{"kept_24.loop", FIGURE_CPU, LOOP_OF "24 kept connections"},
      {NULL, FIGURE_CPU, NULL},
      {"kept_24.client", FIGURE_CPU, CLIENT_OF "24 kept connections"}}},
    {ATTACH_REST,
     false,
     CLIENT_AB,
     1,
     150,
     200 * SIM_US,
     {{"rest_200us.loop", FIGURE_CPU, LOOP_OF "after pauses of 200 us"}}},
    {ATTACH_REST,
     false,
     CLIENT_AB,
     1,
     80,
     SIM_MS,
     {{"rest_1ms.loop", FIGURE_CPU, LOOP_OF "after pauses of 1 ms"}}},
    {ATTACH_REST,
     false,
     CLIENT_AB,
     1,
     40,
     5 * SIM_MS,
     {{"rest_5ms.loop", FIGURE_CPU, LOOP_OF "after pauses of 5 ms"}}},
    {ATTACH_REST,
     false,
     CLIENT_AB,
     1,
     15,
     20 * SIM_MS,
     {{"rest_20ms.loop", FIGURE_CPU, LOOP_OF "after pauses of 20 ms"}}},
    {ATTACH_STAGES,
     true,
     CLIENT_AB,
     8,
     1000,
     0,
     {{"pool_new_8.loop", FIGURE_CPU, LOOP_OF "pool, 8 clients, a connection each"},
      {"pool_new_8.other", FIGURE_CPU, POOL_OF "8 clients, a connection each"}}},
    {ATTACH_STAGES,
     true,
     CLIENT_AB,
     24,
     1000,
     0,
     {{"pool_new_24.loop", FIGURE_CPU, LOOP_OF "pool, 24 clients, a connection each"},
      {"pool_new_24.other", FIGURE_CPU, POOL_OF "24 clients, a connection each"}}},
    {ATTACH_STAGES,
     true,
     CLIENT_WRK,
     24,
     1000,
     0,
     {{"pool_kept_24.loop", FIGURE_CPU, LOOP_OF "pool, 24 kept connections"},
      {"pool_kept_24.other", FIGURE_CPU, POOL_OF "24 kept connections"}}},
    {ATTACH_LONG,
     false,
     CLIENT_AB,
     24,
     10000,
     0,
     {{"long_24.loop", FIGURE_CPU, LOOP_OF "24 clients, a long run"}}},
    {ATTACH_LONG,
     false,
     CLIENT_AB,
     120,
     10000,
     0,
     {{"long_120.loop", FIGURE_CPU, LOOP_OF "120 clients, a long run"}}},
    {ATTACH_LONG,
     false,
     CLIENT_WRK,
     24,
     12000,
     0,
     {{"kept_long_24.loop", FIGURE_CPU, LOOP_OF "24 kept connections, a long run"}}},
    {ATTACH_LONG,
     true,
     CLIENT_AB,
     24,
     10000,
     0,
     {{"pool_long_24.loop", FIGURE_CPU, LOOP_OF "pool, 24 clients, a long run"}}},
};
enum { LOADS = sizeof loads / sizeof loads[0] };

enum { WARM_REQUESTS = 400, LEAST_REQUESTS = 10, POOL = 40, SEEDS = 3 };
static const double brisk_per_s = 4000;      // a server this fast gets the loads whole
static const sim_time sample_every = SIM_MS; // of the server's CPU clock
static const int64_t look_every = 100000000; // ns: no percentile of these loads is judged
static const double most_counted = 0.3;      // of a server's CPU time, that is taken for wake-up latency
static const double least_ns = 1000;         // of CPU per request, for a process that serves it

const struct attach_load *attach_loads(int *count) {
    *count = LOADS;
    return loads;
}

// --- the scenario

static int requests_of(const struct attach_drive *d, const struct attach_load *l) {
    double n = l->requests * (l->job == ATTACH_REST ? fmax(d->scale, 0.2) : d->scale);
    return n > LEAST_REQUESTS ? (int)n : LEAST_REQUESTS;
}

bool attach_drive_scenario(const struct attach_drive *d, const struct attach_load *l, const struct costs *c,
                           struct scenario_file *out, struct err *e) {
    static const struct scenario_model known[] = {{"event_loop", NULL, NULL}, {"threadpool", NULL, NULL}};
    static const char *const clients[] = {[CLIENT_AB] = "ab", [CLIENT_WRK] = "wrk"};
    const struct scenario_models models = {2, known};
    char text[600], pause[64] = "";
    struct host h;
    host_read(&h);
    if (l->rest) snprintf(pause, sizeof pause, ", think: %lldns", (long long)l->rest);
    snprintf(text, sizeof text,
             "costs: none\nmachine: {cores: %d}\nserver: {model: %s, workers: %d, threads: %d, gc: off, %s}\n"
             "handler: [{cpu: 0us}]\nload: {client: %s, concurrency: %d, requests: %d%s}\n",
             h.cpus, l->pool ? "threadpool" : "event_loop", d->tree.loops ? d->tree.loops : 1, POOL,
             d->stack->server, clients[l->client], l->connections, requests_of(d, l), pause);
    if (!scenario_load_text(out, "attach", text, NULL, 0, &models, NULL, e)) return false;
    if (c) out->case_[0].costs = *c;
    return true;
}

// --- for real

static void answered(void *listener, sim_time at) {
    struct attach_drive *d = listener;
    struct attach_series *s = &d->series;
    attach_series_end(s, at);
    if (at - s->sample[s->samples - 1].at >= sample_every)
        attach_series_sample(s, at, attach_tree_cpu(&d->tree));
}

static void take_stalls(struct attach_drive *d, const struct attach_load *l, struct attach_seen *out) {
    enum { MOST = sizeof out->stall_ns / sizeof out->stall_ns[0] };
    struct attach_stall stall[MOST];
    out->stalls = attach_stalls(&d->series, l->connections, stall, MOST);
    for (int i = 0; i < out->stalls; i++) out->stall_ns[i] = stall[i].cpu;
}

// CPU per request: without stalls, which are the collector's and have costs of their own, and without the part of a
// wake-up's latency that the kernel counts as the woken thread's (the fit simulates without it).
// That latency is measured elsewhere and varies, so it may not make up more than a part of a fast server's time.
static void take_values(const struct attach_drive *d, const struct attach_load *l,
                        const struct attach_use *before, const struct attach_use *after,
                        struct attach_seen *out) {
    double n = out->requests, stalled = 0;
    double all = after->all_ns - before->all_ns, loop = after->loop_ns - before->loop_ns;
    double sleeps = after->loop_sleeps - before->loop_sleeps;
    for (int i = 0; i < out->stalls; i++) stalled += out->stall_ns[i];
    if (!l->pool) loop = all;
    out->value[ATTACH_OTHER] = fmax(0, all - loop) / n;
    // A core on which connections are closed keeps its tick when it idles.
    double counted = d->counted_ns + (l->client == CLIENT_AB ? 0 : d->restart_ns);
    loop -= fmin(sleeps * counted, most_counted * loop);
    out->value[ATTACH_LOOP] = fmax(0, loop - stalled) / n;
}

static bool refuse_process(const struct attach_drive *d, double ns, int requests, struct err *e) {
    err_set(e, ERR_USAGE,
            "process %d and its %d descendants used %.1f us of CPU for each of %d requests to %s",
            (int)d->options->process, d->tree.processes - 1, ns * 1e-3, requests, d->options->target.host);
    return err_hint(e, "--pid takes the process that serves the URL, or its parent");
}

static bool check_answers(const struct attach_drive *d, const struct attach_load *l,
                          const struct load_report *report, const struct observation *seen, struct err *e) {
    const char *path = l->pool ? d->options->pool_path : d->options->loop_path;
    if (report->not_ok > 0) {
        err_set(e, ERR_USAGE, "%s%s: %lld of %lld answers had a status other than 2xx or 3xx",
                d->options->target.host, path, (long long)report->not_ok, (long long)seen->done);
        return err_hint(e, "the paths must name endpoints that do nothing");
    }
    if (seen->done > 0 && report->errors * 20 <= seen->done) return true;
    return err_set(e, ERR_HOST, "%s%s: %lld connections broke, %lld requests were answered",
                   d->options->target.host, path, (long long)report->errors, (long long)seen->done);
}

static bool load(struct attach_drive *d, const struct attach_load *l, const struct scenario *s,
                 struct attach_seen *out, struct err *e) {
    struct load_target target = d->options->target;
    struct observation seen;
    struct load_report report = {0};
    snprintf(target.path, sizeof target.path, "%s", l->pool ? d->options->pool_path : d->options->loop_path);
    target.answered = answered;
    target.listener = d;
    observation_init(&seen);
    bool ok = load_run(s, 0, &target, d->options->machine.stop, &seen, &report, e);
    bool stopped = d->options->machine.stop && atomic_load(d->options->machine.stop);
    ok = ok && (stopped || check_answers(d, l, &report, &seen, e));
    if (ok && seen.done > 0) {
        out->requests = (int)seen.done;
        out->connects = (int)report.connects;
        out->per_s = (double)seen.done / seen.span_s;
        out->value[ATTACH_CLIENT] = report.cpu_s * 1e9 / (double)seen.done;
    }
    observation_fini(&seen);
    return ok;
}

static bool run_scenario(struct attach_drive *d, const struct attach_load *l, const struct scenario *s,
                         struct attach_seen *out, struct err *e) {
    struct attach_use before, after;
    attach_series_clear(&d->series);
    if (!attach_tree_use(&d->tree, &before, e)) return false;
    struct host_speed *speed = host_speed_start(true, look_every, e);
    if (!speed) return false;
    attach_series_sample(&d->series, monotonic_ns(), attach_tree_cpu(&d->tree));
    bool ok = load(d, l, s, out, e);
    attach_series_sample(&d->series, monotonic_ns(), attach_tree_cpu(&d->tree));
    out->dense = host_speed_dense(speed);
    struct host_speed_seen index = host_speed_stop(speed, 0);
    out->speed = index.middle;
    out->line_ns = index.line_ns;
    if (!ok || !attach_tree_use(&d->tree, &after, e)) return false;
    if (out->requests == 0) return true; // stopped
    double ns = (after.all_ns - before.all_ns) / out->requests;
    if (ns < least_ns) return refuse_process(d, ns, out->requests, e);
    take_stalls(d, l, out);
    take_values(d, l, &before, &after, out);
    return true;
}

bool attach_drive_pace(const struct attach_drive *d, double *per_ms, struct err *e) {
    const atomic_int *stop = d->options->machine.stop;
    const char *path = d->options->pace_path;
    if (ask_number(&d->options->target.address, path, 5 * SIM_S, stop, per_ms, e)) return true;
    *per_ms = 0;
    if (stop && atomic_load(stop)) return true;
    return err_hint(e, "--pace: a path that says how many iterations of its work take 1 ms of CPU");
}

bool attach_drive_run(struct attach_drive *d, const struct attach_load *l, struct attach_seen *out,
                      struct err *e) {
    struct scenario_file f;
    *out = (struct attach_seen){0};
    if (!attach_drive_scenario(d, l, NULL, &f, e)) return false;
    bool ok = !d->options->pace_path || attach_drive_pace(d, &out->pace, e);
    if (d->options->pace_path) out->dense_at_pace = host_dense_now();
    ok = ok && run_scenario(d, l, &f.case_[0], out, e);
    scenario_fini(&f);
    return ok;
}

// --- in the simulator

static bool simulate(const struct attach_drive *d, const struct scenario *s, double out[ATTACH_WHATS],
                     struct err *e) {
    struct observation seen;
    observation_init(&seen);
    bool ok = d->options->simulate(d->options->context, s, &seen, e);
    if (ok && seen.done > 0) {
        double n = (double)seen.done * SEEDS, loop = seen.station[LIMIT_LOOP].busy_s;
        out[ATTACH_LOOP] += loop * 1e9 / n;
        out[ATTACH_OTHER] += fmax(0, seen.server_cpu_s - loop) * 1e9 / n;
        out[ATTACH_CLIENT] += seen.station[LIMIT_CLIENT].busy_s * 1e9 / n;
    }
    observation_fini(&seen);
    return ok;
}

bool attach_drive_predict(const struct attach_drive *d, const struct attach_load *l, const struct costs *c,
                          double out[ATTACH_WHATS], struct err *e) {
    struct scenario_file f;
    bool ok = true;
    if (!attach_drive_scenario(d, l, c, &f, e)) return false;
    for (int i = 0; i < ATTACH_WHATS; i++) out[i] = 0;
    f.case_[0].costs.machine.wake_counted.value = 0; // take_values has taken it off
    f.case_[0].costs.machine.tick_restart.value = 0;
    for (uint64_t seed = 1; ok && seed <= SEEDS; seed++) {
        f.case_[0].run.seed = seed;
        ok = simulate(d, &f.case_[0], out, e);
    }
    scenario_fini(&f);
    return ok;
}

// --- the first load

static void choose_scale(struct attach_drive *d, const struct attach_seen *seen) {
    d->scale = fmin(1, seen->per_s / brisk_per_s);
    if (d->options->machine.quick) d->scale *= 0.5;
}

bool attach_drive_warm(struct attach_drive *d, struct err *e) {
    const struct attach_load first = {
        ATTACH_STAGES, false, CLIENT_AB, 8, WARM_REQUESTS, 0, {{NULL, FIGURE_CPU, NULL}}};
    struct attach_snapshot before, after;
    struct attach_seen seen;
    d->scale = 1;
    attach_snapshot_take(&before, &d->tree);
    int64_t cpu = attach_tree_cpu(&d->tree);
    bool ok = attach_drive_run(d, &first, &seen, e);
    double ns = (double)(attach_tree_cpu(&d->tree) - cpu) / WARM_REQUESTS;
    attach_snapshot_take(&after, &d->tree);
    int loops = attach_tree_elect(&d->tree, &before, &after);
    attach_snapshot_fini(&before);
    attach_snapshot_fini(&after);
    if (!ok || seen.requests == 0) return ok;
    choose_scale(d, &seen);
    return (loops > 0 && ns >= least_ns) || refuse_process(d, ns, WARM_REQUESTS, e);
}
