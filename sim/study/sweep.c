#include "study/sweep.h"

#include "base/memory.h"
#include "study/pack.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// A point-case that is not complete: one case of the file that run_cases gets.
struct row {
    int point, case_;
};

struct sweep {
    const struct grid *grid;
    const struct sweep_options *options;
    struct store *store;
    struct scenario_file file; // the rows' scenarios
    struct row *row;           // [file.cases]
    int *left;                 // [points] rows not complete
    int points, points_done;
    pthread_mutex_t lock; // of the store and everything below
    int here, simulated;  // replications that run in this process, and those that have ended anywhere
    bool failed;          // a result could not be stored
    struct err err;
};

// ---- one replication ----

static bool stored(struct sweep *s, const struct row *at, int replication, struct observation *out,
                   bool *found, struct err *e) {
    struct observation seen;
    pthread_mutex_lock(&s->lock);
    bool ok = !s->failed;
    if (!ok && e) *e = s->err;
    ok = ok && store_observation(s->store, at->point, at->case_, replication, &seen, found, e);
    pthread_mutex_unlock(&s->lock);
    if (!ok || !*found) return ok;
    observation_fini(out);
    *out = seen;
    return true;
}

static bool store_it(struct sweep *s, const struct row *at, int replication, const struct observation *o,
                     struct err *e) {
    pthread_mutex_lock(&s->lock);
    bool ok = store_put_observation(s->store, at->point, at->case_, replication, o, e);
    s->simulated += ok;
    pthread_mutex_unlock(&s->lock);
    return ok;
}

static int grid_row(const struct grid *g, const struct row *at) {
    return at->point * g->sweep.cases + at->case_;
}

// Has another process simulate.
static bool ask(const struct sweep *s, const struct row *at, int replication, struct observation *out,
                struct err *e) {
    struct text answer = {0};
    struct observation seen;
    bool ok = ranks_ask(s->options->ranks, grid_row(s->grid, at), replication, &answer);
    if (!ok)
        err_set(e, ERR_BROKEN, "%s", text_string(&answer));
    else if (!pack_observation_read(&seen, answer.data, answer.length))
        ok = err_set(e, ERR_HOST, "another process sent what cannot be read: is it the same program?");
    if (ok) {
        observation_fini(out);
        *out = seen;
    }
    text_fini(&answer);
    return ok;
}

// What the simulator gives up for want of room, after requests had arrived, is an answer: the point is saturated.
static bool simulate_or_saturate(const struct sweep_options *o, const struct scenario *scenario,
                                 const struct simulate_options *how, struct observation *out, struct err *e) {
    struct err why = {0};
    if (o->simulate(o->context, scenario, how, out, &why)) return true;
    if (why.kind == ERR_CONFIG && out->arrived > 0) {
        out->saturated = true;
        return true;
    }
    if (e) *e = why;
    return false;
}

// There are as many threads as this process and the others have places to simulate, so one is always free.
static bool simulate_here_or_there(struct sweep *s, const struct row *at, const struct simulate_options *how,
                                   struct observation *out, struct err *e) {
    const struct sweep_options *o = s->options;
    pthread_mutex_lock(&s->lock);
    bool here = s->here < o->jobs;
    s->here += here;
    pthread_mutex_unlock(&s->lock);
    if (!here) return ask(s, at, (int)how->replication, out, e);
    bool ok = simulate_or_saturate(o, grid_case(s->grid, at->point, at->case_), how, out, e);
    pthread_mutex_lock(&s->lock);
    s->here--;
    pthread_mutex_unlock(&s->lock);
    return ok;
}

static void name_place(const struct sweep *s, const struct row *at, struct err *e) {
    char name[160], text[sizeof e->text];
    memcpy(text, e->text, sizeof text);
    snprintf(e->text, sizeof e->text, "%.300s, at %s", text,
             grid_name(&s->grid->sweep, at->point, name, sizeof name));
}

// In place of the caller's simulator: what is stored already is read back, everything else is stored when it is known.
static bool simulate_once(void *context, const struct scenario *scenario, const struct simulate_options *how,
                          struct observation *out, struct err *e) {
    struct sweep *s = context;
    const struct row *at = &s->row[scenario - s->file.case_];
    int replication = (int)how->replication;
    bool found = false;
    if (!stored(s, at, replication, out, &found, e)) return false;
    if (found) return true;
    if (!simulate_here_or_there(s, at, how, out, e)) {
        if (e) name_place(s, at, e);
        return false;
    }
    return store_it(s, at, replication, out, e);
}

