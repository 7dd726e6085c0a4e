#include "calib/attach.h"

#include "base/memory.h"
#include "base/require.h"
#include "calib/attach_collector.h"
#include "calib/attach_costs.h"
#include "calib/profile.h"
#include "live/host.h"
#include "stats/interval.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { LEAST_ROUNDS = 4, MOST_ROUNDS = 40, MOST_VALUES = 64, MOST_LOADS = 32 };

// Of the whole, s: the probes of the machine, the rounds of short loads; long loads and the fit take what they need.
struct budget {
    double probes_s, rounds_s;
};
static const struct budget full = {14, 24}, quick = {2.5, 4};
static const double least_sigma_ns = 200, least_sigma_frac = 0.01; // no clock and no server repeats better
// The ways into the pool are several, depend on timing, and the simulator has one: all loads on it count alike.
static const double least_sigma_pool_frac = 0.05;
static const double most_misfit = 4, noisy_share = 0.5;

// Values, in the order seen.
struct looks {
    double *x;
    int count;
    size_t room;
};

struct session {
    const struct attach_options *options;
    struct calibration *out;
    struct attachment *about;
    struct attach_drive drive;
    const struct attach_load *load;
    int loads;
    struct figure figure[MOST_LOADS][ATTACH_WHATS];
    struct looks speed, dense, line, pace, dense_at_pace; // beside every load
    double reference; // what the profile's CPU costs are for, as speed_beside
    struct attach_passes passes;
    int64_t kept, connects; // requests and connections of loads that would keep them
};

static double since(const struct timespec *start) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)(now.tv_sec - start->tv_sec) + (double)(now.tv_nsec - start->tv_nsec) * 1e-9;
}

static bool stopped(const struct session *s) {
    const atomic_int *stop = s->options->machine.stop;
    return stop && atomic_load(stop) != 0;
}

static void looks_add(struct looks *s, double x) {
    s->x = memory_grow(s->x, &s->room, (size_t)s->count + 1, sizeof *s->x);
    s->x[s->count++] = x;
}

