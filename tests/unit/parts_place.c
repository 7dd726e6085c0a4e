// Where a woken thread runs, and with what claim.
#include "parts_fixture.h"

enum { US = 1000, MS = 1000000 };

// A core that goes idle takes a waiting thread over, lag and all.
static void pull_with_lag(void **state) {
    (void)state;
    struct fixture f;
    fixture_init(&f, 2);
    f.scenario.costs.machine.keep_lag.value = 1;
    fixture_build(&f);
    struct script *a = fixture_add(&f, {RUN, 10 * MS}, {MARK, 0}, {STOP, 0});
    fixture_add(&f, {RUN, 2 * MS}, {STOP, 0});
    struct script *b = fixture_add(&f, {RUN, 10 * MS}, {MARK, 0}, {STOP, 0});
    fixture_run(&f, SIM_NEVER);
    assert_ptr_not_equal(a->thread->cpu, b->thread->cpu);
    assert_int_equal(a->mark[0] + b->mark[0], 22 * MS); // they shared a core for the first 2 ms
    fixture_fini(&f);
}

// A woken thread whose core is busy looks for an idle one, unless its core was not busy enough of late.
static void search(void **state) {
    (void)state;
    for (int from = 0; from <= 1; from++) {
        struct fixture f;
        fixture_init(&f, 2);
        f.scenario.costs.machine.search_from.value = from * 0.7;
        f.scenario.costs.machine.pull.value = 0;
        f.scenario.costs.machine.sleeper_credit.value = 1 * MS;
        fixture_build(&f);
        struct script *a = fixture_add(&f, {RUN, 10 * MS}, {MARK, 0}, {STOP, 0});
        fixture_add(&f, {RUN, 5 * MS}, {STOP, 0});
        struct script *b = fixture_add(&f, {RUN, 1 * US}, {SLEEP, 8 * MS}, {RUN, 500 * US}, {STOP, 0});
        fixture_run(&f, SIM_NEVER);
        assert_ptr_equal(b->thread->cpu, &f.machine->cpu[from ? 0 : 1]);
        assert_int_equal(a->mark[0], 10 * MS + 1 * US + (from ? 500 * US : 0));
        fixture_fini(&f);
    }
}

// Who waits on its core, too, makes no difference.
static void stays_beside_others(void **state) {
    (void)state;
    struct fixture f;
    fixture_init(&f, 2);
    f.scenario.costs.machine.search_from.value = 1;
    f.scenario.costs.machine.pull.value = 0;
    fixture_build(&f);
    fixture_add(&f, {RUN, 100 * US}, {WAKE, 1}, {WAKE, 2}, {RUN, 100 * US}, {STOP, 0});
    struct script *b = fixture_add(&f, {RUN, 1 * US}, {BLOCK, 0}, {RUN, 10 * US}, {STOP, 0});
    struct script *c = fixture_add(&f, {RUN, 1 * US}, {BLOCK, 0}, {RUN, 10 * US}, {STOP, 0});
    for (int i = 0; i < 3; i++) f.script[i].thread->cpu = &f.machine->cpu[0];
    fixture_run(&f, SIM_NEVER);
    assert_ptr_equal(b->thread->cpu, &f.machine->cpu[0]);
    assert_ptr_equal(c->thread->cpu, &f.machine->cpu[0]);
    fixture_fini(&f);
}

