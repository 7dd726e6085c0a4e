#include "base/text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void grows(void **state) {
    (void)state;
    struct text t = {0};
    assert_string_equal(text_string(&t), "");
    for (int i = 0; i < 3000; i++) text_addf(&t, "%d,", i % 10);
    assert_int_equal(t.length, 6000);
    assert_int_equal(strlen(text_string(&t)), 6000);
    assert_memory_equal(t.data + 20, "0,1,2,", 6);
    text_clear(&t);
    text_add(&t, "ab");
    text_add_bytes(&t, "cdef", 2);
    text_addf(&t, "%s", "");
    assert_string_equal(text_string(&t), "abcd");
    text_fini(&t);
    assert_null(t.data);
}

static void distances(void **state) {
    (void)state;
    assert_int_equal(text_distance("", ""), 0);
    assert_int_equal(text_distance("", "abc"), 3);
    assert_int_equal(text_distance("kitten", "sitting"), 3);
    assert_int_equal(text_distance("laod", "load"), 1); // one swap
    assert_int_equal(text_distance("ca", "abc"),
                     3); // what sets optimal alignment apart from the unrestricted one (2)
    assert_int_equal(text_distance("threads", "thread"), 1);
    char long_a[200] = "", long_b[200] = "";
    memset(long_a, 'a', 150);
    memset(long_b, 'b', 150);
    assert_int_equal(text_distance(long_a, long_b), 63);
}

// Against the definition, on every pair of short words over two letters: symmetric, zero only for equals, and
// no step cheaper than the difference in length.
static void distance_laws(void **state) {
    (void)state;
    char word[31][5];
    int count = 0;
    for (int n = 0; n <= 4; n++)
        for (int bits = 0; bits < 1 << n; bits++, count++) {
            for (int i = 0; i < n; i++) word[count][i] = bits >> i & 1 ? 'a' : 'b';
            word[count][n] = 0;
        }
    assert_int_equal(count, 31);
    for (int i = 0; i < count; i++)
        for (int j = 0; j < count; j++) {
            int d = text_distance(word[i], word[j]);
            assert_int_equal(d, text_distance(word[j], word[i]));
            assert_int_equal(d == 0, strcmp(word[i], word[j]) == 0);
            assert_true(d >= abs((int)strlen(word[i]) - (int)strlen(word[j])));
        }
}

static void meant(void **state) {
    (void)state;
    const char *const names[] = {"threads", "workers", "gil", "gc", "queue_order"};
    assert_string_equal(text_closest("thread", names, 5), "threads");
    assert_string_equal(text_closest("wrokers", names, 5), "workers");
    assert_string_equal(text_closest("que", names, 5), "queue_order");
    assert_string_equal(text_closest("gli", names, 5), "gil");
    assert_null(text_closest("colour", names, 5));
    assert_null(text_closest("x", names, 5));
    assert_null(text_closest("", names, 5));
    assert_null(text_closest("threads", names, 0));
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(grows), cmocka_unit_test(distances),
                                       cmocka_unit_test(distance_laws), cmocka_unit_test(meant)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
