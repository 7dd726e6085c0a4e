#include "calib/calibrate.h"

#include "calib/profile.h"
#include "calib/stages.h"

#include <dirent.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <uv.h>
#include <cmocka.h>

static int open_files(void) {
    DIR *d = opendir("/proc/self/fd");
    int n = 0;
    assert_non_null(d);
    while (readdir(d)) n++;
    closedir(d);
    return n;
}

static const struct calibrate_row *row_of(const struct calibration *c, const char *key) {
    for (int i = 0; i < c->rows; i++)
        if (!strcmp(c->row[i].key, key)) return &c->row[i];
    return NULL;
}

static void check_rows(const struct calibration *c) {
    for (int i = 0; i < c->rows; i++) {
        const struct calibrate_row *r = &c->row[i];
        if (r->rounds == 0) continue;
        if (!(r->x.lo <= r->x.value && r->x.value <= r->x.hi)) fail_msg("%s", r->key);
        assert_true(r->from == FROM_PROBE || r->from == FROM_FIT);
        for (int k = 0; k < i; k++) assert_string_not_equal(c->row[k].key, r->key);
    }
}

static void check_same_text(const struct costs *a, const struct costs *b) {
    struct text x = {0}, y = {0};
    costs_format(a, &x);
    costs_format(b, &y);
    assert_string_equal(text_string(&x), text_string(&y));
    text_fini(&x);
    text_fini(&y);
}

static void check_profile(const struct costs *c) {
    char path[] = "/tmp/calib-XXXXXX";
    struct costs back;
    struct err e;
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    close(fd);
    assert_true(costs_save(c, path, &e));
    assert_true(costs_load(&back, path, &e));
    unlink(path);
    check_same_text(c, &back);
    assert_float_equal(back.machine.switch_.value, c->machine.switch_.value, 0);
    assert_int_equal(back.machine.cold.points, c->machine.cold.points);
    assert_int_equal(back.server.read.cpu.from, c->server.read.cpu.from);
    assert_true(back.host[0] && back.kernel[0] && back.date[0]);
    assert_true(back.speed.value > 0);
    assert_true(back.machine.tick.value > 0);
    assert_float_equal(back.machine.tick_kept.value, 4 * back.machine.tick.value, 1);
    assert_true(back.server.accept.cpu.value > 0 && back.server.write.cpu.value > 0);
}

// libuv opens two files with its first loop and keeps them.
static void open_first_loop(void) {
    uv_loop_t loop;
    assert_int_equal(uv_loop_init(&loop), 0);
    uv_loop_close(&loop);
}

static void test_whole(void **state) {
    (void)state;
    const struct calibrate_options o = {.quick = true, .budget_s = 1.5, .probes_only = true};
    struct calibration c;
    struct err e = {0};
    open_first_loop();
    int files = open_files();
    int64_t start = bench_now();
    if (!calibrate_run(&o, &c, &e)) fail_msg("%s", e.text);
    assert_true(bench_now() - start < 40 * (int64_t)1000000000); // alone it takes 3 s
    assert_true(c.complete);
    assert_true(c.rounds >= 4);
    assert_true(c.speed > 0 && c.speed_low <= c.speed && c.speed <= 1);
    assert_true(c.runs >= 4 && c.repeated <= c.runs && c.noisy <= c.compared);
    check_rows(&c);
    check_profile(&c.costs);
    const struct calibrate_row *read = row_of(&c, "server.read.cpu");
    assert_true(read && read->in_profile && read->from == FROM_PROBE);
    assert_false(row_of(&c, "syscall.recv")->in_profile);
    assert_int_equal(open_files(), files);
    calibrate_fini(&c);
}

// The micro-server's own figures replace the sums of system calls, once each.
static void test_fit(void **state) {
    (void)state;
    static const char *const keys[] = {"server.read.cpu",  "server.accept.cpu",   "server.write.cpu",
                                       "server.close.cpu", "server.complete.cpu", "server.pool_work.cpu",
                                       "client.request",   "client.connect"};
    const struct calibrate_options o = {.quick = true, .budget_s = 0.5};
    struct calibration c;
    struct err e = {0};
    if (!calibrate_run(&o, &c, &e)) fail_msg("%s", e.text);
    assert_true(c.complete);
    check_rows(&c);
    for (size_t i = 0; c.fit_rounds && i < sizeof keys / sizeof keys[0]; i++) {
        const struct calibrate_row *r = row_of(&c, keys[i]);
        assert_non_null(r);
        assert_int_equal(r->from, FROM_FIT);
        assert_true(r->in_profile && r->rounds > 0 && r->x.value >= 0 && r->x.value < 1e9);
    }
    check_profile(&c.costs);
    calibrate_fini(&c);
}

