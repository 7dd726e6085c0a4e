#include "models/parts/cpu.h"

#include "base/require.h"
#include "models/parts/fair.h"
#include "models/parts/idle.h"
#include "models/parts/load.h"
#include "models/parts/place.h"
#include "models/parts/pull.h"
#include "models/parts/rate.h"
#include "models/parts/role.h"
#include "models/parts/run_queue.h"

#include <stdlib.h>

// A step that asks for no time is followed by the next at once; a program that never asks for any is broken.
enum { MOST_FREE_STEPS = 1000000 };

// Books what has passed of the running thread's burst.
static void charge(struct cpu *c) {
    sim_time now = machine_now(c->machine), passed = now - c->charged;
    struct thread *t = c->running;
    if (passed == 0) {
        if (now >= c->burst_end) t->need = 0;
        return;
    }
    sim_time work = rate_work(c, passed);
    t->need = now >= c->burst_end || work >= t->need ? 0 : t->need - work;
    t->vruntime += passed;
    c->busy += passed;
    c->charged = now;
    const struct thread *first = run_queue_first(c);
    int64_t least = first && first->vruntime < t->vruntime ? first->vruntime : t->vruntime;
    if (least > c->vmin) c->vmin = least;
    if (c->ramp_left > 0) {
        c->ramp_left = passed < c->ramp_left ? c->ramp_left - passed : 0;
        if (c->ramp_left == 0) rate_set(c);
    }
}

void cpu_settle(struct cpu *c) {
    if (c->state == CPU_BUSY && !c->stepping) charge(c); // a stepping core is charged up to now
}

// A tick that costs nothing need not be simulated while nobody waits: the one after it is looked for then.
static bool tick_matters(struct cpu *c) {
    if (c->machine->t.tick_cpu == 0 && c->queue.n == 0) return false;
    if (c->tick_at < machine_now(c->machine) && c->machine->t.tick_cpu == 0)
        c->tick_at = fair_next_tick(c->machine);
    return true;
}

// Sets the core's timer to whatever ends or changes its present burst first.
static void retime(struct cpu *c) {
    const struct machine *m = c->machine;
    c->burst_end = c->charged + rate_wall(c, c->running->need);
    sim_time at = c->burst_end, now = machine_now(m);
    if (c->queue.n > 0 && c->slice_end < at) at = c->slice_end;
    if (c->ramp_left > 0 && c->charged + c->ramp_left < at) at = c->charged + c->ramp_left;
    if (c->move_check < at) at = c->move_check;
    if (c->preempt_at < at) at = c->preempt_at;
    if (c->give_at < at) at = c->give_at;
    if (c->phase_until < at) at = c->phase_until;
    if (speed_host_at(c) < at) at = speed_host_at(c);
    if (tick_matters(c) && c->tick_at < at) at = c->tick_at;
    timer_set(m->sim, c->timer, at > now ? at : now);
}

// Tells the sibling that this hardware thread became busy or idle: it runs slower or faster from now on.
static void tell_sibling(struct cpu *c) {
    if (c->sibling < 0) return;
    struct cpu *s = &c->machine->cpu[c->sibling];
    if (s->state != CPU_BUSY || s->stepping) return; // a stepping core sets its rate when the step is over
    charge(s);
    rate_set(s);
    retime(s);
}

static void start(struct cpu *c, struct thread *t) {
    struct machine *m = c->machine;
    sim_time now = machine_now(m);
    sim_time need = t->need;
    bool was_busy = c->state == CPU_BUSY;
    c->state = CPU_BUSY;
    c->running = t;
    c->charged = now;
    c->preempt_at = c->give_at = SIM_NEVER;
    c->move_check = m->t.fast_pull > 0 && c->speed < m->cpu[0].speed ? now + m->t.fast_pull : SIM_NEVER;
    if (c->last != t) {
        t->need += m->t.switch_;
        m->counts.switches++;
    }
    if (t->cpu && t->cpu != c) t->need += m->t.migrate;
    if (!was_busy) t->need += m->t.halt;
    // What the change costs is not taken from the slice, or a slice no longer than that would lead nowhere.
    c->tick_at = fair_next_tick(m);
    fair_begin(c);
    c->slice_end = fair_slice_end(c, rate_wall(c, t->need - need));
    t->cpu = c;
    t->listed = now;
    thread_enter(m, t, THREAD_RUNNING);
    role_starts(m, t->role);
    if (!was_busy) speed_pass(c);
    if (!was_busy || m->t.slow_share > 0) rate_set(c);
    if (!was_busy) tell_sibling(c);
    retime(c);
    machine_trace(m, TRACE_CORE_RUN, c->id, t->id, 0, t->name);
}

static struct thread *stop(struct cpu *c) {
    struct thread *t = c->running;
    t->last_ran = machine_now(c->machine);
    role_stops(t->role, t->last_ran);
    c->last = t;
    c->running = NULL;
    return t;
}

