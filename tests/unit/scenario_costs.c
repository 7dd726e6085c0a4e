#include "scenario/costs.h"
#include "scenario/schema.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static const char profile[] =
    "host: \"a \\\"host\\\"\"\n"
    "date: 2026-01-02\n"
    "machine:\n"
    "  idle_exit: [{at: 0s, cost: 22us}, {at: 2ms, cost: {value: 55us, from: probe, "
    "source: \"perf, twice\"}}]\n"
    "  wake_local: 0.9us\n"
    "  switch: {value: 1.1us, ci95: [1us, 1.3us], from: fit}\n"
    "  stay: 92%\n"
    "  pull: off\n"
    "  smt_yield: {value: 1.3, from: published, source: stack}\n"
    "server:\n"
    "  accept: {cpu: 15us, releases: 2.5}\n"
    "  batch_flush: on\n"
    "  close_later: 1\n"
    "gc: {requests_per_young: 24.7, full: 28ms}\n"
    "network: 50us\n";

// Every value of both tables' rows, without the padding of the structs.
static void same(const struct costs *a, const struct costs *b) {
    struct text left = {0}, right = {0};
    struct scenario s = {.costs = *a}, t = {.costs = *b};
    costs_format(a, &left);
    costs_format(b, &right);
    scenario_dump(&s, &left);
    scenario_dump(&t, &right);
    assert_string_equal(text_string(&left), text_string(&right));
    assert_string_equal(a->name, b->name);
    assert_true(a->none == b->none);
    text_fini(&left);
    text_fini(&right);
}

static void nothing_costs(void **state) {
    (void)state;
    struct costs c;
    memset(&c, 0xff, sizeof c);
    costs_none(&c);
    assert_true(c.none);
    assert_string_equal(c.name, "none");
    assert_true(c.machine.slice.value == SIM_MS && c.machine.pull.value == 1 && c.machine.stay.value == 0);
    assert_true(c.machine.smt_yield.value == 2 && c.machine.ramp_speed.value == 1 &&
                c.machine.fast_pull.value == 0);
    assert_int_equal(c.machine.idle_exit.points, 0);
    assert_int_equal(c.machine.cold.points, 0);
    assert_int_equal(c.machine.slice.from, FROM_NONE);
    assert_true(c.machine.slice.lo == SIM_MS && c.machine.slice.hi == SIM_MS);
    // Every struct cost is either named by the table, or this sum would not be all there is.
    double sum = 0;
    const struct cost *first = (const struct cost *)&c.server, *end = (const struct cost *)(&c.client + 1);
    for (const struct cost *p = first; p < end; p++) sum += p->value;
    assert_true(sum == 0);
}

// The table names every cost of the struct, once: set each through the table, then look whether one was left.
static void table_is_complete(void **state) {
    (void)state;
    struct costs c;
    memset(&c, 0, sizeof c);
    const struct schema *s = schema_costs();
    for (int i = 0; i < s->count; i++) {
        const struct schema_row *row = &s->row[i];
        if (row->type != SCHEMA_COST && row->type != SCHEMA_SWITCH) continue;
        struct cost *cost = (struct cost *)((char *)&c + row->offset);
        cost->value += 1;
    }
    struct {
        const void *from, *to;
    } part[] = {{&c.machine.wake_local, &c.machine.cold},
                {&c.machine.cold_work, &c.machine + 1},
                {&c.server, &c.server + 1},
                {&c.lock, &c.lock + 1},
                {&c.gc, &c.gc + 1},
                {&c.client, &c.client + 1},
                {&c.network, &c.network + 1}};
    for (size_t i = 0; i < sizeof part / sizeof part[0]; i++)
        for (const struct cost *p = part[i].from; p < (const struct cost *)part[i].to; p++)
            assert_true(p->value == 1);
}

static void loads(void **state) {
    (void)state;
    struct costs c;
    struct err e = {0};
    if (!costs_load_text(&c, "some/where/my.host.yaml", profile, &e))
        fail_msg("%d:%d %s", e.line, e.col, e.text);
    assert_string_equal(c.name, "my.host");
    assert_string_equal(c.host, "a \"host\"");
    assert_string_equal(c.date, "2026-01-02");
    assert_false(c.none);
    assert_int_equal(c.machine.idle_exit.points, 2);
    assert_true(c.machine.idle_exit.point[1].at == 2e6 && c.machine.idle_exit.point[1].cost.value == 55e3);
    assert_int_equal(c.machine.idle_exit.point[0].cost.from, FROM_GUESS);
    assert_int_equal(c.machine.idle_exit.point[1].cost.from, FROM_PROBE);
    assert_string_equal(c.machine.idle_exit.point[1].cost.source, "perf, twice");
    assert_true(c.machine.wake_local.value == 900 && c.machine.wake_local.from == FROM_GUESS);
    assert_true(c.machine.switch_.lo == 1000 && c.machine.switch_.hi == 1300 &&
                c.machine.switch_.from == FROM_FIT);
    assert_true(c.machine.pull.value == 0 && c.machine.stay.value == 0.92);
    assert_true(c.server.accept.releases.value == 2.5 && c.server.close_later.value == 1);
    assert_true(c.machine.slice.value == SIM_MS &&
                c.machine.slice.from == FROM_NONE); // not named: as in none
    assert_int_equal(c.server.read.cpu.from, FROM_NONE);
}

static void round_trip(void **state) {
    (void)state;
    struct costs c, again;
    struct err e = {0};
    struct text first = {0};
    assert_true(costs_load_text(&c, "p.yaml", profile, &e));
    c.machine.wake_remote = (struct cost){1e3 / 3, 100.1, 1e4 / 3, FROM_PROBE, "a\\b \"c\"\n\td"};
    costs_format(&c, &first);
    if (!costs_load_text(&again, "p.yaml", text_string(&first), &e))
        fail_msg("%d:%d %s\n%s", e.line, e.col, e.text, text_string(&first));
    same(&c, &again);
    assert_true(again.machine.wake_remote.value == 1e3 / 3 && again.machine.wake_remote.hi == 1e4 / 3);
    assert_string_equal(again.machine.wake_remote.source, "a\\b \"c\"\n\td");
    text_fini(&first);
}

static void empty_round_trip(void **state) {
    (void)state;
    struct costs c, again;
    struct err e = {0};
    struct text text = {0};
    costs_none(&c);
    costs_format(&c, &text);
    assert_true(costs_load_text(&again, "none", text_string(&text), &e));
    again.none = true;
    same(&c, &again);
    text_fini(&text);
}

static void saves(void **state) {
    (void)state;
    char folder[] = "/tmp/dispatchsim-XXXXXX", path[80];
    struct costs c, again;
    struct err e = {0};
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/p.yaml", folder);
    assert_true(costs_load_text(&c, "p.yaml", profile, &e));
    assert_true(costs_save(&c, path, &e));
    assert_true(costs_load(&again, path, &e));
    same(&c, &again);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(rmdir(folder), 0); // nothing else was left in it
    assert_false(costs_save(&c, path, &e));
    assert_int_equal(e.kind, ERR_HOST);
    assert_false(costs_load(&again, path, &e));
    assert_int_equal(e.kind, ERR_HOST);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_costs), cmocka_unit_test(table_is_complete), cmocka_unit_test(loads),
        cmocka_unit_test(round_trip),    cmocka_unit_test(empty_round_trip),  cmocka_unit_test(saves),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