static int ascending(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

// Sorts. Nearest rank.
static double looks_quantile(struct looks *s, double q) {
    qsort(s->x, (size_t)s->count, sizeof *s->x, ascending);
    return s->count ? s->x[(int)(q * (s->count - 1) + 0.5)] : 0;
}

// Where the server says its pace, it computes as dense work does; of another's work nothing is known but the index.
static double speed_beside(const struct session *s, const struct attach_seen *seen) {
    return s->options->pace_path ? seen->dense : seen->speed;
}

static void tell(const struct session *s, double done_frac, int round, const char *what) {
    const struct calibrate_progress p = {fmin(done_frac, 1), round + 1, what};
    if (s->options->machine.progress) s->options->machine.progress(s->options->machine.listener, &p);
}

// --- the machine

// The probes' share of the whole is what their progress is told as.
struct part {
    const struct attach_options *options;
};

static void tell_probe(void *listener, const struct calibrate_progress *p) {
    const struct part *part = listener;
    const struct calibrate_progress scaled = {0.25 * p->done_frac, p->round, p->probe};
    part->options->machine.progress(part->options->machine.listener, &scaled);
}

static double row_value(const struct calibration *c, const char *key) {
    for (int i = 0; i < c->rows; i++)
        if (!strcmp(c->row[i].key, key) && !isnan(c->row[i].x.value)) return c->row[i].x.value;
    return 0;
}

static bool probe_machine(struct session *s, double probes_s, struct err *e) {
    struct part part = {s->options};
    struct calibrate_options o = s->options->machine;
    o.probes_only = true;
    o.budget_s = probes_s;
    if (o.progress) o.progress = tell_probe;
    o.listener = &part;
    return calibrate_run(&o, s->out, e);
}

// --- loads

static bool wanted(const struct session *s, const struct attach_load *l) {
    return !l->pool || s->options->pool_path;
}

static void note_pass(struct session *s, const struct attach_load *l, double cpu) {
    struct attach_passes *p = &s->passes;
    p->pass = memory_grow(p->pass, &p->room, (size_t)p->passes + 1, sizeof *p->pass);
    p->pass[p->passes++] = (struct attach_pass){cpu, l->connections, l->pool, l->client == CLIENT_WRK};
}

static void note(struct session *s, int load, int round, const struct attach_seen *seen) {
    const struct attach_load *l = &s->load[load];
    const double beside = speed_beside(s, seen), speed[2] = {beside, beside};
    for (int w = 0; w < ATTACH_WHATS; w++) {
        if (!l->figure[w].key) continue;
        figure_add(&s->figure[load][w], 0, seen->value[w]);
        figure_close(&s->figure[load][w], round, speed);
    }
    for (int i = 0; i < seen->stalls; i++) note_pass(s, l, seen->stall_ns[i] * beside);
    s->passes.of[l->pool][l->client == CLIENT_WRK].requests += seen->requests;
    if (l->client == CLIENT_WRK) {
        s->kept += seen->requests;
        s->connects += seen->connects - l->connections;
    }
    looks_add(&s->speed, seen->speed);
    looks_add(&s->dense, seen->dense);
    if (seen->line_ns > 0) looks_add(&s->line, seen->line_ns);
    looks_add(&s->pace, seen->pace);
    looks_add(&s->dense_at_pace, seen->dense_at_pace);
    s->about->loads++;
}

static bool run_loads(struct session *s, int round, bool long_ones, struct err *e) {
    for (int i = 0; i < s->loads && !stopped(s); i++) {
        struct attach_seen seen;
        if ((s->load[i].job == ATTACH_LONG) != long_ones || !wanted(s, &s->load[i])) continue;
        if (!attach_drive_run(&s->drive, &s->load[i], &seen, e)) return false;
        if (!stopped(s)) note(s, i, round, &seen);
    }
    return true;
}

static bool run_rounds(struct session *s, double budget_s, struct err *e) {
    struct timespec start;
    clock_gettime(CLOCK_MONOTONIC, &start);
    for (int round = 0; round < MOST_ROUNDS && !stopped(s); round++) {
        double before = since(&start);
        tell(s, 0.25 + 0.5 * before / budget_s, round, "server under load");
        if (!run_loads(s, round, false, e)) return false;
        s->out->fit_rounds = round + 1;
        double now = since(&start);
        if (round + 1 >= LEAST_ROUNDS && now + (now - before) > budget_s) break;
    }
    tell(s, 0.8, 0, "server under load: its collector");
    return run_loads(s, 0, true, e);
}

static bool find_server(struct session *s, struct err *e) {
    struct attach_drive *d = &s->drive;
    const struct attach_options *o = s->options;
    d->options = o;
    d->stack = o->stack ? o->stack : attach_stack_in("");
    if (!attach_tree_find(&d->tree, o->process, e) || !attach_drive_warm(d, e)) return false;
    // The process that was named may be a supervisor, built on something else than those that serve.
    if (!o->stack) d->stack = attach_stack_of(d->tree.loops ? d->tree.loop[0].process : o->process);
    s->about->stack = d->stack;
    s->about->processes = d->tree.processes;
    s->about->workers = d->tree.loops;
    return true;
}

// --- what came out

// Both jump between two levels, on cores and at moments of their own, and not by the same factor: it is the time which work takes
// on average that is compared.
static void set_pace(struct session *s) {
    double dense = harmonic_mean(s->dense_at_pace.x, s->dense_at_pace.count);
    double pace = harmonic_mean(s->pace.x, s->pace.count);
    profile_set_exact(&s->out->costs, "dense", s->reference, FROM_PROBE,
                      "speed of dense work, median beside the server's loads");
    profile_set_exact(&s->out->costs, "pace", pace / dense * s->reference, FROM_PROBE,
                      "as the server says, at that speed of dense work");
}

// The profile is for the speed that the machine had under the server: most predictions are for such a moment. The
// probes' costs, mostly the kernel's, are scaled by the index alone.
static void set_speed(struct session *s) {
    struct calibration *c = s->out;
    struct looks *beside = s->options->pace_path ? &s->dense : &s->speed;
    double probes = c->costs.speed.value, speed = looks_quantile(&s->speed, 0.5);
    s->reference = looks_quantile(beside, 0.5);
    if (probes > 0) costs_scale(&c->costs, probes / speed);
    c->costs.quiet_speed = (struct cost){0}; // these are for the speed under the server
    profile_set_exact(&c->costs, "exchange_speed", speed, FROM_PROBE,
                      "speed index, median beside the server's loads");
    if (s->line.count)
        profile_set_exact(
            &c->costs, "machine.line", looks_quantile(&s->line, 0.5), FROM_PROBE,
            "half a round trip of a line of cache between two cores, median beside the server's loads");
    if (s->options->pace_path) set_pace(s);
    c->speed = 1;
    c->speed_low = looks_quantile(beside, 0.1) / s->reference;
    c->speed_high = looks_quantile(beside, 0.9) / s->reference;
    for (int i = 0; i < s->passes.passes; i++) s->passes.pass[i].cpu /= s->reference;
}

static int take_values(const struct session *s, struct attach_value *value, bool keep_alive) {
    int n = 0;
    for (int i = 0; i < s->loads; i++)
        for (int w = 0; w < ATTACH_WHATS; w++) {
            const struct attach_load *l = &s->load[i];
            struct figure_estimate x;
            if (!l->figure[w].key || l->job == ATTACH_LONG || (l->client == CLIENT_WRK && !keep_alive))
                continue;
            figure_estimate(&s->figure[i][w], s->reference, &x);
            if (isnan(x.value)) continue;
            double sigma = (x.hi - x.lo) / (2 * 1.96);
            sigma = fmax(
                sigma, fmax(least_sigma_ns, (l->pool ? least_sigma_pool_frac : least_sigma_frac) * x.value));
            REQUIRE(n < MOST_VALUES);
            value[n++] = (struct attach_value){l, w, x.value, sigma, NAN};
        }
    return n;
}

// What the micro-server's probes say of stages is not this server's, but for what no load on it tells: its loop's turns
// are many with few clients only, and then cannot be told from the rests between them.
static void forget_stages(struct costs *c) {
    struct costs none;
    costs_none(&none);
    struct cost spawn = c->server.spawn, block = c->server.block, wake = c->server.wake,
                empty = c->server.accept_empty, lines = c->server.lines,
                connect_lines = c->server.connect_lines;
    struct stage_cost poll = c->server.poll;
    c->server = none.server;
    c->client.connect = none.client.connect;
    c->client.request = none.client.request;
    c->gc = none.gc;
    c->server.spawn = spawn;
    c->server.block = block;
    c->server.wake = wake;
    c->server.poll = poll;
    c->server.accept_empty = empty;
    c->server.lines = lines; // the kernel's, whoever serves
    c->server.connect_lines = connect_lines;
}

static void add_row(struct calibration *c, const char *key, const char *probe, const char *source,
                    enum figure_kind kind, const struct figure_estimate *x) {
    struct calibrate_row *row = &c->row[c->rows++];
    *row = (struct calibrate_row){
        .key = c->name[c->rows - 1], .probe = probe, .source = source, .kind = kind, .x = *x};
    snprintf(c->name[c->rows - 1], sizeof *c->name, "%s", key);
}

static void count_cost(void *context, const struct cost_item *item) {
    *(int *)context += item->cost->from != FROM_NONE;
}

static void add_cost(void *context, const struct cost_item *item) {
    struct calibration *c = context;
    const struct cost *k = item->cost;
    enum figure_kind kind = item->unit == UNIT_SPAN   ? FIGURE_CPU
                            : item->unit == UNIT_FRAC ? FIGURE_SHARE
                                                      : FIGURE_COUNT;
    if (k->from == FROM_NONE) return;
    add_row(c, item->key, "attach", k->source, kind,
            &(struct figure_estimate){k->value, k->lo, k->hi, NAN, NAN, true});
    c->row[c->rows - 1].in_profile = true;
    c->row[c->rows - 1].from = k->from;
    c->row[c->rows - 1].rounds = 1;
}

static void add_figures(struct session *s) {
    struct calibration *c = s->out;
    for (int i = 0; i < s->loads; i++)
        for (int w = 0; w < ATTACH_WHATS; w++) {
            const struct figure *f = &s->figure[i][w];
            struct figure_estimate x;
            if (!f->spec || f->rounds == 0) continue;
            figure_estimate(f, s->reference, &x);
            add_row(c, f->spec->key, f->probe, f->spec->source, f->spec->kind, &x);
            c->row[c->rows - 1].rounds = f->rounds;
            if (isnan(x.early)) continue;
            c->compared++;
            c->noisy += !x.agrees;
        }
}

// The table is of the profile as it is now, and of what it was fitted to.
static void replace_rows(struct session *s) {
    struct calibration *c = s->out;
    int costs = 0;
    costs_each(&c->costs, count_cost, &costs);
    size_t most = (size_t)costs + MOST_VALUES;
    calibrate_fini(c);
    c->row = memory_new(most, sizeof *c->row);
    c->name = memory_new(most, sizeof *c->name);
    costs_each(&c->costs, add_cost, c);
    add_figures(s);
}

static bool conclude(struct session *s, struct err *e) {
    struct calibration *c = s->out;
    struct attach_value value[MOST_VALUES];
    s->about->keep_alive = s->connects * 2 < s->kept;
    forget_stages(&c->costs);
    attach_stack_apply(s->drive.stack, &c->costs);
    set_speed(s);
    tell(s, 0.9, 0, "fitting");
    attach_collector(&s->passes, s->drive.stack, &c->costs, s->about);
    int values = take_values(s, value, s->about->keep_alive);
    if (!attach_costs_fit(&s->drive, value, values, s->about->keep_alive, &c->costs, s->about, e))
        return false;
    replace_rows(s);
    c->trusted = s->about->misfit <= most_misfit && c->noisy <= noisy_share * c->compared;
    return true;
}

static bool run(struct session *s, struct err *e) {
    const struct budget *b = s->options->machine.quick ? &quick : &full;
    s->load = attach_loads(&s->loads);
    REQUIRE(s->loads <= MOST_LOADS);
    for (int i = 0; i < s->loads; i++)
        for (int w = 0; w < ATTACH_WHATS; w++) figure_init(&s->figure[i][w], &s->load[i].figure[w], "attach");
    // What is wrong with the command line shows before anybody has waited.
    if (!find_server(s, e) || !probe_machine(s, b->probes_s, e)) return false;
    if (!s->out->complete) return true;
    s->drive.counted_ns = row_value(s->out, "machine.wake_counted");
    s->drive.restart_ns = row_value(s->out, "machine.tick_restart");
    bool ok = run_rounds(s, b->rounds_s, e);
    if (ok && stopped(s)) s->out->complete = false;
    return ok && (!s->out->complete || conclude(s, e));
}

bool attach_run(const struct attach_options *o, struct calibration *out, struct attachment *about,
                struct err *e) {
    struct session s = {.options = o, .out = out, .about = about};
    *about = (struct attachment){.requests_per_stall = {NAN, NAN}};
    *out = (struct calibration){0};
    bool ok = run(&s, e);
    for (int i = 0; i < s.loads; i++)
        for (int w = 0; w < ATTACH_WHATS; w++) figure_fini(&s.figure[i][w]);
    free(s.speed.x);
    free(s.dense.x);
    free(s.line.x);
    free(s.pace.x);
    free(s.dense_at_pace.x);
    free(s.passes.pass);
    attach_series_fini(&s.drive.series);
    if (!ok) calibrate_fini(out);
    return ok;
}