// Gives a core that has nothing to run to whoever waits for it, here or elsewhere, or lets it idle.
static void pick(struct cpu *c) {
    struct machine *m = c->machine;
    struct thread *t = c->queue.n ? fair_take(c) : NULL;
    c->switched_at = machine_now(m) + m->t.switch_;
    if (!t && (t = pull_newly_idle(c))) c->switched_at += m->t.migrate;
    if (t) {
        start(c, t);
        return;
    }
    c->state = CPU_IDLE;
    c->idle_since = machine_now(m);
    m->idle_cpus++;
    timer_cancel(m->sim, c->timer);
    pull_watch(m);
    tell_sibling(c);
    machine_trace(m, TRACE_CORE_RUN, c->id, -1, 0, "idle");
}

static void requeue(struct cpu *c) {
    struct thread *t = stop(c);
    thread_enter(c->machine, t, THREAD_RUNNABLE);
    if (t->process >= 0) c->machine->counts.involuntary++;
    run_queue_push(c, t);
}

// The running thread makes way for one that waits, if there is such a one.
static bool give_way(struct cpu *c, struct thread *rival) {
    if (!rival) return false;
    run_queue_remove(c, rival);
    requeue(c);
    start(c, rival);
    return true;
}

// Calls the running thread's steps until it needs time or leaves the core.
static void advance(struct cpu *c) {
    struct machine *m = c->machine;
    struct thread *t = c->running;
    c->yield = c->preempt_at != SIM_NEVER; // a burst ends in the kernel, where the mark is seen
    c->preempt_at = SIM_NEVER;
    if (t->burnt > 0) role_burnt(m, t->role, t->burnt);
    t->burnt = 0;
    sim_time paid = 0;
    for (int free_steps = 0;; free_steps++) {
        REQUIRE(free_steps < MOST_FREE_STEPS);
        thread_step step = t->locking ? t->locking : t->split ? t->split : t->next;
        c->stepping = true;
        m->current = t;
        t->timed = false;
        struct act a = step(m, t);
        m->current = NULL;
        c->stepping = false;
        if (a.kind != ACT_RUN) {
            REQUIRE(t->debt == 0);
            if (t->process >= 0) m->counts.voluntary++;
            t->delayed = a.kind != ACT_EXIT && fair_leave(c);
            load_estimate(t);
            if (!t->delayed) load_leave(t);
            thread_enter(m, stop(c),
                         a.kind == ACT_EXIT   ? THREAD_EXITED
                         : a.kind == ACT_LOCK ? THREAD_LOCK
                                              : THREAD_BLOCKED);
            if (t->delayed) run_queue_push(c, t);
            c->yield = false;
            pick(c);
            return;
        }
        t->need = a.ns + t->debt;
        paid = t->debt;
        t->debt = 0;
        if (t->need > 0 && !t->resumed) t->need += role_extra(m, t->role, t->need);
        t->resumed = false;
        if (t->need > 0 || c->yield) break;
    }
    bool yield = c->yield;
    c->yield = false;
    if (yield && paid == 0 && give_way(c, fair_rival(c))) return;
    if (m->t.slice_exact) c->slice_end = fair_slice_end(c, 0);
    rate_set(c);
    // What it did for others comes before they do: a call ends before the kernel changes threads.
    if (yield && paid > 0) c->give_at = machine_now(m) + rate_wall(c, paid);
    retime(c);
}

// The interrupt that another core sent has arrived.
static void preempt(struct cpu *c) {
    c->preempt_at = SIM_NEVER;
    if (!give_way(c, fair_rival(c))) retime(c);
}

static void slice_over(struct cpu *c) {
    if (give_way(c, fair_rival(c))) return;
    c->slice_end = fair_slice_end(c, 0);
    retime(c);
}

static void tick(struct cpu *c) {
    struct machine *m = c->machine;
    speed_lose(c, m->t.tick_cpu);
    c->tick_at = fair_next_tick(m);
    bool claimed = pull_while_busy(c) || c->preempt_at != SIM_NEVER;
    struct thread *rival = claimed ? fair_rival(c) : fair_rival_at_tick(c);
    c->preempt_at = SIM_NEVER;
    if (!give_way(c, rival)) retime(c);
    pull_at_tick(c);
}

// A thread that has run for a while on a slow core moves to a faster one that idles (asymmetric packing).
static void move_to_faster(struct cpu *c) {
    struct machine *m = c->machine;
    struct cpu *to = place_faster_idle(c);
    if (!to) {
        c->move_check = machine_now(m) + m->t.fast_pull;
        retime(c);
        return;
    }
    fair_note(c->running, c);
    struct thread *t = stop(c);
    thread_enter(m, t, THREAD_RUNNABLE);
    fair_place(t, c, to);
    load_enter(t, to);
    cpu_rouse(to, t);
    pick(c);
}

static void fire(struct sim *sim, void *owner, uint32_t tag) {
    (void)tag;
    struct cpu *c = owner;
    c->machine->current = NULL;
    if (c->state == CPU_WAKING)
        start(c, c->running);
    else
        charge(c);
    sim_time now = sim_now(sim);
    if (now >= c->phase_until) {
        speed_pass(c);
        rate_set(c);
    }
    if (now >= speed_host_at(c)) speed_host(c);
    if (now >= c->give_at) {
        c->give_at = SIM_NEVER;
        if (give_way(c, fair_rival(c))) return;
    }
    if (c->running->need == 0)
        advance(c);
    else if (now >= c->preempt_at)
        preempt(c);
    else if (c->queue.n > 0 && now >= c->slice_end)
        slice_over(c);
    else if (now >= c->tick_at)
        tick(c);
    else if (now >= c->move_check)
        move_to_faster(c);
    else
        retime(c);
}

