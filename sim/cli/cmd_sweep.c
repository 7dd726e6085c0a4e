#include "cli/args.h"
#include "cli/cases.h"
#include "cli/command.h"
#include "cli/load.h"
#include "cli/signals.h"

#include "base/memory.h"
#include "base/units.h"
#include "scenario/vary_bind.h"
#include "study/export.h"
#include "study/sweep.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

struct job {
    const struct program *program;
    const struct args *args;
    bool quiet; // also in all processes but the first
    int shard, shards;
    int varies;
    struct vary *vary;
    struct grid grid;
    struct store *store;
    struct ranks *ranks;
    struct signals signals;
    bool complete;
};

// ---- what to vary ----

static bool parse_vary(struct job *j, const char *text, struct err *e) {
    const char *equals = strchr(text, '=');
    if (!equals || equals == text) {
        err_set(e, ERR_USAGE, "--vary needs KEY=LIST, not '%s'", text);
        return err_hint(e, "for example --vary server.threads=10,20,40 or 'load.concurrency=1..1024*2'");
    }
    char *key = strndup(text, (size_t)(equals - text));
    bool ok = vary_bind_check(key, e) && vary_parse(&j->vary[j->varies], key, equals + 1, e);
    j->varies += ok;
    if (!ok && e) {
        e->kind = ERR_USAGE;
        snprintf(e->file, sizeof e->file, "--vary");
    }
    free(key);
    return ok;
}

static bool nothing_varies(const struct job *j, struct err *e) {
    err_set(e, ERR_USAGE, "nothing varies: %s has no `sweep` block, and there is no --vary",
            j->args->operands.item[0]);
    return err_hint(e, "for example --vary 'load.concurrency=1..1024*2'");
}

// --vary, or what the file says.
static bool find_vary(struct job *j, struct err *e) {
    const struct args_list *list = &j->args->vary;
    j->vary = memory_new((size_t)list->count, sizeof *j->vary);
    for (int i = 0; i < list->count; i++)
        if (!parse_vary(j, list->item[i], e)) return false;
    if (list->count) return true;
    struct scenario_file f;
    if (!load_scenario(&f, j->args->operands.item[0], j->args, j->program, e)) return false;
    free(j->vary);
    j->vary = f.sweep;
    j->varies = f.sweeps;
    f.sweep = NULL;
    f.sweeps = 0;
    scenario_fini(&f);
    return j->varies > 0 || nothing_varies(j, e);
}

static bool load_grid(struct job *j, struct err *e) {
    const struct args *a = j->args;
    struct scenario_model *model = load_models(j->program);
    const struct scenario_models models = {j->program->models->count, model};
    struct grid_source source = {.path = a->operands.item[0],
                                 .set = a->set,
                                 .sets = a->sets,
                                 .models = &models,
                                 .vary = j->vary,
                                 .varies = j->varies,
                                 .case_name = a->cases.item,
                                 .cases = a->cases.count};
    bool ok = grid_load(&j->grid, &source, cases_jobs(a), e);
    free(model);
    if (!ok) return false;
    j->grid.sweep.shard = j->shard;
    j->grid.sweep.shards = j->shards;
    return true;
}

// ---- which part of it ----

static bool environment(const char *name, int64_t *out) {
    const char *text = getenv(name);
    return text && units_parse_int(text, out, NULL);
}

// The place of this task in a Slurm array, whatever its numbers are.
static void slurm_shard(struct job *j) {
    int64_t id, count, first = 0, step = 1;
    if (!environment("SLURM_ARRAY_TASK_ID", &id) || !environment("SLURM_ARRAY_TASK_COUNT", &count)) return;
    environment("SLURM_ARRAY_TASK_MIN", &first);
    environment("SLURM_ARRAY_TASK_STEP", &step);
    int64_t place = step > 0 ? (id - first) / step : -1;
    if (count < 2 || place < 0 || place >= count || count > GRID_ROWS) return;
    j->shard = (int)place + 1;
    j->shards = (int)count;
    if (!j->quiet)
        fprintf(stderr, "dispatchsim: shard %d/%d, because SLURM_ARRAY_TASK_ID is %d\n", j->shard, j->shards,
                (int)id);
}

static bool find_shard(struct job *j, struct err *e) {
    const char *text = j->args->shard;
    char rest;
    j->shard = j->shards = 1;
    if (!text) {
        slurm_shard(j);
        return true;
    }
    bool ok = sscanf(text, "%d/%d%c", &j->shard, &j->shards, &rest) == 2 && j->shard >= 1 &&
              j->shard <= j->shards && j->shards <= GRID_ROWS;
    if (ok) return true;
    err_set(e, ERR_USAGE, "--shard must be I/N with I from 1 to N, not '%s'", text);
    return err_hint(e, "for example --shard 1/3, --shard 2/3 and --shard 3/3, each with its own -o");
}

// ---- progress ----

struct ticker {
    struct timespec start, last;
    bool terminal, shown;
};

static double since(const struct timespec *t) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)(now.tv_sec - t->tv_sec) + (double)(now.tv_nsec - t->tv_nsec) / 1e9;
}

// On a terminal one line that changes ten times a second, else a line every ten seconds.
static void tick(void *listener, const struct sweep_progress *p) {
    struct ticker *t = listener;
    double elapsed = since(&t->start), rate = p->simulated / elapsed;
    char left[UNITS_TEXT] = "", per_s[32];
    if (since(&t->last) < (t->terminal ? 0.1 : 10)) return;
    clock_gettime(CLOCK_MONOTONIC, &t->last);
    t->shown = true;
    fprintf(stderr, "%s%d of %d points, %d of %d replications",
            t->terminal ? "\r" : "dispatchsim: ", p->points_done, p->points, p->replications_done,
            p->replications_wanted);
    if (p->simulated > 0 && elapsed > 0.5)
        fprintf(stderr, ", %s/s, about %s left", report_rate(per_s, rate),
                units_format(left, UNIT_SECONDS, (p->replications_wanted - p->replications_done) / rate));
    fputs(t->terminal ? "\033[K" : "\n", stderr);
}

