#include "base/memory.h"
#include "cli/cases.h"
#include "cli/measuring.h"
#include "cli/seen_speed.h"
#include "study/bands.h"
#include "study/report_validation.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { EXIT_MISSES = 1, EXIT_TOO_NOISY = 4 };

// The median of the replications, as that of the rounds is what was measured: where a server falls into one of two rhythms, or
// p99 hangs on one pass of a collector, the mean is neither. Of all requests for endpoint -1; what the server's processes use is known of all together.
static double predicted_value(const struct case_result *c, int endpoint, enum quantity q) {
    const struct latency_estimate *l = endpoint < 0 ? &c->latency : &c->endpoint[endpoint].latency;
    switch (q) {
    case QUANTITY_THROUGHPUT:
        return endpoint < 0 ? c->throughput_per_s.median : c->endpoint[endpoint].throughput_per_s.median;
    case QUANTITY_MEAN: return l->mean.median;
    case QUANTITY_P50: return l->quantile[QUANTILE_P50].median;
    case QUANTITY_P95: return l->quantile[QUANTILE_P95].median;
    case QUANTITY_P99: return l->quantile[QUANTILE_P99].median;
    case QUANTITY_CPU: return endpoint < 0 ? c->cpu_per_request_s : NAN;
    case QUANTITY_VOLUNTARY: return endpoint < 0 ? c->voluntary_per_request : NAN;
    case QUANTITY_INVOLUNTARY: return endpoint < 0 ? c->involuntary_per_request : NAN;
    case QUANTITY_COUNT: break;
    }
    return NAN;
}

static struct compared compare(const struct measuring *m, const struct case_result *predicted,
                               const struct bands *b, const struct measure_case *measured, int endpoint,
                               enum quantity q) {
    struct compared row = {.quantity = q, .lo = NAN, .hi = NAN, .tolerance = compare_tolerance(q)};
    if (q == QUANTITY_THROUGHPUT && m->args->tolerance > 0) row.tolerance = m->args->tolerance;
    memcpy(row.name, predicted->name, sizeof row.name);
    if (endpoint >= 0) memcpy(row.endpoint, predicted->endpoint[endpoint].name, sizeof row.endpoint);
    row.predicted = predicted_value(predicted, endpoint, q);
    row.measured = measure_endpoint(measured, endpoint, q);
    if (endpoint < 0 && b->given && (int)q < (int)BANDS_QUANTITIES) {
        row.lo = b->of[q].lo;
        row.hi = b->of[q].hi;
    }
    compare_judge(&row);
    return row;
}

// What one file came to.
struct validated {
    struct result result;
    struct report_validation v;
    struct compared *row;
    struct report_speed *speed;
};

static bool validate_case(struct measuring *m, int file, int c, const struct scenario *now,
                          const struct run_options *o, struct validated *out, struct err *e) {
    struct bands bands = {0};
    bool complete = true;
    if (m->args->bands && !bands_of(now, &out->result.case_[c], o, false, &bands, &complete, e)) return false;
    for (int i = -1; i < measuring_endpoints(now); i++)
        for (int q = 0; q < QUANTITY_COUNT; q++)
            out->row[out->v.rows++] = compare(m, &out->result.case_[c], &bands,
                                              &m->measurement[file].case_[c], i, (enum quantity)q);
    return true;
}

// Round r of an open load offered the arrivals of replication r: with as many replications as rounds both saw the same.
static void same_arrivals(struct scenario *s, int rounds) {
    if (s->load.client == CLIENT_OPEN && rounds > 0) s->run.replications = rounds;
}

static bool validate_file(struct measuring *m, int file, struct validated *out, struct err *e) {
    struct scenario_file now = seen_speed_cases(&m->part[file], &m->measurement[file]);
    for (int c = 0; c < now.cases; c++) same_arrivals(&now.case_[c], m->measurement[file].case_[c].rounds);
    struct run_options o = {
        .jobs = cases_jobs(m->args), .simulate = cases_simulate, .context = (void *)m->program};
    bool ok = run_cases(&now, &o, &out->result, NULL, e);
    int cases = ok ? out->result.cases : 0;
    out->row = memory_new((size_t)measuring_rows(&now) + 1, sizeof *out->row);
    out->speed = memory_new((size_t)now.cases + 1, sizeof *out->speed);
    for (int c = 0; c < now.cases; c++)
        out->speed[c] = seen_speed_of(&m->part[file].case_[c], &m->measurement[file], c);
    out->v = (struct report_validation){.row = out->row, .speed = out->speed, .speeds = now.cases};
    for (int c = 0; ok && c < cases; c++) ok = validate_case(m, file, c, &now.case_[c], &o, out, e);
    seen_speed_fini(&now);
    return ok;
}