// Both cores are busy: a thread goes to its waker's where that has had less to do of late, and stays where it was otherwise,
// or where its waker wakes many that wake nobody.
static void beside_the_waker(void **state) {
    (void)state;
    for (int i = 0; i < 3; i++) {
        struct fixture f;
        fixture_init(&f, 2);
        f.scenario.costs.machine.wake_affine.value = i > 0;
        f.scenario.costs.machine.pull.value = 0;
        fixture_build(&f);
        struct script *waker =
            fixture_add(&f, {SLEEP, 60 * MS}, {RUN, 1 * MS}, {WAKE, 1}, {RUN, 5 * MS}, {STOP, 0});
        struct script *b = fixture_add(&f, {RUN, 10 * US}, {BLOCK, 0}, {RUN, 10 * US}, {STOP, 0});
        struct script *hog = fixture_add(&f, {RUN, 200 * MS}, {STOP, 0});
        waker->thread->cpu = &f.machine->cpu[0];
        b->thread->cpu = hog->thread->cpu = &f.machine->cpu[1];
        if (i == 2) waker->thread->flips = 1000, b->thread->flips = 30;
        fixture_run(&f, 62 * MS);
        sim_run(f.machine->sim, SIM_NEVER);
        assert_ptr_equal(b->thread->cpu, &f.machine->cpu[i == 1 ? 0 : 1]);
        fixture_fini(&f);
    }
}

// Woken by what is sent, a thread goes to its sender's core where its own has more to do than that has without the sender.
static void beside_the_sender(void **state) {
    (void)state;
    for (int sync = 0; sync <= 1; sync++) {
        struct fixture f;
        fixture_init(&f, 2);
        f.scenario.costs.machine.wake_affine.value = 1;
        f.scenario.costs.machine.pull.value = 0;
        fixture_build(&f);
        struct script *sender = fixture_add(&f, {RUN, 60 * MS}, {WAKE, 1}, {RUN, 5 * MS}, {STOP, 0});
        struct script *b = fixture_add(&f, {RUN, 10 * US}, {BLOCK, 0}, {RUN, 10 * US}, {STOP, 0});
        struct script *hog = fixture_add(&f, {SLEEP, 40 * MS}, {RUN, 200 * MS}, {STOP, 0});
        sender->thread->cpu = &f.machine->cpu[0];
        b->thread->cpu = hog->thread->cpu = &f.machine->cpu[1];
        f.machine->waking = sync ? WAKING_SENT : WAKING_PLAIN;
        fixture_run(&f, SIM_NEVER);
        assert_ptr_equal(b->thread->cpu, &f.machine->cpu[sync ? 0 : 1]);
        fixture_fini(&f);
    }
}

// A thread that slept on an idle core is put beside its waker where both fit on that core.
static void fits_beside_the_waker(void **state) {
    (void)state;
    for (int i = 0; i < 3; i++) {
        struct fixture f;
        fixture_init(&f, 2);
        f.scenario.costs.machine.wake_affine.value = 1;
        f.scenario.costs.machine.pull.value = 0;
        f.scenario.costs.machine.search_from.value = i == 0 ? 0 : 0.8;
        fixture_build(&f);
        struct script *waker = fixture_add(&f, {SLEEP, 100 * MS}, {RUN, i == 2 ? 900 * MS : 1 * MS},
                                           {WAKE, 1}, {RUN, 5 * MS}, {STOP, 0});
        struct script *b = fixture_add(&f, {RUN, 20 * MS}, {BLOCK, 0}, {RUN, 10 * US}, {STOP, 0});
        waker->thread->cpu = &f.machine->cpu[0];
        b->thread->cpu = &f.machine->cpu[1];
        f.machine->waking = WAKING_ONE_OF_MANY;
        fixture_run(&f, SIM_NEVER);
        assert_ptr_equal(b->thread->cpu, &f.machine->cpu[i == 1 ? 0 : 1]);
        fixture_fini(&f);
    }
}

