// The fair share of a core: the sleeper's credit, and EEVDF's lag, delayed sleep and ticks.
#include "parts_fixture.h"

#include "models/parts/fair.h"

enum { US = 1000, MS = 1000000 };

static void eevdf(struct fixture *f) {
    fixture_init(f, 1);
    f->scenario.costs.machine.keep_lag.value = 1;
    f->scenario.costs.machine.base_slice.value = 1.4 * MS;
    f->scenario.costs.machine.tick.value = 4 * MS;
    fixture_build(f);
}

static sim_time first_tick_after(const struct machine *m, sim_time at) {
    sim_time t = m->tick_phase;
    while (t <= at) t += m->t.tick;
    return t;
}

// A thread that had more than its share before it slept gets the core at once where a sleep earns it a credit.
static void sleep_earns_credit(void **state) {
    (void)state;
    struct fixture f;
    fixture_init(&f, 1);
    f.scenario.costs.machine.sleeper_credit.value = 1 * MS;
    fixture_build(&f);
    struct script *b =
        fixture_add(&f, {RUN, 1 * MS}, {SLEEP, 20300 * US}, {RUN, 500 * US}, {MARK, 0}, {STOP, 0});
    fixture_add(&f, {RUN, 100 * MS}, {STOP, 0});
    fixture_run(&f, SIM_NEVER);
    assert_int_equal(b->mark[0], 21800 * US);
    fixture_fini(&f);
}

// With EEVDF a thread that is ahead as it goes to sleep pays for that: it stays in the queue, and waking before the other
// has caught up it gets the core neither then nor until the first tick at which the other has had as much.
static void ahead_it_waits(void **state) {
    (void)state;
    struct fixture f;
    eevdf(&f);
    struct script *b =
        fixture_add(&f, {RUN, 1 * MS}, {SLEEP, 200 * US}, {RUN, 50 * US}, {MARK, 0}, {STOP, 0});
    b->thread->settled = true;
    fixture_add(&f, {RUN, 100 * MS}, {STOP, 0});
    fixture_run(&f, 1100 * US);
    assert_true(b->thread->delayed);
    assert_int_equal(b->thread->state, THREAD_BLOCKED);
    assert_int_equal(f.machine->waiting, 0);
    sim_run(f.machine->sim, SIM_NEVER);
    assert_int_equal(b->mark[0], first_tick_after(f.machine, 2 * MS) + 50 * US);
    fixture_fini(&f);
}

// Nor does it get the core where it is level with the running thread. From then on it is owed time, and gets the core at
// once: a light sleeper is as good as never late beside a hog.
static void owed_it_does_not(void **state) {
    (void)state;
    struct fixture f;
    eevdf(&f);
    struct script *b = fixture_add(&f, {SLEEP, 500 * US}, {RUN, 20 * US}, {MARK, 0}, {AGAIN, 0});
    fixture_add(&f, {RUN, 100 * MS}, {STOP, 0});
    fixture_run(&f, 30 * MS);
    assert_int_equal(b->mark[0], first_tick_after(f.machine, 700 * US) + 20 * US);
    for (int i = 1; i < 40; i++) assert_int_equal(b->mark[i] - b->mark[i - 1], 520 * US);
    fixture_fini(&f);
}

// A core that goes idle forgives what its sleepers were ahead.
static void idle_forgives(void **state) {
    (void)state;
    struct fixture f;
    eevdf(&f);
    struct script *b =
        fixture_add(&f, {RUN, 1 * MS}, {SLEEP, 500 * US}, {RUN, 50 * US}, {MARK, 0}, {STOP, 0});
    b->thread->settled = true;
    fixture_add(&f, {RUN, 100 * US}, {STOP, 0});
    fixture_run(&f, 1200 * US);
    assert_false(b->thread->delayed);
    assert_int_equal(b->thread->lag, 0);
    assert_int_equal(f.machine->cpu[0].queue.n, 0);
    sim_run(f.machine->sim, SIM_NEVER);
    assert_int_equal(b->mark[0], 1550 * US);
    fixture_fini(&f);
}

// The first sleep of all costs a thread nothing: servers are at rest before the load begins.
static void first_sleep_is_free(void **state) {
    (void)state;
    struct fixture f;
    eevdf(&f);
    struct script *b = fixture_add(&f, {RUN, 1 * MS}, {SLEEP, 200 * US}, {STOP, 0});
    fixture_add(&f, {RUN, 100 * MS}, {STOP, 0});
    fixture_run(&f, 1100 * US);
    assert_false(b->thread->delayed);
    assert_int_equal(b->thread->lag, 0);
    fixture_fini(&f);
}

// Two hogs share a core in turns of a tick, whatever their base slice below that.
static void turns_end_at_ticks(void **state) {
    (void)state;
    struct fixture f;
    eevdf(&f);
    struct script *a = fixture_add(&f, {RUN, 40 * MS}, {MARK, 0}, {STOP, 0});
    struct script *b = fixture_add(&f, {RUN, 40 * MS}, {MARK, 0}, {STOP, 0});
    fixture_run(&f, SIM_NEVER);
    sim_time first = a->mark[0] < b->mark[0] ? a->mark[0] : b->mark[0];
    assert_in_range(first, 72 * MS, 80 * MS);
    assert_in_range(f.machine->counts.switches, 18, 22);
    fixture_fini(&f);
}

static struct act burn(struct machine *m, struct thread *t) {
    (void)m;
    t->timed = true;
    return thread_run(t, 100 * MS, script_step);
}

// Where slices are exact, hogs that look at their clock take turns of one slice each; others wait for a tick.
static void turns_of_a_slice(void **state) {
    (void)state;
    for (int timed = 0; timed <= 1; timed++) {
        struct fixture f;
        fixture_init(&f, 1);
        f.scenario.costs.machine.keep_lag.value = 1;
        f.scenario.costs.machine.base_slice.value = 1.4 * MS;
        f.scenario.costs.machine.slice_exact.value = 1;
        f.scenario.costs.machine.tick.value = 400 * MS;
        fixture_build(&f);
        for (int i = 0; i < 2; i++) {
            struct script *a = fixture_add(&f, {RUN, 100 * MS}, {STOP, 0});
            if (timed) a->thread->next = burn, a->at = 1;
        }
        fixture_run(&f, 140 * MS);
        assert_in_range(f.machine->counts.switches, timed ? 95 : 1, timed ? 105 : 3);
        fixture_fini(&f);
    }
}

// A tick takes its time from whoever runs, with either rule.
static void ticks_cost(void **state) {
    (void)state;
    for (int kept = 0; kept <= 1; kept++) {
        struct fixture f;
        fixture_init(&f, 1);
        f.scenario.costs.machine.keep_lag.value = kept;
        f.scenario.costs.machine.tick.value = 4 * MS;
        f.scenario.costs.machine.tick_cpu.value = 30 * US;
        fixture_build(&f);
        struct script *a = fixture_add(&f, {RUN, 40 * MS}, {MARK, 0}, {STOP, 0});
        fixture_run(&f, SIM_NEVER);
        sim_time end = 40 * MS;
        for (sim_time t = f.machine->tick_phase; t <= end; t += 4 * MS) end += 30 * US;
        assert_int_equal(a->mark[0], end);
        fixture_fini(&f);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sleep_earns_credit),  cmocka_unit_test(ahead_it_waits),
        cmocka_unit_test(owed_it_does_not),    cmocka_unit_test(idle_forgives),
        cmocka_unit_test(first_sleep_is_free), cmocka_unit_test(turns_end_at_ticks),
        cmocka_unit_test(ticks_cost),          cmocka_unit_test(turns_of_a_slice),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
