#include "cli/args.h"
#include "cli/cases.h"
#include "cli/command.h"
#include "cli/load.h"
#include "cli/output.h"
#include "cli/signals.h"

#include "base/memory.h"
#include "study/report_plan.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

// Everything one `plan` holds.
struct job {
    const struct program *program;
    const struct args *args;
    struct scenario_file file; // as it is, for its plan block
    struct plan plan;
    struct output output;
    struct signals signals;
    struct ticker {
        double last_s; // of the last line shown
        bool shown;
        struct search_progress search;
    } ticker;
};

// ---- scenarios ----

// Puts the case that was asked for first.
static bool choose_case(const struct job *j, struct scenario_file *f, struct err *e) {
    const struct args_list *wanted = &j->args->cases;
    int at = 0;
    if (f->cases > 1 && wanted->count != 1) {
        err_set(e, ERR_USAGE, "a plan is made for one case, and %s has %d", j->args->operands.item[0],
                f->cases);
        return err_hint(e, "--case %s", f->case_[0].name);
    }
    if (wanted->count && !cases_check(f, 1, "case", wanted->item[0], e)) return false;
    if (wanted->count) at = cases_find(f, wanted->item[0]);
    struct scenario first = f->case_[0];
    f->case_[0] = f->case_[at];
    f->case_[at] = first;
    return true;
}

// Keys of the search come after --set, which they never share a key with.
static bool load_with(void *context, const struct scenario_set *set, int sets, struct scenario_file *out,
                      struct err *e) {
    const struct job *j = context;
    struct args a = *j->args;
    a.set = memory_new((size_t)(j->args->sets + sets), sizeof *a.set);
    if (j->args->sets) memcpy(a.set, j->args->set, (size_t)j->args->sets * sizeof *a.set);
    if (sets) memcpy(a.set + j->args->sets, set, (size_t)sets * sizeof *a.set);
    a.sets = j->args->sets + sets;
    bool ok = load_scenario(out, j->args->operands.item[0], &a, j->program, e);
    free(a.set);
    if (ok && choose_case(j, out, e)) return true;
    if (ok) scenario_fini(out);
    return false;
}

static bool is_set(const struct args *a, const char *key) {
    for (int i = 0; i < a->sets; i++)
        if (!strcmp(a->set[i].key, key)) return true;
    return false;
}

// What --set fixes does not vary.
static void pin(const struct args *a, struct plan_spec *spec) {
    int kept = 0;
    for (int i = 0; i < spec->varies; i++) {
        if (!is_set(a, spec->vary[i].key)) {
            spec->vary[kept++] = spec->vary[i];
            continue;
        }
        if (!a->quiet)
            fprintf(stderr, "dispatchsim: --set fixes %s, which does not vary then\n", spec->vary[i].key);
        vary_fini(&spec->vary[i]);
    }
    spec->varies = kept;
}

static bool read_file(struct job *j, struct err *e) {
    if (!strcmp(j->args->operands.item[0], "-"))
        return err_set(e, ERR_USAGE,
                       "plan reads its scenario once a candidate: give a file, not standard input");
    if (!load_with(j, NULL, 0, &j->file, e)) return false;
    if (j->file.plan) {
        pin(j->args, j->file.plan);
        return true;
    }
    err_set(e, ERR_CONFIG, "%s has no `plan` block", j->args->operands.item[0]);
    return err_hint(e, "plan: {rate: 300/s, p99: 250ms, vary: {server.workers: 1..8}}; see explain plan");
}

// ---- progress ----

static double seconds(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void note_search(void *listener, const struct search_progress *p) {
    ((struct job *)listener)->ticker.search = *p;
}

static void tick(void *listener, const struct run_progress *p) {
    struct job *j = listener;
    struct ticker *t = &j->ticker;
    double now = seconds();
    if (now - t->last_s < 0.1) return;
    t->last_s = now;
    t->shown = true;
    fprintf(stderr, "\r%s", j->plan.phase);
    if (t->search.candidates)
        fprintf(stderr, ": %d of %d decided after %ld replications", t->search.decided, t->search.candidates,
                t->search.replications);
    fprintf(stderr, ", now %d of %d\033[K", p->replications_done, p->replications_wanted);
}

// ---- the whole ----

static bool write_result(struct job *j, struct err *e) {
    FILE *out = j->output.file;
    bool most = j->args->max_rate;
    struct report r = {.result = &j->plan.result, .count = 1, .plan = &j->plan, .plan_most = most};
    switch ((enum report_format)j->args->format) {
    case REPORT_TEXT: report_plan_text(out, &j->plan, most, output_colour(&j->output)); break;
    case REPORT_MD: report_plan_md(out, &j->plan, most); break;
    case REPORT_CSV: report_plan_csv(out, &j->plan, most); break;
    case REPORT_JSON:
        if (!report_write(out, REPORT_JSON, &r, e)) return false;
    }
    return output_commit(&j->output, e);
}

static void prepare(struct job *j) {
    struct plan *p = &j->plan;
    p->search.plan = j->file.plan;
    p->search.models = j->program->models;
    p->search.load = load_with;
    p->search.context = j;
    p->search.run = (struct run_options){.jobs = cases_jobs(j->args),
                                         .simulate = cases_simulate,
                                         .context = (void *)j->program,
                                         .stop = &j->signals.seen};
    if (j->args->quiet || !isatty(STDERR_FILENO)) return;
    p->search.run.progress = tick;
    p->search.run.listener = j;
    p->search.progress = note_search;
    p->search.listener = j;
    j->ticker.last_s = seconds();
}

static bool execute(struct job *j, struct err *e) {
    if (!read_file(j, e) || !output_open(&j->output, j->args->output, e) ||
        !signals_init(&j->signals, j->args->quiet, e))
        return false;
    prepare(j);
    bool ok = j->args->max_rate ? plan_most(&j->plan, e) : plan_find(&j->plan, e);
    signals_fini(&j->signals);
    if (j->ticker.shown) fputs("\r\033[K", stderr);
    return ok && write_result(j, e);
}

// 0 where there is an answer, 1 where the answer is no.
static int answer(const struct job *j) {
    const struct plan *p = &j->plan;
    bool found = j->args->max_rate ? p->growth.carries > 0 : p->search.best >= 0;
    if (!p->stopped) return found ? 0 : 1;
    if (!j->args->quiet) fputs("dispatchsim: stopped; this is what was known by then\n", stderr);
    return 128 + atomic_load(&j->signals.seen);
}

int cmd_plan(const struct program *p, const struct args *a, struct err *e) {
    struct job j = {.program = p, .args = a};
    int code = execute(&j, e) ? answer(&j) : err_exit_code(e->kind);
    signals_fini(&j.signals);
    output_discard(&j.output);
    plan_fini(&j.plan);
    scenario_fini(&j.file);
    return code;
}
