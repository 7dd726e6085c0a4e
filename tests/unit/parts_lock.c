// CPython's lock (Python/ceval_gil.h), scene by scene.
#include "parts_fixture.h"

enum { US = 1000, MS = 1000000 };

static void uncontended_is_free(void **state) {
    (void)state;
    struct fixture f;
    fixture_init(&f, 2);
    f.scenario.costs.lock.wait.value = f.scenario.costs.lock.signal.value =
        f.scenario.costs.lock.syscall.value = 1000;
    fixture_build(&f);
    struct script *a = fixture_add(&f, {TAKE, 0}, {RUN, 100}, {RELEASE, 0}, {TAKE, 0}, {RUN, 200},
                                   {STAGE, 300}, {RELEASE, 0}, {MARK, 0}, {STOP, 0});
    fixture_run(&f, SIM_NEVER);
    assert_int_equal(a->mark[0], 600);
    assert_int_equal(lock_held(f.machine, &f.lock), 600);
    assert_int_equal(f.lock.switches, 1);
    assert_int_equal(f.lock.forced, 0);
    assert_int_equal(thread_spent(f.machine, a->thread, THREAD_LOCK), 0);
    fixture_fini(&f);
}

// Two threads that only compute take turns of one switch interval each.
static void two_take_turns(void **state) {
    (void)state;
    struct fixture f;
    fixture_init(&f, 2);
    fixture_build(&f);
    struct script *a = fixture_add(&f, {TAKE, 0}, {RUN, 98 * MS}, {RELEASE, 0}, {MARK, 0}, {STOP, 0});
    struct script *b = fixture_add(&f, {TAKE, 0}, {RUN, 98 * MS}, {RELEASE, 0}, {MARK, 0}, {STOP, 0});
    fixture_run(&f, SIM_NEVER);
    // Nineteen turns each of 5 ms, then 3 ms each.
    assert_int_equal(a->mark[0], 193 * MS);
    assert_int_equal(b->mark[0], 196 * MS);
    assert_int_equal(f.lock.forced, 38);
    assert_int_equal(f.lock.switches, 40);
    assert_int_equal(lock_held(f.machine, &f.lock), 196 * MS); // never idle
    assert_int_equal(thread_spent(f.machine, a->thread, THREAD_RUNNING), 98 * MS);
    assert_int_equal(thread_spent(f.machine, b->thread, THREAD_LOCK), 98 * MS);
    fixture_fini(&f);
}

// With a latency of every wake-up a turn is longer by three of them: the waiter wakes to ask, wakes to take, and the
// one who dropped wakes to queue.
static void turns_with_latency(void **state) {
    (void)state;
    struct fixture f;
    fixture_init(&f, 2);
    fixture_latency(&f, 100 * US);
    fixture_build(&f);
    fixture_add(&f, {TAKE, 0}, {RUN, 1000 * MS}, {RELEASE, 0}, {STOP, 0});
    fixture_add(&f, {TAKE, 0}, {RUN, 1000 * MS}, {RELEASE, 0}, {STOP, 0});
    fixture_run(&f, 100 * US);
    assert_int_equal(f.lock.switches, 1);
    for (int k = 1; k <= 10; k++) { // the first waiter was awake already
        sim_run(f.machine->sim, 5300 * US * k - 1);
        assert_int_equal(f.lock.switches, k);
        sim_run(f.machine->sim, 5300 * US * k);
        assert_int_equal(f.lock.switches, k + 1);
    }
    fixture_fini(&f);
}

// The thread that is woken pre-empts its waker at the end of the call, and needs the mutex that the waker still holds.
static void signal_under_mutex(void **state) {
    (void)state;
    for (int glibc = 0; glibc <= 1; glibc++) {
        struct fixture f;
        fixture_init(&f, 1);
        f.scenario.costs.lock.condition.value = glibc;
        f.scenario.costs.lock.signal.value = 10 * US;
        f.scenario.costs.machine.sleeper_credit.value = 1 * MS;
        fixture_build(&f);
        fixture_add(&f, {TAKE, 0}, {RUN, 1500 * US}, {RELEASE, 0}, {RUN, 1 * MS}, {STOP, 0});
        struct script *b = fixture_add(&f, {TAKE, 0}, {MARK, 0}, {RELEASE, 0}, {STOP, 0});
        fixture_run(&f, SIM_NEVER);
        // Not before the call that wakes it is over; then it sleeps for the mutex, whose release is a call, too.
        assert_int_equal(b->mark[0], glibc ? 1520 * US : 1510 * US);
        assert_int_equal((int)f.machine->counts.wakeups, glibc ? 4 : 3); // two are the start
        fixture_fini(&f);
    }
}

