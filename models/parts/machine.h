#pragma once
// The simulated machine: the handle that every part takes. It owns the clock, the cores, the threads and the random
// streams; it knows nothing of servers.
#include "engine/sim.h"
#include "engine/trace.h"
#include "scenario/scenario.h"
#include "scenario/streams.h"
#include "stats/rng.h"

struct cpu;
struct thread;
struct ledger;

// Costs of the machine, rounded to ns once.
struct machine_times {
    sim_time wake_local, wake_remote, wake_halted, halt_poll, preempt_remote, preempt_cpu, wake_counted,
        tick_restart, tick_kept, switch_, halt, write_rest, send_rest, connect_rest, migrate, slice,
        base_slice, tick, tick_cpu, sleeper_credit, timer_slack, cold_work, slow_dwell, stolen_time,
        stolen_every, interrupt_cpu, interrupt_every;
    sim_time ramp_after, ramp_time, fast_pull, pull_hot, balance;
    double jitter, wake_spread, stay, search_from, search_pressure, ramp_speed, smt_yield, turbo_speed,
        pull_first, slow_share, slow_speed, slow_spread, line,
        line_above; // line: of cache, ns; line_above: what is above costs.machine.line_near
    int turbo_cores;
    bool pull, pull_by_success, balance_tick, wake_affine, keep_lag, slice_exact;
};

// What happened so far.
struct machine_counts {
    double switches, wakeups, handovers; // changes of thread on a core, wake-ups, forced hand-overs of a lock
    sim_time counted;                    // latency of wake-ups that the server's CPU clocks count
    double voluntary, involuntary;       // the server's threads left a core: to wait, or pushed off it
};

// What threads are woken for: by what is sent, to the only one that listens or has the connection (whoever sends is likely to
// wait for the answer), or by a new connection, one of several that listen.
enum waking { WAKING_PLAIN, WAKING_SENT, WAKING_ONE_OF_MANY };

struct machine {
    struct sim *sim;
    const sim_time *clock; // of sim
    const struct scenario *scenario;
    struct machine_times t;
    int cpus;
    struct cpu *cpu;
    int idle_cpus;
    double load;         // utilisation of the cores of late, their mean ...
    sim_time load_at;    // ... up to here
    int waiting;         // threads in run queues
    bool crowded;        // some core has had more than one thread since a core looked for them last
    sim_time tick_phase; // when the first tick of the scheduler's clock is
    timer_id balance;    // next look of the idle cores for waiting threads
    struct thread
        *current;       // whose step is being executed; wake-ups made in it are charged to it. NULL: hardware
    enum waking waking; // ... and what for
    int threads;
    struct thread *first_thread, *last_thread;
    struct rng stream[STREAM_COUNT];
    struct ledger *ledger;
    struct trace *trace; // NULL = none
    struct machine_counts counts;
};

// A machine as `s` describes it, at time 0; `s` must outlive it. NULL where memory is lacking.
struct machine *machine_create(const struct scenario *s, uint32_t point, uint32_t replication,
                               struct trace *trace);
void machine_destroy(struct machine *m);

static inline sim_time machine_now(const struct machine *m) {
    return *m->clock;
}

// A cost of the profile in whole ns.
static inline sim_time machine_ns(const struct cost *c) {
    return (sim_time)(c->value + 0.5);
}

// A part of a cost, in whole ns: never more than the whole.
static inline sim_time machine_part(const struct cost *part, const struct cost *whole) {
    return machine_ns(part->value < whole->value ? part : whole);
}

// A drawn span in whole ns. A heavy tail may exceed what the clock can count: 30 years are as good as never.
static inline sim_time machine_span(double ns) {
    return ns < 1e18 ? (sim_time)(ns + 0.5) : (sim_time)1e18;
}

// The time `ns` from now, SIM_NEVER where the clock does not reach so far.
static inline sim_time machine_after(const struct machine *m, sim_time ns) {
    return ns < SIM_NEVER - machine_now(m) ? machine_now(m) + ns : SIM_NEVER;
}

// A span that varies from one occasion to the next (machine.jitter): uniform around ns, the sum of `count` such. Without
// it a simulated server falls into one rhythm and stays in it, and replications repeat rather than inform.
sim_time machine_vary(struct machine *m, sim_time ns, int count);

// Tells the onlooker, if there is one.
static inline void machine_trace(const struct machine *m, enum trace_kind kind, int64_t entity, int64_t a,
                                 int64_t b, const char *text) {
    if (m->trace) m->trace->emit(m->trace, &(struct trace_record){machine_now(m), kind, entity, a, b, text});
}
