#include "study/plan.h"

#include "base/memory.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void name_case(struct scenario_file *f, const char *name) {
    snprintf(f->case_[0].name, sizeof f->case_[0].name, "%s", name);
}

// Loads a candidate; nothing where index is -1.
static bool load_candidate(const struct plan *p, int index, const char *name, struct scenario_file *out,
                           struct err *e) {
    *out = (struct scenario_file){0};
    if (index < 0) return true;
    if (!search_scenario(&p->search, &p->search.candidate[index], out, e)) return false;
    name_case(out, name);
    return true;
}

// ---- the results of both ----

static const struct case_result *find_case(const struct result *r, const char *name) {
    for (int i = 0; i < r->cases; i++)
        if (!strcmp(r->case_[i].name, name)) return &r->case_[i];
    return NULL;
}

// Moves what `from` holds to the end of *into. Each is of one case at most.
static void append_result(struct result *into, struct result *from) {
    struct result all = *into;
    all.case_ = memory_new(2, sizeof *all.case_);
    all.missing = memory_new(2, sizeof *all.missing);
    all.cases = all.missing_cases = 0;
    const struct result *part[] = {into, from};
    for (int i = 0; i < 2; i++) {
        for (int c = 0; c < part[i]->cases; c++) all.case_[all.cases++] = part[i]->case_[c];
        for (int m = 0; m < part[i]->missing_cases; m++)
            memcpy(all.missing[all.missing_cases++], part[i]->missing[m], sizeof *all.missing);
    }
    all.incomplete = into->incomplete || from->incomplete;
    result_fini(into);
    result_fini(from);
    *into = all;
}

static bool run_best(struct plan *p, struct err *e) {
    struct scenario_file one = p->best; // the other cases of its file are not looked at
    bool complete;
    if (!one.cases) return true;
    one.cases = 1;
    if (!run_cases(&one, &p->search.run, &p->result, &complete, e)) return false;
    p->stopped |= !complete;
    return true;
}

// It may never have been simulated: where its load is so far beyond what it serves that the simulator gives it up, the
// plan does without it.
static bool run_runner_up(struct plan *p, struct err *e) {
    struct scenario_file one = p->runner_up;
    struct result result;
    struct err why = {0};
    bool complete;
    if (!one.cases) return true;
    one.cases = 1;
    if (!run_cases(&one, &p->search.run, &result, &complete, &why)) {
        if (why.kind != ERR_CONFIG && e) *e = why;
        return why.kind == ERR_CONFIG;
    }
    p->stopped |= !complete;
    if (p->best.cases)
        append_result(&p->result, &result);
    else
        p->result = result;
    return true;
}

static void head_result(struct result *r, const struct scenario_file *f) {
    *r = (struct result){.digest = f->digest, .seed = f->case_[0].run.seed};
    memcpy(r->scenario, f->name, sizeof r->scenario);
    memcpy(r->question, f->question, sizeof r->question);
}

static bool run_both(struct plan *p, struct err *e) {
    p->phase = "simulating what was found";
    if (p->best.cases || p->runner_up.cases)
        head_result(&p->result, p->best.cases ? &p->best : &p->runner_up);
    if (!run_best(p, e) || !run_runner_up(p, e)) return false;
    p->best_case = p->best.cases ? find_case(&p->result, p->best.case_[0].name) : NULL;
    p->runner_up_case = p->runner_up.cases ? find_case(&p->result, p->runner_up.case_[0].name) : NULL;
    return true;
}

// Common random numbers: the same replications of both saw the same requests.
static void compare(struct plan *p) {
    const struct search *s = &p->search;
    p->gap = (struct estimate){NAN, NAN, NAN, 0, NAN};
    if (s->best < 0 || s->runner_up < 0) return;
    const struct trial *best = &s->candidate[s->best].trial, *other = &s->candidate[s->runner_up].trial;
    int n = best->done < other->done ? best->done : other->done, figure = other->now.figure;
    if (n < 2 || figure == OBJECTIVE_LOST) return; // a share, not a time
    double *a = memory_new((size_t)n, sizeof *a), *b = memory_new((size_t)n, sizeof *b);
    for (int i = 0; i < n; i++) {
        a[i] = other->sample[i].figure[figure];
        b[i] = best->sample[i].figure[figure];
    }
    p->gap = estimate_paired(a, b, n, 0.95);
    free(a);
    free(b);
}

// ---- what will be full first ----

static void add_limit(struct plan *p, const char *name, double utilisation, double throughput) {
    if (!(utilisation > 0.005) || p->limits == PLAN_LIMITS) return;
    struct plan_limit *l = &p->limit[p->limits++];
    *l = (struct plan_limit){"", utilisation, throughput / utilisation};
    snprintf(l->name, sizeof l->name, "%s", name);
}

