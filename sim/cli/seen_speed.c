#include "cli/seen_speed.h"

#include "base/memory.h"
#include "scenario/route.h"

#include <math.h>
#include <stdlib.h>

// How much longer the same work takes now; 0 = not known. A neighbour on the same physical core slows dense code down,
// which the speed index does not feel, and the server's own pace is known before and after a run only, on one core.
static double slower_by(const struct costs *profile, const struct measure_case *now) {
    return costs_slower_by(profile, measure_dense(now), measure_pace(now), measure_speed(now));
}

static void set(struct cost *c, double value) {
    c->value = c->lo = c->hi = value;
}

// How often a core was slow beside the case, and how slow, where the profile has such phases.
static void set_phases(struct costs *c, const struct measure_case *seen) {
    double slow = measure_slow(seen);
    if (c->machine.slow_speed.value >= 1 || c->speed.value <= 0 || isnan(slow)) return;
    set(&c->machine.slow_share, slow);
    double speed = measure_slow_speed(seen);
    if (!isnan(speed)) set(&c->machine.slow_speed, speed);
    double spread = measure_slow_spread(seen);
    if (!isnan(spread)) set(&c->machine.slow_spread, spread);
}

// How far apart the cores were beside each round: a replication for each. One number for all would lie between those that
// a host changes between, where the machine never was.
static void set_lines(struct scenario *s, const struct measure_case *seen) {
    if (s->costs.machine.line.value <= 0) return;
    double *line = memory_new((size_t)seen->rounds + 1, sizeof *line);
    s->lines = measure_lines(seen, line);
    s->line_ns = line;
}

// The host takes the cores away in bursts that last for minutes, so each run had its part in what was seen between all.
static void set_stolen(struct costs *c, const struct host_stolen *seen) {
    if (c->machine.stolen_share.from != FROM_PROBE || seen->looked_s <= 0) return;
    set(&c->machine.stolen_share, seen->lost_s / seen->looked_s);
    if (seen->lost_s > 0) set(&c->machine.stolen_time, 1e9 * seen->waited_s2 / seen->lost_s);
}

// What the steps' distributions own stays the file's.
static void copy_steps(struct endpoint *p) {
    const struct handler_step *from = p->step;
    p->step = memory_new((size_t)p->steps + 1, sizeof *p->step);
    for (int i = 0; i < p->steps; i++) p->step[i] = from[i];
}

// A path with {cpu} has constant steps (route_check_steps).
static void slow_down(struct endpoint *p, double factor) {
    for (int i = 0; i < p->steps; i++)
        if (p->step[i].kind == STEP_CPU)
            dist_init(&p->step[i].time, DIST_CONSTANT, p->step[i].time.a * factor, 0);
}

static void copy_case(struct scenario *s, const struct measurement *m, const struct measure_case *seen) {
    const struct endpoint *from = s->endpoint;
    double factor = slower_by(&s->costs, seen);
    bool fixed = factor > 0 && route_fixed(&s->costs);
    if (factor > 0) costs_scale(&s->costs, factor);
    set_phases(&s->costs, seen);
    set_lines(s, seen);
    set_stolen(&s->costs, &m->stolen);
    s->endpoint = memory_new((size_t)s->endpoints, sizeof *s->endpoint);
    for (int i = 0; i < s->endpoints; i++) {
        s->endpoint[i] = from[i];
        copy_steps(&s->endpoint[i]);
        if (fixed && route_needs_pace(from[i].path)) slow_down(&s->endpoint[i], factor);
    }
}

struct scenario_file seen_speed_cases(const struct scenario_file *f, const struct measurement *m) {
    struct scenario_file now = *f;
    now.case_ = memory_new((size_t)f->cases, sizeof *now.case_);
    for (int c = 0; c < f->cases; c++) {
        now.case_[c] = f->case_[c];
        copy_case(&now.case_[c], m, &m->case_[c]);
    }
    return now;
}

struct report_speed seen_speed_of(const struct scenario *s, const struct measurement *m, int c) {
    const struct measure_case *seen = &m->case_[c];
    double factor = slower_by(&s->costs, seen);
    return (struct report_speed){s->name, factor > 0 ? 1 / factor : 0, measure_slow(seen), measure_line(seen),
                                 m->stolen.looked_s > 0 ? m->stolen.lost_s / m->stolen.looked_s : NAN};
}

void seen_speed_fini(struct scenario_file *now) {
    for (int c = 0; c < now->cases; c++) {
        for (int i = 0; i < now->case_[c].endpoints; i++) free(now->case_[c].endpoint[i].step);
        free(now->case_[c].endpoint);
        free((double *)now->case_[c].line_ns);
    }
    free(now->case_);
}
