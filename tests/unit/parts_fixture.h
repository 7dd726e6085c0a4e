#pragma once
// A machine without a server, and threads that follow a script. Times in ns.
#include "base/require.h"
#include "models/parts/cpu.h"
#include "models/parts/lock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum op {
    RUN,     // burns `arg`
    TAKE,    // takes the lock
    RELEASE, // gives it up
    STAGE,   // a stage of `arg` with one release of the lock in it
    SLEEP,   // leaves the core for `arg`
    BLOCK,   // leaves it until woken
    WAKE,    // wakes script number `arg`
    MARK,    // notes the time
    AGAIN,   // goes on at line `arg`
    STOP,
};

struct line {
    enum op op;
    sim_time arg;
};

enum { SCRIPT_MARKS = 64, SCRIPTS = 40, SCRIPT_LINES = 12 };

struct script {
    struct thread *thread;
    struct line line[SCRIPT_LINES];
    int at, marks;
    sim_time mark[SCRIPT_MARKS];
};

struct fixture {
    struct scenario scenario;
    struct machine *machine;
    struct lock lock;
    struct script script[SCRIPTS];
    int scripts;
};

// One class of cores, free of costs; change f->scenario before fixture_build.
static inline void fixture_init(struct fixture *f, int cores) {
    memset(f, 0, sizeof *f);
    struct scenario *s = &f->scenario;
    s->machine.classes = 1;
    s->machine.class[0] = (struct core_class){.count = cores, .smt = 1, .speed = 1};
    s->server.switch_interval = 5 * SIM_MS;
    s->run.seed = 1;
    costs_none(&s->costs);
}

// The latency of every wake-up of an idle core.
static inline void fixture_latency(struct fixture *f, double ns) {
    f->scenario.costs.machine.idle_exit.points = 1;
    f->scenario.costs.machine.idle_exit.point[0].cost.value = ns;
}

static inline void fixture_build(struct fixture *f) {
    f->machine = machine_create(&f->scenario, 0, 0, NULL);
    REQUIRE(f->machine);
    lock_init(&f->lock, f->machine, true);
}

static inline void fixture_fini(struct fixture *f) {
    machine_destroy(f->machine);
}

static inline struct act script_step(struct machine *m, struct thread *t) {
    struct script *s = t->self;
    REQUIRE(s->at < SCRIPT_LINES);
    struct line l = s->line[s->at++];
    switch (l.op) {
    case RUN: return thread_run(t, l.arg, script_step);
    case TAKE: return lock_take(m, t, script_step);
    case STAGE: return lock_stage(m, t, l.arg, 1, script_step);
    case SLEEP: return thread_sleep(m, t, l.arg, script_step);
    case BLOCK: return thread_block(t, script_step);
    case STOP: return thread_exit(t);
    case RELEASE: return lock_release(m, t, script_step);
    case WAKE: thread_wake(m, (s - s->thread->id + l.arg)->thread); break;
    case MARK: s->mark[s->marks++ % SCRIPT_MARKS] = machine_now(m); break;
    case AGAIN: s->at = (int)l.arg; break;
    }
    return thread_run(t, 0, script_step);
}

// A further thread, blocked, and its script; threads and scripts have the same numbers.
#define fixture_add(f, ...) fixture_add_lines(f, (struct line[SCRIPT_LINES]){__VA_ARGS__})
static inline struct script *fixture_add_lines(struct fixture *f, const struct line *line) {
    struct script *s = &f->script[f->scripts++];
    memcpy(s->line, line, sizeof s->line);
    s->thread = thread_create(f->machine, 0, "script", script_step, s, &f->lock, NULL);
    REQUIRE(s->thread->id == f->scripts - 1);
    return s;
}

// Wakes them all, in order, and lets time run up to `until` (SIM_NEVER: to the end).
static inline void fixture_run(struct fixture *f, sim_time until) {
    for (int i = 0; i < f->scripts; i++) thread_wake(f->machine, f->script[i].thread);
    sim_run(f->machine->sim, until);
}
