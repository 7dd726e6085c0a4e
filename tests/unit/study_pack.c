#include "study/pack.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include "result_fixture.h"

// Values that a careless encoding would lose: negative, huge, tiny, not numbers, minus zero.
static struct fixture odd(void) {
    struct fixture f = fixture();
    for (int i = 0; i < 2000; i++) add(&f.o, 1 + i * i % 977, i % 2, i % 3 ? 0 : SEEN_ENDPOINTS - 1);
    hist_add(&f.o.latency, INT64_MAX / 2);
    f.o.in_system_first = -3;
    f.o.arrived = INT64_MIN;
    f.o.span_s = 0.1;
    f.o.voluntary = -0.0;
    f.o.switches = NAN;
    f.o.wakeups = INFINITY;
    f.o.lock_handoffs = 5e-324;
    f.o.server_cpu_s = 0x1p53 + 2;
    f.o.events = UINT64_MAX;
    f.o.trace_hash = 0x8000000000000001;
    f.o.saturated = true;
    station(&f, LIMIT_POOL, 0.37, 40, 1e9);
    f.o.resource[SEEN_RESOURCES - 1] = (struct station_seen){.busy_s = 1, .servers = 20, .refused = -1};
    return f;
}

static struct text packed(const struct observation *o) {
    struct text bytes = {0};
    pack_observation(o, &bytes);
    return bytes;
}

static void same_bytes(const struct text *a, const struct text *b) {
    assert_int_equal(a->length, b->length);
    assert_memory_equal(a->data, b->data, a->length);
}

static void an_observation_comes_back(void **state) {
    (void)state;
    struct fixture f = odd();
    struct observation back;
    struct text bytes = packed(&f.o);
    assert_true(pack_observation_read(&back, bytes.data, bytes.length));
    struct text again = packed(&back);
    same_bytes(&bytes, &again);
    assert_int_equal(back.arrived, INT64_MIN);
    assert_int_equal(back.in_system_first, -3);
    assert_true(signbit(back.voluntary) && back.voluntary == 0);
    assert_true(isnan(back.switches) && isinf(back.wakeups));
    assert_true(back.lock_handoffs == 5e-324 && back.server_cpu_s == 0x1p53 + 2 && back.span_s == 0.1);
    assert_true(back.events == UINT64_MAX && back.trace_hash == f.o.trace_hash && back.saturated &&
                !back.too_short);
    assert_int_equal(hist_quantile(&back.latency, 0.5), hist_quantile(&f.o.latency, 0.5));
    assert_int_equal(back.latency.max, INT64_MAX / 2);
    assert_int_equal(back.endpoint_latency[SEEN_ENDPOINTS - 1].count, 667);
    observation_fini(&back);
    observation_fini(&f.o);
    text_fini(&bytes);
    text_fini(&again);
}

// What is read back must be as good as the original for all that comes after.
static void its_result_is_the_same(void **state) {
    (void)state;
    struct fixture f = fixture();
    struct observation back;
    struct case_result direct, read;
    for (int i = 0; i < 5000; i++) add(&f.o, 1 + i % 613, i % 2, -1);
    station(&f, LIMIT_LOCK, 0.9, 1, 3);
    struct text bytes = packed(&f.o), a = {0}, b = {0};
    assert_true(pack_observation_read(&back, bytes.data, bytes.length));
    result_gather(&direct, &f.s, &f.o, 1);
    result_gather(&read, &f.s, &back, 1);
    pack_case(&direct, &a);
    pack_case(&read, &b);
    same_bytes(&a, &b);
    // And it can go on growing.
    add(&back, 100000, 0, -1);
    observation_fini(&back);
    observation_fini(&f.o);
    text_fini(&bytes);
    text_fini(&a);
    text_fini(&b);
}

static void a_result_comes_back(void **state) {
    (void)state;
    struct fixture f = odd();
    struct case_result c, back;
    f.s.resources = 1;
    f.s.resource = &(struct resource_spec){.name = "db", .capacity = 20};
    f.s.measured = (struct measured){.throughput_per_s = 100, .mean_s = NAN, .given = true, .fitted = true};
    f.o.span_s = 10;
    result_gather(&c, &f.s, &f.o, 1);
    struct text a = {0}, b = {0};
    pack_case(&c, &a);
    assert_true(pack_case_read(&back, a.data, a.length));
    pack_case(&back, &b);
    same_bytes(&a, &b);
    assert_string_equal(back.name, c.name);
    assert_string_equal(back.sentence, c.sentence);
    assert_string_equal(back.bottleneck_name, c.bottleneck_name);
    assert_int_equal(back.status, c.status);
    assert_true(back.throughput_per_s.mean == c.throughput_per_s.mean && back.measured.fitted);
    assert_true(back.utilisation[LIMIT_POOL] == c.utilisation[LIMIT_POOL] &&
                isnan(back.utilisation[LIMIT_LOOP]));
    assert_string_equal(back.resource[0].name, "db");
    observation_fini(&f.o);
    text_fini(&a);
    text_fini(&b);
}

// Every single byte changed, and every length cut off.
static void damage_is_seen(void **state) {
    (void)state;
    struct fixture f = fixture();
    struct observation out;
    struct case_result c;
    for (int i = 0; i < 20; i++) add(&f.o, i, 0, 0);
    struct text bytes = packed(&f.o);
    for (size_t i = 0; i < bytes.length; i++) {
        bytes.data[i] ^= 0x41;
        assert_false(pack_observation_read(&out, bytes.data, bytes.length));
        bytes.data[i] ^= 0x41;
        assert_false(pack_observation_read(&out, bytes.data, i));
    }
    assert_false(pack_case_read(&c, bytes.data, bytes.length)); // of the other kind
    assert_true(pack_observation_read(&out, bytes.data, bytes.length));
    observation_fini(&out);
    observation_fini(&f.o);
    text_fini(&bytes);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_observation_comes_back),
        cmocka_unit_test(its_result_is_the_same),
        cmocka_unit_test(a_result_comes_back),
        cmocka_unit_test(damage_is_seen),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
