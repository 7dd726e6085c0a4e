#include "cli/args.h"
#include "cli/cases.h"
#include "cli/command.h"
#include "cli/load.h"
#include "cli/output.h"
#include "cli/signals.h"
#include "cli/ticker.h"

#include "base/memory.h"
#include "study/analytic.h"
#include "study/bands.h"
#include "study/chrome.h"
#include "study/report.h"
#include "study/run.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

// Everything one `run` holds.
struct job {
    const struct program *program;
    const struct args *args;
    int files;
    struct scenario_file *file; // [files]
    struct result *result;      // [files], `done` of them filled
    struct bands **bands;       // [files], one a case of each filled result; NULL where not asked for
    struct analytic **analytic; // likewise
    struct err outside;         // the first simulation that no bound allows; kind ERR_NONE = none
    int bands_left_out;
    int done;
    bool incomplete; // something was stopped
    struct output output;
    struct chrome *chrome;
    struct signals signals;
};

// ---- what to run ----

// A case that is asked for must be in one of the files.
static bool check_cases(const struct job *j, struct err *e) {
    for (int i = 0; i < j->args->cases.count; i++)
        if (!cases_check(j->file, j->files, "case", j->args->cases.item[i], e)) return false;
    const char *traced = j->args->trace_case;
    return !traced || cases_check(j->file, j->files, "trace-case", traced, e);
}

static bool load_files(struct job *j, struct err *e) {
    const struct args_list *paths = &j->args->operands;
    int count = paths->count ? paths->count : 1;
    j->file = memory_new((size_t)count, sizeof *j->file);
    j->result = memory_new((size_t)count, sizeof *j->result);
    if (j->args->bands) j->bands = memory_new((size_t)count, sizeof *j->bands);
    if (j->args->analytic) j->analytic = memory_new((size_t)count, sizeof *j->analytic);
    for (; j->files < count; j->files++)
        if (!load_scenario(&j->file[j->files], paths->count ? paths->item[j->files] : NULL, j->args,
                           j->program, e))
            return false;
    return check_cases(j, e);
}

// ---- progress ----

struct progress {
    struct ticker line;
    const char *bands_of; // the case whose bands are sought, NULL = the prediction itself
};

static void tick(void *listener, const struct run_progress *p) {
    struct progress *g = listener;
    char what[SCENARIO_NAME + 32];
    if (g->bands_of)
        snprintf(what, sizeof what, "bands of %s", g->bands_of);
    else
        snprintf(what, sizeof what, "%d of %d cases", p->cases_done, p->cases);
    ticker_show(&g->line, "%s, %d of %d replications", what, p->replications_done, p->replications_wanted);
}

// ---- running ----

// The trace is of the first file's case: the one asked for, or the first that runs.
static void aim_trace(const struct job *j, const struct scenario_file *part, int file,
                      struct run_options *o) {
    if (!j->chrome) return;
    const char *name = j->args->trace_case;
    o->trace_case = name ? cases_find(part, name) : 0;
    for (int f = 0; name && f < file; f++)
        if (cases_find(&j->file[f], name) >= 0) return;
    if (o->trace_case >= 0 && (name || j->done == 0)) o->trace = chrome_sink(j->chrome);
}

// The bands of every case of a file. When stopped, a result may lack cases: then there are no bands for it.
static bool find_bands(struct job *j, const struct scenario_file *part, int at, struct run_options *o,
                       struct progress *progress, struct err *e) {
    struct result *r = &j->result[at];
    j->bands[at] = memory_new((size_t)r->cases, sizeof **j->bands);
    o->trace = NULL;
    for (int c = 0; c < r->cases; c++) {
        bool complete = false;
        progress->bands_of = r->case_[c].name;
        if (r->cases == part->cases && !atomic_load(&j->signals.seen) &&
            !bands_of(&part->case_[c], &r->case_[c], o, true, &j->bands[at][c], &complete, e))
            return false;
        j->incomplete |= !complete;
        j->bands_left_out += !complete;
    }
    return true;
}

// Bounds and formulas for every case of a result, and whether the simulation respects them. A stopped result may lack
// cases; a file without cases has one, which is called otherwise in the result.
static void find_analytic(struct job *j, const struct scenario_file *part, int at) {
    const struct result *r = &j->result[at];
    j->analytic[at] = memory_new((size_t)r->cases, sizeof **j->analytic);
    for (int i = 0; i < r->cases; i++) {
        char why[256];
        int found = cases_find(part, r->case_[i].name);
        const struct scenario *s = &part->case_[found < 0 ? 0 : found];
        analytic_of(s, &j->analytic[at][i]);
        if (bounds_hold(&j->analytic[at][i].bounds, s, &r->case_[i], why) || j->outside.kind != ERR_NONE)
            continue;
        err_set(&j->outside, ERR_BROKEN, "%s: the simulation is outside of its bounds: %s", r->case_[i].name,
                why);
    }
}

