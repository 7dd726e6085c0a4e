#include "calib/family.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

enum { MOST = 64 };

static bool contains(const pid_t *pid, int n, pid_t wanted) {
    for (int i = 0; i < n; i++)
        if (pid[i] == wanted) return true;
    return false;
}

// A child that leads a session and has a child of its own; the grandchild's id comes through the pipe. Both wait for a
// signal.
static pid_t start_family(pid_t *grandchild) {
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    pid_t child = fork();
    if (child == 0) {
        setsid();
        pid_t own = fork();
        if (own > 0 && write(ends[1], &own, sizeof own) != sizeof own) _exit(1);
        for (;;) pause();
    }
    assert_true(child > 0);
    assert_int_equal(read(ends[0], grandchild, sizeof *grandchild), sizeof *grandchild);
    close(ends[0]);
    close(ends[1]);
    return child;
}

static void descendants(void **state) {
    (void)state;
    pid_t grandchild, found[MOST], child = start_family(&grandchild);
    int n = family_find(child, false, found, MOST);
    assert_true(n == 2 && contains(found, n, child) && contains(found, n, grandchild));
    n = family_find(getpid(), false, found, MOST);
    assert_true(n == 3 && contains(found, n, getpid()) && contains(found, n, grandchild));
    assert_int_equal(family_find(getpid(), false, found, 2), 2);
    // Without its parent the grandchild still belongs to the session.
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
    assert_int_equal(family_find(child, false, found, MOST), 0);
    assert_true(family_find(child, true, found, MOST) == 1 && found[0] == grandchild);
    kill(grandchild, SIGKILL);
    for (int i = 0; i < 500 && family_find(child, true, found, MOST); i++) usleep(10000);
    assert_int_equal(family_find(child, true, found, MOST), 0);
}

// A process that has ended is not found, whether or not somebody has asked how.
static void zombies(void **state) {
    (void)state;
    pid_t found[MOST], child = fork();
    if (child == 0) _exit(0);
    siginfo_t info;
    assert_int_equal(waitid(P_PID, (id_t)child, &info, WEXITED | WNOWAIT), 0);
    assert_int_equal(family_find(child, false, found, MOST), 0);
    waitpid(child, NULL, 0);
}

static void used_between(void **state) {
    (void)state;
    struct family_look before = {0}, after = {0};
    pid_t self = getpid();
    family_look(&before, &self, 1);
    assert_true(before.threads >= 1);
    double spun = (double)host_spin(20000000, 1000000, NULL, NULL) * 1e-9;
    for (int i = 0; i < 7; i++) usleep(1000);
    family_look(&after, &self, 1);
    struct family_use use = family_use_between(&before, &after);
    assert_true(use.cpu_s >= spun && use.cpu_s < spun + 0.5);
    assert_true(use.voluntary >= 7 && use.involuntary >= 0);
    family_look_fini(&before);
    family_look_fini(&after);
}

// What comes counts from nothing, what goes is left out: the sum never falls.
static void comings_and_goings(void **state) {
    (void)state;
    struct family_thread then[] = {{10, 1.0, 100, 10}, {11, 0, 5000, 50}},
                         now[] = {{12, 0.5, 3, 4}, {10, 1.25, 107, 10}};
    struct family_use use = family_use_between(&(struct family_look){.threads = 2, .thread = then},
                                               &(struct family_look){.threads = 2, .thread = now});
    assert_true(use.cpu_s == 0.75 && use.voluntary == 10 && use.involuntary == 4);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(descendants), cmocka_unit_test(zombies),
                                       cmocka_unit_test(used_between), cmocka_unit_test(comings_and_goings)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
