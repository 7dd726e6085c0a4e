#include "live/response.h"

#include "live/load.h"
#include "live/load_growth.h"
#include "live/load_timers.h"
#include "stats/rng.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

struct sample {
    const char *bytes;
    int status;
    bool keep_alive, by_close; // ends when the server closes
};

static const struct sample whole[] = {
    {"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", 200, true, false},
    {"HTTP/1.1 204 No Content\r\n\r\n", 204, true, false},
    {"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n", 200, false, false},
    {"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok", 200, false, false},
    {"HTTP/1.1 503 Busy\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nwiki\r\n0\r\n\r\n", 503, true, false},
    {"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx", 200, true, false},
    {"HTTP/1.0 200 OK\r\n\r\nuntil the end", 200, false, true},
};
enum { WHOLE = sizeof whole / sizeof whole[0] };

static void check_done(const struct response *r, const struct sample *s) {
    assert_int_equal(r->state, RESPONSE_DONE);
    assert_int_equal(r->status, s->status);
    assert_int_equal(r->keep_alive, s->keep_alive);
    assert_true(r->header);
}

// Cut in two at every place, then byte by byte. The end is seen at the last byte, not before.
static void test_every_prefix(void **state) {
    (void)state;
    for (int i = 0; i < WHOLE; i++) {
        size_t n = strlen(whole[i].bytes);
        for (size_t cut = 1; cut < n; cut++) {
            struct response r;
            response_init(&r);
            assert_int_equal(response_feed(&r, whole[i].bytes, cut), RESPONSE_MORE);
            response_feed(&r, whole[i].bytes + cut, n - cut);
            if (whole[i].by_close) assert_int_equal(r.state, RESPONSE_MORE);
            response_close(&r);
            check_done(&r, &whole[i]);
        }
    }
}

static void test_byte_by_byte(void **state) {
    (void)state;
    for (int i = 0; i < WHOLE; i++) {
        struct response r;
        response_init(&r);
        for (const char *c = whole[i].bytes; *c; c++) {
            assert_int_equal(r.state, RESPONSE_MORE);
            response_feed(&r, c, 1);
        }
        if (whole[i].by_close) response_close(&r);
        check_done(&r, &whole[i]);
    }
}

// A connection that closes before the end breaks the response at every place but where the close is the end.
static void test_cut_off(void **state) {
    (void)state;
    for (int i = 0; i < WHOLE; i++)
        for (size_t cut = 1; cut < strlen(whole[i].bytes); cut++) {
            struct response r;
            response_init(&r);
            response_feed(&r, whole[i].bytes, cut);
            bool header = r.header;
            assert_int_equal(response_close(&r),
                             whole[i].by_close && header ? RESPONSE_DONE : RESPONSE_BROKEN);
        }
}

// The header is known as soon as it is whole: ab's burst waits for it.
static void test_header(void **state) {
    (void)state;
    static const char head[] = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n";
    struct response r;
    response_init(&r);
    response_feed(&r, head, sizeof head - 2);
    assert_false(r.header);
    response_feed(&r, head + sizeof head - 2, 1);
    assert_true(r.header);
    assert_int_equal(r.state, RESPONSE_MORE);
}

static void test_broken(void **state) {
    (void)state;
    static const char *const bytes[] = {
        "SSH-2.0-OpenSSH_9.2\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: five\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999999\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n",
        "HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n\x81\x05",
        "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhelloH",
        "\0\0\0\0",
    };
    for (size_t i = 0; i < sizeof bytes / sizeof bytes[0]; i++) {
        struct response r;
        size_t n = strlen(bytes[i]);
        response_init(&r);
        assert_int_equal(response_feed(&r, bytes[i], n ? n : 4), RESPONSE_BROKEN);
        assert_int_equal(response_feed(&r, "x", 1), RESPONSE_BROKEN);
        assert_int_equal(response_close(&r), RESPONSE_BROKEN);
    }
}

// --- timers

enum { TIMERS = 60, STEPS = 20000 };

static struct load_timer *earliest(struct load_timer x[TIMERS]) {
    struct load_timer *first = NULL;
    for (int i = 0; i < TIMERS; i++)
        if (x[i].place >= 0 && (!first || x[i].at < first->at)) first = &x[i];
    return first;
}

