#include "study/report_plan.h"

#include "base/memory.h"
#include "base/require.h"
#include "study/settings.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const char *fate_name(enum fate f) {
    static const char *const names[] = {"untried", "same", "impossible", "fails", "meets"};
    return names[f];
}

// ---- JSON ----

static json_t *number(double x) {
    return isfinite(x) ? json_real(x) : json_null();
}

static void put(json_t *object, const char *key, json_t *value) {
    REQUIRE(value && !json_object_set_new(object, key, value));
}

static json_t *estimate(const struct estimate *e) {
    return json_pack("{s:o, s:[o,o]}", "mean", number(e->mean), "ci95", number(e->lo), number(e->hi));
}

static json_t *objective(const struct plan_spec *spec) {
    json_t *o = json_object();
    if (spec->rate_per_s > 0) put(o, "rate_per_s", number(spec->rate_per_s));
    if (spec->clients > 0) put(o, "clients", json_integer(spec->clients));
    for (int q = 0; q < PLAN_QUANTITIES; q++)
        if (!isnan(spec->limit_s[q]))
            put(o, plan_spec_quantity((enum plan_quantity)q), number(spec->limit_s[q]));
    put(o, "timeouts", number(spec->lost_frac));
    put(o, "headroom", number(spec->headroom_frac));
    put(o, "confidence", number(spec->confidence));
    put(o, "tolerance", number(spec->tolerance_frac));
    return o;
}

static json_t *values_of(const struct search *s, const struct candidate *c, const char *model) {
    json_t *o = json_object();
    for (int k = 0; k < s->plan->varies; k++) {
        const char *value = search_value(s, c, k, model);
        if (value) put(o, s->plan->vary[k].key, json_string(value));
    }
    return o;
}

static json_t *costs_of(const struct search *s, const struct candidate *c) {
    json_t *o = json_object();
    for (int i = 0; i < s->plan->costs; i++) put(o, s->plan->cost[i], number(c->cost[i]));
    return o;
}

static struct estimate figure_of(const struct trial *t, int figure) {
    double *x = memory_new((size_t)t->done, sizeof *x);
    for (int i = 0; i < t->done; i++) x[i] = t->sample[i].figure[figure];
    struct estimate e = estimate_mean(x, t->done, 0.95);
    free(x);
    return e;
}

static json_t *figures_of(const struct search *s, const struct trial *t) {
    json_t *o = json_object();
    for (int f = 0; f < OBJECTIVE_FIGURES; f++) {
        if (isnan(s->objective.limit[f])) continue;
        struct estimate e = figure_of(t, f);
        put(o, objective_name(f), estimate(&e));
    }
    return o;
}

static json_t *candidate(const struct search *s, const struct candidate *c, const char *model) {
    json_t *o = json_object();
    put(o, "set", values_of(s, c, model));
    put(o, "cost", costs_of(s, c));
    put(o, "verdict", json_string(fate_name(c->fate)));
    put(o, "replications", json_integer(c->trial.done));
    if (c->trial.done) {
        put(o, "figures", figures_of(s, &c->trial));
        put(o, "binding_figure", json_string(objective_name(c->trial.now.figure)));
        put(o, "ratio", number(c->trial.now.ratio));
        put(o, "sure", json_boolean(c->trial.now.sure));
        put(o, "saturated", json_boolean(c->trial.now.saturated));
    }
    if (c->why[0]) put(o, "why", json_string(c->why));
    return o;
}

static json_t *settings_of(const struct scenario *s) {
    json_t *list = json_array();
    struct text t = {0};
    settings_describe(s, &t);
    for (const char *at = text_string(&t); *at;) {
        size_t n = strcspn(at, "\n");
        json_array_append_new(list, json_stringn(at, n));
        at += n + (at[n] == '\n');
    }
    text_fini(&t);
    return list;
}

static json_t *chosen(const struct plan *p, int index, const struct scenario_file *f) {
    if (index < 0 || !f->cases) return json_null();
    json_t *o = candidate(&p->search, &p->search.candidate[index], f->case_[0].server.model);
    put(o, "settings", settings_of(&f->case_[0]));
    return o;
}

static json_t *counts(const struct search *s) {
    json_t *o = json_object();
    int count[FATE_MEETS + 1] = {0};
    for (int i = 0; i < s->candidates; i++) count[s->candidate[i].fate]++;
    put(o, "all", json_integer(s->candidates));
    for (int f = 0; f <= FATE_MEETS; f++) put(o, fate_name((enum fate)f), json_integer(count[f]));
    put(o, "replications", json_integer(s->replications));
    return o;
}

// Those that were simulated. What their model does not read stands in "set" too: the model is not at hand any more.
static json_t *tried(const struct search *s) {
    json_t *list = json_array();
    for (int i = 0; i < s->candidates; i++)
        if (s->candidate[i].trial.done) json_array_append_new(list, candidate(s, &s->candidate[i], ""));
    return list;
}

