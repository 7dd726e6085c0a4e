#include "cli/cases.h"

#include "base/memory.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

static bool wanted(const struct args *a, const struct scenario *s) {
    for (int i = 0; i < a->cases.count; i++)
        if (!strcmp(a->cases.item[i], s->name)) return true;
    return a->cases.count == 0;
}

struct scenario_file cases_select(const struct args *a, const struct scenario_file *f) {
    struct scenario_file part = *f;
    part.case_ = memory_new((size_t)f->cases, sizeof *part.case_);
    part.cases = 0;
    for (int c = 0; c < f->cases; c++)
        if (wanted(a, &f->case_[c])) part.case_[part.cases++] = f->case_[c];
    return part;
}

int cases_find(const struct scenario_file *f, const char *name) {
    for (int c = 0; c < f->cases; c++)
        if (!strcmp(f->case_[c].name, name)) return c;
    return -1;
}

bool cases_check(const struct scenario_file *file, int count, const char *option, const char *name,
                 struct err *e) {
    struct text all = {0};
    for (int f = 0; f < count; f++)
        if (cases_find(&file[f], name) >= 0) return true;
    for (int f = 0; f < count; f++) {
        for (int c = 0; c < file[f].cases; c++)
            text_addf(&all, "%s%s", all.length ? ", " : "", file[f].case_[c].name);
    }
    err_set(e, ERR_USAGE, "--%s: no case '%s'", option, name);
    err_hint(e, "cases: %s", text_string(&all));
    text_fini(&all);
    return false;
}

void cases_remark_none(const struct args *a, const struct scenario_file *f) {
    if (!a->quiet) fprintf(stderr, "dispatchsim: %s has no case of these names and is left out\n", f->name);
}

int cases_jobs(const struct args *a) {
    if (a->jobs) return a->jobs;
    long n = sysconf(_SC_NPROCESSORS_ONLN);
    return n < 1 ? 1 : n > 4096 ? 4096 : (int)n;
}

bool cases_simulate(void *context, const struct scenario *s, const struct simulate_options *o,
                    struct observation *out, struct err *e) {
    const struct program *p = context;
    return p->simulate(models_find(p->models, s->server.model), s, o, out, e);
}