struct stopper {
    atomic_int stop;
    int told;
};

static void stop_soon(void *listener, const struct calibrate_progress *p) {
    struct stopper *s = listener;
    assert_true(p->done_frac >= 0 && p->done_frac <= 1 && p->round >= 1 && p->probe[0]);
    if (++s->told == 3) atomic_store(&s->stop, 1);
}

static void test_stopped(void **state) {
    (void)state;
    struct stopper s = {0};
    const struct calibrate_options o = {
        .quick = true, .stop = &s.stop, .progress = stop_soon, .listener = &s};
    struct calibration c;
    struct err e = {0};
    assert_true(calibrate_run(&o, &c, &e));
    assert_false(c.complete);
    assert_int_equal(s.told, 3);
    assert_int_equal(c.rows, 0);
    calibrate_fini(&c);
}

static void test_setting_costs(void **state) {
    (void)state;
    struct costs c;
    struct figure_estimate x = {.value = 1234.4, .lo = -5, .hi = 2e3};
    costs_none(&c);
    assert_true(profile_set(&c, "machine.wake_local", &x, FROM_PROBE, "a source"));
    assert_float_equal(c.machine.wake_local.value, 1234, 0);
    assert_float_equal(c.machine.wake_local.lo, 0, 0);
    assert_float_equal(c.machine.wake_local.hi, 2000, 0);
    assert_string_equal(c.machine.wake_local.source, "a source");
    assert_true(profile_set(&c, "machine.cold@200us", &x, FROM_PROBE, ""));
    assert_true(profile_set(&c, "machine.cold@5ms", &x, FROM_PROBE, ""));
    assert_int_equal(c.machine.cold.points, 2);
    assert_float_equal(c.machine.cold.point[1].at, 5e6, 0);
    x = (struct figure_estimate){.value = 0.6, .lo = 0.4, .hi = 1.2};
    assert_true(profile_set(&c, "machine.pull", &x, FROM_PROBE, ""));
    assert_float_equal(c.machine.pull.value, 1, 0);
    assert_float_equal(c.machine.pull.lo, 1, 0);
    assert_true(profile_set(&c, "machine.stay", &x, FROM_PROBE, ""));
    assert_float_equal(c.machine.stay.hi, 1, 0);
    assert_false(profile_set(&c, "syscall.recv", &x, FROM_PROBE, ""));
}

// Every computed cost is one the profile knows, and is the sum that its text says.
static void test_sums(void **state) {
    (void)state;
    static const struct figure_spec parts[] = {
        {"syscall.recv", FIGURE_CPU, "test"}, {"server.parse", FIGURE_CPU, "test"}, {NULL, 0, NULL}};
    struct bench b;
    struct err e;
    struct figure_estimate x;
    const double speed[2] = {0.5, 0.25};
    assert_true(bench_init(&b, 1, NULL, &e));
    bench_expect(&b, "p", parts);
    for (int r = 0; r < 9; r++) {
        bench_note(&b, "syscall.recv", 0, 1000 + r);
        if (r != 4) bench_note(&b, "server.parse", 1, 300);
        bench_close(&b, "p", r, speed);
    }
    stages_derive(&b, 9, 1);
    const struct figure *read = bench_figure(&b, "server.read.cpu");
    assert_int_equal(read->rounds, 8); // one round had a part missing
    figure_estimate(read, 1, &x);
    assert_float_equal(x.value, 1004 * 0.5 + 300 * 0.25, 1e-9);
    assert_int_equal(bench_figure(&b, "server.write.cpu")->rounds, 0);
    for (int i = 2; i < b.figures; i++) {
        struct costs c;
        costs_none(&c);
        assert_true(profile_set(&c, b.figure[i].spec->key, &x, FROM_PROBE, ""));
    }
    bench_fini(&b);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_setting_costs), cmocka_unit_test(test_sums),    cmocka_unit_test(test_whole),
        cmocka_unit_test(test_fit),           cmocka_unit_test(test_stopped),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