static int by_full(const void *a, const void *b) {
    double x = ((const struct plan_limit *)a)->full_at, y = ((const struct plan_limit *)b)->full_at;
    return (x > y) - (x < y);
}

// Where the loop alone holds the lock, both are the same work.
static bool lock_is_loop(const struct case_result *c) {
    double loop = c->utilisation[LIMIT_LOOP], lock = c->utilisation[LIMIT_LOCK];
    return fabs(lock - loop) <= 0.02 * loop;
}

// A pool is left out: its threads wait for the others, so that it fills faster than the load grows.
static void find_limits(struct plan *p) {
    static const enum limit stations[] = {LIMIT_CORE, LIMIT_LOOP, LIMIT_LOCK, LIMIT_CLIENT};
    const struct case_result *c = p->best_case;
    if (!c) return;
    for (size_t i = 0; i < sizeof stations / sizeof stations[0]; i++)
        if (stations[i] != LIMIT_LOCK || !lock_is_loop(c))
            add_limit(p, limit_name(stations[i]), c->utilisation[stations[i]], c->throughput_per_s.mean);
    for (int r = 0; r < c->resources; r++)
        add_limit(p, c->resource[r].name, c->resource[r].utilisation, c->throughput_per_s.mean);
    qsort(p->limit, (size_t)p->limits, sizeof p->limit[0], by_full);
}

// ---- further ----

static bool can_grow(const struct scenario *s) {
    return s->load.client != CLIENT_OPEN || s->load.arrivals != ARRIVALS_TRACE;
}

static bool grow(struct plan *p, bool meets, struct err *e) {
    struct objective one = p->search.objective;
    bool complete = true;
    p->phase = "seeking the load at which the objective breaks";
    objective_of(&one, p->search.plan, &p->best.case_[0].run, 1);
    bool ok = growth_find(&p->best.case_[0], &one, meets, &p->search.run, &p->growth, &complete, e);
    p->stopped |= !complete;
    return ok;
}

static bool find_bands(struct plan *p, struct err *e) {
    bool complete = true;
    p->phase = "trying the intervals of the costs";
    bool ok = bands_of(&p->best.case_[0], p->best_case, &p->search.run, true, &p->bands, &complete, e);
    p->stopped |= !complete;
    return ok;
}

static void nothing_known(struct plan *p) {
    p->growth = (struct growth){.carries = NAN, .breaks = NAN};
    p->gap = (struct estimate){NAN, NAN, NAN, 0, NAN};
}

bool plan_find(struct plan *p, struct err *e) {
    nothing_known(p);
    p->phase = "trying configurations, cheapest first";
    if (!search_run(&p->search, e)) return false;
    p->stopped = p->search.stopped;
    if (!load_candidate(p, p->search.best, "best", &p->best, e) ||
        !load_candidate(p, p->search.runner_up, p->search.best < 0 ? "nearest" : "runner-up", &p->runner_up,
                        e))
        return false;
    compare(p);
    if (p->stopped) return true;
    if (!run_both(p, e)) return false;
    find_limits(p);
    if (p->best_case && !p->stopped && can_grow(&p->best.case_[0]) && !grow(p, true, e)) return false;
    return !p->best_case || p->stopped || find_bands(p, e);
}

bool plan_most(struct plan *p, struct err *e) {
    struct search *s = &p->search;
    nothing_known(p);
    s->best = s->runner_up = -1;
    if (!s->load(s->context, NULL, 0, &p->best, e)) return false;
    struct scenario *scenario = &p->best.case_[0];
    if (!can_grow(scenario)) {
        err_set(e, ERR_CONFIG, "a trace says itself when requests arrive: there is no rate to be found");
        return err_hint(e, "load.arrivals: poisson");
    }
    if (s->plan->rate_per_s > 0 && scenario->load.client == CLIENT_OPEN)
        growth_set(scenario, s->plan->rate_per_s);
    if (s->plan->clients > 0 && scenario->load.client != CLIENT_OPEN) growth_set(scenario, s->plan->clients);
    if (!search_enough(s->plan, scenario, e)) return false;
    name_case(&p->best, "carries");
    if (!grow(p, false, e)) return false;
    if (isnan(p->growth.carries) || p->stopped) return true;
    growth_set(scenario, p->growth.carries);
    if (!run_both(p, e)) return false;
    find_limits(p);
    return true;
}

void plan_fini(struct plan *p) {
    search_fini(&p->search);
    scenario_fini(&p->best);
    scenario_fini(&p->runner_up);
    result_fini(&p->result);
}
