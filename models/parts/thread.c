#include "models/parts/thread.h"

#include "base/require.h"
#include "models/parts/cpu.h"
#include "models/parts/lock.h"

#include <stdio.h>
#include <stdlib.h>

static void expired(struct sim *sim, void *owner, uint32_t tag) {
    (void)sim;
    (void)tag;
    struct thread *t = owner;
    t->machine->current = NULL;
    t->alarm(t->machine, t);
}

struct thread *thread_create(struct machine *m, int process, const char *name, thread_step first, void *self,
                             struct lock *lock, struct role *role) {
    struct thread *t = calloc(1, sizeof *t);
    REQUIRE(t);
    *t = (struct thread){.machine = m,
                         .id = m->threads++,
                         .process = process,
                         .self = self,
                         .next = first,
                         .state = THREAD_BLOCKED,
                         .role = role,
                         .since = machine_now(m),
                         .last_ran = THREAD_LONG_AGO,
                         .flips = THREAD_FLIPS,
                         .heap = -1,
                         .lock = lock};
    snprintf(t->name, sizeof t->name, "%s", name);
    t->timer = timer_new(m->sim, expired, t, 1);
    if (m->last_thread)
        m->last_thread->all_next = t;
    else
        m->first_thread = t;
    m->last_thread = t;
    machine_trace(m, TRACE_THREAD_NAME, t->id, process, 0, t->name);
    return t;
}

void thread_alarm_in(struct machine *m, struct thread *t, sim_time ns, thread_alarm alarm) {
    t->alarm = alarm;
    timer_set(m->sim, t->timer, machine_after(m, ns + m->t.timer_slack));
}

struct act thread_sleep(struct machine *m, struct thread *t, sim_time ns, thread_step next) {
    thread_alarm_in(m, t, ns, thread_wake);
    return thread_block(t, next);
}

static enum trace_state traced(enum thread_state s) {
    static const enum trace_state map[THREAD_STATES] = {[THREAD_BLOCKED] = TRACE_BLOCKED,
                                                        [THREAD_RUNNABLE] = TRACE_RUNNABLE,
                                                        [THREAD_RUNNING] = TRACE_RUNNING,
                                                        [THREAD_LOCK] = TRACE_LOCK_WAIT,
                                                        [THREAD_EXITED] = TRACE_BLOCKED};
    return map[s];
}

static int awake(enum thread_state s) {
    return s == THREAD_RUNNABLE || s == THREAD_RUNNING;
}

void thread_enter(struct machine *m, struct thread *t, enum thread_state state) {
    sim_time now = machine_now(m);
    t->spent[t->state] += now - t->since;
    t->since = now;
    if (t->lock) t->lock->awake += awake(state) - awake(t->state);
    t->state = state;
    machine_trace(m, TRACE_THREAD_STATE, t->id, traced(state), -1, NULL);
}

int64_t thread_spent(const struct machine *m, const struct thread *t, enum thread_state state) {
    return t->spent[state] + (t->state == state ? machine_now(m) - t->since : 0);
}

void thread_wake(struct machine *m, struct thread *t) {
    if (t->state != THREAD_BLOCKED && t->state != THREAD_LOCK) return;
    m->counts.wakeups++;
    cpu_wake(m, t);
}