// Runs the cases of `part`, of which there is at least one; when stopped, as many as end.
static bool run_part(struct job *j, const struct scenario_file *part, int file, struct err *e) {
    struct progress progress = {0};
    struct run_options o = {.jobs = cases_jobs(j->args),
                            .simulate = cases_simulate,
                            .context = (void *)j->program,
                            .stop = &j->signals.seen};
    bool complete = true;
    int at = j->done;
    ticker_init(&progress.line, j->args->quiet);
    if (progress.line.told) {
        o.progress = tick;
        o.listener = &progress;
    }
    aim_trace(j, part, file, &o);
    bool ok = run_cases(part, &o, &j->result[at], &complete, e);
    if (ok) {
        j->done++;
        j->incomplete |= !complete;
    }
    if (ok && j->analytic) find_analytic(j, part, at);
    if (ok && j->bands) ok = find_bands(j, part, at, &o, &progress, e);
    ticker_clear(&progress.line);
    return ok;
}

static bool run_file(struct job *j, int file, struct err *e) {
    bool ok = true;
    struct scenario_file part = cases_select(j->args, &j->file[file]);
    if (part.cases)
        ok = run_part(j, &part, file, e);
    else
        cases_remark_none(j->args, &part);
    free(part.case_);
    return ok;
}

static bool run_files(struct job *j, struct err *e) {
    for (int i = 0; i < j->files; i++)
        if (!run_file(j, i, e)) return false;
    return true;
}

// ---- results ----

static bool write_results(struct job *j, struct err *e) {
    struct report r = {.result = j->result,
                       .count = j->done,
                       .colour = j->args->format == REPORT_TEXT && output_colour(&j->output),
                       .bands = (const struct bands *const *)j->bands,
                       .analytic = (const struct analytic *const *)j->analytic};
    if (!report_write(j->output.file, (enum report_format)j->args->format, &r, e)) return false;
    return output_commit(&j->output, e);
}

static void name_missing(const struct job *j) {
    int named = 0;
    for (int i = 0; i < j->done; i++)
        for (int c = 0; c < j->result[i].missing_cases; c++)
            fprintf(stderr, "%s%s", named++ ? ", " : "; missing: ", j->result[i].missing[c]);
}

static void remark_stopped(const struct job *j) {
    if (!j->incomplete || j->args->quiet) return;
    fprintf(stderr, "dispatchsim: stopped by %s; the result holds the replications that were complete",
            atomic_load(&j->signals.seen) == SIGINT ? "SIGINT" : "SIGTERM");
    name_missing(j);
    if (j->bands_left_out) fprintf(stderr, "; the bands of %d are missing", j->bands_left_out);
    fputc('\n', stderr);
}

// Places to write are opened first: a long run must not end at a folder that does not exist.
static bool open_places(struct job *j, struct err *e) {
    if (!output_open(&j->output, j->args->output, e)) return false;
    if (!j->args->trace) return true;
    j->chrome = chrome_create(j->args->trace, e);
    return j->chrome != NULL;
}

static bool execute(struct job *j, struct err *e) {
    if (!load_files(j, e) || !open_places(j, e) || !signals_init(&j->signals, j->args->quiet, e))
        return false;
    bool ok = run_files(j, e);
    signals_fini(&j->signals);
    struct chrome *chrome = j->chrome;
    j->chrome = NULL;
    if (chrome && !chrome_destroy(chrome, ok ? e : NULL)) return false;
    if (!ok || !write_results(j, e)) return false;
    if (j->outside.kind != ERR_NONE) *e = j->outside;
    return j->outside.kind == ERR_NONE;
}

static void release(struct job *j) {
    signals_fini(&j->signals);
    if (j->chrome) chrome_destroy(j->chrome, NULL);
    output_discard(&j->output);
    for (int i = 0; i < j->done; i++) result_fini(&j->result[i]);
    for (int i = 0; i < j->files; i++) scenario_fini(&j->file[i]);
    for (int i = 0; j->bands && i < j->files; i++) free(j->bands[i]);
    for (int i = 0; j->analytic && i < j->files; i++) free(j->analytic[i]);
    free(j->analytic);
    free(j->bands);
    free(j->result);
    free(j->file);
}

int cmd_run(const struct program *p, const struct args *a, struct err *e) {
    struct job j = {.program = p, .args = a};
    int code = execute(&j, e) ? 0 : err_exit_code(e->kind);
    if (!code) remark_stopped(&j);
    if (!code && j.incomplete) code = 128 + atomic_load(&j.signals.seen);
    release(&j);
    return code;
}