static bool write_results(struct measuring *m, const struct validated *all, struct err *e) {
    struct result *result = memory_new((size_t)m->measured, sizeof *result);
    struct report_validation *v = memory_new((size_t)m->measured, sizeof *v);
    enum report_format format = (enum report_format)m->args->format;
    for (int i = 0; i < m->measured; i++) {
        result[i] = all[i].result;
        v[i] = all[i].v;
        if (format != REPORT_TEXT && format != REPORT_MD) continue;
        fprintf(m->output.file, "%s%s: %s\n\n", i ? "\n" : "", result[i].scenario, result[i].question);
        report_validation_print(m->output.file, &v[i], format == REPORT_MD);
    }
    struct report r = {.result = result, .count = m->measured, .validation = v};
    bool ok = true;
    if (format == REPORT_JSON || format == REPORT_CSV) ok = report_write(m->output.file, format, &r, e);
    free(result);
    free(v);
    return ok && output_commit(&m->output, e);
}

static void remark_drawing(const struct args *a) {
    bool file = a->format == REPORT_JSON && a->output && strcmp(a->output, "-");
    if (a->quiet) return;
    fprintf(stderr, "dispatchsim: %s with: dispatchsim plot %s\n",
            file ? "draw it" : "with --format json -o FILE, draw it", file ? a->output : "FILE");
}

// 1 where the model misses, 4 where most of what was to be judged is too noisy, else 0.
static int verdict_code(const struct measuring *m, const struct validated *all) {
    int misses = 0, noisy = 0, judged = 0;
    for (int i = 0; i < m->measured; i++)
        for (int r = 0; r < all[i].v.rows; r++) {
            enum verdict v = all[i].row[r].verdict;
            misses += v == VERDICT_MISSES;
            noisy += v == VERDICT_TOO_NOISY;
            judged += v != VERDICT_NONE;
        }
    if (2 * noisy > judged) return EXIT_TOO_NOISY;
    return misses ? EXIT_MISSES : 0;
}

static bool does_nothing(const struct scenario *s) {
    for (int i = 0; i < s->endpoints; i++)
        if (s->endpoint[i].steps) return false;
    return s->costs.none;
}

// What the simulator would refuse is said before the time for measuring is spent.
static bool check_costs(const struct measuring *m, struct err *e) {
    for (int i = 0; i < m->files; i++)
        for (int c = 0; c < m->part[i].cases; c++) {
            if (!does_nothing(&m->part[i].case_[c])) continue;
            err_set(e, ERR_USAGE, "%s %s: no costs and no work, so there is nothing to predict",
                    m->part[i].name, m->part[i].case_[c].name);
            return err_hint(e, "--set costs=PROFILE; `dispatchsim calibrate` writes one");
        }
    return true;
}

static int validate(struct measuring *m, struct validated *all, struct err *e) {
    bool doubt = false;
    if (!check_costs(m, e)) return err_exit_code(e->kind);
    if (!measuring_run(m, e)) return err_exit_code(e->kind);
    for (int i = 0; i < m->measured; i++) {
        if (!validate_file(m, i, &all[i], e)) return err_exit_code(e->kind);
        doubt |= measuring_doubt(m, i);
    }
    if (!write_results(m, all, e)) return err_exit_code(e->kind);
    remark_drawing(m->args);
    int code = measuring_code(m);
    return code ? code : doubt ? EXIT_TOO_NOISY : verdict_code(m, all);
}

int cmd_validate(const struct program *p, const struct args *a, struct err *e) {
    struct measuring m;
    struct validated *all = memory_new((size_t)a->operands.count, sizeof *all);
    int code = measuring_open(&m, p, a, e) ? validate(&m, all, e) : err_exit_code(e->kind);
    for (int i = 0; i < a->operands.count; i++) {
        result_fini(&all[i].result);
        free(all[i].row);
        free(all[i].speed);
    }
    free(all);
    measuring_close(&m);
    return code;
}
