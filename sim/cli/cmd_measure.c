#include "base/memory.h"
#include "cli/measuring.h"
#include "study/report_validation.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

// The rounds of a case as the observations they are.
static void gather(struct case_result *out, const struct scenario *s, const struct measure_case *c) {
    struct observation *o = memory_new((size_t)c->rounds, sizeof *o);
    for (int i = 0; i < c->rounds; i++) o[i] = c->round[i].seen;
    if (c->rounds) result_gather(out, s, o, c->rounds);
    free(o);
}

static struct result result_of(const struct measuring *m, int file) {
    const struct scenario_file *f = &m->part[file];
    struct result r = {.seed = f->case_[0].run.seed, .digest = f->digest};
    memcpy(r.scenario, f->name, sizeof r.scenario);
    memcpy(r.question, f->question, sizeof r.question);
    r.case_ = memory_new((size_t)f->cases, sizeof *r.case_);
    for (int c = 0; c < f->cases; c++)
        if (m->measurement[file].case_[c].rounds)
            gather(&r.case_[r.cases++], &f->case_[c], &m->measurement[file].case_[c]);
    return r;
}

static struct compared measured_only(const struct scenario *s, const struct measure_case *c, int endpoint,
                                     enum quantity q) {
    struct compared row = {
        .quantity = q, .predicted = NAN, .lo = NAN, .hi = NAN, .error = NAN, .tolerance = NAN};
    memcpy(row.name, s->name, sizeof row.name);
    if (endpoint >= 0) memcpy(row.endpoint, s->endpoint[endpoint].name, sizeof row.endpoint);
    row.measured = measure_endpoint(c, endpoint, q);
    row.verdict = VERDICT_NONE;
    return row;
}

static void print_file(const struct measuring *m, int file) {
    const struct scenario_file *f = &m->part[file];
    struct compared *row = memory_new((size_t)measuring_rows(f), sizeof *row);
    struct report_validation v = {.row = row};
    for (int c = 0; c < f->cases; c++)
        for (int i = -1; i < measuring_endpoints(&f->case_[c]); i++)
            for (int q = 0; q < QUANTITY_COUNT; q++)
                row[v.rows++] =
                    measured_only(&f->case_[c], &m->measurement[file].case_[c], i, (enum quantity)q);
    fprintf(m->output.file, "%s%s: %s\n\n", file ? "\n" : "", f->name, f->question);
    struct table t;
    report_validation_measured(&t, &v);
    table_print(&t, m->output.file, 0, false);
    table_fini(&t);
    free(row);
}

static bool write_results(struct measuring *m, struct err *e) {
    if (m->args->format == REPORT_TEXT) {
        for (int i = 0; i < m->measured; i++) print_file(m, i);
        return output_commit(&m->output, e);
    }
    struct result *result = memory_new((size_t)m->measured, sizeof *result);
    for (int i = 0; i < m->measured; i++) result[i] = result_of(m, i);
    struct report r = {.result = result, .count = m->measured};
    bool ok = report_write(m->output.file, (enum report_format)m->args->format, &r, e) &&
              output_commit(&m->output, e);
    for (int i = 0; i < m->measured; i++) result_fini(&result[i]);
    free(result);
    return ok;
}

int cmd_measure(const struct program *p, const struct args *a, struct err *e) {
    struct measuring m;
    bool ok = measuring_open(&m, p, a, e) && measuring_run(&m, e) && write_results(&m, e);
    int code = ok ? measuring_code(&m) : err_exit_code(e->kind);
    bool doubt = false;
    for (int i = 0; ok && i < m.measured; i++) doubt |= measuring_doubt(&m, i);
    measuring_close(&m);
    return code ? code : doubt ? 4 : 0;
}
