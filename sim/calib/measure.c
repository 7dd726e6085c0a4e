#include "calib/measure.h"

#include "base/memory.h"
#include "live/host.h"
#include "live/serve.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

// A worker finishes what it has begun within this, or is ended.
#define GRACE (2 * SIM_S)

static struct load_target target_of(const struct serve *v) {
    struct load_target t = {.path = "/", .host = "127.0.0.1"};
    t.address.sin_family = AF_INET;
    t.address.sin_port = htons((uint16_t)serve_port(v));
    t.address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return t;
}

static struct host_usage usage_of(const struct serve *v) {
    struct host_usage sum = {0}, one;
    int n;
    const pid_t *pid = serve_pids(v, &n);
    for (int i = 0; i < n; i++) {
        if (!host_usage_read(pid[i], &one)) continue;
        sum.cpu_s += one.cpu_s;
        sum.runqueue_s += one.runqueue_s;
        sum.voluntary += one.voluntary;
        sum.involuntary += one.involuntary;
    }
    return sum;
}

static bool drive(const struct scenario *s, uint64_t seed, const struct serve *v, const atomic_int *stop,
                  struct measure_round *r, struct err *e) {
    struct load_target target = target_of(v);
    struct host_usage before = usage_of(v);
    struct host_speed *speed = host_speed_start(e);
    if (!speed) return false;
    bool ok = load_run(&s->load, seed, &target, (volatile int *)(uintptr_t)stop, &r->seen, &r->load, e);
    host_speed_stop(speed, &r->speed, &r->speed_low, &r->speed_high);
    struct host_usage after = usage_of(v);
    r->server_cpu_s = after.cpu_s - before.cpu_s;
    r->voluntary = (double)(after.voluntary - before.voluntary);
    r->involuntary = (double)(after.involuntary - before.involuntary);
    return ok;
}

static bool one_round(const struct scenario *s, uint64_t seed, const atomic_int *stop,
                      struct measure_round *r, struct err *e) {
    *r = (struct measure_round){0};
    observation_init(&r->seen);
    struct serve *v = serve_start(s, &(struct serve_options){0}, e);
    if (!v) return false;
    bool ok = drive(s, seed, v, stop, r, e);
    return serve_stop(v, GRACE, ok ? e : NULL) && ok;
}

static bool stopped(const struct measure_options *o) {
    return o->stop && atomic_load(o->stop) != 0;
}

static bool all_rounds(const struct scenario_file *f, const struct measure_options *o,
                       struct measurement *out, struct err *e) {
    for (int round = 0; round < o->rounds; round++)
        for (int c = 0; c < f->cases; c++) {
            if (o->progress) o->progress(o->listener, round * f->cases + c, o->rounds * f->cases);
            struct measure_case *k = &out->case_[c];
            uint64_t seed = f->case_[c].run.seed + (uint64_t)round;
            bool ok = one_round(&f->case_[c], seed, o->stop, &k->round[k->rounds], e);
            if (!ok || stopped(o)) {
                observation_fini(&k->round[k->rounds].seen);
                return ok;
            }
            k->rounds++;
        }
    return true;
}

bool measure_cases(const struct scenario_file *f, const struct measure_options *o, struct measurement *out,
                   bool *complete, struct err *e) {
    *out = (struct measurement){.cases = f->cases, .case_ = memory_new((size_t)f->cases, sizeof *out->case_)};
    for (int c = 0; c < f->cases; c++)
        out->case_[c].round = memory_new((size_t)o->rounds, sizeof *out->case_[c].round);
    bool ok = all_rounds(f, o, out, e);
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

static double quantile_s(const struct observation *o, double q) {
    return hist_supports(o->latency.count, q) ? (double)hist_quantile(&o->latency, q) * 1e-9 : NAN;
}

static double value_of(const struct measure_round *r, enum quantity q) {
    const struct observation *o = &r->seen;
    double done = o->done > 0 ? (double)o->done : NAN;
    switch (q) {
    case QUANTITY_THROUGHPUT: return (double)o->done / o->span_s;
    case QUANTITY_MEAN: return o->done > 0 ? hist_mean(&o->latency) * 1e-9 : NAN;
    case QUANTITY_P50: return quantile_s(o, 0.5);
    case QUANTITY_P95: return quantile_s(o, 0.95);
    case QUANTITY_P99: return quantile_s(o, 0.99);
    case QUANTITY_CPU: return r->server_cpu_s / done;
    case QUANTITY_VOLUNTARY: return r->voluntary / done;
    case QUANTITY_INVOLUNTARY: return r->involuntary / done;
    case QUANTITY_COUNT: break;
    }
    return NAN;
}

static struct repeated over_rounds(const struct measure_case *c,
                                   double (*value)(const struct measure_round *, int), int what) {
    double *x = memory_new((size_t)c->rounds + 1, sizeof *x);
    for (int i = 0; i < c->rounds; i++) x[i] = value(&c->round[i], what);
    struct repeated r = repeated_of(x, c->rounds);
    free(x);
    return r;
}

static double quantity_value(const struct measure_round *r, int q) {
    return value_of(r, (enum quantity)q);
}

static double speed_value(const struct measure_round *r, int unused) {
    (void)unused;
    return r->speed;
}

struct repeated measure_quantity(const struct measure_case *c, enum quantity q) {
    struct repeated r = over_rounds(c, quantity_value, (int)q);
    return r.rounds == c->rounds ? r : repeated_of(NULL, 0);
}

double measure_speed(const struct measure_case *c) {
    return over_rounds(c, speed_value, 0).median;
}

bool measure_generator_bound(const struct measure_case *c) {
    int bound = 0;
    for (int i = 0; i < c->rounds; i++) bound += c->round[i].load.was_limit;
    return 2 * bound > c->rounds;
}
