#include "study/chrome.h"

#include "scenario/result.h"
#include "stats/rng.h"

#include <jansson.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

struct fixture {
    char path[32];
    struct chrome *chrome;
    json_t *events; // after `finish`
};

static void init(struct fixture *f) {
    struct err e = {0};
    *f = (struct fixture){.path = "/tmp/chrome-XXXXXX"};
    close(mkstemp(f->path));
    f->chrome = chrome_create(f->path, &e);
    if (!f->chrome) fail_msg("%s", e.text);
}

static void emit(struct fixture *f, sim_time at, enum trace_kind kind, int64_t entity, int64_t a, int64_t b,
                 const char *text) {
    struct trace *t = chrome_sink(f->chrome);
    t->emit(t, &(struct trace_record){at, kind, entity, a, b, text});
}

static void finish(struct fixture *f) {
    struct err e = {0};
    json_error_t error;
    if (!chrome_destroy(f->chrome, &e)) fail_msg("%s", e.text);
    f->events = json_load_file(f->path, JSON_REJECT_DUPLICATES, &error);
    if (!f->events) fail_msg("%s at line %d", error.text, error.line);
    assert_true(json_is_array(f->events));
    unlink(f->path);
}

static const char *text_of(const json_t *event, const char *key) {
    const char *s = json_string_value(json_object_get(event, key));
    return s ? s : "";
}

static double number_of(const json_t *event, const char *key) {
    const json_t *n = json_object_get(event, key);
    assert_true(json_is_number(n));
    return json_number_value(n);
}

// The n-th event (from 0) of a type and name, or NULL.
static json_t *find(const struct fixture *f, const char *ph, const char *name, int n) {
    size_t i;
    json_t *event;
    json_array_foreach(f->events, i, event) {
        if (!strcmp(text_of(event, "ph"), ph) && !strcmp(text_of(event, "name"), name) && n-- == 0)
            return event;
    }
    return NULL;
}

static void slice_is(const struct fixture *f, const char *name, int n, int pid, int tid, double ts,
                     double dur) {
    json_t *e = find(f, "X", name, n);
    if (!e) fail_msg("no slice %s (%d)", name, n);
    assert_true(number_of(e, "pid") == pid && number_of(e, "tid") == tid);
    assert_true(number_of(e, "ts") == ts && number_of(e, "dur") == dur);
}

static void test_cores_and_threads(void **state) {
    (void)state;
    struct fixture f;
    init(&f);
    emit(&f, 0, TRACE_THREAD_NAME, 0, 0, 0, "loop \"0\"\n\\");
    emit(&f, 0, TRACE_THREAD_NAME, 1, -1, 0, "ab");
    emit(&f, 1500, TRACE_THREAD_STATE, 0, TRACE_RUNNABLE, 7, NULL);
    emit(&f, 1500, TRACE_THREAD_STATE, 1, TRACE_SLEEPING, -1, NULL);
    emit(&f, 2750, TRACE_THREAD_STATE, 0, TRACE_RUNNING, 7, NULL);
    emit(&f, 2750, TRACE_CORE_RUN, 1, 0, 0, NULL);
    emit(&f, 3000, TRACE_INSTANT, 0, 0, 0, "lock hand-over");
    emit(&f, 4001, TRACE_CORE_RUN, 1, 1, 0, NULL);
    emit(&f, 4001, TRACE_THREAD_STATE, 0, TRACE_LOCK_WAIT, -1, NULL);
    emit(&f, 9000, TRACE_CORE_RUN, 1, -1, 0, NULL);
    emit(&f, 9500, TRACE_THREAD_STATE, 0, TRACE_BLOCKED, -1, NULL);
    emit(&f, 12000, TRACE_CORE_RUN, 0, 0, 0, NULL);
    emit(&f, 12500, TRACE_CORE_RUN, 1, 1, 0, NULL);
    finish(&f);
    slice_is(&f, "sleeping", 0, 2, 1, 1.5, 11);
    slice_is(&f, "runnable", 0, 3, 0, 1.5, 1.25);
    slice_is(&f, "running", 0, 3, 0, 2.75, 1.251);
    assert_int_equal(number_of(json_object_get(find(&f, "X", "running", 0), "args"), "request"), 7);
    slice_is(&f, "lock wait", 0, 3, 0, 4.001, 5.499);
    assert_null(json_object_get(find(&f, "X", "lock wait", 0), "args"));
    slice_is(&f, "loop \"0\"\\", 0, 1, 1, 2.75, 1.251);
    slice_is(&f, "ab", 0, 1, 1, 4.001, 4.999);
    slice_is(&f, "loop \"0\"\\", 1, 1, 0, 12, 0.5); // ended with the trace
    assert_null(find(&f, "X", "ab", 1));            // nothing of length 0
    assert_true(number_of(find(&f, "i", "lock hand-over", 0), "ts") == 3);
    assert_non_null(find(&f, "M", "process_name", 3)); // cores, requests, worker 0, client
    assert_null(find(&f, "M", "process_name", 4));
    json_decref(f.events);
}

