#include "study/search.h"

#include "base/memory.h"
#include "base/units.h"
#include "scenario/cost_expr.h"
#include "study/bounds.h"

#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { WAVE = 32, KEYS = 64 }; // candidates tried side by side; varied keys

// ---- candidates as scenarios ----

// The load that is stated, and its headroom, as keys.
struct stated {
    struct scenario_set set[2];
    int sets;
    char value[UNITS_TEXT];
};

static void state_load(const struct plan_spec *p, struct stated *s) {
    double factor = 1 + p->headroom_frac;
    *s = (struct stated){0};
    if (p->rate_per_s > 0) {
        units_format_exact(s->value, UNIT_RATE, p->rate_per_s * factor);
        s->set[s->sets++] = (struct scenario_set){"load.rate", s->value};
    } else if (p->clients > 0) {
        snprintf(s->value, sizeof s->value, "%.0f", ceil(p->clients * factor));
        s->set[s->sets++] = (struct scenario_set){"load.concurrency", s->value};
    }
}

// Where plan states no load, the file's own is raised by the headroom.
static void raise_load(const struct plan_spec *p, struct load_spec *load) {
    double factor = 1 + p->headroom_frac;
    if (p->rate_per_s > 0 || p->clients > 0 || p->headroom_frac == 0) return;
    if (load->client == CLIENT_OPEN)
        load->rate_per_s *= factor;
    else
        load->concurrency = (int)ceil(load->concurrency * factor);
}

static bool check_kind(const struct plan_spec *p, const struct load_spec *load, struct err *e) {
    bool open = load->client == CLIENT_OPEN;
    if (p->clients > 0 && open) {
        err_set(e, ERR_CONFIG, "plan.clients needs a closed loop");
        return err_hint(e, "load.client: wrk or ab, or plan.rate for an open load");
    }
    if (open && load->arrivals == ARRIVALS_TRACE && (p->rate_per_s > 0 || p->headroom_frac > 0)) {
        err_set(e, ERR_CONFIG, "a trace says itself when requests arrive");
        return err_hint(e, "leave plan.rate and plan.headroom out");
    }
    return true;
}

// Blames the plan for what --set would be blamed for. The rate it sets is refused by closed loops alone.
static bool blame(struct err *e) {
    static const char pair[] = "--set ";
    if (e && !strcmp(e->file, "--set load.rate")) {
        err_set(e, ERR_CONFIG, "plan.rate needs an open load");
        return err_hint(e, "load.client: open, or plan.clients for a closed loop");
    }
    if (e && !strncmp(e->file, pair, sizeof pair - 1)) {
        char key[sizeof e->file];
        snprintf(key, sizeof key, "%s", e->file + sizeof pair - 1);
        snprintf(e->file, sizeof e->file, "plan: %.200s", key);
    }
    return false;
}

static bool load_point(const struct search *s, long point, struct scenario_file *out, struct err *e) {
    int index[KEYS];
    struct stated stated;
    struct scenario_set set[KEYS + 2];
    int sets = 0;
    vary_at(s->plan->vary, s->plan->varies, point, index);
    for (int i = 0; i < s->plan->varies; i++)
        set[sets++] = (struct scenario_set){s->plan->vary[i].key, s->plan->vary[i].value[index[i]]};
    state_load(s->plan, &stated);
    for (int i = 0; i < stated.sets; i++) set[sets++] = stated.set[i];
    if (!s->load(s->context, set, sets, out, e)) return blame(e);
    if (check_kind(s->plan, &out->case_[0].load, e)) {
        raise_load(s->plan, &out->case_[0].load);
        return true;
    }
    scenario_fini(out);
    return false;
}

bool search_scenario(const struct search *s, const struct candidate *c, struct scenario_file *out,
                     struct err *e) {
    return load_point(s, c->point, out, e);
}

