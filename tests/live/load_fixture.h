#pragma once
// One run of the generator against a canned server.
#include "live/load.h"
#include "scenario/warmup.h"

#include "canned.h"

#include <dirent.h>
#include <stdio.h>
#include <sys/resource.h>

// One run of the generator and what it gave.
struct run {
    struct canned *server; // of a test that has one alone
    struct scenario s;     // of which the load and the run count
    struct load_target target;
    struct observation seen;
    struct load_report report;
    struct err e;
    atomic_int stop;
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
    *r = (struct run){.s = {.endpoints = 1, .run.warmup = WARMUP_NONE}};
    r->s.load = (struct load_spec){.client = client, .concurrency = 1, .keep_alive = client != CLIENT_AB};
    snprintf(url, sizeof url, "http://127.0.0.1:%d/x", port);
    assert_true(load_parse_url(url, &r->target, &r->e));
    observation_init(&r->seen);
}

// What most tests begin and end with: a server of their own that answers so.
static inline void set_up(struct run *r, canned_answer *answer, enum client_kind client) {
    struct canned *server = canned_start(answer);
    aim(r, server->port, client);
    r->server = server;
}

static inline void tear_down(struct run *r) {
    observation_fini(&r->seen);
    canned_stop(r->server);
}

// Every request is in exactly one place.
static inline void check_balance(const struct run *r) {
    const struct observation *o = &r->seen;
    assert_int_equal(o->in_system_first + o->arrived,
                     o->done + o->timed_out + o->refused + o->in_system_last);
    assert_int_equal(o->latency.count, o->done);
    if (!warmup_is_cut(&r->s)) assert_int_equal(o->in_system_first, 0);
    if (!warmup_is_cut(&r->s)) assert_int_equal(o->done, r->report.done);
    assert_true(o->span_s > 0 && r->report.wall_s > 0 && r->report.cpu_s > 0);
}

static inline void go(struct run *r) {
    struct rlimit had, has;
    getrlimit(RLIMIT_NOFILE, &had);
    bool ok = load_run(&r->s, 7, &r->target, &r->stop, &r->seen, &r->report, &r->e);
    if (!ok) print_error("%s\n", r->e.text);
    assert_true(ok);
    check_balance(r);
    getrlimit(RLIMIT_NOFILE, &has);
    assert_int_equal(had.rlim_cur, has.rlim_cur);
}

static inline void fails(struct run *r, const char *text) {
    assert_false(load_run(&r->s, 7, &r->target, &r->stop, &r->seen, &r->report, &r->e));
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
    r->s.load.arrivals = arrivals;
    r->s.load.rate_per_s = rate;
    r->s.load.duration = duration;
    r->s.load.burst_ratio = 5;
    r->s.load.burst_frac = 0.2;
    r->s.load.burst_length = 50 * SIM_MS;
}

static inline void set_up_open(struct run *r, canned_answer *answer, enum arrivals arrivals, double rate,
                               sim_time duration) {
    struct canned *server = canned_start(answer);
    open_loop(r, server->port, arrivals, rate, duration);
    r->server = server;
}

// One test, with its files counted.
#define LIVE(test) cmocka_unit_test_setup_teardown(test, before, after)
