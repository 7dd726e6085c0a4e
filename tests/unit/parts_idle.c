// Waking a core that idles: what it costs by how the core idled.
#include "parts_fixture.h"

#include "models/parts/idle.h"

enum { US = 1000, MS = 1000000 };

static struct act closes(struct machine *m, struct thread *t) {
    idle_keep_tick(m);
    return thread_run(t, 0, script_step);
}

// A core that idles has stopped its tick, and to start it again takes time, unless something was freed there of late.
static void restarts_the_tick(void **state) {
    (void)state;
    for (int i = 0; i < 3; i++) {
        struct fixture f;
        fixture_init(&f, 1);
        fixture_latency(&f, 10 * US);
        f.scenario.costs.machine.tick_restart.value = 7 * US;
        f.scenario.costs.machine.tick_kept.value = 16 * MS;
        f.scenario.costs.machine.wake_counted.value = 2 * US;
        fixture_build(&f);
        const sim_time rest = i == 2 ? 20 * MS : 1 * MS;
        struct script *a = fixture_add(&f, {RUN, 0}, {SLEEP, rest}, {MARK, 0}, {STOP, 0});
        if (i > 0) a->thread->next = closes, a->at = 1;
        int64_t before = f.machine->counts.counted;
        fixture_run(&f, SIM_NEVER);
        // The first wake-up finds the tick stopped, and the second unless something was closed less than 16 ms ago.
        assert_int_equal(a->mark[0], rest + (i == 1 ? 27 : 34) * US);
        if (a->thread->process >= 0)
            assert_int_equal(f.machine->counts.counted - before, (i == 1 ? 11 : 18) * US);
        fixture_fini(&f);
    }
}

// Awake within 10 us where the host waits awake, else within 70 us.
static void polling(struct fixture *f, int cores) {
    fixture_init(f, cores);
    struct machine_costs *c = &f->scenario.costs.machine;
    fixture_latency(f, 10 * US);
    c->idle_exit.points = 2;
    c->idle_exit.point[1].at = 220 * US;
    c->idle_exit.point[1].cost.value = 70 * US;
    c->halt_poll.value = 200 * US;
}

// The host learns from short halts to wait longer, from 10 us on, twice as long each time, and after a long one waits for half
// of it (KVM): rests of 60 us are cheap from the fifth on, and the one after a long rest is not.
static void learns_to_poll(void **state) {
    (void)state;
    static const int halted[] = {1, 1, 1, 1, 1, 1, 0, 0, 0, 1, 1, 0, 0, 0, 1};
    enum { CYCLE = 5, ALL = sizeof halted / sizeof halted[0] };
    struct fixture f;
    polling(&f, 1);
    fixture_build(&f);
    struct script *a =
        fixture_add(&f, {SLEEP, 60 * US}, {MARK, 0}, {SLEEP, 60 * US}, {MARK, 0}, {SLEEP, 60 * US}, {MARK, 0},
                    {SLEEP, 60 * US}, {MARK, 0}, {SLEEP, 2 * MS}, {MARK, 0}, {AGAIN, 0});
    fixture_run(&f, 12 * MS);
    assert_true(a->marks > ALL);
    for (int i = 0; i < ALL; i++) {
        sim_time rest = i % CYCLE == CYCLE - 1 ? 2 * MS : 60 * US, before = i ? a->mark[i - 1] : 10 * US;
        assert_int_equal(a->mark[i] - before - rest, (halted[i] ? 70 : 10) * US);
    }
    fixture_fini(&f);
}

// While a core keeps its tick, that ends its halts: 10 ms of rest are three long ones.
static void ticks_end_halts(void **state) {
    (void)state;
    struct fixture f;
    polling(&f, 1);
    f.scenario.costs.machine.tick.value = 4 * MS;
    f.scenario.costs.machine.tick_kept.value = 100 * MS;
    fixture_build(&f);
    struct script *a = fixture_add(&f, {RUN, 0}, {SLEEP, 10 * MS}, {MARK, 0}, {STOP, 0});
    f.machine->cpu[0].poll = 160 * US;
    a->thread->next = closes, a->at = 1;
    fixture_run(&f, SIM_NEVER);
    assert_int_equal(f.machine->cpu[0].poll, 20 * US);
    fixture_fini(&f);
}

// Whoever wakes a halted core pays more.
static void waker_pays(void **state) {
    (void)state;
    for (int i = 0; i < 2; i++) {
        struct fixture f;
        polling(&f, 2);
        f.scenario.costs.machine.wake_remote.value = 3 * US;
        f.scenario.costs.machine.wake_halted.value = 25 * US;
        fixture_build(&f);
        struct script *waker =
            fixture_add(&f, {RUN, i ? 2 * MS : 100 * US}, {WAKE, 1}, {RUN, 10 * US}, {MARK, 0}, {STOP, 0});
        fixture_add(&f, {BLOCK, 0}, {STOP, 0});
        f.machine->cpu[1].poll = 160 * US;
        fixture_run(&f, SIM_NEVER);
        assert_int_equal(waker->mark[0], i ? 2048 * US : 123 * US);
        fixture_fini(&f);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(restarts_the_tick), cmocka_unit_test(learns_to_poll),
                                       cmocka_unit_test(ticks_end_halts), cmocka_unit_test(waker_pays)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