// The load that leaves the headroom free.
static double kept_load(const struct growth *g, double headroom) {
    double kept = g->carries / (1 + headroom);
    return g->open ? kept : floor(kept);
}

static json_t *load(const struct growth *g, double headroom) {
    json_t *o = json_object();
    put(o, g->open ? "carries_per_s" : "carries_clients", number(g->carries));
    put(o, g->open ? "carries_with_headroom_per_s" : "carries_with_headroom_clients",
        number(kept_load(g, headroom)));
    put(o, g->open ? "breaks_per_s" : "breaks_clients", number(g->breaks));
    if (!isnan(g->breaks)) put(o, "breaks_figure", json_string(objective_name(g->at_break.figure)));
    if (!isnan(g->breaks)) put(o, "breaks_ratio", number(g->at_break.ratio));
    return o;
}

static json_t *limits(const struct plan *p) {
    json_t *list = json_array();
    for (int i = 0; i < p->limits; i++)
        json_array_append_new(list, json_pack("{s:s, s:o, s:o}", "name", p->limit[i].name, "utilisation",
                                              number(p->limit[i].utilisation), "full_at_per_s",
                                              number(p->limit[i].full_at)));
    return list;
}

json_t *report_plan_json(const struct plan *p, bool most) {
    json_t *o = json_object();
    put(o, "objective", objective(p->search.plan));
    if (!most) {
        put(o, "candidates", counts(&p->search));
        put(o, "best", chosen(p, p->search.best, &p->best));
        put(o, "runner_up", chosen(p, p->search.runner_up, &p->runner_up));
        put(o, "gap_s", p->gap.n ? estimate(&p->gap) : json_null());
        put(o, "tried", tried(&p->search));
    } else if (p->best.cases) {
        put(o, "settings", settings_of(&p->best.case_[0]));
    }
    put(o, "load", load(&p->growth, p->search.plan->headroom_frac));
    put(o, "limits", limits(p));
    put(o, "complete", json_boolean(!p->stopped));
    return o;
}

// ---- CSV ----

static void csv_text(FILE *out, const char *s) {
    bool quote = strpbrk(s, ",\"\n\r") != NULL;
    if (quote) fputc('"', out);
    for (; *s; s++) {
        if (*s == '"') fputc('"', out);
        fputc(*s, out);
    }
    if (quote) fputc('"', out);
}

static void csv_number(FILE *out, double x) {
    fputc(',', out);
    if (isfinite(x)) fprintf(out, "%.17g", x);
}

static void csv_head(FILE *out, const struct search *s) {
    fputs("rank", out);
    for (int k = 0; k < s->plan->varies; k++) {
        fputc(',', out);
        csv_text(out, s->plan->vary[k].key);
    }
    for (int i = 0; i < s->plan->costs; i++) {
        struct text name = {0};
        text_addf(&name, "cost %s", s->plan->cost[i]); // a key may be a cost as well
        fputc(',', out);
        csv_text(out, text_string(&name));
        text_fini(&name);
    }
    fputs(",verdict,replications", out);
    for (int f = 0; f < OBJECTIVE_FIGURES; f++)
        if (!isnan(s->objective.limit[f]))
            fprintf(out, ",%s,%s_lo,%s_hi", objective_name(f), objective_name(f), objective_name(f));
    fputc('\n', out);
}

static void csv_most(FILE *out, const struct growth *g, double headroom) {
    fputs("carries,carries_with_headroom,breaks,figure\n", out);
    if (isfinite(g->carries)) fprintf(out, "%.17g", g->carries);
    csv_number(out, kept_load(g, headroom));
    csv_number(out, g->breaks);
    fprintf(out, ",%s\n", isnan(g->breaks) ? "" : objective_name(g->at_break.figure));
}

void report_plan_csv(FILE *out, const struct plan *p, bool most) {
    const struct search *s = &p->search;
    if (most) {
        csv_most(out, &p->growth, s->plan->headroom_frac);
        return;
    }
    csv_head(out, s);
    for (int i = 0; i < s->candidates; i++) {
        const struct candidate *c = &s->candidate[i];
        fprintf(out, "%d", i + 1);
        for (int k = 0; k < s->plan->varies; k++) {
            fputc(',', out);
            csv_text(out, search_value(s, c, k, ""));
        }
        for (int k = 0; k < s->plan->costs; k++) csv_number(out, c->cost[k]);
        fprintf(out, ",%s,%d", fate_name(c->fate), c->trial.done);
        for (int f = 0; f < OBJECTIVE_FIGURES; f++) {
            if (isnan(s->objective.limit[f])) continue;
            struct estimate e = figure_of(&c->trial, f);
            csv_number(out, e.mean);
            csv_number(out, e.lo);
            csv_number(out, e.hi);
        }
        fputc('\n', out);
    }
}
