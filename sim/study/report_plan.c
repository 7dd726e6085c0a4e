#include "study/report_plan.h"

#include "base/units.h"
#include "study/settings.h"

#include <math.h>
#include <string.h>

enum { LABEL = 12 };

// ---- pieces of sentences ----

static void add_span(struct text *t, double s) {
    char span[UNITS_TEXT];
    text_add(t, isfinite(s) ? units_format(span, UNIT_SPAN, s * 1e9) : "without bound");
}

static void add_load(struct text *t, bool open, double load) {
    char rate[32];
    if (open)
        text_addf(t, "%s/s", report_rate(rate, load));
    else
        text_addf(t, "%.0f %s", load, load == 1 ? "client" : "clients");
}

static void add_figure(struct text *t, int figure, double value) {
    char share[32];
    if (figure == OBJECTIVE_LOST)
        text_addf(t, "%s lost", report_percent(share, value));
    else {
        text_addf(t, "%s ", objective_name(figure));
        add_span(t, value);
    }
}

static double limit_of(const struct plan *p, int figure) {
    const struct plan_spec *spec = p->search.plan;
    return figure == OBJECTIVE_LOST ? spec->lost_frac : spec->limit_s[figure];
}

static const char *model_of(const struct scenario_file *f) {
    return f->cases ? f->case_[0].server.model : "";
}

// The load that is to be carried: as the plan states it, else the file's own, which was raised by the headroom.
static void say_load(struct text *t, const struct plan *p) {
    const struct plan_spec *spec = p->search.plan;
    const struct scenario_file *f = p->best.cases ? &p->best : &p->runner_up;
    const struct load_spec *load = f->cases ? &f->case_[0].load : NULL;
    bool stated = spec->rate_per_s > 0 || spec->clients > 0;
    bool open = stated ? spec->rate_per_s > 0 : load && load->client == CLIENT_OPEN;
    double raised = load ? (open ? load->rate_per_s : load->concurrency) : NAN;
    double own = raised / (1 + spec->headroom_frac);
    if (!p->search.candidates || (!stated && !(own > 0))) return; // plan_most seeks the load
    add_load(t, open, stated ? (open ? spec->rate_per_s : spec->clients) : own);
    text_add(t, " with ");
}

static void say_objective(struct text *t, const struct plan *p) {
    const struct plan_spec *spec = p->search.plan;
    char share[32];
    say_load(t, p);
    for (int q = 0; q < PLAN_QUANTITIES; q++) {
        if (isnan(spec->limit_s[q])) continue;
        add_figure(t, q, spec->limit_s[q]);
        text_add(t, " at most, ");
    }
    text_addf(t, "at most %s lost", report_percent(share, spec->lost_frac));
    if (spec->headroom_frac > 0)
        text_addf(t, "; all of it with %s more load", report_percent(share, spec->headroom_frac));
}

static void say_candidates(struct text *t, const struct plan *p) {
    const struct search *s = &p->search;
    int count[FATE_MEETS + 1] = {0};
    for (int i = 0; i < s->candidates; i++) count[s->candidate[i].fate]++;
    text_addf(t, "%d", s->candidates);
    if (s->same) text_addf(t, ", of which %d differ in nothing their model reads", s->same);
    if (s->impossible)
        text_addf(t, "%s %d cannot carry it by bounds alone", s->same ? ";" : ":", s->impossible);
    text_addf(t, "; %d %s and %d %s in %ld replications", count[FATE_FAILS],
              count[FATE_FAILS] == 1 ? "fails" : "fail", count[FATE_MEETS],
              count[FATE_MEETS] == 1 ? "meets it" : "meet it", s->replications);
    if (count[FATE_UNTRIED])
        text_addf(t, "; %d %s not tried", count[FATE_UNTRIED], s->stopped ? "were" : "are dearer and were");
}

// "server.model=threadpool server.workers=2"; `model` of the candidate.
static void say_set(struct text *t, const struct search *s, const struct candidate *c, const char *model) {
    bool any = false;
    for (int k = 0; k < s->plan->varies; k++) {
        const char *value = search_value(s, c, k, model);
        if (!value) continue;
        text_addf(t, "%s%s=%s", any ? " " : "", s->plan->vary[k].key, value);
        any = true;
    }
    if (!any) text_add(t, "the file as it is");
}

static void say_cost(struct text *t, const struct search *s, const struct candidate *c) {
    for (int i = 0; i < s->plan->costs; i++)
        text_addf(t, "%s%s = %.6g", i ? ", " : "", s->plan->cost[i], c->cost[i]);
}

