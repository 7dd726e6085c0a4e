#include "calib/against.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#define HOST "host: a machine\nkernel: 1.2\n"

// Two profiles from text, compared.
static void compare(struct against *a, const char *now_text, const char *then_text) {
    static struct costs now, then;
    struct err e = {0};
    if (!costs_load_text(&now, "now", now_text, &e) || !costs_load_text(&then, "then", then_text, &e))
        fail_msg("%s", e.text);
    against_compare(a, &now, &then);
}

static const struct against_row *row_of(const struct against *a, const char *key) {
    for (int i = 0; i < a->rows; i++)
        if (!strcmp(a->row[i].key, key)) return &a->row[i];
    fail_msg("no row %s", key);
    return NULL;
}

// Of one cost alone: do these two agree?
static bool agree(const char *key, const char *now, const char *then) {
    char text[2][256];
    struct against a;
    snprintf(text[0], sizeof text[0], HOST "machine: {%s: {%s, from: probe}}", key, now);
    snprintf(text[1], sizeof text[1], HOST "machine: {%s: {%s, from: fit}}", key, then);
    compare(&a, text[0], text[1]);
    assert_int_equal(a.compared, 1);
    assert_int_equal(a.rows, 1);
    bool yes = a.agree == 1;
    assert_int_equal(row_of(&a, a.row->key)->agrees, yes);
    against_fini(&a);
    return yes;
}

static void intervals(void **state) {
    (void)state;
    assert_true(agree("switch", "value: 2us, ci95: [1us, 3us]", "value: 4us, ci95: [3us, 5us]"));
    assert_true(agree("switch", "value: 4us, ci95: [3us, 5us]", "value: 2us, ci95: [1us, 3us]"));
    assert_false(agree("switch", "value: 2us, ci95: [1us, 3us]", "value: 4us, ci95: [3.1us, 5us]"));
    assert_false(agree("switch", "value: 4us, ci95: [3.1us, 5us]", "value: 2us, ci95: [1us, 3us]"));
    assert_true(agree("switch", "value: 2us, ci95: [1us, 9us]", "value: 4us")); // one within the other
}

// Too small a difference to matter: 3 % or 30 ns of a span, 0.05 of a share, nothing of a switch.
static void matters(void **state) {
    (void)state;
    assert_true(agree("slice", "value: 1ms", "value: 1.029ms"));
    assert_false(agree("slice", "value: 1ms", "value: 1.032ms"));
    assert_true(agree("switch", "value: 100ns", "value: 130ns"));
    assert_false(agree("switch", "value: 100ns", "value: 131ns"));
    assert_true(agree("stay", "value: 50%", "value: 54%"));
    assert_false(agree("stay", "value: 50%", "value: 56%"));
    assert_true(agree("keep_lag", "value: on", "value: on"));
    assert_false(agree("keep_lag", "value: on", "value: off"));
}

// What nobody measured is left out; what one measured stands alone; points of a curve meet at the same span.
static void sides(void **state) {
    (void)state;
    struct against a;
    compare(
        &a,
        HOST
        "machine: {switch: 2us, migrate: {value: 1us, from: probe}, slice: {value: 1ms, from: published}, "
        "cold: [{at: 1ms, cost: {value: 1us, from: probe}}, {at: 5ms, cost: {value: 2us, from: probe}}]}",
        HOST
        "machine: {switch: {value: 2us, from: guess}, migrate: 1us, slice: {value: 1ms, from: published}, "
        "cold: [{at: 200us, cost: {value: 1us, from: probe}}, {at: 5ms, cost: {value: 9us, from: probe}}]}");
    assert_int_equal(a.rows, 4);
    assert_int_equal(a.compared, 1);
    assert_int_equal(a.agree, 0);
    assert_int_equal(row_of(&a, "machine.migrate")->where, AGAINST_NOW);
    assert_int_equal(row_of(&a, "machine.cold@1ms")->where, AGAINST_NOW);
    assert_int_equal(row_of(&a, "machine.cold@200us")->where, AGAINST_THEN);
    assert_int_equal(row_of(&a, "machine.cold@5ms")->where, AGAINST_BOTH);
    against_fini(&a);
}

// The same machine, whose index was 2 then and is 1 now: what took 1 us of CPU takes 2; what passes, passes as before.
static void speeds(void **state) {
    (void)state;
    struct against a;
    compare(&a,
            HOST "exchange_speed: {value: 1, from: probe}\npace: {value: 500, from: probe}\n"
                 "machine: {switch: {value: 2us, from: probe}, slice: {value: 3ms, from: probe}}",
            HOST "exchange_speed: {value: 2, from: probe}\npace: {value: 900, from: probe}\n"
                 "machine: {switch: {value: 1us, ci95: [0.9us, 1.2us], from: probe}, slice: {value: 3ms, "
                 "from: probe}}");
    assert_int_equal(a.rows, 2); // neither speed nor pace is a cost
    assert_int_equal(a.agree, 2);
    assert_true(fabs(a.speed - 2) < 1e-12);
    assert_true(fabs(row_of(&a, "machine.switch")->then.lo - 1800) < 1e-9);
    against_fini(&a);
    // What a quiet machine did counts before what was seen beside a load.
    compare(&a,
            HOST "exchange_speed: {value: 1, from: probe}\nquiet_speed: {value: 3, from: probe}\n"
                 "machine: {switch: {value: 1us, from: probe}}",
            HOST "exchange_speed: {value: 2, from: probe}\nquiet_speed: {value: 4.5, from: probe}\n"
                 "machine: {switch: {value: 1us, from: probe}}");
    assert_true(fabs(a.speed - 1.5) < 1e-12);
    against_fini(&a);
}

static void add_costs(struct against *a, int compared, int agree) {
    a->compared = compared;
    a->agree = agree;
}

static void enough(void **state) {
    (void)state;
    struct against a;
    compare(&a, HOST "machine: {switch: {value: 1us, from: probe}}",
            HOST "machine: {switch: {value: 9us, from: probe}}");
    assert_true(a.same_host);
    assert_false(against_enough(&a));
    add_costs(&a, 46, 42);
    assert_true(against_enough(&a));
    add_costs(&a, 46, 41);
    assert_false(against_enough(&a));
    against_fini(&a);
    compare(&a, HOST "machine: {switch: {value: 1us, from: probe}}",
            "host: another\nkernel: 1.2\nmachine: {switch: {value: 9us, from: probe}}");
    assert_false(a.same_host);
    assert_true(against_enough(&a)); // nothing has to be the same
    against_fini(&a);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(intervals), cmocka_unit_test(matters),
                                       cmocka_unit_test(sides), cmocka_unit_test(speeds),
                                       cmocka_unit_test(enough)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