static void async_is(const struct fixture *f, const char *ph, const char *name, int n, const char *id,
                     double ts) {
    json_t *e = find(f, ph, name, n);
    if (!e) fail_msg("no %s %s (%d)", ph, name, n);
    assert_string_equal(text_of(e, "id"), id);
    assert_string_equal(text_of(e, "cat"), "request");
    assert_true(number_of(e, "ts") == ts);
}

static void test_requests(void **state) {
    (void)state;
    struct fixture f;
    init(&f);
    emit(&f, 1000, TRACE_REQUEST_BEGIN, 5, 0, 0, NULL);
    emit(&f, 1000, TRACE_REQUEST_PHASE, 5, BLAME_CLIENT, 0, NULL);
    emit(&f, 1000, TRACE_REQUEST_PHASE, 5, BLAME_ACCEPT, 0, NULL);
    emit(&f, 2000, TRACE_REQUEST_BEGIN, 6, 1, 0, NULL);
    emit(&f, 3000, TRACE_REQUEST_PHASE, 5, BLAME_SERVICE, 0, NULL);
    emit(&f, 3500, TRACE_REQUEST_PHASE, 5, BLAME_SERVICE, 0, NULL);
    emit(&f, 4000, TRACE_REQUEST_END, 5, 1, 0, NULL);
    emit(&f, 4100, TRACE_REQUEST_PHASE, 5, BLAME_LOOP, 0, NULL); // late: it is closed
    emit(&f, 4200, TRACE_REQUEST_END, 5, 0, 0, NULL);
    finish(&f);
    async_is(&f, "b", "request", 0, "5", 1);
    async_is(&f, "b", "accept_wait", 0, "5", 1);
    async_is(&f, "e", "accept_wait", 0, "5", 3);
    async_is(&f, "b", "service", 0, "5", 3);
    async_is(&f, "e", "service", 0, "5", 4);
    async_is(&f, "e", "request", 0, "5", 4);
    assert_string_equal(text_of(json_object_get(find(&f, "e", "request", 0), "args"), "outcome"),
                        "timed out");
    async_is(&f, "e", "request", 1, "6", 4.2); // still open at the end
    assert_string_equal(text_of(json_object_get(find(&f, "e", "request", 1), "args"), "outcome"), "open");
    assert_null(find(&f, "b", "client", 0));
    assert_null(find(&f, "b", "loop_lag", 0));
    assert_null(find(&f, "b", "service", 1));
    json_decref(f.events);
}

enum { TRACKS = 8, REQUESTS = 3000 };

