#include "study/run.h"

#include "base/memory.h"
#include "base/require.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// One case while it runs. `wanted` replications have been ordered so far, `started` of them handed to a thread. There is
// room for `room` of them: none before the first is started, so that a thousand cases do not wait with theirs.
struct job {
    int wanted, started, done, room;
    bool finished;
    bool *complete;           // [room]
    struct observation *seen; // [room]; fixed while replications of the round run
    struct case_result result;
};

struct run {
    const struct scenario_file *file;
    const struct run_options *options;
    pthread_mutex_t lock;   // of everything below
    pthread_cond_t changed; // a round ended, so that there may be more to start or nothing left
    struct job *job;
    int finished;
    int first;        // cases before it have no replication to be started
    int done, wanted; // replications of all cases
    bool failed;
    int failed_case, failed_replication;
    struct err err;
};

static bool stopped(const struct run *r) {
    return r->failed || (r->options->stop && atomic_load(r->options->stop));
}

static void make_room(struct job *j) {
    if (j->room == j->wanted) return;
    j->seen = realloc(j->seen, (size_t)j->wanted * sizeof *j->seen);
    j->complete = realloc(j->complete, (size_t)j->wanted * sizeof *j->complete);
    REQUIRE(j->seen && j->complete);
    for (; j->room < j->wanted; j->room++) {
        observation_init(&j->seen[j->room]);
        j->complete[j->room] = false;
    }
}

static void order_round(struct run *r, int c, int wanted) {
    struct job *j = &r->job[c];
    r->wanted += wanted - j->wanted;
    j->wanted = wanted;
    if (c < r->first) r->first = c;
}

static int first_round(const struct run_spec *spec) {
    return spec->replications > 0 ? spec->replications : estimate_next_round(0, spec->max_replications);
}

static void release_observations(struct job *j) {
    for (int i = 0; i < j->room; i++) observation_fini(&j->seen[i]);
    free(j->seen);
    free(j->complete);
    j->seen = NULL;
    j->complete = NULL;
    j->room = 0;
}

static void gather(const struct run *r, struct job *j, int c, int replications) {
    const struct scenario *s = &r->file->case_[c];
    result_gather(&j->result, s, j->seen, replications);
    if (!j->result.name[0]) memcpy(j->result.name, r->file->name, sizeof j->result.name);
}

// Every replication ordered so far is done: is that enough? The answer depends on their values alone.
static void end_round(struct run *r, int c) {
    struct job *j = &r->job[c];
    const struct run_spec *spec = &r->file->case_[c].run;
    gather(r, j, c, j->wanted);
    int next = estimate_next_round(j->wanted, spec->max_replications);
    bool enough = j->result.precise || result_unsteady(&j->result);
    if (spec->replications > 0 || enough || next <= j->wanted) {
        j->finished = true;
        r->finished++;
        if (r->options->case_done) r->options->case_done(r->options->case_context, c, &j->result);
        release_observations(j);
    } else {
        order_round(r, c, next);
    }
    pthread_cond_broadcast(&r->changed);
}

static void tell_progress(const struct run *r) {
    if (!r->options->progress) return;
    struct run_progress p = {.cases_done = r->finished,
                             .cases = r->file->cases,
                             .replications_done = r->done,
                             .replications_wanted = r->wanted};
    r->options->progress(r->options->listener, &p);
}

static void note_failure(struct run *r, int c, int replication, const struct err *e) {
    bool earlier = c < r->failed_case || (c == r->failed_case && replication < r->failed_replication);
    if (r->failed && !earlier) return;
    r->failed = true;
    r->failed_case = c;
    r->failed_replication = replication;
    r->err = *e;
}

// Called and returns with the lock held; runs one replication without it.
static void run_one(struct run *r, int c, int replication) {
    const struct run_options *o = r->options;
    struct job *j = &r->job[c];
    make_room(j);
    struct observation *seen = &j->seen[replication];
    struct simulate_options how = {.point = 0, .replication = (uint32_t)replication};
    if (o->trace && c == o->trace_case && replication == 0) how.trace = o->trace;
    struct err e = {0};
    pthread_mutex_unlock(&r->lock);
    bool ok = o->simulate(o->context, &r->file->case_[c], &how, seen, &e);
    pthread_mutex_lock(&r->lock);
    if (ok) {
        j->complete[replication] = true;
        r->done++;
        if (++j->done == j->wanted && !r->failed) end_round(r, c);
        tell_progress(r);
    } else {
        note_failure(r, c, replication, &e);
        pthread_cond_broadcast(&r->changed);
    }
}

