// Facts about the lock's algorithm; never about its speed.
#include "live/gil.h"
#include "live/host.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

enum { THREADS = 8, MS = 1000000 };

struct lab {
    struct gil gil;
    atomic_bool stop;
    atomic_int ready;
    int inside; // protected by the lock alone: a race here is what ThreadSanitizer looks for
    int64_t counter;
    int64_t turn[THREADS];
};

struct actor {
    struct lab *lab;
    int index;
    pthread_t thread;
};

static void lab_init(struct lab *l, int64_t interval) {
    memset(l, 0, sizeof *l);
    gil_init(&l->gil, true, interval);
}

static void start(struct lab *l, struct actor *a, int n, void *(*run)(void *)) {
    for (int i = 0; i < n; i++) {
        a[i] = (struct actor){.lab = l, .index = i};
        assert_int_equal(pthread_create(&a[i].thread, NULL, run, &a[i]), 0);
    }
}

static void join(struct actor *a, int n) {
    for (int i = 0; i < n; i++) pthread_join(a[i].thread, NULL);
}

static void enter(struct lab *l) {
    if (l->inside++ != 0) abort();
}

static void leave(struct lab *l) {
    if (--l->inside != 0) abort();
}

static void *take_and_release(void *argument) {
    struct actor *a = argument;
    for (int i = 0; i < 3000; i++) {
        gil_take(&a->lab->gil, a);
        enter(a->lab);
        a->lab->counter++;
        leave(a->lab);
        gil_release(&a->lab->gil, a);
    }
    return NULL;
}

static void excludes(void **state) {
    (void)state;
    struct lab l;
    struct actor a[THREADS];
    lab_init(&l, MS);
    start(&l, a, THREADS, take_and_release);
    join(a, THREADS);
    assert_int_equal(l.counter, THREADS * 3000);
    assert_false(l.gil.locked);
    gil_fini(&l.gil);
}

// Interpreted code that never blocks: holds the lock but for what the others ask of it.
static void *compute(void *argument) {
    struct actor *a = argument;
    struct lab *l = a->lab;
    gil_take(&l->gil, a);
    atomic_fetch_add(&l->ready, 1);
    while (!atomic_load(&l->stop)) {
        enter(l);
        host_spin(20000, 20000, NULL, NULL);
        leave(l);
        l->turn[a->index] += gil_check(&l->gil, a);
    }
    gil_release(&l->gil, a);
    return NULL;
}

static void await(atomic_int *n, int wanted) {
    while (atomic_load(n) < wanted) usleep(200);
}

// A drop on request is no mere release: whoever dropped does not hold again before another has. So with two that only
// compute, turns alternate strictly.
static void alternates(void **state) {
    (void)state;
    struct lab l;
    struct actor a[2];
    lab_init(&l, MS);
    start(&l, a, 2, compute);
    while (atomic_load(&l.gil.forced) < 20) usleep(1000);
    atomic_store(&l.stop, true);
    join(a, 2);
    assert_true(llabs(l.turn[0] - l.turn[1]) <= 1);
    assert_true(l.turn[0] >= 9);
    assert_true(l.gil.switches >= 20);
    gil_fini(&l.gil);
}

// Among seven that compute, one that comes and goes gets the lock after a bounded number of changes of holder: the
// waiters are woken in the order of their waits, give or take barging.
static void bounded_turns(void **state) {
    (void)state;
    struct lab l;
    struct actor a[THREADS - 1], own;
    lab_init(&l, MS / 2);
    start(&l, a, THREADS - 1, compute);
    await(&l.ready, THREADS - 1);
    for (int i = 0; i < 10; i++) {
        pthread_mutex_lock(&l.gil.mutex);
        uint64_t before = l.gil.switches;
        pthread_mutex_unlock(&l.gil.mutex);
        gil_take(&l.gil, &own);
        enter(&l);
        uint64_t turns = l.gil.switches - before;
        leave(&l);
        gil_release(&l.gil, &own);
        assert_in_range(turns, 0, 40 * THREADS);
    }
    atomic_store(&l.stop, true);
    join(a, THREADS - 1);
    for (int i = 0; i < THREADS - 1; i++) assert_true(l.turn[i] > 0);
    gil_fini(&l.gil);
}

static void *hold_without_looking(void *argument) {
    struct actor *a = argument;
    gil_take(&a->lab->gil, a);
    atomic_fetch_add(&a->lab->ready, 1);
    while (!atomic_load(&a->lab->stop)) usleep(500);
    a->lab->counter = 1;
    gil_release(&a->lab->gil, a);
    return NULL;
}

static void *wait_for_it(void *argument) {
    struct actor *a = argument;
    atomic_fetch_add(&a->lab->ready, 1);
    gil_take(&a->lab->gil, a);
    gil_release(&a->lab->gil, a);
    return NULL;
}

// A holder that does not look (a long C call) is not interrupted; the request stands until it looks or lets go.
static void patient(void **state) {
    (void)state;
    struct lab l;
    struct actor holder, waiter;
    lab_init(&l, MS);
    start(&l, &holder, 1, hold_without_looking);
    await(&l.ready, 1);
    start(&l, &waiter, 1, wait_for_it);
    while (!atomic_load(&l.gil.drop_request)) usleep(500);
    assert_int_equal(l.counter, 0);
    atomic_store(&l.stop, true);
    pthread_join(holder.thread, NULL);
    pthread_join(waiter.thread, NULL);
    assert_int_equal(l.counter, 1);
    assert_false(atomic_load(&l.gil.drop_request));
    gil_fini(&l.gil);
}

// Free again at once: nobody waits, nobody is asked, the holder stays the holder (no switch is counted).
static void uncontended(void **state) {
    (void)state;
    struct gil g;
    int self, other;
    gil_init(&g, true, 5 * MS);
    for (int i = 0; i < 1000; i++) {
        gil_take(&g, &self);
        assert_false(gil_check(&g, &self));
        gil_release(&g, &self);
    }
    assert_int_equal(g.switches, 1);
    assert_int_equal(g.waits, 0);
    gil_take(&g, &other);
    gil_release(&g, &other);
    assert_int_equal(g.switches, 2);
    gil_fini(&g);
}

static void disabled(void **state) {
    (void)state;
    struct gil g;
    int a, b;
    gil_init(&g, false, 0);
    gil_take(&g, &a);
    gil_take(&g, &b); // would hang
    assert_false(gil_check(&g, &a));
    gil_release(&g, &a);
    gil_fini(&g);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(uncontended), cmocka_unit_test(disabled),
                                       cmocka_unit_test(excludes),    cmocka_unit_test(patient),
                                       cmocka_unit_test(alternates),  cmocka_unit_test(bounded_turns)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
