// Does a 95 % interval hold the truth 95 times in 100? M/M/1 at two loads, 1,000 repeats of what `run` does: ten
// replications with the automatic warm-up cut, a t interval over their mean latencies.
#include "formula.h"

#include "base/require.h"
#include "stats/interval.h"
#include "tests/models/lab.h"

#include <math.h>
#include <stdlib.h>

enum { REPEATS = 1000, REPLICATIONS = 10 };

static const double service_s = 1e-3;

struct trial {
    struct scenario_file file;
    double theory;
    struct estimate seen[REPEATS];
};

static void repeat(void *context, int i) {
    struct trial *t = context;
    struct scenario s = t->file.case_[0];
    double mean[REPLICATIONS];
    s.run.seed = (uint64_t)i + 1;
    for (int r = 0; r < REPLICATIONS; r++) {
        struct observation o;
        lab_simulate(&s, 0, (uint32_t)r, &o);
        mean[r] = hist_mean(&o.latency) * 1e-9;
        observation_fini(&o);
    }
    t->seen[i] = estimate_mean(mean, REPLICATIONS, 0.95);
}

// Prints one line; whether the coverage lies in 93.2-96.8 %: what 1,000 repeats of an exact 95 % interval give with
// probability 99 %.
static bool covers(const struct trial *t, double load, double requests, const char *warmup) {
    int inside = 0;
    double bias = 0, half = 0;
    for (int i = 0; i < REPEATS; i++) {
        const struct estimate *e = &t->seen[i];
        inside += e->lo <= t->theory && t->theory <= e->hi;
        bias += (e->mean / t->theory - 1) / REPEATS;
        half += (e->hi - e->lo) / 2 / t->theory / REPEATS;
    }
    double share = (double)inside / REPEATS;
    bool ok = share >= 0.932 && share <= 0.968;
    printf("load %.2f, %6.0f requests a replication, warm-up %s: %.1f %% of %d intervals hold the mean; bias "
           "%+.3f %%, "
           "half-width %.2f %%%s\n",
           load, requests, warmup, 100 * share, REPEATS, 100 * bias, 100 * half, ok ? "" : "  MISSED");
    fflush(stdout);
    return ok;
}

static bool try(double load, double requests, const char *warmup) {
    struct trial *t = calloc(1, sizeof *t);
    REQUIRE(t);
    double rate = load / service_s;
    t->theory = formula_mmc(1, rate, service_s);
    lab_load(&t->file, NULL,
             "server: {model: event_loop}\nhandler: [cpu: exp(1ms)]\n"
             "load: {client: open, rate: %.9f/s, duration: %.6fs}\nrun: {warmup: %s}\n",
             rate, requests / rate, warmup);
    lab_parallel(repeat, t, REPEATS);
    bool ok = covers(t, load, requests, warmup);
    scenario_fini(&t->file);
    free(t);
    return ok;
}

// Arguments: load, requests per replication, warm-up (as run.warmup); repeated.
int main(int argc, char **argv) {
    bool ok = argc > 3;
    for (int i = 1; i + 2 < argc; i += 3) ok &= try(atof(argv[i]), atof(argv[i + 1]), argv[i + 2]);
    return ok ? 0 : 1;
}
