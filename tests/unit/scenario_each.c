#include "scenario/costs.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>

struct visits {
    int all, in_curves, switches;
    struct cost *last_curve;
};

static void count(void *context, const struct cost_item *item) {
    struct visits *v = context;
    v->all++;
    v->switches += item->on_off;
    assert_true(item->cost->value >= item->min && item->cost->value <= item->max);
    if (strncmp(item->key, "machine.cold.", 13)) return;
    v->in_curves++;
    v->last_curve = item->cost;
}

static void test_each(void **state) {
    (void)state;
    struct costs c;
    struct visits without = {0}, with = {0};
    costs_none(&c);
    costs_each(&c, count, &without);
    assert_int_equal(without.in_curves, 0);
    assert_int_equal(without.switches, 13);
    // Every number that is not in a curve: the struct without its names and curves is an array of them.
    assert_int_equal(
        without.all,
        (int)((sizeof c.server + sizeof c.lock + sizeof c.gc + sizeof c.client) / sizeof(struct cost)) +
            (int)((sizeof c.machine - 3 * sizeof c.machine.cold) / sizeof(struct cost)) + 5);
    c.machine.cold.points = 3;
    costs_each(&c, count, &with);
    assert_int_equal(with.all, without.all + 3);
    assert_ptr_equal(with.last_curve, &c.machine.cold.point[2].cost);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