void cpu_rouse(struct cpu *c, struct thread *t) {
    struct machine *m = c->machine;
    sim_time idle = machine_now(m) - c->idle_since;
    REQUIRE(c->state == CPU_IDLE);
    m->idle_cpus--;
    c->state = CPU_WAKING;
    c->running = t;
    c->ramp_left = m->t.ramp_time > 0 && idle >= m->t.ramp_after ? m->t.ramp_time : 0;
    const struct idle_end end = idle_end(c);
    if (m->current) m->current->debt += end.waker;
    if (t->process >= 0) m->counts.counted += end.counted;
    timer_set(m->sim, c->timer, machine_now(m) + end.latency);
}

// The woken thread waits in the queue of a busy core. The core is interrupted only where that thread has the better claim:
// then the waker pays for telling it, and it takes until the interrupt arrives there.
static void wake_on_busy(struct cpu *c, struct thread *t) {
    struct machine *m = c->machine;
    struct thread *waker = m->current;
    pull_watch(m);
    if (c->stepping) {
        c->yield |= fair_claims(c, t);
        if (waker) waker->debt += m->t.wake_local;
        return;
    }
    if (c->state == CPU_BUSY) charge(c);
    bool claims = c->state == CPU_BUSY && c->running->need > 0 && fair_claims(c, t);
    if (waker) waker->debt += claims ? m->t.preempt_cpu : m->t.wake_local;
    if (c->state != CPU_BUSY) return;
    sim_time at = machine_now(m) + (waker ? m->t.preempt_remote : 0);
    if (claims && at < c->preempt_at) c->preempt_at = at;
    retime(c);
}

// Linux: task_struct.on_cpu. One that has gone to sleep, but whose core has not yet changed to the next thread.
static bool leaving(const struct machine *m, const struct thread *t) {
    return t->cpu && t->cpu->last == t && machine_now(m) < t->cpu->switched_at;
}

void cpu_wake(struct machine *m, struct thread *t) {
    struct cpu *c = t->delayed || leaving(m, t) ? t->cpu : place_choose(m, t);
    cpu_settle(c);
    if (t->cpu) cpu_settle(t->cpu);
    if (t->delayed) {
        fair_rejoin(c, t);
    } else {
        fair_place(t, t->cpu, c);
        t->listed = machine_now(m);
    }
    if (t->cpu != c)
        t->last_ran = THREAD_LONG_AGO; // Linux: migrate_task_rq_fair. One that has just moved may move again.
    load_enter(t, c);
    thread_enter(m, t, THREAD_RUNNABLE);
    if (c->state != CPU_IDLE) {
        if (t->heap < 0) run_queue_push(c, t);
        wake_on_busy(c, t);
        return;
    }
    cpu_rouse(c, t);
}

sim_time cpu_cut_burst(struct machine *m, struct thread *t) {
    struct cpu *c = t->cpu;
    bool on_core = t->state == THREAD_RUNNING;
    if (on_core) {
        REQUIRE(!c->stepping);
        charge(c);
    }
    sim_time left = t->need;
    t->need = 0;
    if (on_core) {
        c->burst_end = machine_now(m);
        timer_set(m->sim, c->timer, c->burst_end);
    }
    return left;
}

sim_time cpu_busy(const struct machine *m, const struct cpu *c) {
    return c->busy + (c->state == CPU_BUSY ? machine_now(m) - c->charged : 0);
}

static void add_class(struct machine *m, int class, int *id) {
    const struct core_class *k = &m->scenario->machine.class[class];
    for (int core = 0; core < k->count; core++) {
        for (int h = 0; h < k->smt; h++, (*id)++) {
            struct cpu *c = &m->cpu[*id];
            *c = (struct cpu){.machine = m, .id = *id, .class = class, .sibling = -1, .speed = k->speed};
            pull_begin(c);
            if (k->smt == 2) c->sibling = *id + (h == 0 ? 1 : -1);
            c->timer = timer_new(m->sim, fire, c, 2);
            c->move_check = c->preempt_at = c->give_at = SIM_NEVER;
            speed_begin(c);
            rate_set(c);
        }
    }
}

bool cpu_init_all(struct machine *m) {
    m->cpus = m->idle_cpus = scenario_cpus(&m->scenario->machine);
    m->cpu = calloc((size_t)m->cpus, sizeof *m->cpu);
    if (!m->cpu) return false;
    pull_init(m);
    for (int class = 0, id = 0; class < m->scenario->machine.classes; class ++) add_class(m, class, &id);
    return true;
}

void cpu_fini_all(struct machine *m) {
    for (int i = 0; m->cpu && i < m->cpus; i++) free(m->cpu[i].queue.heap);
    free(m->cpu);
}
