// Two cores that write a line of cache in turn.
#include "live/host_line.h"

#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <unistd.h>
#include <cmocka.h>

enum { MEETINGS = 3 };
static const int64_t long_ns = 2000000000;

static void *second(void *arg) {
    for (int i = 1; i <= MEETINGS; i++)
        if (host_line_meet(arg, 1, i, long_ns) != 0) return arg; // only the first is told
    return NULL;
}

// Both are told apart, whatever core they are on; each meeting takes more than a cycle and less than a slice.
static void meets(void **state) {
    (void)state;
    static struct host_line line;
    pthread_t thread;
    void *failed;
    assert_int_equal(pthread_create(&thread, NULL, second, &line), 0);
    for (int i = 1; i <= MEETINGS; i++) {
        double ns = host_line_meet(&line, 0, i, long_ns);
        assert_true(ns > 0.3 && ns < 1e8);
    }
    pthread_join(thread, &failed);
    assert_null(failed);
}

// Nobody comes: nothing is seen, and a later meeting is not taken for this one.
static void alone(void **state) {
    (void)state;
    static struct host_line line;
    assert_true(host_line_meet(&line, 0, 1, 100000) == 0);
    assert_true(host_line_meet(&line, 1, 2, 100000) == 0);
    assert_true(host_line_meet(&line, 0, 3, 100000) == 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(meets), cmocka_unit_test(alone)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
