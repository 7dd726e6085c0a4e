#include "calib/attach_fit.h"

#include "base/memory.h"
#include "base/require.h"
#include "stats/interval.h"

#include <gsl/gsl_blas.h>
#include <gsl/gsl_linalg.h>
#include <gsl/gsl_multifit.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_ROUNDS = 10, HALVINGS = 4 };
static const double step = 1. / 3, settled = 2e-3;
static const double least_independent = 0.02;
static const double counts = 0.3; // part of a direction that an unknown must have to be named in it

// One fit under way.
struct fit {
    struct attach_problem *p;
    size_t n, k; // values, unknowns
    double *x, *y, *start, *there, *y_there;
    gsl_matrix *jacobian; // of y, n by k
    gsl_vector *weight, *miss;
    struct err *e;
};

static double squares(const struct fit *s, const double *y) {
    double sum = 0;
    for (size_t i = 0; i < s->n; i++) {
        double off = (y[i] - s->p->measured[i]) / s->p->sigma[i];
        sum += off * off;
    }
    return sum;
}

static bool predict(struct fit *s, const double *x, double *y) {
    return s->p->predict(s->p->context, x, y, s->e);
}

// Differences of a third of each unknown, and never of less than a thirtieth of where it began: noise in the prediction
// does not drown them, and an unknown that has come to nought can grow again.
static bool derive(struct fit *s) {
    if (s->p->slope) {
        gsl_matrix_const_view known = gsl_matrix_const_view_array(s->p->slope, s->n, s->k);
        gsl_matrix_memcpy(s->jacobian, &known.matrix);
        return true;
    }
    for (size_t k = 0; k < s->k; k++) {
        double by = step * fmax(s->x[k], s->start[k] / 10);
        memcpy(s->there, s->x, s->k * sizeof *s->x);
        s->there[k] += by;
        if (!predict(s, s->there, s->y_there)) return false;
        for (size_t i = 0; i < s->n; i++) gsl_matrix_set(s->jacobian, i, k, (s->y_there[i] - s->y[i]) / by);
    }
    return true;
}

// The step that would be right were the prediction linear, of the unknowns that `held` leaves free; its covariance where
// one is wanted.
static void solve(struct fit *s, const bool *held, double *by, gsl_matrix *covariance) {
    gsl_matrix *j = gsl_matrix_alloc(s->n, s->k), *spare = gsl_matrix_alloc(s->k, s->k);
    gsl_vector *found = gsl_vector_alloc(s->k);
    gsl_multifit_linear_workspace *work = gsl_multifit_linear_alloc(s->n, s->k);
    double chi_square;
    REQUIRE(j && spare && found && work);
    gsl_matrix_memcpy(j, s->jacobian);
    for (size_t k = 0; k < s->k; k++)
        for (size_t i = 0; held && held[k] && i < s->n; i++) gsl_matrix_set(j, i, k, 0);
    for (size_t i = 0; i < s->n; i++) gsl_vector_set(s->miss, i, s->p->measured[i] - s->y[i]);
    gsl_multifit_wlinear(j, s->weight, s->miss, found, covariance ? covariance : spare, &chi_square, work);
    for (size_t k = 0; k < s->k; k++) by[k] = held && held[k] ? 0 : gsl_vector_get(found, k);
    gsl_multifit_linear_free(work);
    gsl_matrix_free(j);
    gsl_matrix_free(spare);
    gsl_vector_free(found);
}

// The same with unknowns held that stand at nought and would go below.
static void choose_step(struct fit *s, double *by) {
    bool held[ATTACH_UNKNOWNS] = {false}, again = true;
    for (size_t turn = 0; again && turn <= s->k; turn++) {
        again = false;
        solve(s, held, by, NULL);
        for (size_t k = 0; k < s->k; k++) {
            if (held[k] || s->x[k] > 0 || by[k] >= 0) continue;
            held[k] = again = true;
        }
    }
}

// Goes as far along the step as makes things better; *moved says how far relative to the unknowns, 0 = not at all.
static bool go(struct fit *s, const double *by, double *moved) {
    double before = squares(s, s->y), part = 1;
    *moved = 0;
    for (int i = 0; i <= HALVINGS; i++, part /= 2) {
        double most = 0;
        for (size_t k = 0; k < s->k; k++) {
            s->there[k] = fmax(0, s->x[k] + part * by[k]);
            most = fmax(most, fabs(s->there[k] - s->x[k]) / fmax(s->x[k], s->start[k] / 10));
        }
        if (!predict(s, s->there, s->y_there)) return false;
        if (squares(s, s->y_there) >= before) continue;
        memcpy(s->x, s->there, s->k * sizeof *s->x);
        memcpy(s->y, s->y_there, s->n * sizeof *s->y);
        *moved = most;
        return true;
    }
    return true;
}

static bool iterate(struct fit *s, struct attach_fitted *out) {
    double by[ATTACH_UNKNOWNS], moved = 1;
    if (!predict(s, s->x, s->y)) return false;
    for (out->rounds = 0; out->rounds < MOST_ROUNDS && moved > settled; out->rounds++) {
        if (!derive(s)) return false;
        choose_step(s, by);
        // No further progress is an end like another: a noisy prediction has no exact minimum.
        if (!go(s, by, &moved)) return false;
    }
    return derive(s);
}

