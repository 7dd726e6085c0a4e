#include "scenario/arrivals.h"

// Sums of two spans below this stay below SIM_NEVER; a rate of 1e-9/s has gaps beyond it.
static const sim_time most = 4000000000 * SIM_S;

static sim_time later(sim_time at, double ns) {
    return at < most && ns < (double)most ? at + (sim_time)(ns + 0.5) : SIM_NEVER;
}

static sim_time draw(struct arrivals_source *a, sim_time at, double mean) {
    return later(at, rng_exp(a->rng) * mean);
}

static void begin_state(struct arrivals_source *a, sim_time at) {
    const struct load_spec *l = a->load;
    double length = (double)l->burst_length * (a->burst ? 1 : (1 - l->burst_frac) / l->burst_frac);
    a->state_until = draw(a, at, length);
}

// Mean rate r = f*b + (1-f)*q with b = ratio*q, so q = r / (f*ratio + 1 - f).
void arrivals_init(struct arrivals_source *a, const struct load_spec *l, struct rng *r) {
    *a = (struct arrivals_source){.load = l, .rng = r};
    if (l->arrivals == ARRIVALS_TRACE) return;
    a->gap_calm = 1e9 / l->rate_per_s;
    if (l->arrivals != ARRIVALS_MMPP2) return;
    a->gap_calm *= l->burst_frac * l->burst_ratio + 1 - l->burst_frac;
    a->gap_busy = a->gap_calm / l->burst_ratio;
    a->burst = rng_unit(r) < l->burst_frac;
    begin_state(a, 0);
}

// Exponential gaps at the rate of the present state; where the state changes first, the gap starts afresh from there.
static sim_time next_bursty(struct arrivals_source *a) {
    for (sim_time at = a->last;;) {
        sim_time next = draw(a, at, a->burst ? a->gap_busy : a->gap_calm);
        if (next < a->state_until || next == SIM_NEVER) return next;
        at = a->state_until;
        a->burst = !a->burst;
        begin_state(a, at);
    }
}

static sim_time next_of_trace(const struct arrivals_source *a) {
    if (a->given >= a->load->trace_count) return SIM_NEVER;
    return a->load->trace[a->given]; // ascending
}

static sim_time find_next(struct arrivals_source *a) {
    switch (a->load->arrivals) {
    case ARRIVALS_TRACE: return next_of_trace(a);
    // Counted from the start, so that rounding does not add up.
    case ARRIVALS_DETERMINISTIC: return later(0, (double)(a->given + 1) * a->gap_calm);
    case ARRIVALS_MMPP2: return next_bursty(a);
    case ARRIVALS_POISSON: break;
    }
    return draw(a, a->last, a->gap_calm);
}

sim_time arrivals_next(struct arrivals_source *a) {
    a->last = find_next(a);
    a->given++;
    return a->last;
}
