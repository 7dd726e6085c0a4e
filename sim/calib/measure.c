#include "calib/measure.h"

#include "base/memory.h"
#include "calib/others.h"
#include "calib/subject.h"
#include "stats/rng.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static void used(struct measure_round *r, const struct family_look *before, const struct family_look *after) {
    struct family_use use = family_use_between(before, after);
    r->server_cpu_s = use.cpu_s;
    r->voluntary = (double)use.voluntary;
    r->involuntary = (double)use.involuntary;
}

// Where the server is not ours to watch, that nobody listens any more is all that tells of its end.
static bool still_there(const struct measure_round *r, const struct load_target *target, struct err *e) {
    if (!r->load.unheard) return true;
    return err_set(e, ERR_HOST, "the server has ended: nobody listens on port %d any more",
                   ntohs(target->address.sin_port));
}

static bool drive(const struct subject *v, uint32_t round, const atomic_int *stop, struct measure_round *r,
                  struct err *e) {
    struct load_target target;
    struct family_look before = {0}, after = {0};
    struct others others;
    subject_target(v, &target);
    r->server_cpu_s = r->voluntary = r->involuntary = NAN;
    bool known = subject_look(v, &before);
    others_begin(&others);
    struct host_speed *speed = host_speed_start(v->scenario.costs.dense.value > 0, HOST_SPEED_PERIOD, e);
    bool ok = speed && load_run(&v->scenario, round, &target, stop, &r->seen, &r->load, e);
    if (speed) r->dense = host_speed_dense(speed);
    if (speed) r->speed = host_speed_stop(speed, v->scenario.costs.speed.value);
    if (known && subject_look(v, &after)) used(r, &before, &after);
    r->others_frac = others_end(&others, r->server_cpu_s);
    family_look_fini(&before);
    family_look_fini(&after);
    return ok && still_there(r, &target, e);
}

// Where the server has died, that is the reason, whatever the client saw of it.
static bool one_round(const struct scenario *s, struct subject_servers *all, uint32_t round,
                      const atomic_int *stop, struct measure_round *r, struct err *e) {
    struct subject v;
    *r = (struct measure_round){0};
    observation_init(&r->seen);
    if (!subject_begin(&v, all, s, stop, e)) return false;
    double before = 0, after = 0;
    bool ok = subject_pace(&v, &before, e) && drive(&v, round, stop, r, e) && subject_pace(&v, &after, e);
    r->pace = (before + after) / 2;
    return subject_end(&v, e) && ok;
}

static bool stopped(const struct measure_options *o) {
    return o->stop && atomic_load(o->stop) != 0;
}

static const int64_t stolen_look_ns = 20000000;

// A round's order of the cases: a random one (Fisher and Yates), the same for the same seed. What a run leaves behind in the
// kernel (how often an idle core found a thread to pull, whom a thread woke of late) would else meet always the same case.
static void shuffle(int *order, int n, uint64_t seed, int round) {
    struct rng r;
    rng_init(&r, seed, 0, (uint32_t)round, 0);
    for (int i = 0; i < n; i++) order[i] = i;
    for (int i = n - 1; i > 0; i--) {
        int j = (int)rng_below(&r, (uint64_t)i + 1), swapped = order[i];
        order[i] = order[j];
        order[j] = swapped;
    }
}

// False where it was stopped or went wrong.
static bool run_case(const struct scenario_file *f, const struct measure_options *o,
                     struct subject_servers *all, int c, int round, struct measurement *out, struct err *e) {
    struct measure_case *k = &out->case_[c];
    bool ok = host_stolen_look(stolen_look_ns, &out->stolen, e) &&
              one_round(&f->case_[c], all, (uint32_t)round, o->stop, &k->round[k->rounds], e);
    if (!ok || stopped(o)) {
        observation_fini(&k->round[k->rounds].seen);
        return false;
    }
    k->rounds++;
    return true;
}

static bool all_rounds(const struct scenario_file *f, const struct measure_options *o,
                       struct subject_servers *all, struct measurement *out, struct err *e) {
    int *order = memory_new((size_t)f->cases, sizeof *order);
    bool ok = true;
    for (int round = 0; ok && round < o->rounds; round++) {
        shuffle(order, f->cases, f->case_[0].run.seed, round);
        for (int i = 0; ok && i < f->cases; i++) {
            if (o->progress) o->progress(o->listener, round * f->cases + i, o->rounds * f->cases);
            ok = run_case(f, o, all, order[i], round, out, e);
        }
    }
    free(order);
    // Ctrl-C reaches the server, too: what goes wrong from then on is no error.
    return ok || stopped(o);
}

bool measure_cases(const struct scenario_file *f, const struct measure_options *o, struct measurement *out,
                   bool *complete, struct err *e) {
    *out = (struct measurement){.cases = f->cases, .case_ = memory_new((size_t)f->cases, sizeof *out->case_)};
    for (int c = 0; c < f->cases; c++)
        out->case_[c].round = memory_new((size_t)o->rounds, sizeof *out->case_[c].round);
    struct subject_servers servers = {0};
    bool ok = all_rounds(f, o, &servers, out, e);
    subject_servers_fini(&servers);
    *complete = ok;
    for (int c = 0; c < f->cases; c++) *complete &= out->case_[c].rounds == o->rounds;
    if (!ok) measure_fini(out);
    return ok;
}