// --- what can be told apart

// Scales each column to length 1. False where one is nought: nothing depends on that unknown.
static bool scale_columns(gsl_matrix *j, const struct attach_problem *p, char *reason, size_t size) {
    for (size_t k = 0; k < j->size2; k++) {
        gsl_vector_view column = gsl_matrix_column(j, k);
        double length = gsl_blas_dnrm2(&column.vector);
        if (length == 0) {
            snprintf(reason, size, "no load depends on %s", p->unknown[k].name);
            return false;
        }
        gsl_vector_scale(&column.vector, 1 / length);
    }
    return true;
}

static void name_alike(const struct attach_problem *p, const gsl_matrix *v, char *reason, size_t size) {
    size_t last = v->size2 - 1;
    int used = 0, named = 0;
    for (size_t k = 0; k < v->size1 && used < (int)size - 64; k++) {
        if (fabs(gsl_matrix_get(v, k, last)) < counts) continue;
        used +=
            snprintf(reason + used, size - (size_t)used, "%s%s", named++ ? " and " : "", p->unknown[k].name);
    }
    snprintf(reason + used, size - (size_t)used, " act alike in all loads: they cannot be told apart");
}

static bool is_singular(const struct fit *s, char *reason, size_t size) {
    size_t n = s->n, p = s->k;
    gsl_matrix *u = gsl_matrix_alloc(n, p), *v = gsl_matrix_alloc(p, p);
    gsl_vector *value = gsl_vector_alloc(p), *room = gsl_vector_alloc(p);
    REQUIRE(u && v && value && room);
    gsl_matrix_memcpy(u, s->jacobian);
    for (size_t i = 0; i < n; i++) {
        gsl_vector_view row = gsl_matrix_row(u, i);
        gsl_vector_scale(&row.vector, 1 / s->p->sigma[i]);
    }
    bool singular = !scale_columns(u, s->p, reason, size);
    if (!singular) {
        gsl_linalg_SV_decomp(u, v, value, room);
        singular = gsl_vector_get(value, p - 1) < least_independent * gsl_vector_get(value, 0);
        if (singular) name_alike(s->p, v, reason, size);
    }
    gsl_matrix_free(u);
    gsl_matrix_free(v);
    gsl_vector_free(value);
    gsl_vector_free(room);
    return singular;
}

// --- the result

static void take_values(struct fit *s, struct attach_fitted *out) {
    double by[ATTACH_UNKNOWNS];
    gsl_matrix *covariance = gsl_matrix_alloc(s->k, s->k);
    REQUIRE(covariance);
    out->misfit = sqrt(squares(s, s->y) / (double)(s->n - s->k));
    solve(s, NULL, by, covariance);
    for (size_t k = 0; k < s->k; k++) {
        double error = sqrt(fmax(0, gsl_matrix_get(covariance, k, k))) * fmax(1, out->misfit);
        double half = normal_quantile(0.975) * error;
        struct attach_unknown *u = &s->p->unknown[k];
        *u = (struct attach_unknown){u->name, s->x[k], fmax(0, s->x[k] - half), s->x[k] + half};
    }
    memcpy(s->p->predicted, s->y, s->n * sizeof *s->y);
    gsl_matrix_free(covariance);
}

static void begin(struct fit *s, struct attach_problem *p, struct err *e) {
    size_t n = (size_t)p->values, k = (size_t)p->unknowns;
    *s = (struct fit){.p = p,
                      .n = n,
                      .k = k,
                      .x = memory_new(k, sizeof(double)),
                      .y = memory_new(n, sizeof(double)),
                      .start = memory_new(k, sizeof(double)),
                      .there = memory_new(k, sizeof(double)),
                      .y_there = memory_new(n, sizeof(double)),
                      .jacobian = gsl_matrix_alloc(n, k),
                      .weight = gsl_vector_alloc(n),
                      .miss = gsl_vector_alloc(n),
                      .e = e};
    REQUIRE(s->jacobian && s->weight && s->miss);
    for (size_t i = 0; i < k; i++) s->x[i] = s->start[i] = p->unknown[i].value;
    for (size_t i = 0; i < n; i++) gsl_vector_set(s->weight, i, 1 / (p->sigma[i] * p->sigma[i]));
}

static void end(struct fit *s) {
    gsl_matrix_free(s->jacobian);
    gsl_vector_free(s->weight);
    gsl_vector_free(s->miss);
    free(s->x);
    free(s->y);
    free(s->start);
    free(s->there);
    free(s->y_there);
}

bool attach_fit(struct attach_problem *p, struct attach_fitted *out, struct err *e) {
    struct fit s;
    REQUIRE(p->values > p->unknowns && p->unknowns <= ATTACH_UNKNOWNS);
    *out = (struct attach_fitted){0};
    begin(&s, p, e);
    bool ok = iterate(&s, out);
    if (ok) out->singular = is_singular(&s, out->reason, sizeof out->reason);
    if (ok && !out->singular) take_values(&s, out);
    end(&s);
    return ok;
}