// A waiter that came after a signal belongs to the next group, and cannot be signalled before the first has woken up.
static void groups_of_waiters(void **state) {
    (void)state;
    for (int glibc = 0; glibc <= 1; glibc++) {
        struct fixture f;
        fixture_init(&f, 3);
        fixture_latency(&f, 100 * US);
        f.scenario.costs.lock.condition.value = glibc;
        fixture_build(&f);
        struct script *a = fixture_add(&f, {TAKE, 0}, {RUN, 1 * MS}, {RELEASE, 0}, {TAKE, 0}, {RUN, 50 * US},
                                       {RELEASE, 0}, {MARK, 0}, {STOP, 0});
        fixture_add(&f, {RUN, 10 * US}, {TAKE, 0}, {RELEASE, 0}, {STOP, 0});
        fixture_add(&f, {RUN, 1020 * US}, {TAKE, 0}, {RELEASE, 0}, {STOP, 0});
        fixture_run(&f, SIM_NEVER);
        // Signalled at 1.10 ms, awake at 1.20; the signaller, asleep from 1.15 to 1.20, runs at 1.30.
        assert_int_equal(a->mark[0], glibc ? 1300 * US : 1150 * US);
        assert_null(f.lock.holder);
        assert_null(f.lock.signaller);
        assert_null(f.lock.mutex_first);
        fixture_fini(&f);
    }
}

// Who drops on request stays out until another thread has had the lock.
static void dropper_waits(void **state) {
    (void)state;
    struct fixture f;
    fixture_init(&f, 2);
    fixture_latency(&f, 100 * US);
    fixture_build(&f);
    struct script *a = fixture_add(&f, {TAKE, 0}, {RUN, 50 * MS}, {RELEASE, 0}, {STOP, 0});
    struct script *b = fixture_add(&f, {TAKE, 0}, {RUN, 50 * MS}, {RELEASE, 0}, {STOP, 0});
    fixture_run(&f, 5250 * US); // asked at 5.2 ms, the taker is on its way until 5.3
    assert_null(f.lock.holder);
    assert_ptr_equal(f.lock.dropper, a->thread);
    assert_int_equal(a->thread->state, THREAD_LOCK);
    sim_run(f.machine->sim, 5350 * US);
    assert_ptr_equal(f.lock.holder, b->thread);
    assert_null(f.lock.dropper);
    assert_int_equal(f.lock.forced, 1);
    fixture_fini(&f);
}

// A short system call: the waiter is signalled, but the thread is back before it and barges in. The waiter's time limit
// starts afresh.
static void barging(void **state) {
    (void)state;
    struct fixture f;
    fixture_init(&f, 2);
    fixture_latency(&f, 100 * US);
    fixture_build(&f);
    struct script *a = fixture_add(&f, {TAKE, 0}, {RUN, 1 * MS}, {RELEASE, 0}, {RUN, 2 * US}, {TAKE, 0},
                                   {MARK, 0}, {RUN, 50 * MS}, {STOP, 0});
    struct script *b = fixture_add(&f, {TAKE, 0}, {MARK, 0}, {RUN, 1 * MS}, {RELEASE, 0}, {STOP, 0});
    fixture_run(&f, 7 * MS);
    assert_int_equal(a->mark[0], 100 * US + 1 * MS + 2 * US);
    // Signalled at 1.1 ms, awake at 1.2 ms, asks after 5 ms and a wake-up, has it after another.
    assert_int_equal(b->mark[0], 1200 * US + 5 * MS + 100 * US + 100 * US);
    assert_int_equal(f.lock.switches, 2);
    fixture_fini(&f);
}

// A long system call: the waiter gets the lock, and the thread has to wait its interval.
static void long_call_loses(void **state) {
    (void)state;
    struct fixture f;
    fixture_init(&f, 2);
    fixture_latency(&f, 100 * US);
    fixture_build(&f);
    struct script *a = fixture_add(&f, {TAKE, 0}, {RUN, 1 * MS}, {RELEASE, 0}, {RUN, 200 * US}, {TAKE, 0},
                                   {MARK, 0}, {STOP, 0});
    struct script *b = fixture_add(&f, {TAKE, 0}, {MARK, 0}, {RUN, 50 * MS}, {RELEASE, 0}, {STOP, 0});
    fixture_run(&f, 20 * MS);
    assert_int_equal(b->mark[0], 1200 * US);
    assert_int_equal(a->mark[0], 1300 * US + 5 * MS + 200 * US);
    fixture_fini(&f);
}