// The first case with a replication that nobody has started, or -1.
static int next_case(struct run *r) {
    for (; r->first < r->file->cases; r->first++)
        if (r->job[r->first].started < r->job[r->first].wanted) return r->first;
    return -1;
}

static void *work(void *argument) {
    struct run *r = argument;
    pthread_mutex_lock(&r->lock);
    while (!stopped(r) && r->finished < r->file->cases) {
        int c = next_case(r);
        if (c >= 0)
            run_one(r, c, r->job[c].started++);
        else
            pthread_cond_wait(&r->changed, &r->lock);
    }
    // Whoever still waits must look at `stopped` and `finished` again.
    pthread_cond_broadcast(&r->changed);
    pthread_mutex_unlock(&r->lock);
    return NULL;
}

// The calling thread works too; where the host refuses a thread, the others do its share.
static void work_in_parallel(struct run *r) {
    int helpers = r->options->jobs - 1, started = 0;
    pthread_t *thread = memory_new((size_t)helpers, sizeof *thread);
    while (started < helpers && !pthread_create(&thread[started], NULL, work, r)) started++;
    work(r);
    for (int i = 0; i < started; i++) pthread_join(thread[i], NULL);
    free(thread);
}

// What a stopped case can still say: its replications 0..n-1, as many as are complete without a gap.
static bool gather_partial(struct run *r, int c) {
    struct job *j = &r->job[c];
    int n = 0;
    while (n < j->room && j->complete[n]) n++;
    if (n == 0) return false;
    gather(r, j, c, n);
    j->result.precise = false;
    return true;
}

static void note_missing(struct result *out, const struct scenario_file *f, int c) {
    if (!out->missing) out->missing = memory_new((size_t)f->cases, sizeof *out->missing);
    const char *name = f->case_[c].name[0] ? f->case_[c].name : f->name;
    snprintf(out->missing[out->missing_cases++], sizeof *out->missing, "%s", name);
}

static void collect(struct run *r, struct result *out) {
    const struct scenario_file *f = r->file;
    *out = (struct result){.digest = f->digest, .seed = f->cases ? f->case_[0].run.seed : 0};
    memcpy(out->scenario, f->name, sizeof out->scenario);
    memcpy(out->question, f->question, sizeof out->question);
    out->case_ = memory_new((size_t)f->cases, sizeof *out->case_);
    for (int c = 0; c < f->cases; c++) {
        if (r->job[c].finished || gather_partial(r, c))
            out->case_[out->cases++] = r->job[c].result;
        else
            note_missing(out, f, c);
    }
    out->incomplete = r->finished < f->cases;
}

static void start(struct run *r) {
    pthread_mutex_init(&r->lock, NULL);
    pthread_cond_init(&r->changed, NULL);
    r->job = memory_new((size_t)r->file->cases, sizeof *r->job);
    for (int c = 0; c < r->file->cases; c++) order_round(r, c, first_round(&r->file->case_[c].run));
}

static void finish(struct run *r) {
    for (int c = 0; c < r->file->cases; c++) release_observations(&r->job[c]);
    free(r->job);
    pthread_cond_destroy(&r->changed);
    pthread_mutex_destroy(&r->lock);
}

bool run_cases(const struct scenario_file *f, const struct run_options *o, struct result *out, bool *complete,
               struct err *e) {
    REQUIRE(o->jobs >= 1);
    struct run r = {.file = f, .options = o};
    start(&r);
    work_in_parallel(&r);
    if (complete) *complete = !r.failed && r.finished == f->cases;
    if (r.failed && e) *e = r.err;
    if (!r.failed) collect(&r, out);
    finish(&r);
    return !r.failed;
}
