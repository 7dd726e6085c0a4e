// Cores: shares, speeds, wake-ups, costs.
#include "parts_fixture.h"

enum { US = 1000, MS = 1000000 };

static int64_t ran(const struct fixture *f, int i) {
    return thread_spent(f->machine, f->script[i].thread, THREAD_RUNNING);
}

// n threads on one core: at any moment nobody is ahead of anybody by more than a slice.
static void fair_shares(void **state) {
    (void)state;
    struct fixture f;
    enum { N = 7 };
    fixture_init(&f, 1);
    fixture_build(&f);
    for (int i = 0; i < N; i++) fixture_add(&f, {RUN, 1000 * MS}, {STOP, 0});
    fixture_run(&f, 0);
    for (int k = 1; k < 500; k++) {
        sim_run(f.machine->sim, 777 * US * k);
        int64_t least = INT64_MAX, most = 0, sum = 0;
        for (int i = 0; i < N; i++) {
            int64_t r = ran(&f, i);
            least = r < least ? r : least;
            most = r > most ? r : most;
            sum += r;
        }
        assert_true(most - least <= 1 * MS); // the slice
        assert_int_equal(sum, machine_now(f.machine));
    }
    fixture_fini(&f);
}

// A newcomer gets its share from now on and no compensation for the past, though the core's running thread has had it
// to itself for a burst that no event has cut.
static void newcomer(void **state) {
    (void)state;
    struct fixture f;
    fixture_init(&f, 1);
    fixture_build(&f);
    fixture_add(&f, {RUN, 1000 * MS}, {STOP, 0});
    fixture_add(&f, {SLEEP, 500 * MS}, {RUN, 1000 * MS}, {STOP, 0});
    fixture_run(&f, 600 * MS);
    assert_true(llabs(ran(&f, 0) - 550 * MS) <= 1 * MS);
    assert_true(llabs(ran(&f, 1) - 50 * MS) <= 1 * MS);
    fixture_fini(&f);
}

// The same across cores: a thread carried to another core keeps its lead or lag, not its past.
static void pulled_keeps_share(void **state) {
    (void)state;
    struct fixture f;
    fixture_init(&f, 2);
    fixture_build(&f);
    fixture_add(&f, {RUN, 400 * MS}, {STOP, 0});  // core 0
    fixture_add(&f, {RUN, 100 * MS}, {STOP, 0});  // core 1, pulls at 100 ms
    fixture_add(&f, {RUN, 1000 * MS}, {STOP, 0}); // shares core 0 until then
    fixture_run(&f, 300 * MS);
    assert_int_equal(ran(&f, 0) + ran(&f, 1) + ran(&f, 2), 600 * MS);
    assert_true(ran(&f, 0) >= 240 * MS &&
                ran(&f, 2) >= 240 * MS); // both have run since 100 ms without a pause
    fixture_fini(&f);
}

static void speed_classes(void **state) {
    (void)state;
    struct fixture f;
    fixture_init(&f, 1);
    f.scenario.machine.classes = 2;
    f.scenario.machine.class[1] = (struct core_class){.count = 1, .smt = 1, .speed = 0.5};
    fixture_build(&f);
    struct script *a = fixture_add(&f, {RUN, 123456789}, {MARK, 0}, {STOP, 0});
    struct script *b = fixture_add(&f, {RUN, 123456789}, {MARK, 0}, {STOP, 0});
    fixture_run(&f, SIM_NEVER);
    assert_int_equal(a->mark[0], 123456789);
    assert_int_equal(b->mark[0], 2 * 123456789);
    fixture_fini(&f);
}

// Both siblings busy: each at half of the yield. From the moment one of them stops the other has the core to itself.
static void smt_yield(void **state) {
    (void)state;
    struct fixture f;
    fixture_init(&f, 1);
    f.scenario.machine.class[0].smt = 2;
    f.scenario.costs.machine.smt_yield.value = 1.25;
    fixture_build(&f);
    struct script *a = fixture_add(&f, {RUN, 10 * MS}, {MARK, 0}, {STOP, 0});
    struct script *b = fixture_add(&f, {RUN, 20 * MS}, {MARK, 0}, {STOP, 0});
    fixture_run(&f, SIM_NEVER);
    assert_int_equal(a->mark[0], 16 * MS); // 10 / 0.625
    assert_int_equal(b->mark[0], 26 * MS); // then the other 10 at full speed
    fixture_fini(&f);
}

