// What comes back cold: a role that has rested, and one that has done a handler's own work.
#include "parts_fixture.h"

enum { US = 1000, MS = 1000000 };

// A role's rest costs by its length, linear between the points, spread over the work after it.
static void cold_restart(void **state) {
    (void)state;
    struct fixture f;
    fixture_init(&f, 1);
    struct cost_curve *k = &f.scenario.costs.machine.cold;
    k->points = 2;
    k->point[0].at = 1e6;
    k->point[0].cost.value = 0;
    k->point[1].at = 5e6;
    k->point[1].cost.value = 400e3;
    f.scenario.costs.machine.cold_work.value = 1 * MS;
    fixture_build(&f);
    struct role role = {0};
    struct script *a =
        fixture_add(&f, {RUN, 1 * MS}, {SLEEP, 3 * MS}, {MARK, 0}, {RUN, 500 * US}, {MARK, 0}, {RUN, 5 * MS},
                    {MARK, 0}, {SLEEP, 50 * MS}, {RUN, 3 * MS}, {MARK, 0}, {STOP, 0});
    a->thread->role = &role;
    fixture_run(&f, SIM_NEVER);
    assert_int_equal(a->mark[1] - a->mark[0], 600 * US);          // half of the work, half of 200 us
    assert_int_equal(a->mark[2] - a->mark[1], 5 * MS + 100 * US); // the rest of it
    assert_int_equal(a->mark[3] - a->mark[2], 50 * MS + 3 * MS + 400 * US); // after the last point: the last
    fixture_fini(&f);
}

// After a handler's own work the rest of the role's is cold, too, though it has not rested.
static void cold_after_work(void **state) {
    (void)state;
    struct fixture f;
    fixture_init(&f, 1);
    struct cost_curve *k = &f.scenario.costs.machine.cold_busy;
    k->points = 2;
    k->point[0].at = 1 * MS;
    k->point[0].cost.value = 10 * US;
    k->point[1].at = 3 * MS;
    k->point[1].cost.value = 30 * US;
    f.scenario.costs.machine.cold_work.value = 100 * US;
    fixture_build(&f);
    struct script *a = fixture_add(&f, {RUN, 2 * MS}, {RUN, 50 * US}, {RUN, 100 * US}, {RUN, 100 * US},
                                   {MARK, 0}, {STOP, 0});
    struct role role = {0};
    a->thread->role = &role;
    a->thread->burnt = 0;
    fixture_run(&f, 1 * MS);
    a->thread->burnt = 2 * MS; // as worker_burn says
    sim_run(f.machine->sim, SIM_NEVER);
    assert_int_equal(a->mark[0], 2250 * US + 20 * US);
    assert_int_equal(role.cold_left, 0);
    role_burnt(f.machine, NULL, 1 * MS); // who has no role is never cold
    fixture_fini(&f);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(cold_restart), cmocka_unit_test(cold_after_work)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