static const char *const *reads_of(const struct search *s, const char *model) {
    for (int i = 0; i < s->models->count; i++)
        if (!strcmp(s->models->model[i]->name, model)) return s->models->model[i]->reads;
    return NULL;
}

const char *search_value(const struct search *s, const struct candidate *c, int key, const char *model) {
    int index[KEYS];
    const struct vary *v = &s->plan->vary[key];
    vary_at(s->plan->vary, s->plan->varies, c->point, index);
    return cost_expr_reads(reads_of(s, model), v->key) ? v->value[index[key]] : NULL;
}

// Of candidates that differ only in what their model does not read, the first stands for all.
static bool same_as_earlier(const struct search *s, long point, const char *model) {
    int index[KEYS];
    vary_at(s->plan->vary, s->plan->varies, point, index);
    for (int i = 0; i < s->plan->varies; i++)
        if (index[i] > 0 && !cost_expr_reads(reads_of(s, model), s->plan->vary[i].key)) return true;
    return false;
}

// ---- what can be said without simulating ----

static bool impossible(const struct objective *o, const struct scenario *s, char why[256]) {
    struct bounds b;
    char least[UNITS_TEXT], limit[UNITS_TEXT];
    bounds_of(s, &b);
    if (bounds_overload(&b, s, o->limit[OBJECTIVE_LOST], why)) return true;
    for (int q = 0; q < PLAN_QUANTITIES; q++) {
        if (isnan(o->limit[q]) || b.floor_s <= o->limit[q] * (1 + 1e-3)) continue;
        snprintf(why, 256, "no request takes less than %s, and the %s may be %s at most",
                 units_format(least, UNIT_SPAN, b.floor_s * 1e9), objective_name(q),
                 units_format(limit, UNIT_SPAN, o->limit[q] * 1e9));
        return true;
    }
    return false;
}

static bool price(const struct search *s, struct candidate *c, const struct scenario *scenario,
                  struct err *e) {
    const char *const *reads = reads_of(s, scenario->server.model);
    for (int i = 0; i < s->plan->costs; i++)
        if (!cost_expr_value(s->plan->cost[i], scenario, reads, &c->cost[i], e)) return false;
    return true;
}

static bool enough_for_clients(const struct load_spec *load, struct err *e) {
    if (load->client == CLIENT_OPEN || load->requests <= 0 || load->concurrency <= load->requests)
        return true;
    err_set(e, ERR_CONFIG, "%d clients make %lld requests a replication: some would make none",
            load->concurrency, (long long)load->requests);
    return err_hint(e, "more load.requests");
}

bool search_enough(const struct plan_spec *p, const struct scenario *s, struct err *e) {
    const struct load_spec *load = &s->load;
    struct bounds b;
    if (!enough_for_clients(load, e)) return false;
    if (load->client != CLIENT_OPEN && load->requests == 0) return true; // trial_look sees
    bounds_of(s, &b);
    double requests =
        load->requests ? (double)load->requests : b.offered_per_s * (double)load->duration * 1e-9;
    if (load->arrivals == ARRIVALS_TRACE && load->client == CLIENT_OPEN)
        requests = fmin(requests, (double)load->trace_count); // fmin passes over NAN
    // Part of an open run is cut off as warm-up: at most half of it.
    double seen = load->client == CLIENT_OPEN && load->duration ? requests / 2 : requests;
    for (int q = 0; q < PLAN_QUANTITIES; q++)
        if (!isnan(p->limit_s[q]) && !objective_supports(q, seen)) return objective_refuse(q, requests, e);
    return true;
}

static bool add_candidate(struct search *s, long point, struct err *e) {
    struct scenario_file f;
    struct candidate *c = &s->candidate[point];
    *c = (struct candidate){.point = point};
    if (!load_point(s, point, &f, e)) return false;
    const struct scenario *scenario = &f.case_[0];
    bool ok = search_enough(s->plan, scenario, e) && price(s, c, scenario, e);
    if (point == 0) objective_of(&s->objective, s->plan, &scenario->run, 1);
    if (same_as_earlier(s, point, scenario->server.model))
        c->fate = FATE_SAME;
    else if (impossible(&s->objective, scenario, c->why))
        c->fate = FATE_IMPOSSIBLE;
    scenario_fini(&f);
    return ok;
}

