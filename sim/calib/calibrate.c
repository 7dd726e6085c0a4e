#include "calib/calibrate.h"

#include "base/memory.h"
#include "calib/fit.h"
#include "calib/profile.h"
#include "calib/stages.h"
#include "live/host.h"
#include "stats/interval.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

extern const struct probe probe_calls, probe_cold, probe_handoff, probe_jitter, probe_line, probe_lock,
    probe_loop, probe_migrate, probe_parse, probe_phase, probe_preempt, probe_pull, probe_kick, probe_search,
    probe_send, probe_slice, probe_stay, probe_stolen, probe_switch, probe_take, probe_threads, probe_tick,
    probe_timer, probe_wake;

static const struct probe *const probes[] = {
    &probe_line,   &probe_switch,  &probe_wake,    &probe_migrate, &probe_cold,  &probe_jitter,
    &probe_slice,  &probe_preempt, &probe_stay,    &probe_pull,    &probe_take,  &probe_kick,
    &probe_search, &probe_tick,    &probe_timer,   &probe_lock,    &probe_calls, &probe_parse,
    &probe_send,   &probe_loop,    &probe_handoff, &probe_threads, &probe_phase, &probe_stolen,
};
enum { PROBES = sizeof probes / sizeof probes[0] };

enum { LEAST_ROUNDS = 4, MOST_ROUNDS = 60, TRIES = 2 };
static const double overrun_frac = 0.3; // of the budget, for the sake of FIGURE_HALVES rounds
static const double torn_frac = 0.12;   // the host's two speeds are a factor 1.9 apart
static const double noisy_share = 1. / 3;
static const double full_budget_s = 38, quick_budget_s = 5, quick_effort = 0.3;
static const double fit_end_frac = 1.4; // of the probes' budget, when the machine is slow
enum { FIT_ROUNDS = 12, FIT_REQUESTS = 6000, QUICK_FIT_ROUNDS = 8, QUICK_FIT_REQUESTS = 800 };

const struct probe *const *calibrate_probes(int *count) {
    *count = PROBES;
    return probes;
}

struct session {
    const struct calibrate_options *options;
    struct bench bench;
    struct calibration *out;
    int64_t start, budget; // ns
    double reference;      // speed index at speed 1
};

static bool usable(const struct session *s, const struct probe *p) {
    return p->cores <= s->bench.cores;
}

static void tell(const struct session *s, int round, const char *probe) {
    if (!s->options->progress) return;
    double done = (double)(bench_now() - s->start) / (double)s->budget;
    const struct calibrate_progress p = {done < 1 ? done : 1, round + 1, probe};
    s->options->progress(s->options->listener, &p);
}

static bool torn(const double before[2], const double after[2]) {
    for (int core = 0; core < 2; core++)
        if (fabs(before[core] - after[core]) > torn_frac * fmax(before[core], after[core])) return true;
    return false;
}

// Once, with the speed seen before and after; again where it changed meanwhile.
static bool run_probe(struct session *s, const struct probe *p, int round, struct err *e) {
    struct bench *b = &s->bench;
    for (int attempt = 0; attempt < TRIES && !bench_stopped(b); attempt++) {
        double before[2], after[2];
        bench_drop(b, p->name);
        bench_look(b, before);
        if (!p->run(b, e)) return false;
        bench_look(b, after);
        s->out->runs++;
        bool last = attempt == TRIES - 1;
        if (!last && torn(before, after)) {
            s->out->repeated++;
            continue;
        }
        const double speed[2] = {(before[0] + after[0]) / 2, (before[1] + after[1]) / 2};
        bench_close(b, p->name, round, speed);
        break;
    }
    return true;
}

static bool run_round(struct session *s, int round, struct err *e) {
    for (int i = 0; i < PROBES && !bench_stopped(&s->bench); i++) {
        tell(s, round, probes[i]->name);
        if (usable(s, probes[i]) && !run_probe(s, probes[i], round, e)) return false;
    }
    return true;
}

// Whether one more round, which would end at `then` (ns from the start), is one too many.
static bool out_of_time(const struct session *s, int64_t then) {
    if (s->out->rounds < LEAST_ROUNDS) return false;
    double more = s->out->rounds < FIGURE_HALVES ? overrun_frac : 0;
    return (double)then > (double)s->budget * (1 + more);
}

static bool run_rounds(struct session *s, struct err *e) {
    for (int round = 0; round < MOST_ROUNDS; round++) {
        int64_t before = bench_now();
        if (!run_round(s, round, e)) return false;
        int64_t now = bench_now();
        if (bench_stopped(&s->bench)) {
            s->out->complete = false;
            return true;
        }
        s->out->rounds++;
        if (out_of_time(s, now - s->start + (now - before))) break;
    }
    return true;
}

