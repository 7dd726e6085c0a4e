#include "base/hash.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

// Known answers of FNV-1a, 64 bit: the authors' test vectors.
static void known_answers(void **state) {
    (void)state;
    assert_true(hash_bytes(HASH_START, "", 0) == UINT64_C(0xcbf29ce484222325));
    assert_true(hash_bytes(HASH_START, "a", 1) == UINT64_C(0xaf63dc4c8601ec8c));
    assert_true(hash_bytes(HASH_START, "foobar", 6) == UINT64_C(0x85944171f73967e8));
    assert_true(hash_bytes(hash_bytes(HASH_START, "foo", 3), "bar", 3) == UINT64_C(0x85944171f73967e8));
}

// One changed bit anywhere in the text changes about half of the digest's bits: on average 32 +- 1 over 64 x
// 8 changes (standard error 4 / sqrt(512) = 0.18).
static void avalanche(void **state) {
    (void)state;
    char text[65] = "server.threads = 40 server.backlog = 2048 load.rate = 500/s 12345";
    uint64_t whole = hash_finish(hash_bytes(HASH_START, text, 64));
    double bits = 0;
    for (int i = 0; i < 512; i++) {
        text[i / 8] ^= (char)(1 << (i % 8));
        bits += __builtin_popcountll(whole ^ hash_finish(hash_bytes(HASH_START, text, 64)));
        text[i / 8] ^= (char)(1 << (i % 8));
    }
    assert_true(bits / 512 > 31 && bits / 512 < 33);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(known_answers), cmocka_unit_test(avalanche)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