// Loading takes milliseconds a candidate: several threads do it.
struct listing {
    struct search *search;
    long points;
    pthread_mutex_t lock; // of what follows
    long next, failed;    // failed: the first point that is no scenario, `points` = none
    struct err err;
};

static bool stop_wanted(const struct search *s) {
    return s->run.stop && atomic_load(s->run.stop);
}

static void *list_some(void *argument) {
    struct listing *l = argument;
    pthread_mutex_lock(&l->lock);
    while (l->next < l->failed && !stop_wanted(l->search)) {
        long point = l->next++;
        struct err e = {0};
        pthread_mutex_unlock(&l->lock);
        bool ok = add_candidate(l->search, point, &e);
        pthread_mutex_lock(&l->lock);
        if (ok || point > l->failed) continue;
        l->failed = point;
        l->err = e;
    }
    pthread_mutex_unlock(&l->lock);
    return NULL;
}

// The first one alone, for the objective that the others are held against.
static bool list_all(struct search *s, long points, struct err *e) {
    struct listing l = {.search = s, .points = points, .next = 1, .failed = points};
    int helpers = s->run.jobs - 1, started = 0;
    pthread_t *thread = memory_new((size_t)helpers, sizeof *thread);
    bool ok = add_candidate(s, 0, e);
    pthread_mutex_init(&l.lock, NULL);
    while (ok && started < helpers && !pthread_create(&thread[started], NULL, list_some, &l)) started++;
    if (ok) list_some(&l);
    for (int i = 0; i < started; i++) pthread_join(thread[i], NULL);
    pthread_mutex_destroy(&l.lock);
    free(thread);
    if (ok && l.failed < points && e) *e = l.err;
    s->stopped = l.next < points;
    s->candidates = ok && l.failed == points ? (int)l.next : 0;
    return ok && l.failed == points;
}

// ---- order ----

struct order {
    int costs;
};

static int by_cost(const void *a, const void *b, void *context) {
    const struct candidate *x = a, *y = b;
    const struct order *o = context;
    for (int i = 0; i < o->costs; i++)
        if (x->cost[i] != y->cost[i]) return x->cost[i] < y->cost[i] ? -1 : 1;
    return (x->point > y->point) - (x->point < y->point);
}

static void tell(const struct search *s) {
    struct search_progress p = {0, s->candidates - s->same, s->replications};
    if (!s->progress) return;
    for (int i = 0; i < s->candidates; i++) p.decided += s->candidate[i].fate >= FATE_IMPOSSIBLE;
    s->progress(s->listener, &p);
}

static bool list_candidates(struct search *s, struct err *e) {
    long points = vary_points(s->plan->vary, s->plan->varies);
    if (points > SEARCH_MOST || s->plan->varies > KEYS || s->plan->costs > SEARCH_COSTS) {
        err_set(e, ERR_USAGE, "%ld candidates, at most %d (of %d keys, with %d costs)", points, SEARCH_MOST,
                KEYS, SEARCH_COSTS);
        return err_hint(e, "coarser steps: 1..64*2");
    }
    s->candidate = memory_new((size_t)points, sizeof *s->candidate);
    if (!list_all(s, points, e)) return false;
    for (int i = 0; i < s->candidates; i++) {
        s->same += s->candidate[i].fate == FATE_SAME;
        s->impossible += s->candidate[i].fate == FATE_IMPOSSIBLE;
    }
    struct order order = {s->plan->costs};
    qsort_r(s->candidate, (size_t)s->candidates, sizeof *s->candidate, by_cost, &order);
    return true;
}

// ---- trying ----

struct wave {
    int count;
    struct candidate *candidate[WAVE];
    struct scenario_file file[WAVE];
};

