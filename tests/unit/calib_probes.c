// Every probe of the list, run alone. Bounds are orders of magnitude: no test of ours fails for want of speed.
#include "calib/calibrate.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

enum { ROUNDS = 3 };

// Trials count only while nothing else runs on the machine, so there may be none.
static bool may_be_missing(const char *key) {
    return !strncmp(key, "stay.", 5) || !strncmp(key, "preempt.", 8) || !strcmp(key, "machine.stay") ||
           !strncmp(key, "pull.", 5) || !strncmp(key, "slow.", 5) || !strcmp(key, "machine.balance") ||
           !strcmp(key, "machine.slice") || !strcmp(key, "machine.cold_work") ||
           !strncmp(key, "machine.tick", 12) || !strcmp(key, "machine.search_from") ||
           !strcmp(key, "machine.wake_spread");
}

static void check_figure(const struct figure *f) {
    struct figure_estimate x;
    double most = f->spec->kind == FIGURE_SHARE ? 1 : f->spec->kind == FIGURE_RATIO ? 100 : 10e9;
    if (f->rounds == 0 && may_be_missing(f->spec->key)) return;
    if (f->rounds == 0) fail_msg("%s: no value", f->spec->key);
    figure_estimate(f, 1, &x);
    if (!(x.lo >= 0 && x.lo <= x.value && x.value <= x.hi && x.hi <= most))
        fail_msg("%s: %g [%g, %g]", f->spec->key, x.value, x.lo, x.hi);
}

// A system call takes more than a nanosecond; what is a difference may vanish, and beside other work the price of reading the
// clock, which is taken off, may come out too high for the shortest of them.
static void check_calls(const struct bench *b) {
    int calls = 0, vanished = 0;
    for (int i = 0; i < b->figures; i++) {
        struct figure_estimate x;
        const struct figure *f = &b->figure[i];
        bool call = !strncmp(f->spec->key, "syscall.", 8) || !strncmp(f->spec->key, "client.", 7);
        if (!call || f->rounds == 0) continue;
        figure_estimate(f, 1, &x);
        calls++;
        vanished += !(x.value > 1);
    }
    if (2 * vanished > calls) fail_msg("%d of %d system calls take no time", vanished, calls);
}

static void run_probe(const struct probe *p) {
    struct bench b;
    struct err e = {0};
    double speed[2];
    assert_true(bench_init(&b, 0.25, NULL, &e));
    if (p->cores <= b.cores) {
        bench_expect(&b, p->name, p->figures);
        for (int r = 0; r < ROUNDS; r++) {
            bench_look(&b, speed);
            assert_true(speed[0] > 0 && isfinite(speed[0]) && speed[1] > 0);
            if (!p->run(&b, &e)) fail_msg("%s: %s", p->name, e.text);
            bench_close(&b, p->name, r, (const double[]){1, 1});
        }
        for (int i = 0; i < b.figures; i++) check_figure(&b.figure[i]);
        check_calls(&b);
    }
    bench_fini(&b);
}

static void test_every_probe(void **state) {
    (void)state;
    int count;
    const struct probe *const *all = calibrate_probes(&count);
    assert_true(count >= 16);
    for (int i = 0; i < count; i++) run_probe(all[i]);
}

static void test_list(void **state) {
    (void)state;
    int count;
    const struct probe *const *all = calibrate_probes(&count);
    for (int i = 0; i < count; i++) {
        assert_true(strlen(all[i]->name) > 0 && strlen(all[i]->what) > 0);
        for (int k = 0; k < i; k++) assert_string_not_equal(all[i]->name, all[k]->name);
        for (const struct figure_spec *f = all[i]->figures; f->key; f++) {
            struct costs c;
            assert_true(strlen(f->source) > 0 && strlen(f->source) < sizeof c.machine.stay.source);
        }
    }
}

static void test_affinity_comes_back(void **state) {
    (void)state;
    cpu_set_t before, after;
    struct bench b;
    struct err e;
    sched_getaffinity(0, sizeof before, &before);
    assert_true(bench_init(&b, 1, NULL, &e));
    bench_pin(&b, 0);
    bench_fini(&b);
    sched_getaffinity(0, sizeof after, &after);
    assert_true(CPU_EQUAL(&before, &after));
}

// Latencies taken while something else ran are only ever too long: the undisturbed ones count, or the shortest quarter.
static void test_disturbed_latencies(void **state) {
    (void)state;
    static const struct figure_spec specs[] = {
        {"a", FIGURE_SPAN, "test"}, {"b", FIGURE_SPAN, "test"}, {NULL, 0, NULL}};
    double x[] = {22, 4000, 24, 2000, 23, 900, 21, 700}, y[] = {4000, 22, 900, 23, 700, 24, 2000, 25};
    const bool some[8] = {true, false, true, false, true}, none[8] = {false};
    struct bench b;
    struct err e;
    assert_true(bench_init(&b, 1, NULL, &e));
    bench_expect(&b, "p", specs);
    bench_note_latencies(&b, "a", 0, x, some, 8);
    bench_note_latencies(&b, "b", 0, y, none, 8);
    bench_close(&b, "p", 0, (const double[]){1, 1});
    assert_float_equal(bench_figure(&b, "a")->round[0].value, 23, 0);
    assert_float_equal(bench_figure(&b, "b")->round[0].value, 22.5, 0);
    bench_fini(&b);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_list),
        cmocka_unit_test(test_every_probe),
        cmocka_unit_test(test_affinity_comes_back),
        cmocka_unit_test(test_disturbed_latencies),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
