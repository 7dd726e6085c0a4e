#pragma once
// Elementary functions whose results are the same bits on every CPU, compiler and optimisation level. libm's are not:
// glibc picks other code for log, exp and pow where the CPU has fused multiply-add. These use only +, -, * and /,
// which IEEE 754 rounds in one way, and are built with -ffp-contract=off. Round-to-nearest is assumed.
// sqrt, floor and fabs of libm are exact everywhere and need no replacement.

// Natural logarithm. x = 0: -INFINITY; x < 0 or NAN: NAN. Error < 1 ulp. Cost: about 8 ns.
// Source: log(1+f) = f - f^2/2 + s(f^2/2 + R(s^2)), s = f/(2+f), R from the series of artanh; 2^k split off.
double fmath_log(double x);

// log(1+x), x >= -1, also where x is so small that 1+x loses it. Error < 4 ulp.
// Source: Higham, Accuracy and Stability of Numerical Algorithms, 2nd ed., section 1.14.1 (after Kahan).
double fmath_log1p(double x);

// e^x. Overflows to INFINITY above 709.78, underflows through the subnormals to 0 below -745.13; NAN stays NAN.
// Error < 2 ulp. Cost: about 8 ns.
double fmath_exp(double x);

// Logarithm of the gamma function, 0 < x < 1e300. Absolute error < 1e-13 up to x = 50, relative error < 1e-14 beyond.
// Source: Stirling's series, Abramowitz & Stegun 6.1.40, after shifting x above 10 by the recurrence.
double fmath_lgamma(double x);