// Of two that slept on an idle core and are woken by one connection, the first goes back there, the second to its waker's.
static void second_of_two(void **state) {
    (void)state;
    for (int many = 0; many <= 1; many++) {
        struct fixture f;
        fixture_init(&f, 2);
        f.scenario.costs.machine.wake_affine.value = 1;
        f.scenario.costs.machine.pull.value = 0;
        fixture_build(&f);
        struct script *client =
            fixture_add(&f, {RUN, 60 * MS}, {WAKE, 1}, {WAKE, 2}, {RUN, 1 * MS}, {STOP, 0});
        struct script *a = fixture_add(&f, {RUN, 10 * US}, {BLOCK, 0}, {RUN, 10 * US}, {STOP, 0});
        struct script *b = fixture_add(&f, {RUN, 10 * US}, {BLOCK, 0}, {RUN, 10 * US}, {STOP, 0});
        client->thread->cpu = &f.machine->cpu[0];
        a->thread->cpu = b->thread->cpu = &f.machine->cpu[1];
        f.machine->waking = many ? WAKING_ONE_OF_MANY : WAKING_PLAIN;
        fixture_run(&f, SIM_NEVER);
        assert_ptr_equal(a->thread->cpu, &f.machine->cpu[1]);
        assert_ptr_equal(b->thread->cpu, &f.machine->cpu[many ? 0 : 1]);
        fixture_fini(&f);
    }
}

// One that was taken to another core goes back at its next wake-up where its former core idles.
static void goes_back(void **state) {
    (void)state;
    for (int linux = 0; linux <= 1; linux++) {
        struct fixture f;
        fixture_init(&f, 2);
        f.scenario.costs.machine.wake_affine.value = linux;
        f.scenario.costs.machine.stay.value = 1; // none is searched for
        f.scenario.costs.machine.pull.value = 0;
        fixture_build(&f);
        struct script *waker = fixture_add(&f, {SLEEP, 1 * MS}, {RUN, 5 * MS}, {WAKE, 1}, {RUN, 5 * MS},
                                           {WAKE, 1}, {RUN, 5 * MS}, {STOP, 0});
        struct script *b = fixture_add(&f, {BLOCK, 0}, {RUN, 10 * US}, {BLOCK, 0}, {RUN, 10 * US}, {STOP, 0});
        waker->thread->cpu = b->thread->cpu = &f.machine->cpu[0];
        fixture_run(&f, 8 * MS); // woken and asleep again
        assert_int_equal(b->thread->state, THREAD_BLOCKED);
        b->thread->former = &f.machine->cpu[1];
        sim_run(f.machine->sim, SIM_NEVER);
        assert_ptr_equal(b->thread->cpu, &f.machine->cpu[linux]);
        assert_true(!linux || b->thread->former == &f.machine->cpu[0]);
        fixture_fini(&f);
    }
}

// One that is woken while its core still changes from it to the next thread stays there.
static void not_yet_gone(void **state) {
    (void)state;
    for (int slow = 0; slow <= 1; slow++) {
        struct fixture f;
        fixture_init(&f, 2);
        f.scenario.costs.machine.wake_affine.value = 1;
        f.scenario.costs.machine.search_from.value = 0.8;
        f.scenario.costs.machine.pull.value = 0;
        f.scenario.costs.machine.switch_.value = slow ? 5 * US : 1 * US;
        fixture_build(&f);
        struct script *waker = fixture_add(&f, {RUN, 102 * US}, {WAKE, 1}, {RUN, 50 * US}, {STOP, 0});
        struct script *b = fixture_add(&f, {RUN, 100 * US}, {BLOCK, 0}, {RUN, 10 * US}, {STOP, 0});
        waker->thread->cpu = &f.machine->cpu[0];
        b->thread->cpu = &f.machine->cpu[1];
        f.machine->waking = WAKING_ONE_OF_MANY;
        fixture_run(&f, SIM_NEVER);
        assert_ptr_equal(b->thread->cpu, &f.machine->cpu[slow]);
        fixture_fini(&f);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pull_with_lag),       cmocka_unit_test(search),
        cmocka_unit_test(stays_beside_others), cmocka_unit_test(beside_the_waker),
        cmocka_unit_test(beside_the_sender),   cmocka_unit_test(fits_beside_the_waker),
        cmocka_unit_test(second_of_two),       cmocka_unit_test(goes_back),
        cmocka_unit_test(not_yet_gone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