static void end_row(void *context, int i, const struct case_result *result) {
    struct sweep *s = context;
    const struct row *at = &s->row[i];
    pthread_mutex_lock(&s->lock);
    if (!s->failed && !store_put_result(s->store, at->point, at->case_, result, &s->err)) s->failed = true;
    if (--s->left[at->point] == 0) s->points_done++;
    pthread_mutex_unlock(&s->lock);
}

static void tell(void *listener, const struct run_progress *p) {
    struct sweep *s = listener;
    pthread_mutex_lock(&s->lock);
    struct sweep_progress all = {.points_done = s->points_done,
                                 .points = s->points,
                                 .replications_done = p->replications_done,
                                 .replications_wanted = p->replications_wanted,
                                 .simulated = s->simulated};
    pthread_mutex_unlock(&s->lock);
    s->options->progress(s->options->listener, &all);
}

// ---- all of them ----

static bool add_point(struct sweep *s, int point, struct err *e) {
    const struct grid *g = s->grid;
    for (int c = 0; c < g->sweep.cases; c++) {
        bool found = false;
        if (!store_case(s->store, point, c, NULL, &found, e)) return false;
        if (found) continue;
        s->row[s->file.cases] = (struct row){point, c};
        s->file.case_[s->file.cases++] = *grid_case(g, point, c);
        s->left[point]++;
    }
    s->points++;
    s->points_done += s->left[point] == 0;
    return true;
}

static bool add_points(struct sweep *s, struct err *e) {
    const struct store_sweep *w = store_sweep(s->store);
    size_t most = (size_t)w->points * (size_t)w->cases;
    s->row = memory_new(most, sizeof *s->row);
    s->file.case_ = memory_new(most, sizeof *s->file.case_);
    s->left = memory_new((size_t)w->points, sizeof *s->left);
    memcpy(s->file.name, s->grid->file[0].name, sizeof s->file.name);
    for (int p = 0; p < w->points; p++)
        if (store_has_point(w, p) && !add_point(s, p, e)) return false;
    return true;
}

static bool run_rows(struct sweep *s, bool *complete, struct err *e) {
    const struct sweep_options *o = s->options;
    struct run_options run = {.jobs = o->jobs + (o->ranks ? ranks_lanes(o->ranks) : 0),
                              .simulate = simulate_once,
                              .context = s,
                              .progress = o->progress ? tell : NULL,
                              .listener = s,
                              .case_done = end_row,
                              .case_context = s,
                              .stop = o->stop};
    struct result result;
    if (!run_cases(&s->file, &run, &result, complete, e)) return false;
    result_fini(&result);
    if (s->failed && e) *e = s->err;
    return !s->failed;
}

bool sweep_run(const struct grid *g, struct store *store, const struct sweep_options *o, bool *complete,
               struct err *e) {
    struct sweep s = {.grid = g, .options = o, .store = store};
    *complete = true;
    pthread_mutex_init(&s.lock, NULL);
    bool ok = add_points(&s, e) && (s.file.cases == 0 || run_rows(&s, complete, e));
    pthread_mutex_destroy(&s.lock);
    free(s.row);
    free(s.left);
    free(s.file.case_);
    return ok;
}

// ---- in the other processes ----

struct server {
    const struct grid *grid;
    const struct sweep_options *options;
};

static void answer(const struct server *v, const struct ranks_question *q) {
    const struct sweep_options *o = v->options;
    const struct store_sweep *w = &v->grid->sweep;
    struct simulate_options how = {.replication = (uint32_t)q->replication};
    struct observation seen;
    struct text bytes = {0};
    struct err e = {0};
    observation_init(&seen);
    const struct scenario *scenario = grid_case(v->grid, q->row / w->cases, q->row % w->cases);
    bool ok = simulate_or_saturate(o, scenario, &how, &seen, &e);
    if (ok)
        pack_observation(&seen, &bytes);
    else
        text_add(&bytes, e.text);
    ranks_answer(o->ranks, q, ok, &bytes);
    text_fini(&bytes);
    observation_fini(&seen);
}

static void *serve(void *argument) {
    const struct server *v = argument;
    struct ranks_question q;
    while (ranks_next(v->options->ranks, &q)) answer(v, &q);
    return NULL;
}

void sweep_serve(const struct grid *g, const struct sweep_options *o) {
    struct server server = {g, o};
    pthread_t *thread = memory_new((size_t)o->jobs, sizeof *thread);
    int started = 0;
    while (started < o->jobs - 1 && !pthread_create(&thread[started], NULL, serve, &server)) started++;
    serve(&server);
    for (int i = 0; i < started; i++) pthread_join(thread[i], NULL);
    free(thread);
}
