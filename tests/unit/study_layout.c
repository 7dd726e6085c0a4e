#include "study/layout.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

static void close_to(double x, double expected, double relative) {
    if (!(fabs(x - expected) <= relative * fabs(expected))) fail_msg("%.6g is not near %.6g", x, expected);
}

static void test_layout(void **state) {
    (void)state;
    // Rows 10, 20, 30; columns -1, +1; noise +-0.5 in the first two rows. Squares by hand.
    const double x[] = {9.5, 10.5, 18.5, 21.5, 29, 31, NAN, 5};
    struct layout l = layout_of(x, 4, 2);
    assert_int_equal(l.rows, 3);
    close_to(l.mean, 20, 1e-12);
    close_to(l.between_rows, 200, 1e-12);
    close_to(l.noise, 0.5, 1e-12);
    close_to(layout_kept(&l), sqrt(1 - 0.5 / 200), 1e-12);
    close_to(layout_difference(&l), sqrt(0.5), 1e-12);
    struct layout none = layout_of(x + 6, 1, 2);
    assert_true(none.rows == 0 && isnan(none.mean) && layout_kept(&none) == 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_layout),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
