// Stalls are found where the server's clock ran on, and nowhere else.
#include "calib/attach_stall.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

enum { COST = 100000, CYCLE = 24, MOST = 16 };

// A server that takes COST ns for each request and answers them in batches of CYCLE, as an event loop does; before the
// batches named it does something else for `length` ns, of which it has a core for `share`.
static void run(struct attach_series *s, int batches, const int *stalled, int stalls, sim_time length,
                double share) {
    sim_time now = 17 * SIM_MS, cpu = 3 * SIM_S;
    attach_series_clear(s);
    attach_series_sample(s, now, cpu);
    for (int b = 0; b < batches; b++) {
        for (int i = 0; i < stalls; i++) {
            if (stalled[i] != b) continue;
            now += length;
            cpu += (sim_time)((double)length * share);
        }
        now += CYCLE * COST;
        cpu += CYCLE * COST;
        for (int i = 0; i < CYCLE; i++) attach_series_end(s, now + i * 1000);
        attach_series_sample(s, now + (CYCLE - 1) * 1000, cpu); // with the last of them, as a load does
    }
}

static void test_finds(void **state) {
    (void)state;
    static const int at[] = {30, 71, 72, 110};
    struct attach_series s = {0};
    struct attach_stall found[MOST];
    run(&s, 120, at, 4, 21 * SIM_MS, 1);
    assert_int_equal(attach_stalls(&s, CYCLE, found, MOST), 4);
    for (int i = 0; i < 4; i++) {
        assert_int_equal(found[i].after, at[i] * CYCLE);
        assert_true(found[i].cpu > 20.5e6 && found[i].cpu < 21.5e6);
    }
    assert_int_equal(attach_stalls(&s, CYCLE, found, 2), 2); // as many as there is room for
    attach_series_fini(&s);
}

static void test_no_core(void **state) {
    (void)state;
    static const int at[] = {30, 71};
    struct attach_series s = {0};
    struct attach_stall found[MOST];
    run(&s, 120, at, 2, 21 * SIM_MS, 0); // it waited for a core, or for its clients
    assert_int_equal(attach_stalls(&s, CYCLE, found, MOST), 0);
    run(&s, 120, at, 2, 21 * SIM_MS, 0.3);
    assert_int_equal(attach_stalls(&s, CYCLE, found, MOST), 0);
    attach_series_fini(&s);
}

static void test_short(void **state) {
    (void)state;
    static const int at[] = {30, 71};
    struct attach_series s = {0};
    struct attach_stall found[MOST];
    run(&s, 120, at, 2, ATTACH_SHORTEST - SIM_MS, 1);
    assert_int_equal(attach_stalls(&s, CYCLE, found, MOST), 0);
    run(&s, 120, at, 0, 0, 1);
    assert_int_equal(attach_stalls(&s, CYCLE, found, MOST), 0);
    run(&s, 2, at, 0, 0, 1); // fewer requests than tell what is usual
    assert_int_equal(attach_stalls(&s, CYCLE, found, MOST), 0);
    attach_series_clear(&s);
    assert_int_equal(attach_stalls(&s, CYCLE, found, MOST), 0);
    attach_series_fini(&s);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_finds), cmocka_unit_test(test_no_core),
                                       cmocka_unit_test(test_short)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
