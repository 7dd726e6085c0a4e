#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "result_fixture.h"

static void binds(struct fixture *f, enum limit expected, const char *sentence) {
    struct case_result c;
    add(&f->o, 7, 0, -1);
    result_gather(&c, &f->s, &f->o, 1);
    assert_string_equal(limit_name(c.bottleneck), limit_name(expected));
    assert_string_equal(c.sentence, sentence);
    observation_fini(&f->o);
}

// One event loop holds the lock whenever it runs: the loop is the cause.
static void test_binds_loop(void **state) {
    (void)state;
    struct fixture f = fixture();
    station(&f, LIMIT_CORE, 0.50, 2, 0);
    station(&f, LIMIT_LOOP, 0.985, 1, 60);
    station(&f, LIMIT_LOCK, 0.99, 1, 0);
    binds(&f, LIMIT_LOOP, "the event loop is busy 99 % of the time; the lock is held 99 % of the time");
}

static void test_binds_lock(void **state) {
    (void)state;
    struct fixture f = fixture();
    station(&f, LIMIT_CORE, 0.6, 2, 0);
    station(&f, LIMIT_LOOP, 0.3, 1, 0);
    station(&f, LIMIT_LOCK, 0.97, 1, 30);
    station(&f, LIMIT_POOL, 0.8, 40, 0);
    binds(&f, LIMIT_LOCK, "the lock is held 97 % of the time; the pool of 40 is never full");
}

// Threads of a full pool wait for the lock, even where it is held for less than 90 % of the time.
static void test_binds_lock_behind_full_pool(void **state) {
    (void)state;
    struct fixture f = fixture();
    station(&f, LIMIT_CORE, 0.80, 2, 0);
    station(&f, LIMIT_LOOP, 0.2, 1, 0);
    station(&f, LIMIT_LOCK, 0.85, 1, 36);
    station(&f, LIMIT_POOL, 1.0, 40, 60);
    f.o.station[LIMIT_POOL].full_s = 9.8;
    binds(&f, LIMIT_LOCK, "the lock is held 85 % of the time; the pool of 40 is full 98 % of the time");
}

static void test_binds_pool(void **state) {
    (void)state;
    struct fixture f = fixture();
    station(&f, LIMIT_CORE, 0.05, 2, 0);
    station(&f, LIMIT_LOOP, 0.04, 1, 0);
    station(&f, LIMIT_LOCK, 0.06, 1, 0);
    station(&f, LIMIT_POOL, 0.999, 40, 60);
    f.o.station[LIMIT_POOL].full_s = 9.99;
    binds(&f, LIMIT_POOL,
          "the pool of 40 is full 99 % of the time, with 60.0 requests waiting on average; the lock is held "
          "6 % of the time");
}

// Shares and size are those of one of the four pools, the queue is that of all.
static void test_several_pools(void **state) {
    (void)state;
    struct fixture f = fixture();
    f.s.server.workers = 4;
    station(&f, LIMIT_LOOP, 0.001, 4, 0);
    station(&f, LIMIT_POOL, 0.95, 40, 46.2);
    f.o.station[LIMIT_POOL].instances = 4;
    f.o.station[LIMIT_POOL].full_s = 4 * 8.8;
    binds(
        &f, LIMIT_POOL,
        "each pool of 10 is full 88 % of the time, with 46.2 requests in all waiting on average; the 4 event "
        "loops are busy less than 1 % of the time");
}

// Processes that serve one connection each are pools of one, whatever server.threads says.
static void test_pools_of_one(void **state) {
    (void)state;
    struct fixture f = fixture();
    struct case_result c;
    f.s.server.workers = 8;
    station(&f, LIMIT_POOL, 0.97, 8, 0);
    f.o.station[LIMIT_POOL].instances = 8;
    f.o.station[LIMIT_POOL].full_s = 8 * 9.7;
    station(&f, LIMIT_BACKLOG, 0.01, 2048, 20);
    add(&f.o, 7, 0, -1);
    result_gather(&c, &f.s, &f.o, 1);
    close_to(c.full_frac[LIMIT_POOL], 0.97, 1e-12);
    assert_true(c.size[LIMIT_POOL] == 1 && c.instances[LIMIT_POOL] == 8);
    assert_string_equal(c.sentence,
                        "the one thread of each worker is taken 97 % of the time, with 20.0 requests in all "
                        "waiting to be accepted on average");
    observation_fini(&f.o);
}

static void test_binds_resource_behind_full_pool(void **state) {
    (void)state;
    struct fixture f = fixture();
    struct resource_spec db[2] = {{"cache", 100, false}, {"db", 20, false}};
    f.s.resources = 2;
    f.s.resource = db;
    station(&f, LIMIT_LOCK, 0.2, 1, 0);
    station(&f, LIMIT_POOL, 1.0, 40, 60);
    f.o.station[LIMIT_POOL].full_s = 10;
    f.o.resource[0] = (struct station_seen){.busy_s = 10, .servers = 100};
    f.o.resource[1] = (struct station_seen){.busy_s = 199, .servers = 20, .queue_s = 200, .full_s = 9.9};
    struct case_result c;
    add(&f.o, 1, 0, -1);
    result_gather(&c, &f.s, &f.o, 1);
    assert_int_equal(c.bottleneck, LIMIT_RESOURCE);
    assert_string_equal(c.bottleneck_name, "db");
    assert_string_equal(c.sentence,
                        "db (20) is in use 99 % of the time, with 20.0 waiting on average; the pool of 40 is "
                        "full 100 % of the time");
    close_to(c.utilisation[LIMIT_RESOURCE], 0.995, 1e-12);
    close_to(c.resource[0].utilisation, 0.01, 1e-12);
    observation_fini(&f.o);
}

