// What a core with nothing to run takes from others.
#include "parts_fixture.h"

#include "models/parts/pull.h"
#include "models/parts/run_queue.h"

enum { US = 1000, MS = 1000000 };

// A hog on each core, one that waits on the first; the second hog naps again and again.
static void napping(struct fixture *f, sim_time nap) {
    fixture_add(f, {RUN, 1000 * MS}, {STOP, 0});
    fixture_add(f, {RUN, 100 * US}, {SLEEP, nap}, {AGAIN, 0});
}

static void two_cores(struct fixture *f) {
    fixture_init(f, 2);
    f->scenario.costs.machine.keep_lag.value = 1;
    f->scenario.costs.machine.base_slice.value = 1.4 * MS;
    f->scenario.costs.machine.tick.value = 4 * MS;
    f->scenario.costs.machine.pull_hot.value = 500 * US;
}

// One that ran a moment ago stays where its caches are.
static void hot_stays(void **state) {
    (void)state;
    for (int cold = 0; cold <= 1; cold++) {
        struct fixture f;
        two_cores(&f);
        fixture_build(&f);
        fixture_add(&f, {RUN, 100 * MS}, {STOP, 0});
        fixture_add(&f, {RUN, cold ? 2 * MS : 200 * US}, {STOP, 0});
        struct script *c = fixture_add(&f, {RUN, 1 * MS}, {STOP, 0});
        c->thread->cpu = &f.machine->cpu[0];
        c->thread->last_ran = 0;
        fixture_run(&f, cold ? 2100 * US : 300 * US);
        assert_ptr_equal(c->thread->load_on ? c->thread->load_on : c->thread->cpu, &f.machine->cpu[cold]);
        fixture_fini(&f);
    }
}

// In proportion to its success: where there never is anything to take, a core hardly looks any more; where there always is,
// it looks nearly every time.
static void by_success(void **state) {
    (void)state;
    struct fixture f;
    two_cores(&f);
    f.scenario.costs.machine.pull_by_success.value = 1;
    f.scenario.costs.machine.pull_first.value = 0.5;
    fixture_build(&f);
    struct cpu *c = &f.machine->cpu[1];
    assert_int_equal(c->pull_ratio, 512);
    napping(&f, 200 * US);
    fixture_run(&f, 1 * MS);
    for (int i = 0; i < 3000; i++) {
        f.machine->crowded = true; // but nobody waits
        assert_null(pull_newly_idle(c));
    }
    assert_true(c->pull_ratio < 20);
    fixture_fini(&f);
}

// Each success stands for the looks that were not made: whatever the share to begin with, the ratio comes to that of successes.
static void finds_its_level(void **state) {
    (void)state;
    for (int first = 0; first <= 1; first++) {
        struct fixture f;
        two_cores(&f);
        f.scenario.costs.machine.pull_by_success.value = 1;
        f.scenario.costs.machine.pull_first.value = first;
        f.scenario.costs.machine.search_from.value = 1;
        fixture_build(&f);
        struct cpu *c = &f.machine->cpu[1];
        struct script *a = fixture_add(&f, {RUN, 1000 * MS}, {STOP, 0});
        struct script *b = fixture_add(&f, {RUN, 1000 * MS}, {STOP, 0});
        b->thread->cpu = a->thread->cpu = &f.machine->cpu[0];
        fixture_run(&f, 100 * US); // b waits behind a, or a behind b
        struct thread *w = f.machine->cpu[0].queue.heap[0];
        int found = 0, all = 40000;
        for (int i = 0; i < all; i++) {
            w->last_ran = i % 2 ? -MS : machine_now(f.machine); // every other time it may be moved
            f.machine->crowded = true;
            struct thread *t = pull_newly_idle(c);
            if (!t) continue;
            found++;
            assert_ptr_equal(t, w);
            run_queue_push(&f.machine->cpu[0], t); // back again
        }
        assert_in_range(c->pull_ratio, 350, 700);
        assert_in_range(found, all / 2 * 0.35, all / 2 * 0.75);
        fixture_fini(&f);
    }
}

