#include "stats/usl.h"

#include <gsl/gsl_multifit.h>
#include <math.h>

enum { LEAST = 4, TERMS = 3 };

double usl_at(const struct usl *u, double n) {
    return u->lambda * n / (1 + u->sigma * (n - 1) + u->kappa * n * (n - 1));
}

static double term(int t, double n) {
    return t == 0 ? 1 : t == 1 ? n - 1 : n * (n - 1);
}

struct problem {
    gsl_matrix *design;
    gsl_vector *y, *weight;
};

static void problem_init(struct problem *p, const double *n, const double *x, int count, const int *terms,
                         int used) {
    p->design = gsl_matrix_alloc((size_t)count, (size_t)used);
    p->y = gsl_vector_alloc((size_t)count);
    p->weight = gsl_vector_alloc((size_t)count);
    for (int i = 0; i < count; i++) {
        double y = n[i] / x[i];
        for (int t = 0; t < used; t++) gsl_matrix_set(p->design, (size_t)i, (size_t)t, term(terms[t], n[i]));
        gsl_vector_set(p->y, (size_t)i, y);
        gsl_vector_set(p->weight, (size_t)i, 1 / (y * y));
    }
}

static void problem_fini(struct problem *p) {
    gsl_matrix_free(p->design);
    gsl_vector_free(p->y);
    gsl_vector_free(p->weight);
}

// Solves with the terms of `mask` (bit t), the others being 0. False where a coefficient is negative.
static bool solve(double c[TERMS], double *chisq, const double *n, const double *x, int count, int mask) {
    int terms[TERMS], used = 0;
    for (int t = 0; t < TERMS; t++) {
        c[t] = 0;
        if (mask & (1 << t)) terms[used++] = t;
    }
    struct problem p;
    problem_init(&p, n, x, count, terms, used);
    gsl_vector *found = gsl_vector_alloc((size_t)used);
    gsl_matrix *covariance = gsl_matrix_alloc((size_t)used, (size_t)used);
    gsl_multifit_linear_workspace *w = gsl_multifit_linear_alloc((size_t)count, (size_t)used);
    bool ok = !gsl_multifit_wlinear(p.design, p.weight, p.y, found, covariance, chisq, w);
    for (int t = 0; t < used; t++) {
        c[terms[t]] = gsl_vector_get(found, (size_t)t);
        ok = ok && isfinite(c[terms[t]]) && c[terms[t]] >= 0;
    }
    gsl_multifit_linear_free(w);
    gsl_matrix_free(covariance);
    gsl_vector_free(found);
    problem_fini(&p);
    return ok && c[0] > 0;
}

static bool usable(const double *n, const double *x, int count) {
    int different = 0;
    for (int i = 0; i < count; i++) {
        bool fresh = true;
        if (!(n[i] > 0) || !(x[i] > 0) || !isfinite(n[i]) || !isfinite(x[i])) return false;
        for (int k = 0; k < i; k++) fresh &= n[k] != n[i];
        different += fresh;
    }
    return count >= LEAST && different >= TERMS;
}

static double error_of(const struct usl *u, const double *n, const double *x, int count) {
    double sum = 0;
    for (int i = 0; i < count; i++) {
        double off = usl_at(u, n[i]) / x[i] - 1;
        sum += off * off;
    }
    return sqrt(sum / count);
}

bool usl_fit(struct usl *out, const double *n, const double *x, int count) {
    static const int masks[] = {7, 3, 5, 1}; // 1/lambda always; sigma, kappa or neither
    double best = INFINITY, c[TERMS], chisq = 0;
    if (!usable(n, x, count)) return false;
    for (int m = 0; m < 4; m++) {
        if (!solve(c, &chisq, n, x, count, masks[m]) || chisq >= best) continue;
        best = chisq;
        *out = (struct usl){.lambda = 1 / c[0], .sigma = c[1] / c[0], .kappa = c[2] / c[0]};
    }
    if (!isfinite(best)) return false;
    out->error = error_of(out, n, x, count);
    out->most_n = out->kappa > 0 ? sqrt(fmax(0, 1 - out->sigma) / out->kappa) : INFINITY;
    return true;
}