static void wave_fini(struct wave *w) {
    for (int i = 0; i < w->count; i++) {
        w->candidate[i]->trial.scenario = NULL;
        scenario_fini(&w->file[i]);
    }
}

// The next candidates in order of cost, from *next.
static bool gather_wave(const struct search *s, int *next, struct wave *w, struct err *e) {
    w->count = 0;
    for (; *next < s->candidates && w->count < WAVE; ++*next) {
        struct candidate *c = &s->candidate[*next];
        if (c->fate != FATE_UNTRIED) continue;
        if (!load_point(s, c->point, &w->file[w->count], e)) return false;
        c->trial.scenario = &w->file[w->count].case_[0];
        w->candidate[w->count++] = c;
    }
    return true;
}

// Those still open, in order of cost, none dearer than one that meets the objective.
static int still_open(const struct wave *w, struct trial **open) {
    int n = 0;
    for (int i = 0; i < w->count && w->candidate[i]->fate != FATE_MEETS; i++)
        if (w->candidate[i]->fate == FATE_UNTRIED) open[n++] = &w->candidate[i]->trial;
    return n;
}

static void settle(struct wave *w) {
    static const enum fate fates[] = {
        [JUDGED_OPEN] = FATE_UNTRIED, [JUDGED_MEETS] = FATE_MEETS, [JUDGED_FAILS] = FATE_FAILS};
    for (int i = 0; i < w->count; i++)
        if (w->candidate[i]->trial.look > 0)
            w->candidate[i]->fate = fates[w->candidate[i]->trial.now.verdict];
}

static bool try_wave(struct search *s, struct wave *w, struct err *e) {
    struct trial *open[WAVE];
    bool complete = true;
    for (int n; (n = still_open(w, open)) > 0 && !s->stopped;) {
        int before = open[0]->done;
        if (!trial_look(open, n, &s->objective, &s->run, &complete, e)) return false;
        s->stopped = !complete;
        s->replications += (long)n * (open[0]->done - before);
        settle(w);
        tell(s);
    }
    return true;
}

static int first_that_meets(const struct search *s, int end) {
    for (int i = 0; i < end; i++)
        if (s->candidate[i].fate == FATE_MEETS) return i;
    return -1;
}

// The dearest of those that fail and come before the best; of none where nothing meets the objective: the nearest to it.
static int find_runner_up(const struct search *s) {
    int found = -1;
    for (int i = 0; i < (s->best < 0 ? s->candidates : s->best); i++) {
        const struct candidate *c = &s->candidate[i];
        if (c->fate != FATE_FAILS && c->fate != FATE_IMPOSSIBLE) continue;
        const struct candidate *f = found < 0 ? NULL : &s->candidate[found];
        bool nearer = !f || f->fate == FATE_IMPOSSIBLE ||
                      (c->fate == FATE_FAILS && c->trial.now.ratio < f->trial.now.ratio);
        if (s->best >= 0 || nearer) found = i;
    }
    return found;
}

bool search_run(struct search *s, struct err *e) {
    s->best = s->runner_up = -1;
    if (!list_candidates(s, e)) return false;
    double error = s->objective.error;
    int left = s->candidates - s->same - s->impossible;
    s->objective.error = error / (left > 0 ? left : 1);
    bool ok = true;
    for (int next = 0; ok && next < s->candidates && s->best < 0 && !s->stopped;) {
        struct wave w;
        ok = gather_wave(s, &next, &w, e) && (w.count == 0 || try_wave(s, &w, e));
        wave_fini(&w);
        if (ok) s->best = first_that_meets(s, next);
    }
    if (ok) s->runner_up = find_runner_up(s);
    return ok;
}

void search_fini(struct search *s) {
    for (int i = 0; i < s->candidates; i++) trial_fini(&s->candidate[i].trial);
    free(s->candidate);
    s->candidate = NULL;
    s->candidates = 0;
}
