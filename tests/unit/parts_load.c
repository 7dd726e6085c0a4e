// What was busy and runnable of late: half of it is forgotten in 32 ms; a thread takes its load along.
#include "parts_fixture.h"

#include "models/parts/load.h"

#include <math.h>

enum { US = 1000, MS = 1000000 };

static void tracked(struct fixture *f, int cores) {
    fixture_init(f, cores);
    f->scenario.costs.machine.wake_affine.value = 1;
    fixture_build(f);
}

// 1 - 2^(-t / 32 ms) after t of being runnable, half of that another 32 ms later.
static void rises_and_fades(void **state) {
    (void)state;
    struct fixture f;
    tracked(&f, 1);
    struct script *a = fixture_add(&f, {RUN, 64 * MS}, {SLEEP, 1000 * MS}, {STOP, 0});
    fixture_run(&f, 32 * MS);
    assert_true(fabs(load_thread(a->thread) - 0.5) < 1e-3);
    sim_run(f.machine->sim, 64 * MS);
    assert_true(fabs(load_core(&f.machine->cpu[0]) - 0.75) < 1e-3);
    sim_run(f.machine->sim, 96 * MS);
    assert_true(fabs(load_thread(a->thread) - 0.375) < 1e-3);
    assert_true(fabs(load_core(&f.machine->cpu[0]) - 0.375) < 1e-3); // a sleeper's is remembered
    fixture_fini(&f);
}

// Those that wait count, too, and the short steps of many changes add up to the same as a long one.
static void waiting_counts(void **state) {
    (void)state;
    struct fixture f;
    tracked(&f, 1);
    struct script *a = fixture_add(&f, {RUN, 1 * MS}, {AGAIN, 0});
    struct script *b = fixture_add(&f, {RUN, 100 * US}, {AGAIN, 0});
    fixture_run(&f, 64 * MS);
    assert_true(fabs(load_core(&f.machine->cpu[0]) - 1.5) < 1e-3);
    assert_true(fabs(load_thread(a->thread) - 0.75) < 1e-3 && fabs(load_thread(b->thread) - 0.75) < 1e-3);
    fixture_fini(&f);
}

// A pulled thread takes its load to the other core.
static void moves_along(void **state) {
    (void)state;
    struct fixture f;
    tracked(&f, 2);
    fixture_add(&f, {RUN, 100 * MS}, {STOP, 0});
    fixture_add(&f, {RUN, 32 * MS}, {STOP, 0});
    struct script *c = fixture_add(&f, {RUN, 100 * MS}, {STOP, 0});
    fixture_run(&f, 33 * MS);
    struct cpu *now = c->thread->load_on;
    assert_ptr_equal(now, c->thread->cpu);
    double others = load_core(&f.machine->cpu[0]) + load_core(&f.machine->cpu[1]);
    assert_true(fabs(others - (2 * (1 - exp2(-33. / 32)) + 0.5 * exp2(-1. / 32))) < 2e-3);
    fixture_fini(&f);
}

// One that sleeps in the queue for what it was ahead counts until it has left it.
static void sleepers_count(void **state) {
    (void)state;
    struct fixture f;
    fixture_init(&f, 1);
    f.scenario.costs.machine.wake_affine.value = 1;
    f.scenario.costs.machine.keep_lag.value = 1;
    f.scenario.costs.machine.base_slice.value = 3 * MS;
    f.scenario.costs.machine.tick.value = 4 * MS;
    fixture_build(&f);
    struct script *a = fixture_add(&f, {SLEEP, 1 * MS}, {RUN, 2 * MS}, {SLEEP, 1000 * MS}, {STOP, 0});
    fixture_add(&f, {SLEEP, 1 * MS}, {RUN, 100 * MS}, {STOP, 0});
    fixture_run(&f, 3 * MS + 1);
    assert_int_equal(a->thread->state, THREAD_BLOCKED);
    assert_true(a->thread->delayed && a->thread->loads);
    assert_int_equal(f.machine->cpu[0].loads, 2);
    sim_run(f.machine->sim, 60 * MS);
    assert_true(!a->thread->delayed && !a->thread->loads);
    assert_int_equal(f.machine->cpu[0].loads, 1);
    fixture_fini(&f);
}

// What a thread is expected to load its core with: what it did when it went to sleep, lower values by a quarter of the way.
static void expected(void **state) {
    (void)state;
    struct fixture f;
    tracked(&f, 1);
    struct script *a = fixture_add(&f, {RUN, 64 * MS}, {SLEEP, 1000 * MS}, {RUN, 8 * MS}, {SLEEP, 1000 * MS},
                                   {RUN, 1 * MS}, {STOP, 0});
    fixture_run(&f, 100 * MS);
    assert_true(fabs(a->thread->estimate - 0.75) < 1e-3);
    struct cpu *c = &f.machine->cpu[0];
    assert_true(fabs(load_expected(f.machine, c) - load_busy(f.machine, c)) < 1e-9); // it sleeps
    sim_run(f.machine->sim, 1070 * MS);
    assert_true(load_busy(f.machine, c) < 0.2);
    assert_true(fabs(load_expected(f.machine, c) - 0.75) < 1e-3);
    sim_run(f.machine->sim, 1100 * MS);
    assert_true(fabs(a->thread->estimate - (0.75 + (1 - exp2(-0.25) - 0.75) / 4)) < 1e-3);
    fixture_fini(&f);
}

static void utilisation(void **state) {
    (void)state;
    struct fixture f;
    fixture_init(&f, 2);
    fixture_build(&f);
    fixture_add(&f, {RUN, 1 * MS}, {SLEEP, 1 * MS}, {AGAIN, 0});
    fixture_run(&f, 400 * MS);
    assert_true(fabs(load_busy(f.machine, &f.machine->cpu[0]) - 0.5) < 0.02);
    assert_true(load_busy(f.machine, &f.machine->cpu[1]) < 0.001);
    assert_true(fabs(f.machine->load - 0.25) < 0.01);
    fixture_fini(&f);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(rises_and_fades), cmocka_unit_test(waiting_counts),
                                       cmocka_unit_test(moves_along),     cmocka_unit_test(sleepers_count),
                                       cmocka_unit_test(expected),        cmocka_unit_test(utilisation)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