// "p99 177 ms ± 6.1 ms, 29 % below its limit".
static void say_judgement(struct text *t, const struct plan *p, const struct judgement *j) {
    double limit = limit_of(p, j->figure), half = 0.5 * (j->mean.hi - j->mean.lo);
    char share[32];
    if (j->saturated) {
        text_add(t, "it cannot keep up: the number in the system grows for as long as one looks");
        return;
    }
    add_figure(t, j->figure, j->mean.mean);
    if (isfinite(half) && half > 0 && j->figure != OBJECTIVE_LOST) {
        text_add(t, " ± ");
        add_span(t, half);
    }
    if (limit > 0 && isfinite(j->ratio)) {
        text_addf(t, ", %s ", report_percent(share, fabs(j->ratio - 1)));
        text_add(t, j->ratio <= 1 ? "below its limit" : "above its limit");
    }
    if (!j->sure) text_add(t, " (too close to be sure: the replications ended first)");
}

static void say_confidence(struct text *t, const struct plan *p) {
    char confidence[32], zone[32];
    const struct plan_spec *spec = p->search.plan;
    text_addf(t,
              "all verdicts together are right with probability %s, but for figures within %s of their limit",
              report_percent(confidence, spec->confidence), report_percent(zone, spec->tolerance_frac));
}

static void say_why(struct text *t, const struct plan *p) {
    const struct search *s = &p->search;
    const struct candidate *c = &s->candidate[s->runner_up];
    if (c->fate == FATE_IMPOSSIBLE)
        text_add(t, c->why);
    else
        say_judgement(t, p, &c->trial.now);
    if (p->runner_up_case && p->runner_up_case->sentence[0])
        text_addf(t, "; %s", p->runner_up_case->sentence);
}

static void say_gap(struct text *t, const struct plan *p) {
    if (p->gap.n < 2 || !isfinite(p->gap.mean) ||
        p->search.candidate[p->search.runner_up].trial.now.figure == OBJECTIVE_LOST)
        return;
    text_addf(t, "on the same requests its %s is ",
              objective_name(p->search.candidate[p->search.runner_up].trial.now.figure));
    add_span(t, fabs(p->gap.mean));
    text_addf(t, p->gap.mean >= 0 ? " longer (± " : " shorter (± ");
    add_span(t, 0.5 * (p->gap.hi - p->gap.lo));
    text_add(t, ")");
}

static void say_limits(struct text *t, const struct plan *p) {
    char use[32], rate[32];
    for (int i = 0; i < p->limits && i < 3; i++) {
        const struct plan_limit *l = &p->limit[i];
        text_addf(t, "%s%s at %s/s (now %s busy)",
                  i == 0   ? "full first: "
                  : i == 1 ? "; then "
                           : ", ",
                  l->name, report_rate(rate, l->full_at), report_percent(use, l->utilisation));
    }
}

static void say_growth(struct text *t, const struct plan *p) {
    const struct growth *g = &p->growth;
    if (isnan(g->carries)) return;
    double headroom = p->search.plan->headroom_frac;
    text_add(t, "the objective holds up to ");
    add_load(t, g->open, g->carries);
    if (headroom > 0) {
        text_add(t, ", with its headroom up to ");
        add_load(t, g->open, g->open ? g->carries / (1 + headroom) : floor(g->carries / (1 + headroom)));
    }
    if (isnan(g->breaks)) {
        text_add(t, ", the most that is tried");
        return;
    }
    text_add(t, " and breaks by ");
    add_load(t, g->open, g->breaks);
    text_add(t, ": ");
    say_judgement(t, p, &g->at_break);
}

// What the costs' intervals do to the first latency of the objective that has a band.
static void say_bands(struct text *t, const struct plan *p) {
    static const int quantity[PLAN_QUANTITIES] = {[PLAN_MEAN] = QUANTITY_MEAN,
                                                  [PLAN_P50] = QUANTITY_P50,
                                                  [PLAN_P90] = -1,
                                                  [PLAN_P95] = QUANTITY_P95,
                                                  [PLAN_P99] = QUANTITY_P99};
    const struct bands *b = &p->bands;
    for (int q = PLAN_QUANTITIES; b->given && b->uncertain && q-- > 0;) {
        double limit = p->search.plan->limit_s[q];
        const struct band *band = quantity[q] < 0 || isnan(limit) ? NULL : &b->of[quantity[q]];
        if (!band || isnan(band->lo)) continue;
        text_addf(t, "with their intervals %s lies between ", objective_name(q));
        add_span(t, band->lo);
        text_add(t, " and ");
        add_span(t, band->hi);
        text_add(t, band->hi <= limit  ? ": within its limit"
                    : band->lo > limit ? ": beyond its limit"
                                       : ": its limit lies between, so measure before you rely on it");
        if (b->costs) text_addf(t, "; %s matters most", b->cost[0].key);
        return;
    }
}