// More busy hardware threads than the turbo allows for: bursts that begin then are slower.
static void turbo(void **state) {
    (void)state;
    for (int overlap = 0; overlap < 2; overlap++) {
        struct fixture f;
        fixture_init(&f, 2);
        f.scenario.costs.machine.turbo_cores.value = 1;
        f.scenario.costs.machine.turbo_speed.value = 0.5;
        fixture_build(&f);
        struct script *a =
            fixture_add(&f, {SLEEP, 2 * MS}, {RUN, overlap ? 10 * MS : 500 * US}, {MARK, 0}, {STOP, 0});
        struct script *b = fixture_add(&f, {RUN, 4 * MS}, {RUN, 4 * MS}, {MARK, 0}, {STOP, 0});
        fixture_run(&f, SIM_NEVER);
        assert_int_equal(a->mark[0], overlap ? 22 * MS : 3 * MS); // begins beside the other: half speed
        assert_int_equal(b->mark[0], overlap ? 12 * MS : 8 * MS); // its second burst does, or not
        fixture_fini(&f);
    }
}

// The deeper a core sleeps, the longer it takes to wake.
static void wake_latency(void **state) {
    (void)state;
    struct fixture f;
    fixture_init(&f, 1);
    struct cost_curve *k = &f.scenario.costs.machine.idle_exit;
    k->points = 3;
    static const double at[] = {0, 1e6, 5e6}, cost[] = {5e3, 50e3, 300e3};
    for (int i = 0; i < 3; i++) {
        k->point[i].at = at[i];
        k->point[i].cost.value = cost[i];
    }
    fixture_build(&f);
    struct script *a = fixture_add(&f, {MARK, 0}, {SLEEP, 1 * MS - 1}, {MARK, 0}, {SLEEP, 1 * MS}, {MARK, 0},
                                   {SLEEP, 9 * MS}, {MARK, 0}, {STOP, 0});
    fixture_run(&f, SIM_NEVER);
    assert_int_equal(a->mark[0], 5 * US);
    assert_int_equal(a->mark[1] - a->mark[0], 1 * MS - 1 + 5 * US);
    assert_int_equal(a->mark[2] - a->mark[1], 1 * MS + 50 * US);
    assert_int_equal(a->mark[3] - a->mark[2], 9 * MS + 300 * US);
    fixture_fini(&f);
}

// A thread that slept is placed behind the others by the sleeper's credit: then it runs at once, even within another's
// slice. Without credit it is level with them and waits for the slice to end.
static void light_thread_preempts(void **state) {
    (void)state;
    for (int credit = 0; credit < 2; credit++) {
        struct fixture f;
        fixture_init(&f, 1);
        f.scenario.costs.machine.slice.value = 100 * MS;
        f.scenario.costs.machine.sleeper_credit.value = credit * MS;
        fixture_build(&f);
        struct script *light =
            fixture_add(&f, {SLEEP, 3 * MS}, {MARK, 0}, {RUN, 100}, {SLEEP, 5 * MS}, {MARK, 0}, {STOP, 0});
        struct script *heavy = fixture_add(&f, {RUN, 500 * MS}, {MARK, 0}, {STOP, 0});
        fixture_run(&f, SIM_NEVER);
        assert_int_equal(light->mark[0], credit ? 3 * MS : 100 * MS);
        assert_int_equal(light->mark[1], credit ? 8 * MS + 100 : 200 * MS + 100);
        assert_int_equal(heavy->mark[0], 500 * MS + 100);
        fixture_fini(&f);
    }
}

// An idle core pulls what waits elsewhere; where the profile says it does not, the thread stays.
static void pull(void **state) {
    (void)state;
    for (int on = 0; on < 2; on++) {
        struct fixture f;
        fixture_init(&f, 2);
        f.scenario.costs.machine.pull.value = on;
        fixture_build(&f);
        fixture_add(&f, {RUN, 10 * MS}, {STOP, 0});                               // core 0
        fixture_add(&f, {RUN, 2 * MS}, {STOP, 0});                                // core 1, idle from 2 ms on
        struct script *c = fixture_add(&f, {RUN, 10 * MS}, {MARK, 0}, {STOP, 0}); // core 0, too
        fixture_run(&f, SIM_NEVER);
        assert_int_equal(machine_now(f.machine), on ? 11 * MS : 20 * MS);
        assert_true(c->mark[0] >= 11 * MS - 1 * MS);
        assert_int_equal(f.machine->cpu[1].busy, on ? 11 * MS : 2 * MS);
        fixture_fini(&f);
    }
}

