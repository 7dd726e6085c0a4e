#include "models/parts/arrivals.h"

// Mean rate r = f*b + (1-f)*q with b = ratio*q, so q = r / (f*ratio + 1 - f).
void arrivals_init(struct client *c) {
    const struct load_spec *l = c->load;
    if (l->client != CLIENT_OPEN || l->arrivals == ARRIVALS_TRACE) return;
    double gap = 1e9 / l->rate_per_s;
    c->interarrival_busy = c->interarrival_calm = gap;
    if (l->arrivals != ARRIVALS_MMPP2) return;
    c->interarrival_calm = gap * (l->burst_frac * l->burst_ratio + 1 - l->burst_frac);
    c->interarrival_busy = c->interarrival_calm / l->burst_ratio;
    struct rng *g = &c->machine->stream[STREAM_ARRIVALS];
    c->burst = rng_unit(g) < l->burst_frac;
    double length = (double)l->burst_length * (c->burst ? 1 : (1 - l->burst_frac) / l->burst_frac);
    c->state_until = (sim_time)(rng_exp(g) * length + 0.5);
}

// Exponential gaps at the rate of the present state; where the state changes first, the gap starts afresh from there.
static sim_time next_bursty(struct client *c) {
    const struct load_spec *l = c->load;
    struct rng *g = &c->machine->stream[STREAM_ARRIVALS];
    for (sim_time at = machine_now(c->machine);;) {
        sim_time next = at + (sim_time)(rng_exp(g) * (c->burst ? c->interarrival_busy : c->interarrival_calm) + 0.5);
        if (next < c->state_until) return next;
        at = c->state_until;
        c->burst = !c->burst;
        double length = (double)l->burst_length * (c->burst ? 1 : (1 - l->burst_frac) / l->burst_frac);
        c->state_until = at + (sim_time)(rng_exp(g) * length + 0.5);
    }
}

sim_time arrivals_next(struct client *c) {
    const struct load_spec *l = c->load;
    sim_time now = machine_now(c->machine);
    switch (l->arrivals) {
    case ARRIVALS_TRACE:
        if (c->trace_at == l->trace_count) return SIM_NEVER;
        return l->trace[c->trace_at] > now ? l->trace[c->trace_at++] : (c->trace_at++, now);
    case ARRIVALS_DETERMINISTIC:
        // Counted from the start, so that rounding does not add up.
        return (sim_time)((double)(c->born + 1) * c->interarrival_calm + 0.5);
    case ARRIVALS_MMPP2: return next_bursty(c);
    case ARRIVALS_POISSON: break;
    }
    return now + (sim_time)(rng_exp(&c->machine->stream[STREAM_ARRIVALS]) * c->interarrival_calm + 0.5);
}
