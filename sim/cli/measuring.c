#include "cli/measuring.h"

#include "base/memory.h"
#include "cli/cases.h"
#include "cli/load.h"
#include "live/host.h"

#include <stdlib.h>
#include <unistd.h>

enum { ROUNDS = 10 };

static bool check_cases(const struct measuring *m, struct err *e) {
    const struct args_list *names = &m->args->cases;
    for (int i = 0; i < names->count; i++)
        if (!cases_check(m->file, m->files, "case", names->item[i], e)) return false;
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
    if (!check_cases(m, e)) return false;
    leave_out_files(m);
    return output_open(&m->output, a->output, e) && signals_init(&m->signals, a->quiet, e);
}

struct ticker {
    const char *name;
};

static void tick(void *listener, int done, int all) {
    const struct ticker *t = listener;
    fprintf(stderr, "\r%s: run %d of %d\033[K", t->name, done + 1, all);
}

static bool measure_file(struct measuring *m, int i, struct err *e) {
    struct ticker ticker = {m->file[i].name};
    bool told = !m->args->quiet && isatty(STDERR_FILENO), complete = true;
    struct measure_options o = {.rounds = m->args->rounds ? m->args->rounds : ROUNDS,
                                .stop = &m->signals.seen,
                                .progress = told ? tick : NULL,
                                .listener = &ticker};
    bool ok = measure_cases(&m->part[i], &o, &m->measurement[i], &complete, e);
    if (told) fputs("\r\033[K", stderr);
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

bool measuring_doubt(const struct measuring *m, int file) {
    const struct scenario_file *f = &m->part[file];
    int bound = 0;
    doubt_cores(m, f);
    for (int c = 0; c < f->cases; c++) {
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