void measure_fini(struct measurement *m) {
    for (int c = 0; c < m->cases; c++) {
        for (int i = 0; i < m->case_[c].rounds; i++) observation_fini(&m->case_[c].round[i].seen);
        free(m->case_[c].round);
    }
    free(m->case_);
    *m = (struct measurement){0};
}

static double quantile_s(const struct hist *h, double q) {
    return hist_supports(h->count, q) ? (double)hist_quantile(h, q) * 1e-9 : NAN;
}

// What is counted by the process is counted over the whole run, warm-up included.
static double value_of(const struct measure_round *r, int endpoint, enum quantity q) {
    const struct hist *h = endpoint < 0 ? &r->seen.latency : &r->seen.endpoint_latency[endpoint];
    double done = endpoint < 0 && r->load.done > 0 ? (double)r->load.done : NAN;
    switch (q) {
    case QUANTITY_THROUGHPUT: return (double)h->count / r->seen.span_s;
    case QUANTITY_MEAN: return h->count > 0 ? hist_mean(h) * 1e-9 : NAN;
    case QUANTITY_P50: return quantile_s(h, 0.5);
    case QUANTITY_P95: return quantile_s(h, 0.95);
    case QUANTITY_P99: return quantile_s(h, 0.99);
    case QUANTITY_CPU: return r->server_cpu_s / done;
    case QUANTITY_VOLUNTARY: return r->voluntary / done;
    case QUANTITY_INVOLUNTARY: return r->involuntary / done;
    case QUANTITY_COUNT: break;
    }
    return NAN;
}

struct repeated measure_endpoint(const struct measure_case *c, int endpoint, enum quantity q) {
    double *x = memory_new((size_t)c->rounds + 1, sizeof *x);
    for (int i = 0; i < c->rounds; i++) x[i] = value_of(&c->round[i], endpoint, q);
    struct repeated r = repeated_of(x, c->rounds);
    free(x);
    return r.rounds == c->rounds ? r : repeated_of(NULL, 0);
}

struct repeated measure_quantity(const struct measure_case *c, enum quantity q) {
    return measure_endpoint(c, -1, q);
}

static double speed_of(const struct measure_round *r) {
    return r->speed.middle;
}

static double others_of(const struct measure_round *r) {
    return r->others_frac;
}

static double median_of(const struct measure_case *c, double (*value)(const struct measure_round *)) {
    double *x = memory_new((size_t)c->rounds + 1, sizeof *x);
    for (int i = 0; i < c->rounds; i++) x[i] = value(&c->round[i]);
    double middle = repeated_of(x, c->rounds).median;
    free(x);
    return middle;
}

double measure_speed(const struct measure_case *c) {
    return median_of(c, speed_of);
}

double measure_slow(const struct measure_case *c) {
    double sum = 0;
    int rounds = 0;
    for (int i = 0; i < c->rounds; i++) {
        if (c->round[i].speed.high <= 0) continue;
        sum += c->round[i].speed.slow_frac;
        rounds++;
    }
    return rounds ? sum / rounds : NAN;
}

static double slow_speed_of(const struct measure_round *r) {
    return r->speed.slow > 0 && r->speed.middle > 0 ? r->speed.slow / r->speed.middle : NAN;
}

double measure_slow_speed(const struct measure_case *c) {
    return median_of(c, slow_speed_of);
}

// Of few samples each, so their variances are averaged.
double measure_slow_spread(const struct measure_case *c) {
    double sum = 0;
    int rounds = 0;
    for (int i = 0; i < c->rounds; i++) {
        double spread = c->round[i].speed.spread;
        sum += spread * spread;
        rounds += spread > 0;
    }
    return rounds ? sqrt(sum / rounds) : NAN;
}

static double line_of(const struct measure_round *r) {
    return r->speed.line_ns > 0 ? r->speed.line_ns : NAN;
}

double measure_line(const struct measure_case *c) {
    return median_of(c, line_of);
}

int measure_lines(const struct measure_case *c, double *line) {
    int n = 0;
    for (int i = 0; i < c->rounds; i++) {
        double seen = line_of(&c->round[i]);
        if (!isnan(seen)) line[n++] = seen;
    }
    return n;
}

static double dense_of(const struct measure_round *r) {
    return r->dense;
}

double measure_dense(const struct measure_case *c) {
    return median_of(c, dense_of);
}

static double pace_of(const struct measure_round *r) {
    return r->pace;
}

double measure_pace(const struct measure_case *c) {
    return median_of(c, pace_of);
}

double measure_others(const struct measure_case *c) {
    return median_of(c, others_of);
}

bool measure_generator_bound(const struct measure_case *c) {
    int bound = 0;
    for (int i = 0; i < c->rounds; i++) bound += c->round[i].load.was_limit;
    return 2 * bound > c->rounds;
}

int64_t measure_not_ok(const struct measure_case *c) {
    int64_t sum = 0;
    for (int i = 0; i < c->rounds; i++) sum += c->round[i].load.not_ok;
    return sum;
}
