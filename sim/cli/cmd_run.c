#include "cli/args.h"
#include "cli/command.h"
#include "cli/load.h"
#include "cli/output.h"
#include "cli/signals.h"

#include "base/memory.h"
#include "study/chrome.h"
#include "study/report.h"
#include "study/run.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

// Everything one `run` holds.
struct job {
    const struct program *program;
    const struct args *args;
    int files;
    struct scenario_file *file; // [files]
    struct result *result;      // [files], `done` of them filled
    int done, cases_left_out;
    bool incomplete; // something was stopped
    struct output output;
    struct chrome *chrome;
    struct signals signals;
};

static bool simulate_case(void *context, const struct scenario *s, const struct simulate_options *o,
                          struct observation *out, struct err *e) {
    const struct program *p = context;
    return p->simulate(models_find(p->models, s->server.model), s, o, out, e);
}

// ---- what to run ----

static bool wanted(const struct args *a, const struct scenario *s) {
    for (int i = 0; i < a->cases.count; i++)
        if (!strcmp(a->cases.item[i], s->name)) return true;
    return a->cases.count == 0;
}

static int find_case(const struct scenario_file *f, const char *name) {
    for (int c = 0; c < f->cases; c++)
        if (!strcmp(f->case_[c].name, name)) return c;
    return -1;
}

// A case that is asked for must be in one of the files.
static bool check_case(const struct job *j, const char *option, const char *name, struct err *e) {
    struct text all = {0};
    for (int f = 0; f < j->files; f++) {
        if (find_case(&j->file[f], name) >= 0) return true;
        for (int c = 0; c < j->file[f].cases; c++)
            text_addf(&all, "%s%s", all.length ? ", " : "", j->file[f].case_[c].name);
    }
    err_set(e, ERR_USAGE, "--%s: no case '%s'", option, name);
    err_hint(e, "cases: %s", text_string(&all));
    text_fini(&all);
    return false;
}

static bool check_cases(const struct job *j, struct err *e) {
    for (int i = 0; i < j->args->cases.count; i++)
        if (!check_case(j, "case", j->args->cases.item[i], e)) return false;
    return !j->args->trace_case || check_case(j, "trace-case", j->args->trace_case, e);
}

static bool load_files(struct job *j, struct err *e) {
    const struct args_list *paths = &j->args->operands;
    int count = paths->count ? paths->count : 1;
    j->file = memory_new((size_t)count, sizeof *j->file);
    j->result = memory_new((size_t)count, sizeof *j->result);
    for (; j->files < count; j->files++)
        if (!load_scenario(&j->file[j->files], paths->count ? paths->item[j->files] : NULL, j->args,
                           j->program, e))
            return false;
    return check_cases(j, e);
}

// ---- progress ----

struct ticker {
    struct timespec last;
    bool shown;
};

static double since(const struct timespec *t, const struct timespec *now) {
    return (double)(now->tv_sec - t->tv_sec) + (double)(now->tv_nsec - t->tv_nsec) / 1e9;
}

static void tick(void *listener, const struct run_progress *p) {
    struct ticker *t = listener;
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    if (since(&t->last, &now) < 0.1) return;
    t->last = now;
    t->shown = true;
    fprintf(stderr, "\r%d of %d cases, %d of %d replications\033[K", p->cases_done, p->cases,
            p->replications_done, p->replications_wanted);
}

static void clear(const struct ticker *t) {
    if (t->shown) fputs("\r\033[K", stderr);
}

// ---- running ----

static int jobs_wanted(const struct args *a) {
    if (a->jobs) return a->jobs;
    long n = sysconf(_SC_NPROCESSORS_ONLN);
    return n < 1 ? 1 : n > 4096 ? 4096 : (int)n;
}

// The trace is of the first file's case: the one asked for, or the first that runs.
static void aim_trace(const struct job *j, const struct scenario_file *part, int file,
                      struct run_options *o) {
    if (!j->chrome) return;
    const char *name = j->args->trace_case;
    o->trace_case = name ? find_case(part, name) : 0;
    for (int f = 0; name && f < file; f++)
        if (find_case(&j->file[f], name) >= 0) return;
    if (o->trace_case >= 0 && (name || file == 0)) o->trace = chrome_sink(j->chrome);
}

// The cases of a file that --case asks for, sharing all they point to with the file.
static struct scenario_file select_cases(const struct job *j, const struct scenario_file *f) {
    struct scenario_file part = *f;
    part.case_ = memory_new((size_t)f->cases, sizeof *part.case_);
    part.cases = 0;
    for (int c = 0; c < f->cases; c++)
        if (wanted(j->args, &f->case_[c])) part.case_[part.cases++] = f->case_[c];
    return part;
}

static bool run_file(struct job *j, int file, struct err *e) {
    struct ticker ticker = {0};
    struct scenario_file part = select_cases(j, &j->file[file]);
    struct run_options o = {.jobs = jobs_wanted(j->args),
                            .simulate = simulate_case,
                            .context = (void *)j->program,
                            .stop = &j->signals.seen};
    bool complete = true;
    if (!j->args->quiet && isatty(STDERR_FILENO)) {
        o.progress = tick;
        o.listener = &ticker;
        clock_gettime(CLOCK_MONOTONIC, &ticker.last);
    }
    aim_trace(j, &part, file, &o);
    bool ok = run_cases(&part, &o, &j->result[file], &complete, e);
    clear(&ticker);
    if (ok) {
        j->done++;
        j->incomplete |= !complete;
        j->cases_left_out += part.cases - j->result[file].cases;
    }
    free(part.case_);
    return ok;
}

static bool run_files(struct job *j, struct err *e) {
    for (int i = 0; i < j->files; i++) {
        if (atomic_load(&j->signals.seen)) {
            j->incomplete = true;
            j->cases_left_out += j->file[i].cases;
        } else if (!run_file(j, i, e)) {
            return false;
        }
    }
    return true;
}

// ---- results ----

static bool colour_wanted(const struct job *j) {
    const char *no = getenv("NO_COLOR"), *term = getenv("TERM");
    if (no && no[0]) return false; // no-color.org
    if (term && !strcmp(term, "dumb")) return false;
    return j->args->format == REPORT_TEXT && isatty(fileno(j->output.file));
}

static bool write_results(struct job *j, struct err *e) {
    struct report r = {j->result, j->done, colour_wanted(j)};
    if (!report_write(j->output.file, (enum report_format)j->args->format, &r, e)) return false;
    return output_commit(&j->output, e);
}

static void remark_stopped(const struct job *j) {
    if (!j->incomplete || j->args->quiet) return;
    fprintf(stderr, "dispatchsim: stopped by %s",
            atomic_load(&j->signals.seen) == SIGINT ? "SIGINT" : "SIGTERM");
    fprintf(stderr, "; the result holds the replications that were complete, %d case%s had none\n",
            j->cases_left_out, j->cases_left_out == 1 ? "" : "s");
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
    return ok && write_results(j, e);
}

static void release(struct job *j) {
    signals_fini(&j->signals);
    if (j->chrome) chrome_destroy(j->chrome, NULL);
    output_discard(&j->output);
    for (int i = 0; i < j->done; i++) result_fini(&j->result[i]);
    for (int i = 0; i < j->files; i++) scenario_fini(&j->file[i]);
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
