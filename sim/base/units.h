#pragma once
// Numbers with units, read strictly: the whole text must be one number and one known unit, without blanks
// around it. A number is digits without leading zeros, optionally with a fraction and an exponent; no nan, no
// inf, no hexadecimal. The locale is not consulted.
#include "base/err.h"

#include <stddef.h>
#include <stdint.h>

enum unit {
    UNIT_NONE,    // plain number; k, M, G multiply by 10^3, 10^6, 10^9
    UNIT_SPAN,    // value in ns; ns us ms s min h (0 alone needs none)
    UNIT_SECONDS, // value in s; as UNIT_SPAN, and a bare number is in seconds
    UNIT_RATE,    // value per second; 500/s 2k/s 30/min 1/ms (0 alone needs no unit)
    UNIT_PER_S,   // value per second; as UNIT_RATE, and a bare number is per second
    UNIT_FRAC,    // share of one: 2% or 0.02
    UNIT_BYTES,   // value in bytes; B kB MB GB KiB MiB GiB (0 alone needs none)
};

// Reads `text` into *out (finite, sign kept: the caller checks the range). False with *e (ERR_CONFIG, text
// and hint, no place). The result is the double nearest to the decimal number written, except min and h (one
// further rounding).
bool units_parse(enum unit unit, const char *text, double *out, struct err *e);

// A whole number with optional k, M, G; -2^63 < value < 2^63. Errors as above.
bool units_parse_int(const char *text, int64_t *out, struct err *e);

// A span rounded to whole ns, |value| < 2^63 ns. Errors as above.
bool units_parse_span(const char *text, int64_t *ns, struct err *e);

enum { UNITS_TEXT = 64 }; // room for any formatted value

// For reports, three significant digits: "12.3 ms", "13.2 k/s", "97.3 %", "64.0 KiB", "40"; "-" for a value
// that is not finite. Value in the unit's own scale as above. Returns out.
char *units_format(char out[UNITS_TEXT], enum unit unit, double value);

// For files: the shortest text that units_parse reads back as the very same double: "22us", "1.4ms", "500/s",
// "0.02". The value must be finite. Returns out.
char *units_format_exact(char out[UNITS_TEXT], enum unit unit, double value);