// ---- text and Markdown ----

struct page {
    FILE *out;
    bool markdown;
};

// A labelled line; nothing where the text is empty. Frees it.
static void line(const struct page *page, const char *label, struct text *t) {
    if (t->length && page->markdown)
        fprintf(page->out, "- **%s**: %s\n", label[0] ? label : "also", text_string(t));
    else if (t->length)
        fprintf(page->out, "%-*s%s\n", LABEL, label, text_string(t));
    text_fini(t);
    *t = (struct text){0};
}

static void print_settings(const struct page *page, const struct scenario *s) {
    struct text all = {0}, one = {0};
    bool first = true;
    settings_describe(s, &all);
    for (const char *at = text_string(&all); *at;) {
        size_t n = strcspn(at, "\n");
        text_add_bytes(&one, at, n);
        line(page, first || page->markdown ? "settings" : "", &one);
        first = false;
        at += n + (at[n] == '\n');
    }
    text_fini(&all);
}

static void print_best(const struct page *page, const struct plan *p) {
    const struct search *s = &p->search;
    const struct candidate *c = &s->candidate[s->best];
    struct text t = {0};
    say_set(&t, s, c, model_of(&p->best));
    line(page, s->stopped ? "so far" : "best", &t);
    say_cost(&t, s, c);
    line(page, page->markdown ? "cost" : "", &t);
    say_judgement(&t, p, &c->trial.now);
    line(page, page->markdown ? "margin" : "", &t);
}

static void print_runner_up(const struct page *page, const struct plan *p) {
    const struct search *s = &p->search;
    struct text t = {0};
    if (s->runner_up < 0) {
        if (s->best == 0) text_add(&t, "none is cheaper");
        line(page, "runner-up", &t);
        return;
    }
    say_set(&t, s, &s->candidate[s->runner_up], model_of(&p->runner_up));
    line(page, s->best >= 0 ? "runner-up" : "nearest", &t);
    say_why(&t, p);
    line(page, page->markdown ? "why it fails" : "", &t);
    say_gap(&t, p);
    line(page, page->markdown ? "difference" : "", &t);
}

static void print_answer(const struct page *page, const struct plan *p) {
    struct text t = {0};
    say_objective(&t, p);
    line(page, "objective", &t);
    say_candidates(&t, p);
    line(page, "candidates", &t);
    if (p->search.best >= 0)
        print_best(page, p);
    else {
        text_add(&t, p->stopped ? "none so far" : "none of them meets the objective");
        line(page, "best", &t);
    }
    print_runner_up(page, p);
}

static void print_rest(const struct page *page, const struct plan *p) {
    struct text t = {0};
    say_growth(&t, p);
    line(page, "load", &t);
    say_limits(&t, p);
    line(page, "limits", &t);
    say_bands(&t, p);
    line(page, "costs", &t);
    if (p->search.candidates) say_confidence(&t, p);
    line(page, "certainty", &t);
    if (p->best.cases && (p->search.best >= 0 || !isnan(p->growth.carries)))
        print_settings(page, &p->best.case_[0]);
}

static void print_most(const struct page *page, const struct plan *p) {
    struct text t = {0};
    const struct growth *g = &p->growth;
    say_objective(&t, p);
    line(page, "objective", &t);
    if (!isnan(g->carries)) return;
    if (isnan(g->breaks)) {
        text_add(&t, "nothing is known yet");
    } else {
        text_add(&t, "not even ");
        add_load(&t, g->open, g->breaks);
        text_add(&t, ": ");
        say_judgement(&t, p, &g->at_break);
    }
    line(page, "load", &t);
}

static void print(const struct page *page, const struct plan *p, bool most) {
    if (most)
        print_most(page, p);
    else
        print_answer(page, p);
    print_rest(page, p);
}

void report_plan_text(FILE *out, const struct plan *p, bool most, bool colour) {
    struct page page = {out, false};
    struct report r = {.result = &p->result, .count = 1, .colour = colour};
    print(&page, p, most);
    if (!p->result.cases) return;
    fputc('\n', out);
    report_text(out, &r);
}

void report_plan_md(FILE *out, const struct plan *p, bool most) {
    struct page page = {out, true};
    struct report r = {.result = &p->result, .count = 1};
    print(&page, p, most);
    if (!p->result.cases) return;
    fputc('\n', out);
    report_md(out, &r);
}
