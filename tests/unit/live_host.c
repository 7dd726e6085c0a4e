#include "live/host.h"
#include "live/host_speed.h"
#include "live/host_stolen.h"

#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

static int64_t thread_cpu_ns(void) {
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return t.tv_sec * 1000000000LL + t.tv_nsec;
}

static void machine(void **state) {
    (void)state;
    struct host h;
    host_read(&h);
    assert_true(h.cpus >= 1 && h.cpus <= sysconf(_SC_NPROCESSORS_CONF));
    assert_true(h.cpu[0] && h.kernel[0]);
    assert_int_equal(strlen(h.date), strlen("2026-01-31 23:59 UTC"));
    assert_true(host_steal_s() >= 0);
}

// What is burned is CPU of this thread, not time: measured by the same clock from outside.
static void spins(void **state) {
    (void)state;
    static const int64_t lengths[] = {0, 1, 500, 5000, 50000, 3000000, 20000000};
    for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
        int64_t from = thread_cpu_ns(), used = host_spin(lengths[i], 25000, NULL, NULL),
                seen = thread_cpu_ns() - from;
        assert_true(used >= lengths[i]);
        assert_true(seen >= used);
        // A stolen core may stretch the last piece; a spin that ignored its length would be far outside.
        assert_true(used < 2 * lengths[i] + 2000000);
    }
}

struct looks {
    int count, acts; // acts: every how many-th look does something that costs
    int64_t spent;
};

static bool look(void *argument) {
    struct looks *l = argument;
    if (++l->count % l->acts) return false;
    int64_t from = thread_cpu_ns();
    host_spin(100000, 100000, NULL, NULL);
    l->spent += thread_cpu_ns() - from;
    return true;
}

// It looks at least as often as it was told, and what a look costs beyond looking does not count as work.
static void checks(void **state) {
    (void)state;
    struct looks l = {.acts = 10};
    int64_t from = thread_cpu_ns(), used = host_spin(10000000, 50000, look, &l),
            seen = thread_cpu_ns() - from;
    assert_true(used >= 10000000);
    assert_true(l.count >= 50);
    assert_true(l.spent >= (l.count / 10) * 100000);
    assert_true(seen >= used + l.spent);
}

static void *burn(void *argument) {
    (void)argument;
    host_spin(20000000, 1000000, NULL, NULL);
    return NULL;
}

// An ended thread's CPU stays counted; the process's own clock says the same.
static void usage(void **state) {
    (void)state;
    struct host_usage before, after, thread;
    pthread_t t;
    assert_true(host_usage_read(getpid(), &before));
    pthread_create(&t, NULL, burn, NULL);
    pthread_join(t, NULL);
    usleep(2000);
    assert_true(host_usage_read(getpid(), &after));
    assert_true(after.cpu_s - before.cpu_s >= 0.02);
    assert_true(after.voluntary > before.voluntary);
    assert_true(after.slices >= 1 && after.threads >= 1 && after.runqueue_s >= before.runqueue_s);
    assert_true(host_usage_thread(getpid(), (pid_t)syscall(SYS_gettid), &thread));
    assert_int_equal(thread.threads, 1);
    assert_true(thread.cpu_s <= after.cpu_s);
}

static void gone(void **state) {
    (void)state;
    struct host_usage u;
    pid_t pid = fork();
    if (pid == 0) _exit(0);
    waitpid(pid, NULL, 0);
    assert_false(host_usage_read(pid, &u));
    assert_false(host_usage_thread(pid, pid, &u));
}

static void speed(void **state) {
    (void)state;
    struct err e;
    struct host_speed_seen x;
    struct host_speed *s = host_speed_start(true, HOST_SPEED_PERIOD, &e);
    assert_non_null(s);
    usleep(180000); // the first samples are due after 20 ms
    assert_true(host_speed_dense(s) > 0);
    x = host_speed_stop(s, 0);
    assert_true(0 < x.low && x.low <= x.middle && x.middle <= x.high && x.slow_frac == 0);
    assert_true(x.middle > 0.001 && x.middle < 100); // of the order it is defined in
    assert_true(x.even[0] >= x.low * 0.999 || x.even[1] >= x.low * 0.999);
    assert_true(x.even[0] <= x.high * 1.001 || x.even[1] <= x.high * 1.001);
    s = host_speed_start(false, HOST_SPEED_PERIOD, &e); // by an index out of reach all are slow
    assert_non_null(s);
    usleep(60000);
    x = host_speed_stop(s, 1000);
    assert_true(x.slow_frac == 1 && x.middle == 1000 && x.high < 1000);
    s = host_speed_start(false, HOST_SPEED_PERIOD, &e); // stopped at once: no sample
    assert_non_null(s);
    assert_true(host_speed_dense(s) == 0);
    x = host_speed_stop(s, 0);
    assert_true(x.middle == 0 && x.low == 0 && x.high == 0);
}

static atomic_bool enough;

static void *hog(void *cpu) {
    host_pin(*(int *)cpu);
    while (!atomic_load(&enough)) continue;
    return NULL;
}

// All cores are watched, and a core that another thread of this machine has is not stolen, though it has half of the time.
static void stolen(void **state) {
    (void)state;
    enum { MOST = 8 };
    cpu_set_t set;
    struct host_stolen seen = {0};
    struct err e;
    const int64_t ns = 60000000;
    int cpus = host_cpus(&set), n = 0, cpu[MOST];
    pthread_t thread[MOST];
    atomic_store(&enough, false);
    for (int i = 0; i < CPU_SETSIZE && n < MOST; i++) {
        if (!CPU_ISSET(i, &set)) continue;
        cpu[n] = i;
        assert_int_equal(pthread_create(&thread[n], NULL, hog, &cpu[n]), 0);
        n++;
    }
    assert_true(host_stolen_look(ns, &seen, &e));
    atomic_store(&enough, true);
    for (int i = 0; i < n; i++) pthread_join(thread[i], NULL);
    assert_true(n == cpus || n == MOST);
    assert_true(seen.looked_s >= n * (double)ns * 1e-9);
    assert_true(seen.waited_s2 >= seen.lost_s * (double)HOST_STOLEN_FROM * 1e-9 / 2);
    assert_true(seen.lost_s < 0.25 * seen.looked_s);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(machine), cmocka_unit_test(spins),
                                       cmocka_unit_test(stolen),  cmocka_unit_test(checks),
                                       cmocka_unit_test(usage),   cmocka_unit_test(gone),
                                       cmocka_unit_test(speed)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
