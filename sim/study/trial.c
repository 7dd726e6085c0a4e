#include "study/trial.h"

#include "base/memory.h"
#include "base/require.h"

#include <stdlib.h>

struct round {
    struct trial *const *trial;
    const struct scenario *row; // [trials], what run_cases sees
    int from;                   // the first replication of the round
    const struct run_options *options;
};

void trial_fini(struct trial *t) {
    free(t->sample);
    *t = (struct trial){0};
}

// In place of options.simulate: later replications than run_cases thinks, and what they show is noted. Threads write to
// places of their own.
static bool simulate_and_see(void *context, const struct scenario *s, const struct simulate_options *o,
                             struct observation *out, struct err *e) {
    const struct round *r = context;
    struct trial *t = r->trial[s - r->row];
    struct objective_sample *sample = &t->sample[(uint32_t)r->from + o->replication];
    struct simulate_options later = {.point = o->point, .replication = (uint32_t)r->from + o->replication};
    struct err why = {0};
    if (r->options->simulate(r->options->context, s, &later, out, &why)) {
        objective_see(out, sample);
        return true;
    }
    // Given up for want of room, after requests had arrived: that is an answer, not an error.
    if (why.kind == ERR_CONFIG && out->arrived > 0) {
        objective_overrun(sample);
        return true;
    }
    if (e) *e = why;
    return false;
}

// Too few requests show a percentile too low: what fails by them fails, but nothing is accepted by them. How many a closed
// loop makes in its duration is only known now (search_enough).
static bool judge(struct trial *t, const struct objective *objective, int to, struct err *e) {
    const struct load_spec *load = &t->scenario->load;
    double requests;
    t->done = to;
    t->look++;
    objective_judge(objective, t->sample, to, t->look, &t->now);
    if (load->client == CLIENT_OPEN || load->requests > 0 || t->now.verdict != JUDGED_MEETS) return true;
    int thin = objective_thin(objective, t->sample, to, &requests);
    return thin < 0 || objective_refuse(thin, requests, e);
}

bool trial_look(struct trial *const *trials, int count, const struct objective *objective,
                const struct run_options *o, bool *complete, struct err *e) {
    int from = trials[0]->done, to = objective_next(objective, from);
    struct scenario *row = memory_new((size_t)count, sizeof *row);
    for (int i = 0; i < count; i++) {
        struct trial *t = trials[i];
        REQUIRE(t->done == from);
        row[i] = *t->scenario;
        row[i].run.replications = to - from;
        t->sample = realloc(t->sample, (size_t)to * sizeof *t->sample);
        REQUIRE(t->sample);
    }
    struct scenario_file file = {.cases = count, .case_ = row};
    struct round round = {.trial = trials, .row = row, .from = from, .options = o};
    struct run_options how = {.jobs = o->jobs,
                              .simulate = simulate_and_see,
                              .context = &round,
                              .stop = o->stop,
                              .progress = o->progress,
                              .listener = o->listener};
    struct result result;
    bool ok = run_cases(&file, &how, &result, complete, e);
    if (ok) result_fini(&result);
    free(row);
    if (!ok || !*complete) return ok;
    for (int i = 0; ok && i < count; i++) ok = judge(trials[i], objective, to, e);
    return ok;
}