// Several that compute are served in turn, an interval each.
static void round_robin(void **state) {
    (void)state;
    struct fixture f;
    enum { N = 4 };
    fixture_init(&f, N);
    fixture_build(&f);
    for (int i = 0; i < N; i++) fixture_add(&f, {TAKE, 0}, {RUN, 1000 * MS}, {RELEASE, 0}, {STOP, 0});
    fixture_run(&f, 2 * MS);
    for (int k = 0; k < 40; k++) {
        assert_non_null(f.lock.holder);
        assert_int_equal(f.lock.holder->id, k % N);
        sim_run(f.machine->sim, 2 * MS + 5 * MS * (k + 1));
    }
    assert_int_equal(f.lock.forced, 40);
    assert_true(lock_held(f.machine, &f.lock) == machine_now(f.machine));
    fixture_fini(&f);
}

// Costs: a failed wait is paid on waking, a signal by whoever releases.
static void costs(void **state) {
    (void)state;
    struct fixture f;
    fixture_init(&f, 2);
    f.scenario.costs.lock.wait.value = 3 * US;
    f.scenario.costs.lock.signal.value = 7 * US;
    fixture_build(&f);
    struct script *a = fixture_add(&f, {TAKE, 0}, {RUN, 1 * MS}, {RELEASE, 0}, {MARK, 0}, {STOP, 0});
    struct script *b = fixture_add(&f, {TAKE, 0}, {MARK, 0}, {RELEASE, 0}, {STOP, 0});
    fixture_run(&f, SIM_NEVER);
    assert_int_equal(a->mark[0], 1 * MS + 7 * US);
    assert_int_equal(b->mark[0], 1 * MS + 3 * US);
    fixture_fini(&f);
}

// A stage with one release: half-way a waiter may come in; without one the stage is a burst like any other.
static void split_stage(void **state) {
    (void)state;
    struct fixture f;
    fixture_init(&f, 2);
    f.scenario.costs.lock.syscall.value = 2 * US;
    fixture_build(&f);
    struct script *a =
        fixture_add(&f, {TAKE, 0}, {RUN, 1 * US}, {STAGE, 10 * US}, {RELEASE, 0}, {MARK, 0}, {STOP, 0});
    struct script *b = fixture_add(&f, {TAKE, 0}, {MARK, 0}, {RUN, 20 * US}, {RELEASE, 0}, {STOP, 0});
    fixture_run(&f, SIM_NEVER);
    assert_int_equal(b->mark[0], 5 * US);            // after half of what is not the call
    assert_int_equal(a->mark[0], (5 + 20 + 4) * US); // the call is over long before the other is
    assert_int_equal(f.lock.forced, 0);
    fixture_fini(&f);
}

// Who comes in the middle of the call finds the lock free, though nobody waited when the stage began; and the stage takes as long
// as it did before where nobody comes.
static void free_for_a_call(void **state) {
    (void)state;
    struct fixture f;
    fixture_init(&f, 2);
    f.scenario.costs.lock.syscall.value = 4 * US;
    fixture_build(&f);
    struct script *a =
        fixture_add(&f, {TAKE, 0}, {RELEASE, 0}, {SLEEP, 100 * US}, {TAKE, 0}, {STAGE, 10 * US}, {MARK, 0},
                    {RUN, 50 * US}, {STAGE, 10 * US}, {RELEASE, 0}, {MARK, 0}, {STOP, 0});
    struct script *b =
        fixture_add(&f, {SLEEP, 10 * US}, {TAKE, 0}, {RELEASE, 0}, {SLEEP, 80 * US}, {RUN, 14 * US},
                    {TAKE, 0}, {MARK, 0}, {RUN, 1 * US}, {RELEASE, 0}, {STOP, 0});
    fixture_run(&f, SIM_NEVER);
    assert_int_equal(b->mark[0], 104 * US);
    assert_int_equal(a->mark[0], 110 * US);
    assert_int_equal(a->mark[1], 170 * US);
    assert_int_equal(f.lock.waits, 0);
    fixture_fini(&f);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(uncontended_is_free),
        cmocka_unit_test(two_take_turns),
        cmocka_unit_test(turns_with_latency),
        cmocka_unit_test(signal_under_mutex),
        cmocka_unit_test(groups_of_waiters),
        cmocka_unit_test(dropper_waits),
        cmocka_unit_test(barging),
        cmocka_unit_test(long_call_loses),
        cmocka_unit_test(round_robin),
        cmocka_unit_test(costs),
        cmocka_unit_test(split_stage),
        cmocka_unit_test(free_for_a_call),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