static bool run_fit(struct session *s, struct err *e) {
    struct bench *b = &s->bench;
    bool quick = s->options->quick;
    if (s->options->probes_only || b->cores < 2) return true;
    bench_expect(b, "fit", fit_figures);
    const double scaled[2] = {0, 0};
    for (int round = 0; round < (quick ? QUICK_FIT_ROUNDS : FIT_ROUNDS); round++) {
        tell(s, round, "micro-server under load");
        if (!fit_run(b, quick ? QUICK_FIT_REQUESTS : FIT_REQUESTS, s->reference, e)) return false;
        if (bench_stopped(b)) {
            s->out->complete = false;
            return true;
        }
        bench_close(b, "fit", round, scaled);
        s->out->fit_rounds++;
        if (s->out->fit_rounds >= LEAST_ROUNDS &&
            (double)(bench_now() - s->start) > fit_end_frac * (double)s->budget)
            break;
    }
    return true;
}

// --- what came out

static int ascending(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

// Speed 1 is the fastest decile of all looks: what the machine does when nothing slows it, without resting on one look.
static void judge_speed(struct session *s) {
    struct bench *b = &s->bench;
    struct calibration *c = s->out;
    s->reference = bench_fast(b);
    qsort(b->speed, (size_t)b->speeds, sizeof *b->speed, ascending);
    c->speed = median(b->speed, b->speeds) / s->reference;
    c->speed_low = b->speed[b->speeds / 10] / s->reference;
    c->speed_high = 1;
}

// A sum of system calls that the micro-server has corrected is replaced.
static bool replaced(const struct bench *b, const struct figure *f) {
    for (int i = 0; i < b->figures; i++)
        if (&b->figure[i] != f && !strcmp(b->figure[i].probe, "fitted") && b->figure[i].rounds &&
            !strcmp(b->figure[i].spec->key, f->spec->key))
            return true;
    return false;
}

static void add_row(struct session *s, const struct figure *f) {
    struct calibration *c = s->out;
    if (replaced(&s->bench, f)) return;
    struct calibrate_row *row = &c->row[c->rows++];
    *row = (struct calibrate_row){.key = f->spec->key,
                                  .probe = f->probe,
                                  .source = f->spec->source,
                                  .kind = f->spec->kind,
                                  .rounds = f->rounds,
                                  .from = strcmp(f->probe, "fitted") ? FROM_PROBE : FROM_FIT};
    figure_estimate(f, s->reference, &row->x);
    if (f->rounds) row->in_profile = profile_set(&c->costs, row->key, &row->x, row->from, row->source);
    if (isnan(row->x.early)) return;
    c->compared++;
    c->noisy += !row->x.agrees;
}

static const char *estimated(const struct session *s, const char *key, struct figure_estimate *x) {
    const struct figure *f = bench_figure(&s->bench, key);
    if (!f || !f->rounds) return NULL;
    figure_estimate(f, s->reference, x);
    return f->spec->source;
}

// A validation samples the index beside its loads, so it is compared with what it was beside these.
static void set_speed(struct session *s) {
    struct figure_estimate x;
    profile_set_exact(&s->out->costs, "quiet_speed", s->reference, FROM_PROBE,
                      "speed index, fastest decile of looks");
    if (estimated(s, "fit.exchange", &x) && x.value > 0)
        profile_set_exact(&s->out->costs, "exchange_speed", 1000 / x.value, FROM_FIT,
                          "speed index beside the loads of the micro-server");
    else
        profile_set_exact(&s->out->costs, "exchange_speed", s->reference, FROM_PROBE,
                          "speed index, fastest decile of looks");
}

static void describe_host(struct costs *c) {
    struct host h;
    host_read(&h);
    snprintf(c->host, sizeof c->host, "%.90s, %d core%s%s", h.cpu, h.cpus, h.cpus == 1 ? "" : "s",
             h.virtual_machine ? ", virtual machine" : "");
    snprintf(c->kernel, sizeof c->kernel, "%.63s", h.kernel);
    snprintf(c->date, sizeof c->date, "%.31s", h.date);
}

// Another server computes without system calls, of which the micro-server makes many.
static void set_preempt(struct session *s) {
    struct figure_estimate x;
    if (!s->options->probes_only) return;
    profile_set_exact(&s->out->costs, "machine.slice_exact", 0, FROM_GUESS,
                      "it reads no clock of its CPU time");
    if (estimated(s, "kick.user", &x))
        profile_set(&s->out->costs, "machine.preempt_remote", &x, FROM_PROBE,
                    "futex wake of a thread on another core where one computes, until it runs");
}

// Slow phases of the cores; how long they last says the share of slow pieces that are a phase's last. What another server
// computes suffers otherwise than messages do: it is calibrated at the speed that it had.
static void set_phases(struct session *s) {
    struct figure_estimate share, speed, spread, ends, piece;
    struct costs *c = &s->out->costs;
    const char *from = estimated(s, "slow.share", &share), *than = estimated(s, "slow.speed", &speed);
    if (s->options->probes_only || !from || !than || !estimated(s, "slow.ends", &ends) ||
        !estimated(s, "slow.piece", &piece) || ends.value <= 0)
        return;
    profile_set(c, "machine.slow_share", &share, FROM_PROBE, from);
    profile_set(c, "machine.slow_speed", &speed, FROM_PROBE, than);
    if (estimated(s, "slow.spread", &spread))
        profile_set(c, "machine.slow_spread", &spread, FROM_PROBE, "standard deviation of its logarithm");
    profile_set_exact(c, "machine.slow_dwell", piece.value / ends.value, FROM_PROBE,
                      "mean length of the phases in which a core passed messages slower");
}

// How often the host's own tick interrupts a core: what is left of all interrupts without the machine's.
static void set_interrupts(struct session *s) {
    static const double seldom = 50;
    struct costs *c = &s->out->costs;
    struct figure_estimate all;
    double own = c->machine.tick.value > 0 ? 1e9 / c->machine.tick.value : 0;
    double hosts = estimated(s, "stolen.interrupts", &all) ? all.value * STOLEN_INTERRUPTS_UNITS - own : 0;
    if (hosts > seldom)
        profile_set_exact(c, "machine.interrupt_every", 1e9 / hosts, FROM_PROBE,
                          "such gaps without those of machine.tick");
}

// How long it is away at a time: as exponential lengths would be that make whoever comes wait as long. The mean of what was seen
// is shorter, where few of many lengths are long, and these are what one meets.
static void set_stolen(struct session *s) {
    struct figure_estimate share, wait;
    if (!estimated(s, "machine.stolen_share", &share) || !estimated(s, "stolen.wait", &wait)) return;
    if (share.value > 0)
        profile_set_exact(&s->out->costs, "machine.stolen_time",
                          1e9 / STOLEN_WAIT_UNITS * wait.value / share.value, FROM_PROBE,
                          "half the mean square of such gaps over their mean");
}

// What is freed waits for a number of ticks, which have been probed by now.
static void set_tick_kept(struct session *s) {
    double tick = s->out->costs.machine.tick.value;
    if (tick > 0)
        profile_set_exact(&s->out->costs, "machine.tick_kept", 4 * tick, FROM_GUESS,
                          "measured once: 16 ms where ticks are 4 ms apart (RCU)");
}

// Whether a core pulls; where it does so in proportion to its success, trials say only how often these probes let it succeed.
static void set_pull(struct session *s) {
    struct figure_estimate x;
    const char *source = estimated(s, "pull.slept", &x);
    if (source && !stages_pulls_by_success())
        profile_set(&s->out->costs, "machine.pull", &x, FROM_PROBE, source);
}

static void conclude(struct session *s) {
    struct calibration *c = s->out;
    struct bench *b = &s->bench;
    if (c->fit_rounds) fit_derive(b, c->fit_rounds, s->reference);
    stages_set_facts(&c->costs);
    set_speed(s);
    c->row = memory_new((size_t)b->figures, sizeof *c->row);
    for (int i = 0; i < b->figures; i++) add_row(s, &b->figure[i]);
    set_preempt(s);
    set_tick_kept(s);
    set_pull(s);
    set_phases(s);
    set_stolen(s);
    set_interrupts(s);
    c->trusted = c->compared > 0 && c->noisy <= noisy_share * c->compared;
}

static bool run_all(struct session *s, struct err *e) {
    struct bench *b = &s->bench;
    for (int i = 0; i < PROBES; i++)
        if (usable(s, probes[i])) bench_expect(b, probes[i]->name, probes[i]->figures);
    s->start = bench_now();
    if (!run_rounds(s, e)) return false;
    if (!s->out->complete) return true;
    judge_speed(s);
    stages_derive(b, s->out->rounds, s->reference);
    if (!run_fit(s, e)) return false;
    if (s->out->complete) conclude(s);
    return true;
}

bool calibrate_run(const struct calibrate_options *o, struct calibration *out, struct err *e) {
    double budget_s = o->budget_s > 0 ? o->budget_s : o->quick ? quick_budget_s : full_budget_s;
    struct session s = {.options = o, .out = out, .budget = (int64_t)(budget_s * 1e9)};
    *out = (struct calibration){.complete = true};
    costs_none(&out->costs);
    out->costs.none = false;
    describe_host(&out->costs); // before the bench ties this thread to one core
    if (!bench_init(&s.bench, o->quick ? quick_effort : 1, o->stop, e)) return false;
    bool ok = run_all(&s, e);
    bench_fini(&s.bench);
    if (!ok) calibrate_fini(out);
    return ok;
}

void calibrate_fini(struct calibration *c) {
    free(c->row);
    free(c->name);
    c->row = NULL;
    c->name = NULL;
    c->rows = 0;
}