// At the ticks of the core where a thread waits, an idle one takes it over.
static void at_a_tick(void **state) {
    (void)state;
    for (int on = 0; on <= 1; on++) {
        struct fixture f;
        two_cores(&f);
        f.scenario.costs.machine.pull.value = 0;
        f.scenario.costs.machine.balance_tick.value = on;
        f.scenario.costs.machine.keep_lag.value = 0;
        f.scenario.costs.machine.slice.value = 200 * MS;
        f.scenario.costs.machine.tick_cpu.value = 1;
        fixture_build(&f);
        fixture_add(&f, {RUN, 100 * MS}, {STOP, 0});
        fixture_add(&f, {RUN, 1 * MS}, {STOP, 0});
        struct script *c = fixture_add(&f, {RUN, 2 * MS}, {MARK, 0}, {STOP, 0});
        c->thread->cpu = &f.machine->cpu[0];
        c->thread->last_ran = 0;
        fixture_run(&f, 60 * MS);
        sim_time tick = f.machine->tick_phase;
        while (tick < 1 * MS) tick += 4 * MS;
        assert_ptr_equal(c->thread->cpu, &f.machine->cpu[on]);
        if (on) assert_in_range(c->mark[0], tick + 2 * MS, tick + 2 * MS + 1);
        fixture_fini(&f);
    }
}

// Hogs that all begin on the first core, ahead of `beside` threads on the second which run for `span`; what is kept of load.
static void crowd(struct fixture *f, int hogs, sim_time span) {
    two_cores(f);
    f->scenario.costs.machine.pull.value = 0;
    f->scenario.costs.machine.balance_tick.value = 1;
    f->scenario.costs.machine.tick_cpu.value = 1;
    f->scenario.costs.machine.wake_affine.value = 1;
    f->scenario.costs.machine.search_from.value = 1;
    fixture_build(f);
    fixture_add(f, {RUN, span}, {STOP, 0})->thread->cpu = &f->machine->cpu[1];
    for (int i = 0; i < hogs; i++) {
        struct thread *t = fixture_add(f, {RUN, 10 * MS}, {AGAIN, 0})->thread;
        t->cpu = &f->machine->cpu[0];
        t->last_ran = i < 4 ? -MS : 0;
    }
}

static int on_second(const struct fixture *f) {
    int n = 0;
    for (int i = 1; i < f->scripts; i++) n += f->script[i].thread->load_on == &f->machine->cpu[1];
    return n;
}

// An idle core takes half of a queue at a tick, and of those only what has not run a moment ago; the longest there first.
static void takes_half(void **state) {
    (void)state;
    struct fixture f;
    crowd(&f, 8, 10 * US);
    sim_time tick = f.machine->tick_phase;
    for (int i = 5; i <= 8; i++) f.script[i].thread->last_ran = tick; // hot when the tick comes
    fixture_run(&f, tick);
    assert_in_range(tick, 100 * US, 4 * MS);
    assert_int_equal(on_second(&f), 3); // of 8 four, but the first of the cold ones runs
    assert_ptr_equal(f.machine->cpu[1].running, f.script[2].thread);
    fixture_fini(&f);
}

// Where all that waits ran a moment ago, it is taken at the third tick.
static void in_vain(void **state) {
    (void)state;
    for (int ticks = 1; ticks <= 3; ticks++) {
        struct fixture f;
        crowd(&f, 2, 10 * US);
        f.script[2].thread->last_ran = 1000 * MS;
        fixture_run(&f, f.machine->tick_phase + (ticks - 1) * 4 * MS);
        f.script[1].thread->last_ran = 1000 * MS;
        assert_int_equal(f.machine->cpu[1].state == CPU_IDLE, ticks < 3);
        assert_int_equal(on_second(&f), ticks < 3 ? 0 : 1);
        fixture_fini(&f);
    }
}

// A core that is busy itself takes what the other has had more to do of late, but not at every tick.
static void relieves(void **state) {
    (void)state;
    for (int on = 0; on <= 1; on++) {
        struct fixture f;
        crowd(&f, 6, 1000 * MS);
        f.machine->t.balance_tick = on;
        fixture_run(&f, 24 * MS);
        assert_int_equal(on_second(&f), 0);
        sim_run(f.machine->sim, 300 * MS);
        assert_in_range(on_second(&f), on ? 2 : 0, on ? 3 : 0);
        fixture_fini(&f);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(hot_stays),       cmocka_unit_test(by_success),
                                       cmocka_unit_test(finds_its_level), cmocka_unit_test(at_a_tick),
                                       cmocka_unit_test(takes_half),      cmocka_unit_test(in_vain),
                                       cmocka_unit_test(relieves)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
