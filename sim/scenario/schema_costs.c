#include "scenario/schema.h"

#define OF(field) offsetof(struct costs, field)

#define SPAN_MOST (3600 * 1e9)

// Rows by kind of value. `d` is the value of costs_none.
#define COST(k, f, d, h)                                                                                     \
    {                                                                                                        \
        .key = k, .type = SCHEMA_COST, .unit = UNIT_SPAN, .offset = OF(f), .def = d, .max = SPAN_MOST,       \
        .help = h                                                                                            \
    }
#define COUNT(k, f, d, most, h)                                                                              \
    { .key = k, .type = SCHEMA_COST, .offset = OF(f), .def = d, .max = most, .help = h }
#define SHARE(k, f, d, h)                                                                                    \
    { .key = k, .type = SCHEMA_COST, .unit = UNIT_FRAC, .offset = OF(f), .def = d, .max = 1, .help = h }
#define SWITCH(k, f, d, h)                                                                                   \
    { .key = k, .type = SCHEMA_SWITCH, .offset = OF(f), .def = d, .max = 1, .help = h }
#define CURVE(k, f, h)                                                                                       \
    { .key = k, .type = SCHEMA_CURVE, .unit = UNIT_SPAN, .offset = OF(f), .max = SPAN_MOST, .help = h }
#define STAGE(k, f, h)                                                                                       \
    COST(k ".cpu", f.cpu, "0", h), COUNT(k ".releases", f.releases, "0", 1000,                               \
                                         "times the global lock is released and taken again in it")

