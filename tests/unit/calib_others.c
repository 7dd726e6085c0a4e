#include "calib/others.h"
#include "live/host.h"

#include <math.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

// A child that computes is another program, until one says that it is the server; the machine's other work comes on top.
static void a_stranger(void **state) {
    (void)state;
    struct others o;
    struct host_usage before, after;
    pid_t child = fork();
    if (child == 0) {
        for (;;) host_spin(1000000000, 1000000, NULL, NULL);
    }
    assert_true(host_usage_read(child, &before));
    others_begin(&o);
    usleep(600000);
    double all = others_end(&o, 0);
    assert_true(host_usage_read(child, &after));
    double served = others_end(&o, after.cpu_s - before.cpu_s);
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
    double share = (after.cpu_s - before.cpu_s) / (0.6 * (double)sysconf(_SC_NPROCESSORS_ONLN));
    assert_true(all > 0 && all <= 1);
    assert_true(all - served > 0.5 * share || served == 0);
    assert_true(isnan(others_end(&o, NAN)));
}

static double clock_s(clockid_t which) {
    struct timespec t;
    clock_gettime(which, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

// Its own work is not another's: had it begun only now, what it has done would be.
static void own_work(void **state) {
    (void)state;
    struct others o;
    others_begin(&o);
    host_spin(400000000, 1000000, NULL, NULL);
    struct others late = {o.busy_s, clock_s(CLOCK_PROCESS_CPUTIME_ID), o.at_s};
    double share = others_end(&o, 0), mistaken = others_end(&late, 0);
    double own = 0.4 / ((clock_s(CLOCK_MONOTONIC) - o.at_s) * (double)sysconf(_SC_NPROCESSORS_ONLN));
    assert_true(share >= 0 && share < 1);
    assert_true(mistaken - share > 0.5 * own);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(a_stranger), cmocka_unit_test(own_work)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
