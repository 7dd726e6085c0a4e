// Cores that are slower for some time, and after idling.
#include "parts_fixture.h"

#include <math.h>

enum { US = 1000, MS = 1000000 };

static void phases(struct fixture *f, double share, double speed, double dwell) {
    fixture_init(f, 2);
    struct machine_costs *c = &f->scenario.costs.machine;
    c->slow_share.value = share;
    c->slow_speed.value = speed;
    c->slow_dwell.value = dwell;
    fixture_build(f);
}

static struct act burn(struct machine *m, struct thread *t) {
    (void)m;
    t->timed = true;
    return thread_run(t, 100 * MS, script_step);
}

// A share s of the time at speed v: work takes 1 / (1 - s + s v) as long; the phases last as long as they should.
static void share_and_speed(void **state) {
    (void)state;
    struct fixture f;
    phases(&f, 0.3, 0.5, 10 * MS);
    struct script *a = fixture_add(&f, {RUN, 2000000000ll * 40}, {MARK, 0}, {STOP, 0});
    fixture_run(&f, SIM_NEVER);
    assert_true(fabs((double)a->mark[0] / 80e9 * 0.85 - 1) < 0.02);
    fixture_fini(&f);
}

// Phases of different depth: work takes as long on average as it would at slow_speed, so there is more of it in a phase.
static void depths(void **state) {
    (void)state;
    const double spread = 0.3,
                 speed = 0.5 * exp(spread * spread); // the mean of a speed whose inverse has the mean 1 / 0.5
    struct fixture f;
    phases(&f, 0.8, 0.5, 10 * MS);
    fixture_fini(&f);
    f.scenario.costs.machine.slow_spread.value = spread;
    f.scripts = 0;
    fixture_build(&f);
    struct script *a = fixture_add(&f, {RUN, 2000000000ll * 40}, {MARK, 0}, {STOP, 0});
    fixture_run(&f, SIM_NEVER);
    assert_true(fabs((double)a->mark[0] / 80e9 * (0.2 + 0.8 * speed) - 1) < 0.02);
    fixture_fini(&f);
}

// What burns time is not slower, and one that never changes is always so.
static void timed(void **state) {
    (void)state;
    for (int i = 0; i <= 1; i++) {
        struct fixture f;
        phases(&f, 1, 0.8, 10 * MS);
        struct script *a = fixture_add(&f, {RUN, 100 * MS}, {MARK, 0}, {STOP, 0});
        if (i) a->thread->next = burn, a->at = 1;
        fixture_run(&f, SIM_NEVER);
        assert_true(f.machine->cpu[0].slow && f.machine->cpu[1].slow);
        assert_true(llabs(a->mark[0] - (i ? 100 * MS : 125 * MS)) < 10);
        fixture_fini(&f);
    }
}

// The phases are the same whatever runs, and those of two cores are not each other's.
static void independent(void **state) {
    (void)state;
    sim_time until[2][2];
    for (int i = 0; i < 2; i++) {
        struct fixture f;
        phases(&f, 0.5, 0.5, 5 * MS);
        fixture_add(&f, {RUN, 1000 * MS}, {STOP, 0});
        fixture_add(&f, {RUN, 1000 * MS}, {STOP, 0});
        if (i) fixture_add(&f, {SLEEP, 3 * MS}, {RUN, 10 * US}, {AGAIN, 0});
        fixture_run(&f, 500 * MS);
        for (int k = 0; k < 2; k++) until[i][k] = f.machine->cpu[k].phase_until;
        fixture_fini(&f);
    }
    assert_int_equal(until[0][0], until[1][0]);
    assert_int_equal(until[0][1], until[1][1]);
    assert_int_not_equal(until[0][0], until[0][1]);
}

// What runs first on a core that idled pays for that; what follows without a pause does not.
static void halted(void **state) {
    (void)state;
    struct fixture f;
    fixture_init(&f, 1);
    f.scenario.costs.machine.halt.value = 3 * US;
    fixture_build(&f);
    struct script *a =
        fixture_add(&f, {RUN, 1 * MS}, {MARK, 0}, {SLEEP, 1 * MS}, {RUN, 1 * MS}, {MARK, 0}, {STOP, 0});
    fixture_run(&f, SIM_NEVER);
    assert_int_equal(a->mark[0], 1003 * US);
    assert_int_equal(a->mark[1] - a->mark[0], 2003 * US);
    fixture_fini(&f);
}

