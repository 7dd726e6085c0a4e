#pragma once
// One run of the generator against a canned server.
#include "live/load.h"

#include "canned.h"

#include <dirent.h>
#include <stdio.h>
#include <sys/resource.h>

// One run of the generator and what it gave.
struct run {
    struct load_spec load;
    struct load_target target;
    struct observation seen;
    struct load_report report;
    struct err e;
    volatile int stop;
};

static inline int open_files(void) {
    DIR *d = opendir("/proc/self/fd");
    int n = 0;
    while (readdir(d)) n++;
    closedir(d);
    return n;
}

static inline void aim(struct run *r, int port, enum client_kind client) {
    char url[64];
    *r = (struct run){.load = {.client = client, .concurrency = 1, .keep_alive = client != CLIENT_AB}};
    snprintf(url, sizeof url, "http://127.0.0.1:%d/x", port);
    assert_true(load_parse_url(url, &r->target, &r->e));
    observation_init(&r->seen);
}

// Every request is in exactly one place.
static inline void check_balance(const struct run *r) {
    const struct observation *o = &r->seen;
    assert_int_equal(o->arrived, o->done + o->timed_out + o->refused + o->in_system_last);
    assert_int_equal(o->latency.count, o->done);
    assert_int_equal(o->in_system_first, 0);
    assert_true(o->span_s > 0 && r->report.wall_s > 0 && r->report.cpu_s > 0);
}

static inline void go(struct run *r) {
    struct rlimit had, has;
    getrlimit(RLIMIT_NOFILE, &had);
    bool ok = load_run(&r->load, 7, &r->target, &r->stop, &r->seen, &r->report, &r->e);
    if (!ok) print_error("%s\n", r->e.text);
    assert_true(ok);
    check_balance(r);
    getrlimit(RLIMIT_NOFILE, &has);
    assert_int_equal(had.rlim_cur, has.rlim_cur);
}

static inline void fails(struct run *r, const char *text) {
    assert_false(load_run(&r->load, 7, &r->target, &r->stop, &r->seen, &r->report, &r->e));
    assert_int_equal(r->e.kind, ERR_HOST);
    if (!strstr(r->e.text, text)) print_error("'%s' is not in '%s'\n", text, r->e.text);
    assert_non_null(strstr(r->e.text, text));
    observation_fini(&r->seen);
}

// Around each test: no file stays open.
static inline int before(void **state) {
    *state = (void *)(intptr_t)open_files();
    return 0;
}

static inline int after(void **state) {
    int had = (int)(intptr_t)*state, has = open_files();
    if (had != has) print_error("%d files were open, now %d\n", had, has);
    return had != has;
}

static inline void open_loop(struct run *r, int port, enum arrivals arrivals, double rate,
                             sim_time duration) {
    aim(r, port, CLIENT_OPEN);
    r->load.arrivals = arrivals;
    r->load.rate_per_s = rate;
    r->load.duration = duration;
    r->load.burst_ratio = 5;
    r->load.burst_frac = 0.2;
    r->load.burst_length = 50 * SIM_MS;
}

// One test, with its files counted.
#define LIVE(test) cmocka_unit_test_setup_teardown(test, before, after)