// Every change of thread costs its price once, on the core's account and nobody's demand.
static void switch_cost(void **state) {
    (void)state;
    struct fixture f;
    fixture_init(&f, 1);
    f.scenario.costs.machine.switch_.value = 10 * US;
    fixture_build(&f);
    fixture_add(&f, {RUN, 5 * MS}, {STOP, 0});
    fixture_add(&f, {RUN, 5 * MS}, {STOP, 0});
    fixture_run(&f, SIM_NEVER);
    assert_true(f.machine->counts.switches >= 5);
    assert_int_equal(machine_now(f.machine), 10 * MS + (int64_t)f.machine->counts.switches * 10 * US);
    assert_int_equal(cpu_busy(f.machine, &f.machine->cpu[0]), machine_now(f.machine));
    fixture_fini(&f);
}

static void migrate_cost(void **state) {
    (void)state;
    struct fixture f;
    fixture_init(&f, 2);
    f.scenario.costs.machine.migrate.value = 30 * US;
    fixture_build(&f);
    // The first comes back from its sleep to find its core taken by the third, and goes to the other one.
    struct script *a =
        fixture_add(&f, {RUN, 1 * MS}, {MARK, 0}, {SLEEP, 1 * MS}, {RUN, 1 * MS}, {MARK, 0}, {STOP, 0});
    struct script *b =
        fixture_add(&f, {RUN, 1 * MS}, {SLEEP, 200 * US}, {RUN, 300 * US}, {MARK, 0}, {STOP, 0});
    struct script *c = fixture_add(&f, {RUN, 100 * MS}, {MARK, 0}, {STOP, 0});
    fixture_run(&f, SIM_NEVER);
    assert_int_equal(a->mark[0], 1 * MS);
    assert_int_equal(a->mark[1], 3 * MS + 30 * US);
    assert_int_equal(b->mark[0], 1500 * US); // back on its own core: free
    assert_int_equal(c->mark[0], 101 * MS);
    fixture_fini(&f);
}

// The waker pays: little for its own core, more for another one that has to be told.
static void waker_pays(void **state) {
    (void)state;
    for (int cores = 1; cores <= 2; cores++) {
        struct fixture f;
        fixture_init(&f, cores);
        f.scenario.costs.machine.wake_local.value = 1 * US;
        f.scenario.costs.machine.wake_remote.value = 4 * US;
        fixture_build(&f);
        fixture_add(&f, {BLOCK, 0}, {RUN, 100}, {STOP, 0});
        struct script *a = fixture_add(&f, {RUN, 1 * MS}, {WAKE, 0}, {MARK, 0}, {STOP, 0});
        fixture_run(&f, SIM_NEVER);
        assert_int_equal(a->mark[0] - 1 * MS, cores == 1 ? 1 * US : 4 * US);
        fixture_fini(&f);
    }
}

// Another core that is busy must be interrupted, which takes a while; the waker pays for that only where it happens.
static void remote_preemption(void **state) {
    (void)state;
    for (int claims = 0; claims <= 1; claims++) {
        struct fixture f;
        fixture_init(&f, 2);
        struct machine_costs *c = &f.scenario.costs.machine;
        c->wake_local.value = 1 * US;
        c->wake_remote.value = 4 * US;
        c->preempt_remote.value = 20 * US;
        c->pull.value = 0;
        c->sleeper_credit.value = claims ? 1 * MS : 0;
        fixture_build(&f);
        fixture_add(&f, {RUN, 10 * MS}, {STOP, 0});
        struct script *a = fixture_add(&f, {RUN, 2500 * US}, {WAKE, 2}, {MARK, 0}, {STOP, 0});
        struct script *b = fixture_add(&f, {RUN, 1 * MS}, {BLOCK, 0}, {MARK, 0}, {STOP, 0});
        fixture_run(&f, SIM_NEVER);
        assert_ptr_equal(b->thread->cpu, &f.machine->cpu[0]);
        assert_int_equal(a->mark[0], 2500 * US + (claims ? 4 : 1) * US);
        if (claims) assert_int_equal(b->mark[0], 2520 * US);
        fixture_fini(&f);
    }
}

