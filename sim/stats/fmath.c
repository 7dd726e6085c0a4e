#include "stats/fmath.h"

#include <float.h>
#include <math.h>
#include <stdint.h>
#include <string.h>

_Static_assert(FLT_EVAL_METHOD == 0,
               "doubles must be rounded at every step for results to be the same everywhere");

// ln 2 in two parts. The high one has 32 significant bits, so that a multiple k of it (|k| < 2^11) is exact.
static const double LN2_HIGH = 0x1.62e42feep-1, LN2_LOW = 0x1.a39ef35793c76p-33,
                    PER_LN2 = 0x1.71547652b82fep+0;

static uint64_t to_bits(double x) {
    uint64_t bits;
    memcpy(&bits, &x, sizeof bits);
    return bits;
}

static double from_bits(uint64_t bits) {
    double x;
    memcpy(&x, &bits, sizeof x);
    return x;
}

// R(z) = 2 sum z^k/(2k+1), k = 1..10: z <= (3-sqrt(8))^2 = 0.0295, so the first term left out is below 2^-60 of log.
// Odd and even powers apart, so that two chains of multiplications run side by side.
static double log_series(double z) {
    double w = z * z;
    double odd = 2.0 / 3 + w * (2.0 / 7 + w * (2.0 / 11 + w * (2.0 / 15 + w * (2.0 / 19))));
    double even = 2.0 / 5 + w * (2.0 / 9 + w * (2.0 / 13 + w * (2.0 / 17 + w * (2.0 / 21))));
    return z * odd + w * even;
}

double fmath_log(double x) {
    if (!(x > 0)) return x == 0 ? -INFINITY : NAN;
    if (x == INFINITY) return x;
    int64_t k = 0;
    if (x < DBL_MIN) {
        x *= 0x1p54;
        k = -54;
    }
    // x = 2^k (1+f) with 1+f in [sqrt(1/2), sqrt(2)): the offset moves the border between two k from 1 to sqrt(1/2).
    const uint64_t one = 0x3ff0000000000000u, root = 0x3fe6a09e667f3bcdu;
    uint64_t bits = to_bits(x) + (one - root);
    k += (int64_t)(bits >> 52) - 1023;
    double f = from_bits((bits & 0xfffffffffffffu) + root) - 1;
    double s = f / (2 + f), half = 0.5 * f * f;
    double tail = s * (half + log_series(s * s)) + (double)k * LN2_LOW;
    return (double)k * LN2_HIGH - ((half - tail) - f);
}

double fmath_log1p(double x) {
    double u = 1 + x;
    if (u == 1) return x;
    if (u == INFINITY) return u;
    return fmath_log(u) * (x / (u - 1)); // the division undoes the rounding of 1 + x
}

// (e^r - 1 - r)/r^2 for |r| <= ln(2)/2 by its series to r^13; what is left out is below 2^-57 of e^r.
static double exp_series(double r) {
    double w = r * r;
    double even =
        1.0 / 2 +
        w * (1.0 / 24 + w * (1.0 / 720 + w * (1.0 / 40320 + w * (1.0 / 3628800 + w * (1.0 / 479001600)))));
    double odd =
        1.0 / 6 + w * (1.0 / 120 +
                       w * (1.0 / 5040 + w * (1.0 / 362880 + w * (1.0 / 39916800 + w * (1.0 / 6227020800)))));
    return even + r * odd;
}

double fmath_exp(double x) {
    if (x != x) return x;
    if (x > 709.79) return INFINITY;
    if (x < -745.14) return 0;
    // Adding 1.5*2^52 rounds to the nearest integer.
    double k = (x * PER_LN2 + 0x1.8p52) - 0x1.8p52;
    double r = (x - k * LN2_HIGH) - k * LN2_LOW;
    double y = 1 + (r + r * r * exp_series(r));
    // 2^k in two factors, as k reaches 1024 and -1075, which one double cannot hold.
    int64_t half = (int64_t)k / 2, rest = (int64_t)k - half;
    return y * from_bits((uint64_t)(half + 1023) << 52) * from_bits((uint64_t)(rest + 1023) << 52);
}

double fmath_lgamma(double x) {
    double shift = 1;
    for (; x < 10; x += 1) shift *= x;
    static const double coefficient[] = {1.0 / 12,   -1.0 / 360,      1.0 / 1260, -1.0 / 1680,
                                         1.0 / 1188, -691.0 / 360360, 1.0 / 156};
    double inverse = 1 / x, square = inverse * inverse, series = 0;
    for (int i = 6; i >= 0; i--) series = series * square + coefficient[i];
    const double half_log_two_pi = 0x1.d67f1c864beb5p-1;
    return (x - 0.5) * fmath_log(x) - x + half_log_two_pi + series * inverse - fmath_log(shift);
}