// Random sets, moves and cancels against a search through all of them.
static void test_timers(void **state) {
    (void)state;
    struct load_timers t;
    struct load_timer x[TIMERS];
    struct rng g;
    rng_init(&g, 5, 0, 0, 0);
    assert_true(load_timers_init(&t, TIMERS));
    for (int i = 0; i < TIMERS; i++) load_timers_new(&x[i]);
    for (int step = 0; step < STEPS; step++) {
        struct load_timer *one = &x[rng_below(&g, TIMERS)];
        if (rng_below(&g, 3))
            load_timers_set(&t, one, (sim_time)rng_below(&g, 100));
        else
            load_timers_cancel(&t, one);
        struct load_timer *first = load_timers_first(&t), *wanted = earliest(x);
        assert_int_equal(first != NULL, wanted != NULL);
        if (first) assert_int_equal(first->at, wanted->at);
        for (int i = 0; i < t.count; i++) assert_int_equal(t.heap[i]->place, i);
    }
    load_timers_fini(&t);
}

// --- growth

// `step` more requests in the system in each quarter of a run of 4,000 arrivals.
static bool grows_by(int64_t step, int64_t last_step) {
    struct load_growth g = {0};
    for (int q = 0; q < 4; q++)
        for (int i = 1; i <= 10; i++)
            load_growth_look(&g, q, (q * 10 + i) * SIM_MS, q == 3 ? 2 * step + last_step : q * step,
                             q * 1000 + i * 100);
    return load_growth_found(&g);
}

// Chance grows by 4.5 sqrt(2000) = 201 between the second and the last quarter once in a thousand runs.
static void test_growth(void **state) {
    (void)state;
    assert_false(grows_by(0, 0));
    assert_false(grows_by(100, 100));
    assert_true(grows_by(102, 102));
    assert_true(grows_by(900, 900));
    assert_false(grows_by(900, -10)); // it has stopped growing
    assert_false(grows_by(-900, -900));
}

// --- URLs

static void test_url(void **state) {
    (void)state;
    struct load_target t;
    struct err e;
    assert_true(load_parse_url("http://127.0.0.1:8000/a?b=1", &t, &e));
    assert_string_equal(t.host, "127.0.0.1:8000");
    assert_string_equal(t.path, "/a?b=1");
    assert_int_equal(ntohs(t.address.sin_port), 8000);
    assert_int_equal(ntohl(t.address.sin_addr.s_addr), 0x7f000001);
    assert_true(load_parse_url("http://localhost", &t, &e));
    assert_string_equal(t.path, "/");
    assert_int_equal(ntohs(t.address.sin_port), 80);
    assert_int_equal(t.connections, 0);
    assert_true(load_parse_url("http://127.8.9.10:65535/", &t, &e));
    assert_int_equal(ntohl(t.address.sin_addr.s_addr), 0x7f08090a);
}

static void test_bad_url(void **state) {
    (void)state;
    char longest[2048] = "http://localhost/";
    memset(longest + strlen(longest), 'a', 1000);
    const char *const bad[] = {"",
                               "localhost:80",
                               "https://localhost/",
                               "http://",
                               "http://example.org/",
                               "http://10.0.0.1/",
                               "http://127.0.0.1:0/",
                               "http://127.0.0.1:65536/",
                               "http://127.0.0.1:-1/",
                               "http://127.0.0.1:/",
                               "http://127.0.0.1:80x/",
                               "http://127.0.0.1/a b",
                               "http://127.0.0.1/\r\nX: y",
                               "http://127.0.0.1?x",
                               "http://127.0.0.1/#top",
                               "http://me@127.0.0.1/",
                               longest};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct load_target t;
        struct err e = {0};
        assert_false(load_parse_url(bad[i], &t, &e));
        assert_int_equal(e.kind, ERR_USAGE);
        assert_true(e.text[0] && e.hint[0]);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_prefix), cmocka_unit_test(test_byte_by_byte),
        cmocka_unit_test(test_cut_off),      cmocka_unit_test(test_header),
        cmocka_unit_test(test_broken),       cmocka_unit_test(test_timers),
        cmocka_unit_test(test_growth),       cmocka_unit_test(test_url),
        cmocka_unit_test(test_bad_url),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
