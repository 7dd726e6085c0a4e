#include "study/plot_dat.h"
#include "study/plot_pictures.h"

#include <math.h>
#include <string.h>

enum { KIND_FAILS, KIND_MEETS, KIND_BEST, KIND_RUNNER_UP };

static int kind_of(const struct plot_candidate *c) {
    return c->best ? KIND_BEST : c->runner_up ? KIND_RUNNER_UP : c->meets ? KIND_MEETS : KIND_FAILS;
}

static bool known(const struct plot_candidate *c) {
    return isfinite(c->cost) && isfinite(c->value);
}

// On the frontier: nothing that costs no more is faster. Equal ones: the first.
static bool undominated(const struct plot *p, int i) {
    const struct plot_candidate *c = &p->candidate[i];
    for (int k = 0; k < p->candidates; k++) {
        const struct plot_candidate *d = &p->candidate[k];
        if (k == i || !known(d) || d->cost > c->cost || d->value > c->value) continue;
        if (d->cost < c->cost || d->value < c->value || k < i) return false;
    }
    return true;
}

static void axes_of(const struct plot *p, struct plot_axis *cost, struct plot_axis *value) {
    plot_axis_start(cost);
    plot_axis_start(value);
    plot_axis_include(value, p->objective_most);
    for (int i = 0; i < p->candidates; i++) {
        if (!known(&p->candidate[i])) continue;
        plot_axis_include(cost, p->candidate[i].cost);
        plot_axis_include(value, p->candidate[i].value);
        plot_axis_include(value, p->candidate[i].hi);
    }
    plot_axis_end(cost);
    plot_axis_end(value);
}

static void write_candidate(FILE *out, const struct plot_candidate *c) {
    plot_dat_text(out, c->name);
    plot_dat_number(out, c->cost);
    plot_dat_number(out, c->value);
    plot_dat_number(out, isnan(c->lo) ? c->value : c->lo);
    plot_dat_number(out, isnan(c->hi) ? c->value : c->hi);
    fprintf(out, " %d\n", kind_of(c));
}

// The frontier in order of cost.
static void write_frontier(FILE *out, const struct plot *p) {
    double after = -INFINITY;
    for (;;) {
        int next = -1;
        for (int i = 0; i < p->candidates; i++) {
            const struct plot_candidate *c = &p->candidate[i];
            if (!known(c) || !undominated(p, i) || c->cost <= after) continue;
            if (next < 0 || c->cost < p->candidate[next].cost) next = i;
        }
        if (next < 0) return;
        after = p->candidate[next].cost;
        fprintf(out, "%.6g %.6g\n", after, p->candidate[next].value);
    }
}

bool plot_frontier_write(FILE *out, const struct plot *p, char why[PLOT_WHY]) {
    struct plot_axis cost, value;
    int n = 0;
    for (int i = 0; i < p->candidates; i++) n += known(&p->candidate[i]);
    if (!n) {
        snprintf(why, PLOT_WHY, "needs what `plan` tried, with a latency in its objective");
        return false;
    }
    axes_of(p, &cost, &value);
    fputs("# title, latency of the objective, name of the cost, the most it may be (s), axes (from, to, "
          "logarithmic): cost, "
          "latency "
          "(s); whether the most is known\n",
          out);
    plot_dat_text(out, p->title);
    plot_dat_text(out, p->objective);
    plot_dat_text(out, p->cost);
    plot_dat_number(out, p->objective_most);
    plot_dat_axis(out, &cost);
    plot_dat_axis(out, &value);
    fprintf(out, " %d\n", isfinite(p->objective_most));
    plot_dat_next(out);
    fputs("# configuration, cost, latency (s), from, to, 0 fails 1 meets 2 best 3 runner-up\n", out);
    for (int i = 0; i < p->candidates; i++)
        if (known(&p->candidate[i])) write_candidate(out, &p->candidate[i]);
    plot_dat_next(out);
    fputs("# the frontier: cost, latency (s)\n", out);
    write_frontier(out, p);
    return true;
}