// Some 20,000 random records as a simulator could emit them, up to 500 requests open at once.
static void emit_random(struct fixture *f, struct rng *r) {
    int64_t begun = 0, now = 0, oldest = 0;
    bool ended[REQUESTS] = {false};
    for (int i = 0; i < TRACKS; i++) emit(f, 0, TRACE_THREAD_NAME, i, i / 3 - 1, 0, "thread");
    while (oldest < REQUESTS) {
        now += (int64_t)rng_below(r, 3) * 137;
        emit(f, now, TRACE_CORE_RUN, (int64_t)rng_below(r, 4), (int64_t)rng_below(r, TRACKS + 1) - 1, 0,
             NULL);
        emit(f, now, TRACE_THREAD_STATE, (int64_t)rng_below(r, TRACKS), (int64_t)rng_below(r, 5), begun - 1,
             NULL);
        if (begun < REQUESTS && begun < oldest + 500)
            emit(f, now, TRACE_REQUEST_BEGIN, begun++ * 977, 0, 0, NULL);
        int64_t q = oldest + (int64_t)rng_below(r, (uint64_t)(begun - oldest));
        emit(f, now, TRACE_REQUEST_PHASE, q * 977, (int64_t)rng_below(r, BLAME_COUNT), 0, NULL);
        if (begun == REQUESTS || rng_below(r, 2)) {
            if (!ended[q]) emit(f, now, TRACE_REQUEST_END, q * 977, 0, 0, NULL);
            ended[q] = true;
        }
        while (oldest < REQUESTS && ended[oldest]) oldest++;
        if (oldest == begun && begun < REQUESTS) emit(f, now, TRACE_REQUEST_BEGIN, begun++ * 977, 0, 0, NULL);
    }
}

// Slices of one track follow each other: each begins where or after the one before has ended.
static void check_slices(const struct fixture *f) {
    double end[3 + TRACKS][TRACKS] = {{0}};
    size_t i;
    json_t *e;
    json_array_foreach(f->events, i, e) {
        if (strcmp(text_of(e, "ph"), "X")) continue;
        double *last = &end[(int)number_of(e, "pid")][(int)number_of(e, "tid")];
        assert_true(number_of(e, "dur") > 0);
        assert_true(number_of(e, "ts") >= *last - 1e-6);
        *last = number_of(e, "ts") + number_of(e, "dur");
    }
}

// One request's events: its slice opens, phases open and close one at a time within, its slice closes.
struct nest {
    int depth, slices;
    double at;
    char phase[32];
};

static void check_nesting(const struct fixture *f) {
    struct nest *nest = calloc(REQUESTS, sizeof *nest);
    size_t i;
    json_t *e;
    json_array_foreach(f->events, i, e) {
        const char *ph = text_of(e, "ph"), *name = text_of(e, "name");
        if (strcmp(ph, "b") && strcmp(ph, "e")) continue;
        struct nest *n = &nest[atoi(text_of(e, "id")) / 977];
        bool is_request = !strcmp(name, "request"), begins = ph[0] == 'b';
        assert_true(number_of(e, "ts") >= n->at);
        n->at = number_of(e, "ts");
        assert_int_equal(n->depth, (is_request ? 0 : 1) + (begins ? 0 : 1));
        n->depth += begins ? 1 : -1;
        n->slices += is_request && begins;
        if (!is_request && begins) snprintf(n->phase, sizeof n->phase, "%s", name);
        if (!is_request && !begins) assert_string_equal(name, n->phase);
    }
    for (int q = 0; q < REQUESTS; q++) {
        assert_int_equal(nest[q].depth, 0);
        assert_int_equal(nest[q].slices, 1);
    }
    free(nest);
}

static void test_nesting(void **state) {
    (void)state;
    struct fixture f;
    struct rng r;
    init(&f);
    rng_init(&r, 20, 0, 0, 0);
    emit_random(&f, &r);
    finish(&f);
    assert_true(json_array_size(f.events) > REQUESTS * 4);
    check_slices(&f);
    check_nesting(&f);
    json_decref(f.events);
}

static void test_empty(void **state) {
    (void)state;
    struct fixture f;
    init(&f);
    finish(&f);
    assert_non_null(find(&f, "M", "process_name", 0));
    json_decref(f.events);
}

static void test_unwritable(void **state) {
    (void)state;
    struct err e = {0};
    assert_null(chrome_create("/nowhere/trace.json", &e));
    assert_int_equal(e.kind, ERR_HOST);
    assert_string_equal(e.text, "cannot write the trace /nowhere/trace.json: No such file or directory");
    struct chrome *c = chrome_create("/dev/full", &e);
    assert_non_null(c);
    assert_false(chrome_destroy(c, &e));
    assert_string_equal(e.text, "cannot write the trace /dev/full: No space left on device");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cores_and_threads), cmocka_unit_test(test_requests),
        cmocka_unit_test(test_nesting),           cmocka_unit_test(test_empty),
        cmocka_unit_test(test_unwritable),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
