// Lines of cache between cores: who pays for them, and when nobody does.
#include "models/parts/line.h"
#include "parts_fixture.h"

enum { US = 1000, MS = 1000000, NEAR = 60, FAR = 260 };

static void distance(struct fixture *f, double line) {
    fixture_init(f, 2);
    struct machine_costs *c = &f->scenario.costs.machine;
    c->line.value = line;
    c->line_near.value = NEAR;
    c->migrate_lines.value = 5;
    c->wake_lines.value = 10;
    fixture_build(f);
}

// What was probed between two cores holds near lines already; what a request brings is all of a line.
static void above_near(void **state) {
    (void)state;
    for (int i = 0; i < 3; i++) {
        struct fixture f;
        distance(&f, (const double[]){0, NEAR / 2, FAR}[i]);
        const int line[] = {0, NEAR / 2, FAR};
        assert_int_equal(line_cost(f.machine, 14), 14 * line[i]);
        assert_int_equal(f.machine->t.migrate, i == 2 ? 5 * (FAR - NEAR) : 0);
        assert_int_equal(f.machine->t.wake_remote, i == 2 ? 10 * (FAR - NEAR) : 0);
        assert_int_equal(f.machine->t.wake_counted, i == 2 ? 10 * (FAR - NEAR) : 0);
        fixture_fini(&f);
    }
}

static const struct cpu *written_on;

static struct act bring(struct machine *m, struct thread *t) {
    line_bring(m, written_on, 10);
    return thread_run(t, 1 * MS, script_step);
}

// A thread pays for what another core wrote, not for what its own or another machine did.
static void brings(void **state) {
    (void)state;
    for (int i = 0; i < 3; i++) {
        struct fixture f;
        distance(&f, FAR);
        struct script *a = fixture_add(&f, {RUN, 0}, {MARK, 0}, {STOP, 0});
        const struct cpu *const from[] = {NULL, &f.machine->cpu[0], &f.machine->cpu[1]};
        written_on = from[i];
        a->thread->next = bring;
        a->at = 1;
        fixture_run(&f, SIM_NEVER);
        assert_ptr_equal(a->thread->cpu, &f.machine->cpu[0]);
        assert_int_equal(a->mark[0], 1 * MS + (i == 2 ? 10 * FAR : 0));
        fixture_fini(&f);
    }
}

// What was seen beside the rounds of a measurement is the distance of the replications, in turn.
static void each_round(void **state) {
    (void)state;
    const double seen[] = {NEAR, FAR};
    struct fixture f;
    distance(&f, 100);
    f.scenario.line_ns = seen;
    f.scenario.lines = 2;
    for (uint32_t r = 0; r < 4; r++) {
        struct machine *m = machine_create(&f.scenario, 0, r, NULL);
        assert_non_null(m);
        assert_int_equal(line_cost(m, 1), r % 2 ? FAR : NEAR);
        machine_destroy(m);
    }
    fixture_fini(&f);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(above_near), cmocka_unit_test(brings),
                                       cmocka_unit_test(each_round)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
