#include "study/growth.h"

#include <math.h>

enum { STEPS = 16 }; // loads tried, about: the probability of an error is shared by so many

static const double precision = 0.02;
static const double most_rate = 1e7, most_clients = 1e6, most_arrivals = 2e6; // a replication

struct seeker {
    struct scenario scenario; // shares all but the load with the caller's
    struct objective objective;
    const struct run_options *options;
    struct growth *out;
    bool *complete;
    struct err *e;
};

void growth_set(struct scenario *s, double load) {
    if (s->load.client == CLIENT_OPEN)
        s->load.rate_per_s = load;
    else
        s->load.concurrency = (int)(load + 0.5);
}

// Tries a load and notes what comes out. False where that ends the search: stopped, or an error.
static bool try_load(struct seeker *k, double load) {
    struct trial t = {.scenario = &k->scenario}, *only = &t;
    struct growth *g = k->out;
    bool ok = true;
    growth_set(&k->scenario, load);
    do ok = trial_look(&only, 1, &k->objective, k->options, k->complete, k->e);
    while (ok && *k->complete && t.now.verdict == JUDGED_OPEN);
    if (ok && *k->complete && t.now.verdict == JUDGED_MEETS) {
        g->carries = load;
    } else if (ok && *k->complete) {
        g->breaks = load;
        g->at_break = t.now;
    }
    trial_fini(&t);
    return ok && *k->complete;
}

// The least load whose replications hold enough requests for every percentile of the objective.
static double least_load(const struct seeker *k) {
    double needed = 1, duration_s = (double)k->scenario.load.duration * 1e-9;
    if (!k->out->open) return 1;
    for (int q = 0; q < PLAN_QUANTITIES; q++)
        while (!isnan(k->objective.limit[q]) && !objective_supports(q, needed)) needed += 1;
    return duration_s > 0 ? 2 * needed / duration_s : 1e-3; // half may be cut off as warm-up
}

// More would have clients without a request, or take minutes a replication.
static double most_load(const struct seeker *k) {
    const struct load_spec *load = &k->scenario.load;
    double duration_s = (double)load->duration * 1e-9;
    if (k->out->open) return duration_s > 0 ? fmin(most_rate, most_arrivals / duration_s) : most_rate;
    return load->requests > 0 ? fmin(most_clients, (double)load->requests) : most_clients;
}

static bool descend(struct seeker *k) {
    double least = least_load(k), load = k->out->breaks;
    while (isnan(k->out->carries) && load > least) {
        load = fmax(load / 2, least);
        if (!k->out->open) load = floor(load);
        if (!try_load(k, load)) return false;
    }
    return true;
}

static bool climb(struct seeker *k) {
    double most = most_load(k);
    while (isnan(k->out->breaks) && k->out->carries < most)
        if (!try_load(k, fmin(2 * k->out->carries, most))) return false;
    return true;
}

static bool near_enough(const struct growth *g) {
    bool next = !g->open && g->breaks - g->carries <= 1;
    return next || g->breaks <= g->carries * (1 + precision);
}

static bool bisect(struct seeker *k) {
    struct growth *g = k->out;
    if (isnan(g->carries) || isnan(g->breaks)) return true;
    while (!near_enough(g)) {
        double middle = sqrt(g->carries * g->breaks);
        if (!try_load(k, g->open ? middle : floor(middle + 0.5))) return false;
    }
    return true;
}

bool growth_find(const struct scenario *s, const struct objective *objective, bool meets,
                 const struct run_options *o, struct growth *out, bool *complete, struct err *e) {
    struct err why = {0};
    struct seeker k = {
        .scenario = *s, .objective = *objective, .options = o, .out = out, .complete = complete, .e = &why};
    bool open = s->load.client == CLIENT_OPEN;
    double own = open ? s->load.rate_per_s : s->load.concurrency;
    *out = (struct growth){.open = open, .carries = meets ? own : NAN, .breaks = NAN};
    *complete = true;
    k.objective.error = objective->error / STEPS;
    // Each returns false where it was stopped or failed; only a failure leaves a message.
    if (meets || try_load(&k, own)) {
        bool found = isnan(out->carries) ? descend(&k) : climb(&k);
        if (found) bisect(&k);
    }
    if (why.kind != ERR_NONE && e) *e = why;
    return why.kind == ERR_NONE;
}