static void test_binds_core(void **state) {
    (void)state;
    struct fixture f = fixture();
    station(&f, LIMIT_CORE, 0.99, 2, 6);
    station(&f, LIMIT_LOOP, 0.99, 4, 0);
    station(&f, LIMIT_LOCK, 1.0, 4, 0);
    f.s.server.workers = 4;
    binds(&f, LIMIT_CORE, "the 2 cores are busy 99 % of the time; the 4 locks are held 100 % of the time");
}

static void test_binds_what_fills_the_backlog(void **state) {
    (void)state;
    struct fixture f = fixture();
    f.o.refused = 30;
    f.o.arrived = 999;
    station(&f, LIMIT_CORE, 0.5, 2, 0);
    station(&f, LIMIT_LOOP, 1.0, 1, 0);
    station(&f, LIMIT_BACKLOG, 1.0, 2048, 0);
    binds(&f, LIMIT_LOOP, "the event loop is busy 100 % of the time; the 2 cores are busy 50 % of the time");
    f = fixture();
    f.o.refused = 30;
    f.o.arrived = 999;
    station(&f, LIMIT_CORE, 0.5, 2, 0);
    station(&f, LIMIT_BACKLOG, 0.3, 2048, 0);
    binds(&f, LIMIT_BACKLOG,
          "the backlog of 2048 overflows: 3 % of the requests are refused; the 2 cores are busy 50 % of the "
          "time");
}

static void test_binds_client(void **state) {
    (void)state;
    struct fixture f = fixture();
    station(&f, LIMIT_CORE, 0.3, 2, 0);
    station(&f, LIMIT_LOOP, 0.79, 1, 3);
    binds(&f, LIMIT_CLIENT,
          "nothing is full, the load offers no more; the event loop is busy 79 % of the time");
    f = fixture();
    station(&f, LIMIT_CORE, 0.3, 2, 0);
    station(&f, LIMIT_LOOP, 0.85, 1, 3);
    binds(&f, LIMIT_LOOP, "the event loop is busy 85 % of the time; the 2 cores are busy 30 % of the time");
}

// That nothing is full is not the load generator's doing, unless it is full itself.
static void test_load_generator(void **state) {
    (void)state;
    static const double busy[] = {0, 0.89, 0.9};
    static const char *const name[] = {"none", "none", "client"};
    static const char *const sentence[] = {"nothing is full, the load offers no more",
                                           "nothing is full, the load offers no more",
                                           "the load generator is busy 90 % of the time"};
    for (int i = 0; i < 3; i++) {
        struct fixture f = fixture();
        struct case_result c;
        station(&f, LIMIT_CLIENT, busy[i], i ? 1 : 0, 0);
        add(&f.o, 7, 0, -1);
        result_gather(&c, &f.s, &f.o, 1);
        assert_int_equal(c.bottleneck, LIMIT_CLIENT);
        assert_string_equal(c.bottleneck_name, name[i]);
        assert_string_equal(c.sentence, sentence[i]);
        observation_fini(&f.o);
    }
}

// Four loops with uneven work: none is full on average, yet requests wait.
static void test_says_what_uneven_work_makes_wait_for(void **state) {
    (void)state;
    struct fixture f = fixture();
    struct case_result c;
    int64_t blame[BLAME_COUNT] = {[BLAME_LOOP] = 7000000, [BLAME_SERVICE] = 3000000};
    f.s.server.workers = 4;
    station(&f, LIMIT_LOOP, 0.7, 4, 0);
    observation_add(&f.o, 10000000, blame, -1);
    result_gather(&c, &f.s, &f.o, 1);
    assert_int_equal(c.bottleneck, LIMIT_CLIENT);
    assert_string_equal(c.sentence,
                        "nothing is full on average, yet requests wait for an event loop 70 % of their time; "
                        "the 4 event loops are busy 70 % of the time");
    observation_fini(&f.o);
}

// A full loop keeps no queue of its own; that requests wait for it follows from their time.
static void test_binds_by_waiting_time(void **state) {
    (void)state;
    struct fixture f = fixture();
    struct case_result c;
    int64_t blame[BLAME_COUNT] = {[BLAME_LOOP] = 700000000, [BLAME_SERVICE] = 3000000};
    station(&f, LIMIT_LOOP, 0.82, 1, 0);
    station(&f, LIMIT_POOL, 0.81, 40, 6);
    for (int i = 0; i < 10; i++) observation_add(&f.o, 703000000, blame, -1); // 1/s: 0.7 of them wait
    result_gather(&c, &f.s, &f.o, 1);
    assert_int_equal(c.bottleneck, LIMIT_LOOP);
    observation_fini(&f.o);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_binds_loop),
        cmocka_unit_test(test_binds_lock),
        cmocka_unit_test(test_binds_lock_behind_full_pool),
        cmocka_unit_test(test_binds_pool),
        cmocka_unit_test(test_several_pools),
        cmocka_unit_test(test_pools_of_one),
        cmocka_unit_test(test_load_generator),
        cmocka_unit_test(test_binds_resource_behind_full_pool),
        cmocka_unit_test(test_binds_core),
        cmocka_unit_test(test_binds_what_fills_the_backlog),
        cmocka_unit_test(test_binds_client),
        cmocka_unit_test(test_says_what_uneven_work_makes_wait_for),
        cmocka_unit_test(test_binds_by_waiting_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
