// The collector's turn: what makes a pass due. Times in ns.
#include "models/parts/collector.h"

#include "parts_fixture.h"

enum { REQUESTS = 12000 };

static struct cost is(double value) {
    return (struct cost){.value = value};
}

// Young passes that REQUESTS requests set off, by what a connection and a hand-off allocate.
static int passes(double per_connection, double hand_off, bool connects, bool hands) {
    struct fixture f;
    struct collector c;
    int seen = 0;
    fixture_init(&f, 1);
    struct gc_costs *gc = &f.scenario.costs.gc;
    f.scenario.server.gc = true;
    gc->requests_per_young = is(30);
    gc->young = is(1000);
    gc->middle_every = gc->full_every = is(1e9);
    gc->per_connection = is(per_connection);
    gc->hand_off = is(hand_off);
    fixture_build(&f);
    collector_init(&c, f.machine);
    for (int i = 0; i < REQUESTS; i++) {
        if (connects) collector_open(&c);
        seen += collector_allocate(&c, f.machine) > 0;
        if (hands) collector_hand_off(&c);
    }
    assert_int_equal(c.connections, connects ? REQUESTS : 0);
    fixture_fini(&f);
    return seen;
}

// A pass at most differs, by the phase.
static void about(int expected, int seen) {
    assert_in_range(seen, expected - 1, expected + 1);
}

static void each_request_alike_by_default(void **state) {
    (void)state;
    about(400, passes(0, 0, true, false));
    about(400, passes(0, 0, false, true));
}

static void kept_connections_do_without(void **state) {
    (void)state;
    about(400, passes(1, 0, true, false));
    assert_int_equal(passes(1, 0, false, false), 0);
    about(300, passes(0.25, 0, false, false));
}

static void hand_offs_add(void **state) {
    (void)state;
    about(860, passes(1, 1.15, true, true));
    about(460, passes(1, 1.15, false, true));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_request_alike_by_default),
        cmocka_unit_test(kept_connections_do_without),
        cmocka_unit_test(hand_offs_add),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