// ---- running ----

static bool run(struct job *j, struct err *e) {
    struct ticker ticker = {.terminal = isatty(STDERR_FILENO)};
    struct sweep_options o = {.jobs = j->ranks && !j->args->jobs ? 1 : cases_jobs(j->args),
                              .simulate = cases_simulate,
                              .context = (void *)j->program,
                              .progress = j->quiet ? NULL : tick,
                              .listener = &ticker,
                              .stop = &j->signals.seen,
                              .ranks = j->ranks};
    clock_gettime(CLOCK_MONOTONIC, &ticker.start);
    ticker.last = ticker.start;
    bool ok = true;
    if (j->ranks && ranks_me(j->ranks) > 0)
        sweep_serve(&j->grid, &o);
    else
        ok = sweep_run(&j->grid, j->store, &o, &j->complete, e);
    if (ticker.shown && ticker.terminal) fputs("\r\033[K", stderr);
    return ok;
}

static void remark_end(const struct job *j, const struct export *x) {
    const char *dir = j->args->output;
    if (j->quiet) return;
    if (!j->complete)
        fprintf(stderr,
                "dispatchsim: stopped by %s with %d of %d results complete; the same command with --resume "
                "goes on\n",
                atomic_load(&j->signals.seen) == SIGINT ? "SIGINT" : "SIGTERM", x->cases_done, x->cases);
    else if (j->shards > 1)
        fprintf(stderr, "dispatchsim: shard %d/%d is complete; join all with: dispatchsim merge OUT %s ...\n",
                j->shard, j->shards, dir);
    else
        fprintf(stderr, "dispatchsim: draw it with: dispatchsim plot %s\n", dir);
}

static bool colour_wanted(const struct job *j) {
    const char *no = getenv("NO_COLOR"), *term = getenv("TERM");
    if (no && no[0]) return false; // no-color.org
    if (term && !strcmp(term, "dumb")) return false;
    return j->args->format == REPORT_TEXT && isatty(STDOUT_FILENO);
}

static bool report(struct job *j, struct err *e) {
    static const enum export_format format[] = {[REPORT_TEXT] = EXPORT_TEXT,
                                                [REPORT_JSON] = EXPORT_JSON,
                                                [REPORT_CSV] = EXPORT_CSV,
                                                [REPORT_MD] = EXPORT_MD};
    struct export x;
    if (!export_load(&x, j->store, e)) return false;
    bool ok = export_write(stdout, format[j->args->format], &x, colour_wanted(j), e);
    if (ok) remark_end(j, &x);
    export_fini(&x);
    return ok;
}

// ---- in the process that keeps the results, and in all ----

static bool open_store(struct job *j, struct err *e) {
    const char *dir = j->args->output;
    j->store = j->args->resume ? store_resume(dir, &j->grid.sweep, e) : store_create(dir, &j->grid.sweep, e);
    return j->store != NULL;
}

static bool prepare(struct job *j, struct err *e) {
    const char *file = j->args->operands.item[0];
    if (!j->args->output) {
        err_set(e, ERR_USAGE, "sweep needs a folder for its results: -o DIR");
        return false;
    }
    if (!strcmp(file, "-"))
        return err_set(e, ERR_USAGE,
                       "sweep reads its scenario once a point: give a file, not standard input");
    return find_shard(j, e) && find_vary(j, e) && load_grid(j, e) &&
           ((j->ranks && ranks_me(j->ranks) > 0) || open_store(j, e));
}

static bool execute(struct job *j, struct err *e) {
    bool ready = prepare(j, e);
    if (j->ranks && !ranks_agree(j->ranks, ready, j->grid.sweep.digest))
        return ready ? err_set(e, ERR_HOST,
                               "the processes did not all find the same scenario, or one could not start")
                     : false;
    if (!ready || !signals_init(&j->signals, j->quiet, e)) return false;
    bool ok = run(j, e);
    signals_fini(&j->signals);
    if (!j->store) return ok;
    // What ends in an error has been stored as far as it went.
    if (ok) ok = report(j, e);
    struct store *s = j->store;
    j->store = NULL;
    return store_close(s, ok ? e : NULL) && ok;
}

static void release(struct job *j) {
    signals_fini(&j->signals);
    ranks_destroy(j->ranks);
    if (j->store) store_close(j->store, NULL);
    vary_bind_fini(j->vary, j->varies);
    grid_fini(&j->grid);
}

// The first process speaks for all, with its exit code too: mpirun ends all others as soon as one fails.
static int speak(const struct job *j, int code, struct err *e) {
    if (!j->ranks || ranks_me(j->ranks) == 0) return code;
    *e = (struct err){0};
    return 0;
}

int cmd_sweep(const struct program *p, const struct args *a, struct err *e) {
    struct job j = {.program = p, .args = a, .quiet = a->quiet, .complete = true};
    if (!ranks_create(&j.ranks, a->jobs ? a->jobs : 1, e)) return err_exit_code(e->kind);
    if (j.ranks && ranks_me(j.ranks) > 0) j.quiet = true;
    int code = execute(&j, e) ? 0 : err_exit_code(e->kind);
    if (!code && !j.complete) code = 128 + atomic_load(&j.signals.seen);
    code = speak(&j, code, e);
    release(&j);
    return code;
}