// Waking a core is work, too: in a slow phase it takes longer.
static void slow_wakes(void **state) {
    (void)state;
    struct fixture f;
    fixture_init(&f, 1);
    fixture_latency(&f, 10 * US);
    f.scenario.costs.machine.slow_share.value = 1;
    f.scenario.costs.machine.slow_speed.value = 0.5;
    f.scenario.costs.machine.slow_dwell.value = 10 * MS;
    fixture_build(&f);
    struct script *a = fixture_add(&f, {SLEEP, 1 * MS}, {MARK, 0}, {SLEEP, 1 * MS}, {MARK, 0}, {STOP, 0});
    fixture_run(&f, SIM_NEVER);
    assert_int_equal(a->mark[1] - a->mark[0], 1020 * US);
    fixture_fini(&f);
}

static void stolen_from(struct fixture *f, double share) {
    fixture_init(f, 1);
    f->scenario.costs.machine.stolen_share.value = share;
    f->scenario.costs.machine.stolen_time.value = 1 * MS;
    fixture_build(f);
}

// Work takes longer by what the host takes away; what burns time is the shorter for it, but for the last of it.
static void stolen(void **state) {
    (void)state;
    struct fixture f;
    stolen_from(&f, 0.1);
    struct script *a = fixture_add(&f, {RUN, 2000000000ll * 20}, {MARK, 0}, {STOP, 0});
    fixture_run(&f, SIM_NEVER);
    assert_true(fabs((double)a->mark[0] / 40e9 * 0.9 - 1) < 0.02);
    fixture_fini(&f);
    stolen_from(&f, 0.1);
    a = fixture_add(&f, {RUN, 100 * MS}, {MARK, 0}, {STOP, 0});
    a->thread->next = burn, a->at = 1;
    fixture_run(&f, SIM_NEVER);
    assert_true(a->mark[0] >= 100 * MS && a->mark[0] < 108 * MS);
    fixture_fini(&f);
}

// What the host takes while the core idles is nobody's loss, unless the core is woken meanwhile: then it wakes when that is over.
// So a share s of the wake-ups is late, by the mean of what is left of an exponential time: the whole of its mean.
static void stolen_idle(void **state) {
    (void)state;
    struct fixture f;
    stolen_from(&f, 0.1);
    enum { NAPS = 20000 };
    struct script *a = fixture_add(&f, {SLEEP, 7 * MS}, {RUN, 0}, {AGAIN, 0});
    fixture_run(&f, NAPS * 7ll * MS);
    double naps = (double)thread_spent(f.machine, a->thread, THREAD_BLOCKED) / (7 * MS);
    double late = (double)thread_spent(f.machine, a->thread, THREAD_RUNNABLE) / naps;
    assert_true(fabs(late / (0.1 * MS) - 1) < 0.1);
    fixture_fini(&f);
}

// The host's tick takes 0.1 ms of every millisecond in which the core is busy, and nothing else of a core that idles: its next
// one comes at its time.
static void interrupted(void **state) {
    (void)state;
    struct fixture f;
    fixture_init(&f, 1);
    f.scenario.costs.machine.interrupt_every.value = 1 * MS;
    f.scenario.costs.machine.interrupt_cpu.value = 100 * US;
    fixture_build(&f);
    struct script *a = fixture_add(&f, {RUN, 90 * MS}, {MARK, 0}, {SLEEP, 50 * MS + 1}, {MARK, 0},
                                   {RUN, 45 * MS}, {MARK, 0}, {STOP, 0});
    fixture_run(&f, SIM_NEVER);
    assert_true(llabs(a->mark[0] - 100 * MS) <= 100 * US);
    assert_int_equal(a->mark[1] - a->mark[0], 50 * MS + 1);
    assert_true(llabs(a->mark[2] - a->mark[1] - 50 * MS) <= 100 * US);
    fixture_fini(&f);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(share_and_speed), cmocka_unit_test(timed),       cmocka_unit_test(independent),
        cmocka_unit_test(halted),          cmocka_unit_test(depths),      cmocka_unit_test(slow_wakes),
        cmocka_unit_test(stolen),          cmocka_unit_test(stolen_idle), cmocka_unit_test(interrupted)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
