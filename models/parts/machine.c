#include "models/parts/machine.h"

#include "base/require.h"
#include "models/parts/cpu.h"

#include <math.h>
#include <stdlib.h>

// A scheduler's clock that ticks faster than that is none.
static sim_time at_least(sim_time ns, sim_time least) {
    return ns < least ? least : ns;
}

// What a line of cache from another core costs beyond what is part of a cost that was probed between cores that are near.
static double line_above(const struct machine_costs *c) {
    return fmax(c->line.value - c->line_near.value, 0);
}

static struct machine_costs costs_of(const struct scenario *s, uint32_t replication) {
    struct machine_costs c = s->costs.machine;
    if (s->lines > 0) c.line.value = s->line_ns[replication % (uint32_t)s->lines];
    return c;
}

static sim_time with_lines(const struct machine_costs *c, const struct cost *near, const struct cost *lines) {
    return machine_span(near->value + lines->value * line_above(c));
}

static struct machine_times times_of(const struct machine_costs *c) {
    return (struct machine_times){
        .wake_local = machine_ns(&c->wake_local),
        .wake_remote = with_lines(c, &c->wake_remote, &c->wake_lines),
        .wake_halted = machine_ns(&c->wake_halted),
        .halt_poll = machine_ns(&c->halt_poll),
        .line = c->line.value,
        .line_above = line_above(c),
        .preempt_remote = machine_ns(&c->preempt_remote),
        .preempt_cpu =
            with_lines(c, c->preempt_cpu.value > 0 ? &c->preempt_cpu : &c->wake_remote, &c->wake_lines),
        .wake_counted = with_lines(c, &c->wake_counted, &c->wake_lines),
        .tick_restart = machine_ns(&c->tick_restart),
        .tick_kept = machine_ns(&c->tick_kept),
        .wake_spread = c->wake_spread.value,
        .switch_ = machine_ns(&c->switch_),
        .halt = machine_ns(&c->halt),
        .migrate = with_lines(c, &c->migrate, &c->migrate_lines),
        .slice = machine_ns(&c->slice),
        .base_slice = machine_ns(c->base_slice.value > 0 ? &c->base_slice : &c->slice),
        .tick = at_least(machine_ns(c->tick.value > 0 ? &c->tick : &c->slice), SIM_US),
        .tick_cpu = machine_ns(&c->tick_cpu),
        .sleeper_credit = machine_ns(&c->sleeper_credit),
        .timer_slack = machine_ns(&c->timer_slack),
        .connect_rest = machine_ns(&c->connect_rest),
        .cold_work = machine_ns(&c->cold_work),
        .slow_dwell = machine_ns(&c->slow_dwell),
        .interrupt_cpu = machine_ns(&c->interrupt_cpu),
        .interrupt_every =
            c->interrupt_every.value > 0 ? at_least(machine_ns(&c->interrupt_every), SIM_US) : 0,
        .stolen_time = machine_ns(&c->stolen_time),
        .stolen_every =
            c->stolen_share.value > 0 ? machine_span(c->stolen_time.value / c->stolen_share.value) : 0,
        .slow_share = c->slow_share.value,
        .slow_speed = c->slow_speed.value,
        .slow_spread = c->slow_spread.value,
        .ramp_after = machine_ns(&c->ramp_after),
        .ramp_time = machine_ns(&c->ramp_time),
        .fast_pull = machine_ns(&c->fast_pull),
        .pull_hot = machine_ns(&c->pull_hot),
        .balance = machine_ns(&c->balance),
        .jitter = c->jitter.value,
        .turbo_cores = (int)c->turbo_cores.value,
        .turbo_speed = c->turbo_speed.value,
        .stay = c->stay.value,
        .search_from = c->search_from.value,
        .search_pressure = c->search_pressure.value,
        .ramp_speed = c->ramp_speed.value,
        .smt_yield = c->smt_yield.value,
        .pull = c->pull.value > 0,
        .pull_first = c->pull_first.value,
        .pull_by_success = c->pull_by_success.value > 0,
        .balance_tick = c->balance_tick.value > 0,
        .wake_affine = c->wake_affine.value > 0,
        .keep_lag = c->keep_lag.value > 0,
        .slice_exact = c->keep_lag.value > 0 && c->slice_exact.value > 0,
    };
}

// Half-width of a uniform distribution with standard deviation 1.
#define ROOT3 1.7320508075688772

// The next event waits for this number, so the chain of operations is kept short (4 % of a request in an event loop): the
// integer `place` is 2^52 (2u - 1) for the uniform u of rng_unit, and scaling by a power of two is exact.
sim_time machine_vary(struct machine *m, sim_time ns, int count) {
    if (m->t.jitter <= 0 || ns <= 0) return ns;
    int64_t place = (int64_t)(rng_u64(&m->stream[STREAM_SCHEDULER]) >> 12) * 2 + 1 - (1ll << 52);
    double width = m->t.jitter * ROOT3;
    if (count > 1) width /= sqrt((double)count);
    return (sim_time)((double)ns * (1 + width * 0x1p-52 * (double)place) + 0.5);
}

struct machine *machine_create(const struct scenario *s, uint32_t point, uint32_t replication,
                               struct trace *trace) {
    struct machine *m = calloc(1, sizeof *m);
    if (!m) return NULL;
    m->scenario = s;
    m->trace = trace;
    const struct machine_costs costs = costs_of(s, replication);
    m->t = times_of(&costs);
    m->t.write_rest = machine_part(&costs.send_rest, &s->costs.server.write.cpu);
    m->t.send_rest = machine_part(&costs.send_rest, &s->costs.client.send);
    m->sim = sim_create(8);
    for (uint32_t i = 0; i < STREAM_COUNT; i++) rng_init(&m->stream[i], s->run.seed, point, replication, i);
    if (m->t.keep_lag || m->t.tick_cpu > 0)
        m->tick_phase = (sim_time)rng_below(&m->stream[STREAM_SCHEDULER], (uint64_t)m->t.tick);
    if (!m->sim || !cpu_init_all(m)) {
        machine_destroy(m);
        return NULL;
    }
    m->clock = sim_clock(m->sim);
    require_clock(m->clock);
    return m;
}

void machine_destroy(struct machine *m) {
    if (!m) return;
    require_clock(NULL);
    for (struct thread *t = m->first_thread, *next; t; t = next) {
        next = t->all_next;
        free(t);
    }
    cpu_fini_all(m);
    sim_destroy(m->sim);
    free(m);
}