static const struct schema_row rows[] = {
    {.key = "extends",
     .type = SCHEMA_FILE,
     .help = "cost profile whose values this one inherits",
     .explain = "The path is relative to this file. Values given here replace the inherited ones."},
    {.key = "host",
     .type = SCHEMA_TEXT,
     .offset = OF(host),
     .size = sizeof((struct costs *)0)->host,
     .help = "the machine it was measured on"},
    {.key = "kernel",
     .type = SCHEMA_TEXT,
     .offset = OF(kernel),
     .size = sizeof((struct costs *)0)->kernel,
     .help = "its operating system"},
    {.key = "date",
     .type = SCHEMA_TEXT,
     .offset = OF(date),
     .size = sizeof((struct costs *)0)->date,
     .help = "when it was measured"},

    CURVE("machine.idle_exit", machine.idle_exit,
          "latency of waking a core, by how long it has been idle (steps)"),
    COUNT("machine.wake_spread", machine.wake_spread, "0", 3,
          "standard deviation of the logarithm of that latency; 0: it varies as machine.jitter says"),
    COST("machine.wake_counted", machine.wake_counted, "0",
         "the part of that latency which the woken thread's CPU clock counts"),
    COST("machine.tick_restart", machine.tick_restart, "0",
         "added to either where the idle core had stopped its tick, as it does when nothing is left to be "
         "freed"),
    COST("machine.tick_kept", machine.tick_kept, "0",
         "... from so long after the last connection was closed on it"),
    COST("machine.wake_local", machine.wake_local, "0", "CPU the waker pays for a target on its own core"),
    COST("machine.wake_remote", machine.wake_remote, "0",
         "CPU the waker pays when another core must be told"),
    COST("machine.wake_halted", machine.wake_halted, "0", "... and more where that core is halted"),
    COST("machine.halt_poll", machine.halt_poll, "0",
         "longest time for which a hypervisor waits awake when a virtual core halts; it learns how long from "
         "its halts (KVM), and only then is waking the core the first step of idle_exit; 0: that goes by "
         "time"),
    COST("machine.preempt_cpu", machine.preempt_cpu, "0",
         "CPU the waker pays where another core is busy and has to give way; 0: as machine.wake_remote"),
    COST("machine.preempt_remote", machine.preempt_remote, "0",
         "until a busy core gives way when another core tells it to; at the end of a burst or at a tick at "
         "the latest"),
    COST("machine.switch", machine.switch_, "0", "CPU of a change of thread on a core"),
    COST("machine.send_rest", machine.send_rest, "0",
         "part of a send (server.write, client.send) that comes after its receiver has been told"),
    COST("machine.connect_rest", machine.connect_rest, "0",
         "part of client.connect that comes after the server has been told"),
    COST("machine.halt", machine.halt, "0",
         "CPU added to what runs first on a core that idled: it comes back cold"),
    COST("machine.line", machine.line, "0",
         "time in which a line of cache comes from another core (half a round trip); it changes where a host "
         "moves virtual cores"),
    COST(
        "machine.line_near", machine.line_near, "0",
        "as much of it is part of what was probed between two cores (exit_lines, wake_lines, migrate_lines)"),
    COUNT("machine.exit_lines", machine.exit_lines, "0", 1e6,
          "lines of cache by which the latency of waking an idle core is longer"),
    COUNT("machine.wake_lines", machine.wake_lines, "0", 1e6,
          "lines of cache that waking a thread on another core brings along, on either side"),
    COUNT("machine.migrate_lines", machine.migrate_lines, "0", 1e6,
          "lines of cache that a thread brings along from the core it last ran on"),
    COST("machine.migrate", machine.migrate, "0", "CPU a thread pays on a core other than its last"),
    {.key = "machine.slice",
     .type = SCHEMA_COST,
     .unit = UNIT_SPAN,
     .flags = SCHEMA_ABOVE,
     .offset = OF(machine.slice),
     .def = "1ms",
     .max = SPAN_MOST,
     .help = "how long a thread runs while others wait"},
    COST("machine.base_slice", machine.base_slice, "0",
         "with keep_lag: CPU a thread asks for at a time; its deadline is so far ahead; 0: a slice"),
    SWITCH("machine.slice_exact", machine.slice_exact, "off",
           "with keep_lag: timed work gives way when that is used up, not only at the next tick"),
    COST("machine.tick", machine.tick, "0", "period of the scheduler's clock; 0: a slice"),
    COST("machine.tick_cpu", machine.tick_cpu, "0", "CPU that its interrupt takes from the thread that runs"),
    COST("machine.sleeper_credit", machine.sleeper_credit, "0",
         "how far behind the queue's minimum a woken thread may be placed"),
    SWITCH("machine.keep_lag", machine.keep_lag, "off",
           "a thread keeps its lag behind the others over a sleep (Linux 6.12 and later); off: it gets that "
           "credit"),
    SHARE("machine.stay", machine.stay, "0",
          "probability that a woken thread goes back to its previous core though it is busy"),
    SWITCH("machine.wake_affine", machine.wake_affine, "off",
           "a thread woken from another core goes there where that core has less to do (Linux)"),
    SHARE("machine.search_from", machine.search_from, "0",
          "a thread woken on its waker's core looks for an idle one only where that was busy for this share "
          "of late"),
    COUNT("machine.search_pressure", machine.search_pressure, "0", 10,
          "p: of n cores n (1 - (p x their utilisation of late)^2) are searched for an idle one; 0: all"),
    SWITCH("machine.pull", machine.pull, "on", "a core going idle pulls a waiting thread from another queue"),
    SWITCH("machine.pull_by_success", machine.pull_by_success, "off",
           "... but tries in proportion to how often of late it found one (Linux 6.18.5 and later)"),
    SHARE("machine.pull_first", machine.pull_first, "0.5",
          "... which is taken to be this share of its tries at the start"),
    COST("machine.pull_hot", machine.pull_hot, "0", "... unless that thread ran within this span"),
    SWITCH(
        "machine.balance_tick", machine.balance_tick, "off",
        "at ticks an idle core takes half of the threads that wait on another, a busy one some of its load "
        "(Linux)"),
    COST(
        "machine.balance", machine.balance, "0",
        "period at which idle cores take any thread that waits, hot or not; 0: never (with balance_tick: the "
        "third tick)"),
    {.key = "machine.jitter",
     .type = SCHEMA_COST,
     .unit = UNIT_FRAC,
     .offset = OF(machine.jitter),
     .def = "0",
     .max = 0.57,
     .help = "relative standard deviation of every stage's cost and of every wake-up latency",
     .explain = "Uniform around the value, so at most 1 / sqrt(3)."},
    COST("machine.timer_slack", machine.timer_slack, "0", "added to each timed wait"),
    CURVE("machine.cold", machine.cold,
          "CPU added after a rest of its role, by the length of the rest (linear between)"),
    CURVE("machine.cold_busy", machine.cold_busy,
          "CPU added after a handler's own work, by its length: caches are cold without a rest, too"),
    COST("machine.cold_work", machine.cold_work, "0", "the work over which that addition is spent"),
    SHARE("machine.slow_share", machine.slow_share, "0",
          "share of the time in which each core is slower by itself: a neighbour on the host takes a part of "
          "it"),
    {.key = "machine.slow_speed",
     .type = SCHEMA_COST,
     .flags = SCHEMA_ABOVE,
     .offset = OF(machine.slow_speed),
     .def = "1",
     .max = 1,
     .help = "... at this fraction of its speed"},
    COUNT("machine.slow_spread", machine.slow_spread, "0", 1,
          "... more or less: the standard deviation of its logarithm from one such time to the next"),
    COST("machine.slow_dwell", machine.slow_dwell, "0", "... for this long at a time, on average"),
    COST("machine.interrupt_every", machine.interrupt_every, "0",
         "the host of a virtual machine interrupts a core that often, by its own tick; 0: it does not"),
    COST("machine.interrupt_cpu", machine.interrupt_cpu, "0", "... for this long"),
    SHARE("machine.stolen_share", machine.stolen_share, "0",
          "share of the time in which a core is away: the host of a virtual machine or a thread of the "
          "system has it"),
    COST("machine.stolen_time", machine.stolen_time, "0",
         "... for this long at a time, on average (exponential)"),
    {.key = "machine.smt_yield",
     .type = SCHEMA_COST,
     .offset = OF(machine.smt_yield),
     .def = "2",
     .min = 1,
     .max = 2,
     .help = "throughput of a core with both siblings busy, over one busy"},
    COUNT("machine.turbo_cores", machine.turbo_cores, "0", 4096,
          "with more hardware threads than this busy ..."),
    {.key = "machine.turbo_speed",
     .type = SCHEMA_COST,
     .flags = SCHEMA_ABOVE,
     .offset = OF(machine.turbo_speed),
     .def = "1",
     .max = 1,
     .help = "... all run at this fraction of their speed"},
    COST("machine.ramp_after", machine.ramp_after, "0", "a core idle for longer than this ..."),
    COST("machine.ramp_time", machine.ramp_time, "0", "... runs for this long of busy time ..."),
    {.key = "machine.ramp_speed",
     .type = SCHEMA_COST,
     .flags = SCHEMA_ABOVE,
     .offset = OF(machine.ramp_speed),
     .def = "1",
     .max = 1,
     .help = "... at this fraction of its speed"},
    COST("machine.fast_pull", machine.fast_pull, "0",
         "a thread this long on a core moves to an idle core of a faster class; 0: never"),

    STAGE("server.poll", server.poll, "one iteration of the loop"),
    STAGE("server.accept", server.accept, "one connection: accept, set-up"),
    COST("server.adopt", server.adopt, "0",
         "what a loop pays for a new connection beyond its accept and close: to have it watched, and no "
         "longer"),
    STAGE("server.read", server.read, "read and parse one request"),
    STAGE("server.call", server.call, "route and call the handler"),
    STAGE("server.write", server.write, "serialise and send one response"),
    STAGE("server.close", server.close, "tear one connection down"),
    STAGE("server.hand_off", server.hand_off, "loop side of handing a request to the pool"),
    STAGE("server.complete", server.complete, "loop side of taking a result back from the pool"),
    STAGE("server.pool_work", server.pool_work, "pool-thread side: take, run, report"),
    STAGE("server.watch", server.watch, "thread_per_request: a kept connection is given back to be watched"),
    STAGE("server.suspend", server.suspend, "an await that suspends and resumes later"),
    COUNT("server.hop_polls", server.hop_polls, "0", 100,
          "further loop iterations that a hand-off needs before the pool has the request"),
    COST("server.accept_last", server.accept_last, "0",
         "CPU of the accept that ends a drain of the queue, finding nothing"),
    COST("server.accept_empty", server.accept_empty, "0",
         "CPU of a wake-up that found the accept queue empty"),
    SWITCH("server.call_at_once", server.call_at_once, "off",
           "a request is handled as soon as it is read (libuv, Node.js); off: in the loop's next turn "
           "(asyncio)"),
    SWITCH("server.batch_flush", server.batch_flush, "off",
           "responses leave when the loop has run its whole batch (uvloop)"),
    SWITCH("server.close_later", server.close_later, "off",
           "close happens one iteration after the response; off: at the end of the turn"),
    SWITCH("server.close_at_once", server.close_at_once, "off", "close follows the response at once"),
    SWITCH("server.timed_cpu", server.timed_cpu, "off",
           "a handler's `cpu` is time on a core, however fast, and not work: the micro-server burns time"),
    SWITCH("server.wake_releases", server.wake_releases, "off",
           "the pool thread drops the lock to wake the loop (asyncio does, uvloop does not)"),
    COST("server.wake", server.wake, "0", "CPU of that wake-up call"),
    COUNT("server.lines", server.lines, "0", 1e6,
          "lines of cache that a request brings along which a client sent on another core"),
    COUNT("server.connect_lines", server.connect_lines, "0", 1e6, "the same of a new connection"),
    COST("server.spawn", server.spawn, "0", "CPU of starting a pool thread, each side"),
    COST("server.block", server.block, "0", "CPU a thread pays for a blocking call that really blocks"),

    COST("lock.wait", lock.wait, "0", "CPU of a wait for the global lock that had to sleep, paid on waking"),
    COST("lock.signal", lock.signal, "0", "CPU of a release that must signal a waiter"),
    COST("lock.handover", lock.handover, "0",
         "CPU lost by the thread that takes the lock after a forced hand-over"),
    SWITCH(
        "lock.condition", lock.condition, "off",
        "the lock is made of glibc's mutex and condition (2.25 to 2.40), convoys included; off: ideal ones"),
    COST("lock.syscall", lock.syscall, "0", "length of a system call during which the lock is released"),

    COUNT("gc.requests_per_young", gc.requests_per_young, "0", 1e9,
          "requests between young passes of the collector; 0: no collector"),
    COUNT(
        "gc.per_connection", gc.per_connection, "0", 1,
        "part of a request's allocations that is its new connection's: requests on a kept one do without it"),
    COUNT("gc.hand_off", gc.hand_off, "0", 1e6,
          "what handing a request to the pool allocates, in requests with a connection of their own"),
    COST("gc.young", gc.young, "0", "CPU of a young pass"),
    COUNT("gc.middle_every", gc.middle_every, "0", 1e9, "young passes per middle pass"),
    COST("gc.middle", gc.middle, "0", "CPU of a middle pass"),
    COUNT("gc.full_every", gc.full_every, "0", 1e9, "middle passes per full pass"),
    COST("gc.full", gc.full, "0", "CPU of a full pass"),
    COST("gc.full_per_connection", gc.full_per_connection, "0", "added to a full pass per open connection"),

    COST("client.connect", client.connect, "0", "client CPU of a new connection and its close"),
    COST("client.close", client.close, "0", "the part of it when the connection ends"),
    COST("client.request", client.request, "0", "client CPU of sending a request and reading its response"),
    COST("client.send", client.send, "0", "the part of it before the request leaves"),
    COST("client.poll", client.poll, "0", "client CPU of one iteration of its loop"),
    COST("client.lead", client.lead, "0",
         "load.client: open: it is awake so long before a request is due; 0: woken for it"),
    COUNT("client.lines", client.lines, "0", 1e6,
          "lines of cache that a response brings along which a server wrote on another core"),
    COUNT("client.connect_lines", client.connect_lines, "0", 1e6,
          "the same of a connection that was made for it"),

    COUNT("quiet_speed", quiet_speed, "0", 1e6,
          "speed index of the quiet machine that the CPU costs are for, 10^6 messages/s; 0: not known"),
    COUNT("exchange_speed", speed, "0", 1e6,
          "the same beside a load, with which what is seen beside other loads is compared"),
    COUNT("pace", pace, "0", 1e12,
          "iterations of the server's own work (server.pace) in 1 ms of CPU at that speed; 0: not known"),
    COUNT("dense", dense, "0", 1e6,
          "speed of work of several operations a cycle that the CPU costs and `pace` are for; 0: not known"),
    COST("network", network, "0", "one-way latency between a client elsewhere and the server"),
};

static const struct schema costs = {"cost profile", sizeof rows / sizeof rows[0], rows};

const struct schema *schema_costs(void) {
    return &costs;
}