// However long it takes until a busy core heeds another's mark: it does at the end of a burst, and at a tick.
static void heeded_at_a_bursts_end(void **state) {
    (void)state;
    for (int ticks = 0; ticks <= 1; ticks++) {
        struct fixture f;
        fixture_init(&f, 2);
        struct machine_costs *c = &f.scenario.costs.machine;
        c->preempt_remote.value = 500 * MS;
        c->pull.value = 0;
        c->slice.value = 900 * MS;
        c->sleeper_credit.value = 1 * MS;
        c->tick.value = 4 * MS;
        c->tick_cpu.value = ticks;
        fixture_build(&f);
        fixture_add(&f, {SLEEP, 100 * US}, {RUN, 2900 * US}, {RUN, 50 * MS}, {STOP, 0});
        fixture_add(&f, {RUN, 2500 * US}, {WAKE, 2}, {RUN, 80 * MS}, {STOP, 0});
        struct script *b = fixture_add(&f, {RUN, 1 * US}, {BLOCK, 0}, {MARK, 0}, {STOP, 0});
        f.script[0].thread->cpu = b->thread->cpu = &f.machine->cpu[0];
        fixture_run(&f, SIM_NEVER);
        sim_time tick = f.machine->tick_phase;
        while (tick < 2500 * US) tick += 4 * MS;
        assert_in_range(b->mark[0], 2500 * US, 3002 * US);
        if (ticks && tick < 3000 * US) assert_in_range(b->mark[0], tick, tick + 1);
        fixture_fini(&f);
    }
}

// A core that idled long starts slowly.
static void ramp(void **state) {
    (void)state;
    struct fixture f;
    fixture_init(&f, 1);
    struct machine_costs *c = &f.scenario.costs.machine;
    c->ramp_after.value = 2 * MS;
    c->ramp_time.value = 10 * MS;
    c->ramp_speed.value = 0.5;
    fixture_build(&f);
    struct script *a = fixture_add(&f, {SLEEP, 1 * MS}, {RUN, 8 * MS}, {MARK, 0}, {SLEEP, 3 * MS},
                                   {RUN, 8 * MS}, {MARK, 0}, {STOP, 0});
    fixture_run(&f, SIM_NEVER);
    assert_int_equal(a->mark[0], 9 * MS);
    assert_int_equal(a->mark[1], 9 * MS + 3 * MS + 10 * MS + 3 * MS); // 5 ms of work in the first 10, then 3
    fixture_fini(&f);
}

// A timed wait is late by the machine's slack.
static void timer_slack(void **state) {
    (void)state;
    struct fixture f;
    fixture_init(&f, 1);
    f.scenario.costs.machine.timer_slack.value = 50 * US;
    fixture_build(&f);
    struct script *a = fixture_add(&f, {SLEEP, 1 * MS}, {MARK, 0}, {STOP, 0});
    fixture_run(&f, SIM_NEVER);
    assert_int_equal(a->mark[0], 1 * MS + 50 * US);
    fixture_fini(&f);
}

// Work is conserved whatever happens: 30 threads of mixed habits on three unequal cores.
static void work_is_conserved(void **state) {
    (void)state;
    struct fixture f;
    fixture_init(&f, 2);
    f.scenario.machine.classes = 2;
    f.scenario.machine.class[1] = (struct core_class){.count = 1, .smt = 2, .speed = 0.7};
    f.scenario.costs.machine.fast_pull.value = 2 * MS;
    f.scenario.costs.machine.balance.value = 1 * MS;
    fixture_build(&f);
    for (int i = 0; i < 30; i++)
        fixture_add(&f, {RUN, (i + 1) * 300 * US}, {SLEEP, (i % 7) * 500 * US}, {RUN, 40 * US}, {STOP, 0});
    fixture_run(&f, SIM_NEVER);
    int64_t busy = 0, spent = 0;
    for (int i = 0; i < f.machine->cpus; i++) busy += cpu_busy(f.machine, &f.machine->cpu[i]);
    for (int i = 0; i < 30; i++) {
        spent += ran(&f, i);
        assert_int_equal(f.script[i].thread->state, THREAD_EXITED);
        assert_true(ran(&f, i) >= (i + 1) * 300 * US + 40 * US); // no core is faster than 1
    }
    assert_int_equal(busy, spent);
    fixture_fini(&f);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fair_shares),
        cmocka_unit_test(newcomer),
        cmocka_unit_test(pulled_keeps_share),
        cmocka_unit_test(speed_classes),
        cmocka_unit_test(smt_yield),
        cmocka_unit_test(turbo),
        cmocka_unit_test(wake_latency),
        cmocka_unit_test(light_thread_preempts),
        cmocka_unit_test(pull),
        cmocka_unit_test(switch_cost),
        cmocka_unit_test(migrate_cost),
        cmocka_unit_test(waker_pays),
        cmocka_unit_test(remote_preemption),
        cmocka_unit_test(heeded_at_a_bursts_end),
        cmocka_unit_test(ramp),

        cmocka_unit_test(timer_slack),
        cmocka_unit_test(work_is_conserved),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
