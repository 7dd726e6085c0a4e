// What goes wrong: servers that refuse, break off, talk nonsense or say nothing; time-outs, stops, limits.
#include "load_fixture.h"

#include <sys/wait.h>

static int unused_port(void) {
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t size = sizeof a;
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&a, size), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&a, &size), 0);
    close(fd);
    return ntohs(a.sin_port);
}

static void test_nobody_there(void **state) {
    (void)state;
    for (enum client_kind c = CLIENT_AB; c <= CLIENT_OPEN; c++) {
        struct run r;
        aim(&r, unused_port(), c);
        r.s.load.concurrency = 10;
        r.s.load.requests = 100;
        r.s.load.rate_per_s = 1000;
        fails(&r, "Connection refused");
    }
}

static bool cut_short(struct canned *s, int fd, int number) {
    (void)s;
    (void)number;
    canned_say(fd, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhel");
    return false;
}

static bool garbage(struct canned *s, int fd, int number) {
    (void)s;
    (void)number;
    canned_say(fd, "SSH-2.0-OpenSSH_9.2\r\n");
    return true;
}

static bool too_much(struct canned *s, int fd, int number) {
    (void)s;
    (void)number;
    canned_say(fd, CANNED_OK "HTTP/1.1 200 OK\r\n");
    return true;
}

static bool nothing(struct canned *s, int fd, int number) {
    (void)s;
    (void)fd;
    (void)number;
    return false;
}

// Each request fails three times and is then refused; the first attempts and the repeated ones all reach the server.
static void test_broken_answers(void **state) {
    (void)state;
    canned_answer *const answers[] = {cut_short, garbage, too_much, nothing};
    for (int i = 0; i < 4; i++)
        for (enum client_kind c = CLIENT_AB; c <= CLIENT_WRK; c++) {
            struct canned *s = canned_start(answers[i]);
            struct run r;
            aim(&r, s->port, c);
            r.s.load.requests = 20;
            r.s.load.concurrency = 4;
            r.s.load.retries = 2;
            assert_true(dist_init(&r.s.load.backoff, DIST_CONSTANT, 1e6, 0));
            go(&r);
            assert_int_equal(r.seen.done, 0);
            assert_int_equal(r.seen.refused, 20);
            assert_int_equal(r.seen.retried, 40);
            assert_int_equal(r.report.errors, 60);
            assert_int_equal(atomic_load(&s->requests), 60);
            observation_fini(&r.seen);
            canned_stop(s);
        }
}

static bool silent(struct canned *s, int fd, int number) {
    (void)s;
    (void)fd;
    (void)number;
    return true;
}

static void test_timeout(void **state) {
    (void)state;
    struct run r;
    set_up(&r, silent, CLIENT_WRK);
    r.s.load.requests = 12;
    r.s.load.concurrency = 4;
    r.s.load.retries = 1;
    r.s.load.timeout = 20 * SIM_MS;
    assert_true(dist_init(&r.s.load.backoff, DIST_CONSTANT, 0, 0));
    go(&r);
    assert_int_equal(r.seen.timed_out, 12);
    assert_int_equal(r.seen.retried, 12);
    assert_int_equal(r.report.errors, 0);
    assert_true(r.seen.span_s >= 3 * 2 * 0.02);
    tear_down(&r);
}

// The first attempt of each request gets no answer: with a back-off of 30 ms, then 60 ms, the third comes after 20 + 30 +
// 20 + 60 ms at the earliest, and its latency counts from the beginning.
static bool third_time(struct canned *s, int fd, int number) {
    return number % 3 == 2 ? canned_plain(s, fd, number) : true;
}

static void test_backoff(void **state) {
    (void)state;
    struct run r;
    set_up(&r, third_time, CLIENT_WRK);
    r.s.load.requests = 2;
    r.s.load.retries = 5;
    r.s.load.timeout = 20 * SIM_MS;
    assert_true(dist_init(&r.s.load.backoff, DIST_CONSTANT, 30e6, 0));
    go(&r);
    assert_int_equal(r.seen.done, 2);
    assert_true(r.seen.retried >= 4);
    assert_true(r.seen.latency.min >= 130 * SIM_MS);
    tear_down(&r);
}

static void test_silence(void **state) {
    (void)state;
    struct canned *s = canned_start(silent);
    struct run r;
    aim(&r, s->port, CLIENT_AB);
    r.s.load.requests = 5;
    r.target.silence = 100 * SIM_MS;
    fails(&r, "no sign");
    canned_stop(s);
}

// Closes after each answer without having said so.
static bool close_kept(struct canned *s, int fd, int number) {
    canned_plain(s, fd, number);
    return false;
}

static void test_stale_connections(void **state) {
    (void)state;
    struct run r;
    set_up(&r, close_kept, CLIENT_WRK);
    r.s.load.requests = 60;
    r.s.load.concurrency = 3;
    go(&r);
    assert_int_equal(r.seen.done, 60);
    assert_int_equal(r.report.errors + r.seen.refused + r.seen.retried, 0);
    assert_true(r.report.connects >= 60);
    tear_down(&r);
}

static bool overloaded(struct canned *s, int fd, int number) {
    (void)s;
    canned_say(fd, number % 2 ? "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n"
                              : "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: "
                                "chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n");
    return true;
}

static void test_status(void **state) {
    (void)state;
    struct run r;
    set_up(&r, overloaded, CLIENT_WRK);
    r.s.load.requests = 100;
    go(&r);
    assert_int_equal(r.seen.done, 100);
    assert_int_equal(r.report.not_ok, 50);
    assert_int_equal(r.report.connects, 1);
    tear_down(&r);
}

// From the 100th request on the server is gone.
static bool die(struct canned *s, int fd, int number) {
    if (number < 100) return canned_plain(s, fd, number);
    shutdown(s->listener, SHUT_RDWR);
    return false;
}

static void test_server_dies(void **state) {
    (void)state;
    struct run r;
    set_up(&r, die, CLIENT_WRK);
    r.s.load.requests = 150;
    r.s.load.concurrency = 10;
    go(&r);
    assert_int_equal(r.seen.done, 100);
    assert_int_equal(r.seen.refused, 50);
    assert_in_range(r.report.unheard, 1, 50);
    tear_down(&r);
}

static void *stop_later(void *arg) {
    canned_pause_ms(80);
    atomic_store((atomic_int *)arg, SIGINT);
    return NULL;
}

// Stopped, the run keeps what it has; also where nothing happens at all.
static void test_stop(void **state) {
    (void)state;
    canned_answer *const answers[] = {canned_plain, silent};
    for (int i = 0; i < 2; i++) {
        struct canned *s = canned_start(answers[i]);
        pthread_t thread;
        struct run r;
        aim(&r, s->port, CLIENT_WRK);
        r.s.load.requests = 1000000000;
        r.s.load.concurrency = 8;
        assert_int_equal(pthread_create(&thread, NULL, stop_later, (void *)&r.stop), 0);
        go(&r);
        pthread_join(thread, NULL);
        assert_int_equal(r.seen.in_system_last, 8);
        assert_int_equal(r.seen.done > 0, i == 0);
        assert_true(r.seen.span_s >= 0.05);
        observation_fini(&r.seen);
        canned_stop(s);
    }
}

// --- many connections

static void test_many(void **state) {
    (void)state;
    struct rlimit limit;
    getrlimit(RLIMIT_NOFILE, &limit);
    if (limit.rlim_cur < 4200) skip();
    struct run r;
    set_up(&r, canned_plain, CLIENT_WRK);
    r.s.load.requests = 6000;
    r.s.load.concurrency = 2000;
    go(&r);
    assert_int_equal(r.seen.done, 6000);
    assert_int_equal(r.report.connects, 2000);
    assert_int_equal(r.report.errors, 0);
    tear_down(&r);
}

// More connections than the soft limit allows, which is then as it was.
static void test_soft_limit(void **state) {
    (void)state;
    struct rlimit had, has;
    getrlimit(RLIMIT_NOFILE, &had);
    if (had.rlim_max < 1000) skip();
    setrlimit(RLIMIT_NOFILE, &(struct rlimit){200, had.rlim_max});
    struct run r;
    set_up(&r, canned_plain, CLIENT_WRK);
    r.s.load.requests = r.s.load.concurrency = 300;
    go(&r);
    assert_int_equal(r.seen.done, 300);
    getrlimit(RLIMIT_NOFILE, &has);
    assert_int_equal(has.rlim_cur, 200);
    setrlimit(RLIMIT_NOFILE, &had);
    tear_down(&r);
}

// With 64 files in a process of its own: a closed loop says so, an open one makes do and says that it was the limit.
static int few_files(int port) {
    struct run r;
    struct rlimit few = {64, 64};
    if (setrlimit(RLIMIT_NOFILE, &few)) return 1;
    aim(&r, port, CLIENT_WRK);
    r.s.load.requests = r.s.load.concurrency = 100;
    if (load_run(&r.s, 1, &r.target, NULL, &r.seen, &r.report, &r.e)) return 2;
    if (r.e.kind != ERR_HOST || !strstr(r.e.text, "100 connections") || !r.e.hint[0]) return 3;
    observation_fini(&r.seen);
    open_loop(&r, port, ARRIVALS_DETERMINISTIC, 1e5, 20 * SIM_MS);
    if (!load_run(&r.s, 1, &r.target, NULL, &r.seen, &r.report, &r.e)) {
        print_error("%s\n", r.e.text);
        return 4;
    }
    if (!r.report.was_limit || r.report.connects > 64 || r.seen.arrived != 1999) return 5;
    observation_fini(&r.seen);
    return 0;
}

static void test_few_files(void **state) {
    (void)state;
    struct canned *s = canned_start(silent);
    pid_t child = fork();
    if (child == 0) _exit(few_files(s->port));
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
    canned_stop(s);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        LIVE(test_nobody_there), LIVE(test_broken_answers), LIVE(test_timeout),
        LIVE(test_backoff),      LIVE(test_silence),        LIVE(test_stale_connections),
        LIVE(test_status),       LIVE(test_server_dies),    LIVE(test_stop),
        LIVE(test_many),         LIVE(test_few_files),      LIVE(test_soft_limit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
