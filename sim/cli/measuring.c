#include "cli/measuring.h"

#include "base/memory.h"
#include "cli/cases.h"
#include "cli/load.h"
#include "cli/ticker.h"
#include "live/host.h"

#include <stdlib.h>

enum { ROUNDS = 10 };

static bool check_cases(const struct measuring *m, struct err *e) {
    const struct args_list *names = &m->args->cases;
    for (int i = 0; i < names->count; i++)
        if (!cases_check(m->file, m->files, "case", names->item[i], e)) return false;
    return true;
}

// --quick: of each file the cases that are marked for it.
static bool keep_quick(struct measuring *m, struct err *e) {
    for (int i = 0; m->args->quick && i < m->files; i++) {
        struct scenario_file *f = &m->part[i];
        int kept = 0, cases = f->cases;
        for (int c = 0; c < cases; c++)
            if (f->case_[c].quick) f->case_[kept++] = f->case_[c];
        f->cases = kept;
        if (kept || !cases) continue;
        err_set(e, ERR_USAGE, "%s has no case for --quick", f->name);
        return err_hint(e, "mark a case with `quick: on`, or name cases with --case");
    }
    return true;
}

// Files of which --case leaves nothing; what remains moves up.
static void leave_out_files(struct measuring *m) {
    int kept = 0;
    for (int i = 0; i < m->files; i++) {
        if (m->part[i].cases) {
            m->file[kept] = m->file[i];
            m->part[kept++] = m->part[i];
            continue;
        }
        cases_remark_none(m->args, &m->file[i]);
        free(m->part[i].case_);
        scenario_fini(&m->file[i]);
    }
    m->files = kept;
}

bool measuring_open(struct measuring *m, const struct program *p, const struct args *a, struct err *e) {
    *m = (struct measuring){.program = p, .args = a};
    size_t count = (size_t)a->operands.count;
    m->file = memory_new(count, sizeof *m->file);
    m->part = memory_new(count, sizeof *m->part);
    m->measurement = memory_new(count, sizeof *m->measurement);
    for (; m->files < a->operands.count; m->files++) {
        int i = m->files;
        if (!load_scenario(&m->file[i], a->operands.item[i], a, p, e)) return false;
        m->part[i] = cases_select(a, &m->file[i]);
    }
    if (!check_cases(m, e) || !keep_quick(m, e)) return false;
    leave_out_files(m);
    return output_open(&m->output, a->output, e) && signals_init(&m->signals, a->quiet, e);
}

struct progress {
    struct ticker line;
    const char *name;
};

static void tick(void *listener, int done, int all) {
    struct progress *p = listener;
    ticker_show(&p->line, "%s: run %d of %d", p->name, done + 1, all);
}

static bool measure_file(struct measuring *m, int i, struct err *e) {
    struct progress progress = {.name = m->file[i].name};
    bool complete = true;
    ticker_init(&progress.line, m->args->quiet);
    struct measure_options o = {.rounds = m->args->rounds ? m->args->rounds : ROUNDS,
                                .stop = &m->signals.seen,
                                .progress = tick,
                                .listener = &progress};
    bool ok = measure_cases(&m->part[i], &o, &m->measurement[i], &complete, e);
    ticker_clear(&progress.line);
    m->measured += ok;
    m->incomplete |= !complete;
    return ok;
}

bool measuring_run(struct measuring *m, struct err *e) {
    for (int i = 0; i < m->files && !atomic_load(&m->signals.seen); i++)
        if (!measure_file(m, i, e)) return false;
    m->incomplete |= m->measured < m->files;
    return true;
}

int measuring_endpoints(const struct scenario *s) {
    return s->endpoints > 1 ? s->endpoints : 0;
}

int measuring_rows(const struct scenario_file *f) {
    int rows = 0;
    for (int c = 0; c < f->cases; c++) rows += (1 + measuring_endpoints(&f->case_[c])) * QUANTITY_COUNT;
    return rows;
}

int measuring_code(const struct measuring *m) {
    if (!m->incomplete) return 0;
    if (!m->args->quiet)
        fputs("dispatchsim: stopped; the result holds the rounds that were complete\n", stderr);
    return 128 + atomic_load(&m->signals.seen);
}

static void doubt_cores(const struct measuring *m, const struct scenario_file *f) {
    struct host h;
    host_read(&h);
    int cores = scenario_cpus(&f->case_[0].machine);
    if (cores == h.cpus || m->args->quiet) return;
    fprintf(stderr, "dispatchsim: %s describes a machine of %d cores, this one has %d\n", f->name, cores,
            h.cpus);
}

static void doubt_answers(const struct scenario_file *f, int c, int64_t not_ok) {
    if (not_ok)
        fprintf(stderr, "dispatchsim: %s %s: %lld responses were errors (status 4xx or 5xx)\n", f->name,
                f->case_[c].name, (long long)not_ok);
}

// What other programs take, server and generator lack: waiting for a core is then no fault of the model.
static void doubt_others(const struct measuring *m, const struct scenario_file *f, int c, double share) {
    static const double bearable = 0.1;
    if (share > bearable && !m->args->quiet)
        fprintf(stderr,
                "dispatchsim: %s %s: other programs took %.0f %% of the machine in the median round\n",
                f->name, f->case_[c].name, 100 * share);
}

bool measuring_doubt(const struct measuring *m, int file) {
    const struct scenario_file *f = &m->part[file];
    int bound = 0;
    doubt_cores(m, f);
    for (int c = 0; c < f->cases; c++) {
        doubt_answers(f, c, measure_not_ok(&m->measurement[file].case_[c]));
        doubt_others(m, f, c, measure_others(&m->measurement[file].case_[c]));
        if (!measure_generator_bound(&m->measurement[file].case_[c])) continue;
        bound++;
        fprintf(stderr, "dispatchsim: %s %s: the load generator was the limit in most rounds\n", f->name,
                f->case_[c].name);
    }
    return 2 * bound > f->cases;
}

void measuring_close(struct measuring *m) {
    signals_fini(&m->signals);
    output_discard(&m->output);
    for (int i = 0; i < m->measured; i++) measure_fini(&m->measurement[i]);
    for (int i = 0; i < m->files; i++) {
        free(m->part[i].case_);
        scenario_fini(&m->file[i]);
    }
    free(m->measurement);
    free(m->part);
    free(m->file);
}
