#include "live/http.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

static const char get[] =
    "GET /report?x=1 HTTP/1.1\r\nHost: a\r\nX-Request-Number: 4711\r\nAccept: */*\r\n\r\n";
static const char post[] = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello";
static const char chunked[] =
    "PUT /a HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n10\r\n0123456789abcdef\r\n0\r\n\r\n";
static const char ab[] =
    "GET / HTTP/1.0\r\nHost: 127.0.0.1:80\r\nUser-Agent: ApacheBench/2.3\r\nAccept: */*\r\n\r\n";

static enum http_state read_all(struct http_reader *r, const char *text, size_t *used) {
    http_init(r);
    return http_read(r, text, strlen(text), used);
}

// Every beginning of a request is a request that is not complete, flush against memory that cannot be read; the rest of
// it, whole or byte by byte, completes it at its last byte.
static void truncated(const char *text) {
    size_t length = strlen(text), page = (size_t)sysconf(_SC_PAGESIZE), used = 0;
    char *pages = mmap(NULL, 2 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    assert_true(pages != MAP_FAILED);
    assert_int_equal(mprotect(pages + page, page, PROT_NONE), 0);
    for (size_t cut = 0; cut < length; cut++) {
        struct http_reader r;
        http_init(&r);
        memcpy(pages + page - cut, text, cut);
        assert_int_equal(http_read(&r, pages + page - cut, cut, &used), HTTP_PARTIAL);
        assert_int_equal(used, cut);
        assert_int_equal(http_midway(&r), cut > 0);
        char *rest = pages + page - (length - cut);
        memcpy(rest, text + cut, length - cut);
        if (cut % 2) {
            assert_int_equal(http_read(&r, rest, length - cut, &used), HTTP_COMPLETE);
            assert_int_equal(used, length - cut);
        } else {
            for (size_t i = cut; i < length; i++)
                assert_int_equal(http_read(&r, rest + i - cut, 1, &used),
                                 i + 1 == length ? HTTP_COMPLETE : HTTP_PARTIAL);
            assert_int_equal(used, 1);
        }
        assert_false(http_midway(&r));
    }
    munmap(pages, 2 * page);
}

static void every_prefix(void **state) {
    (void)state;
    truncated(get);
    truncated(post);
    truncated(chunked);
    truncated(ab);
}

static void understood(void **state) {
    (void)state;
    struct http_reader r;
    size_t used;
    assert_int_equal(read_all(&r, get, &used), HTTP_COMPLETE);
    assert_string_equal(r.request.path, "/report");
    assert_true(r.request.keep_alive && r.request.numbered && !r.request.head);
    assert_int_equal(r.request.number, 4711);
    assert_int_equal(read_all(&r, ab, &used), HTTP_COMPLETE);
    assert_string_equal(r.request.path, "/");
    assert_false(r.request.keep_alive || r.request.numbered);
    assert_int_equal(read_all(&r, "HEAD http://h:1/a/b?c HTTP/1.1\r\n\r\n", &used), HTTP_COMPLETE);
    assert_string_equal(r.request.path, "/a/b");
    assert_true(r.request.head);
    assert_int_equal(read_all(&r, "GET / HTTP/1.1\r\nConnection: close\r\n\r\n", &used), HTTP_COMPLETE);
    assert_false(r.request.keep_alive);
    assert_int_equal(read_all(&r, "GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", &used), HTTP_COMPLETE);
    assert_false(r.request.keep_alive);
    assert_int_equal(read_all(&r, "GET / HTTP/1.1\r\nX-Request-Number: 12x\r\n\r\n", &used), HTTP_COMPLETE);
    assert_false(r.request.numbered);
    assert_int_equal(
        read_all(&r, "GET /w HTTP/1.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n", &used),
        HTTP_COMPLETE);
    assert_false(r.request.keep_alive);
}

static void pipelined(void **state) {
    (void)state;
    char text[4096];
    struct http_reader r;
    size_t used, at = 0;
    int n = snprintf(text, sizeof text, "%s%s%s%s%s", get, post, chunked, get, ab);
    const char *path[] = {"/report", "/", "/a", "/report", "/"};
    http_init(&r);
    for (int i = 0; i < 5; i++) {
        assert_int_equal(http_read(&r, text + at, (size_t)n - at, &used), HTTP_COMPLETE);
        assert_string_equal(r.request.path, path[i]);
        at += used;
    }
    assert_int_equal(at, n);
}

static void refused(void **state) {
    (void)state;
    static const struct {
        const char *text;
        int status;
    } bad[] = {{"\x16\x03\x01\x02 tls", 400},
               {"GET\r\n\r\n", 400},
               {"FETCH / HTTP/1.1\r\n\r\n", 400},
               {"GET / HTTP/1.1\r\nno colon\r\n\r\n", 400},
               {"GET / HTTP/1.1\r\nContent-Length: x\r\n\r\n", 400},
               {"POST / HTTP/1.1\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n", 400},
               {"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", 400},
               {"POST / HTTP/1.1\r\nContent-Length: 99999999\r\n\r\n", 413},
               {"CONNECT a:1 HTTP/1.1\r\n\r\n", 501},
               {"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505},
               {"GET / HTTP/3.7\r\n\r\n", 505}};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct http_reader r;
        size_t used;
        enum http_state s = read_all(&r, bad[i].text, &used);
        if (s != HTTP_REFUSED || r.request.refusal != bad[i].status)
            fail_msg("%s: state %d, status %d", bad[i].text, (int)s, r.request.refusal);
    }
}

// Feeds `head` and then `piece` again and again; the status it is refused with, 0 where it is not within `most` bytes.
static int flood(const char *head, const char *piece, size_t most) {
    struct http_reader r;
    size_t used, fed = strlen(head);
    if (read_all(&r, head, &used) == HTTP_REFUSED) return r.request.refusal;
    for (; fed < most; fed += strlen(piece))
        if (http_read(&r, piece, strlen(piece), &used) == HTTP_REFUSED) return r.request.refusal;
    return 0;
}

static void oversized(void **state) {
    (void)state;
    assert_int_equal(flood("GET / HTTP/1.1\r\n", "a: 0123456789\r\n", HTTP_HEAD_BYTES + 100), 431);
    assert_int_equal(flood("GET / HTTP/1.1\r\n", "a: 0123456789\r\n", HTTP_HEAD_BYTES - 100), 0);
    assert_int_equal(flood("GET / HTTP/1.1\r\nlong: ", "aaaaaaaaaaaaaaaa", HTTP_HEAD_BYTES + 100), 431);
    assert_int_equal(flood("GET /", "aaaaaaaaaaaaaaaa", HTTP_URL_BYTES + 100), 414);
    assert_int_equal(
        flood("POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n", "10\r\n0123456789abcdef\r\n", 3 << 20),
        413);
    char *big = calloc(1, HTTP_HEAD_BYTES + 200);
    strcpy(big, "GET / HTTP/1.1\r\na: ");
    memset(big + strlen(big), 'x', HTTP_HEAD_BYTES);
    struct http_reader r;
    size_t used;
    strcpy(big + strlen(big), "\r\n\r\n"); // also where its end comes in the same piece
    assert_int_equal(read_all(&r, big, &used), HTTP_REFUSED);
    assert_int_equal(r.request.refusal, 431);
    strcpy(big + HTTP_HEAD_BYTES - 4, "\r\n\r\n"); // the longest that passes
    assert_int_equal(read_all(&r, big, &used), HTTP_COMPLETE);
    assert_int_equal(used, HTTP_HEAD_BYTES);
    strcpy(big + HTTP_HEAD_BYTES - 4, "x\r\n\r\n"); // a byte more
    assert_int_equal(read_all(&r, big, &used), HTTP_REFUSED);
    free(big);
}

// A path longer than is kept must not be taken for the endpoint it begins with.
static void long_path(void **state) {
    (void)state;
    char text[512] = "GET /";
    struct http_reader r;
    size_t used;
    memset(text + 5, 'p', 300);
    strcpy(text + 305, "?q HTTP/1.1\r\n\r\n");
    assert_int_equal(read_all(&r, text, &used), HTTP_COMPLETE);
    assert_string_equal(r.request.path, "");
    strcpy(text + 100, "?q HTTP/1.1\r\n\r\n");
    assert_int_equal(read_all(&r, text, &used), HTTP_COMPLETE);
    assert_int_equal(strlen(r.request.path), 96);
}

// The response says how long it is, and is.
static void responses(void **state) {
    (void)state;
    static const int status[] = {200, 400, 404, 408, 413, 414, 431, 501, 503, 505};
    for (size_t i = 0; i < sizeof status / sizeof status[0]; i++)
        for (int keep = 0; keep < 2; keep++) {
            const struct http_response *p = http_response(status[i], keep);
            const char *length = strstr(p->bytes, "Content-Length: ");
            assert_int_equal(strlen(p->bytes), p->length);
            assert_non_null(length);
            assert_int_equal(p->length - p->head, atoi(length + 16));
            assert_memory_equal(p->bytes + p->head - 4, "\r\n\r\n", 4);
            assert_int_equal(atoi(p->bytes + 9), status[i]);
            assert_int_equal(strstr(p->bytes, "keep-alive") != NULL, keep);
        }
}

// A request cut anywhere into three pieces is the same request.
static void three_pieces(void **state) {
    (void)state;
    size_t length = strlen(get), used;
    for (size_t a = 1; a < length; a++)
        for (size_t b = a + 1; b < length; b++) {
            struct http_reader r;
            http_init(&r);
            assert_int_equal(http_read(&r, get, a, &used), HTTP_PARTIAL);
            assert_int_equal(http_read(&r, get + a, b - a, &used), HTTP_PARTIAL);
            assert_int_equal(http_read(&r, get + b, length - b, &used), HTTP_COMPLETE);
            assert_string_equal(r.request.path, "/report");
            assert_int_equal(r.request.number, 4711);
        }
}

// What a stream of bytes comes to: how many requests, and the refusal that ended it (0 = none).
struct outcome {
    int complete, refusal;
    bool midway;
};

static struct outcome feed(const char *data, size_t n, size_t piece) {
    struct http_reader r;
    struct outcome o = {0};
    size_t used;
    http_init(&r);
    for (size_t at = 0; at < n && !o.refusal; at += used) {
        size_t left = n - at;
        enum http_state state = http_read(&r, data + at, left < piece ? left : piece, &used);
        o.complete += state == HTTP_COMPLETE;
        if (state == HTTP_REFUSED) o.refusal = r.request.refusal;
    }
    o.midway = !o.refusal && http_midway(&r);
    return o;
}

static uint64_t next(uint64_t *x) {
    *x ^= *x << 13;
    *x ^= *x >> 7;
    return *x ^= *x << 17;
}

// Requests with bytes changed, lost and doubled: however the stream is cut into pieces, it comes to the same; the bytes
// end at memory that AddressSanitizer guards.
static void mutants(void **state) {
    (void)state;
    static const char *const seeds[] = {get, post, chunked, ab};
    uint64_t x = 20240229;
    int refused_ones = 0, complete_ones = 0;
    for (int i = 0; i < 20000; i++) {
        const char *a = seeds[next(&x) % 4], *b = seeds[next(&x) % 4];
        size_t n = strlen(a) + strlen(b);
        char *text = malloc(n + 1);
        strcpy(stpcpy(text, a), b);
        for (uint64_t k = next(&x) % 4; k > 0; k--) {
            size_t at = next(&x) % n;
            if (next(&x) % 2)
                text[at] = (char)next(&x);
            else if (n > 2)
                memmove(text + at, text + at + 1, --n - at);
        }
        char *exact = malloc(n);
        memcpy(exact, text, n);
        struct outcome whole = feed(exact, n, n), bytes = feed(exact, n, 1),
                       pieces = feed(exact, n, 1 + next(&x) % 40);
        assert_int_equal(whole.complete, bytes.complete);
        assert_int_equal(whole.complete, pieces.complete);
        assert_int_equal(whole.refusal, bytes.refusal);
        assert_int_equal(whole.refusal, pieces.refusal);
        assert_true(whole.midway == bytes.midway && whole.midway == pieces.midway);
        refused_ones += whole.refusal != 0;
        complete_ones += whole.complete;
        free(exact);
        free(text);
    }
    assert_true(refused_ones > 2000 && complete_ones > 10000); // both kinds were tried
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_prefix), cmocka_unit_test(understood), cmocka_unit_test(pipelined),
        cmocka_unit_test(refused),      cmocka_unit_test(oversized),  cmocka_unit_test(long_path),
        cmocka_unit_test(responses),    cmocka_unit_test(mutants),    cmocka_unit_test(three_pieces)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
