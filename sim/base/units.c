#include "base/units.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { DIGITS = 40 };

// A decimal number as written: value = digits * 10^exponent.
struct decimal {
    bool negative;
    char digits[DIGITS + 1];
    int count, exponent;
};

struct suffix {
    enum unit unit;
    const char *text;
    int exponent; // value = number * 10^exponent * times / over
    double times, over;
};

static const struct suffix suffixes[] = {
    {UNIT_NONE, "", 0, 1, 1},        {UNIT_NONE, "k", 3, 1, 1},         {UNIT_NONE, "M", 6, 1, 1},
    {UNIT_NONE, "G", 9, 1, 1},       {UNIT_SPAN, "ns", 0, 1, 1},        {UNIT_SPAN, "us", 3, 1, 1},
    {UNIT_SPAN, "\u00b5s", 3, 1, 1}, {UNIT_SPAN, "ms", 6, 1, 1},        {UNIT_SPAN, "s", 9, 1, 1},
    {UNIT_SPAN, "min", 9, 60, 1},    {UNIT_SPAN, "h", 9, 3600, 1},      {UNIT_RATE, "/s", 0, 1, 1},
    {UNIT_RATE, "k/s", 3, 1, 1},     {UNIT_RATE, "M/s", 6, 1, 1},       {UNIT_RATE, "/ms", 3, 1, 1},
    {UNIT_RATE, "/min", 0, 1, 60},   {UNIT_RATE, "k/min", 3, 1, 60},    {UNIT_RATE, "/h", 0, 1, 3600},
    {UNIT_FRAC, "", 0, 1, 1},        {UNIT_FRAC, "%", -2, 1, 1},        {UNIT_BYTES, "B", 0, 1, 1},
    {UNIT_BYTES, "kB", 3, 1, 1},     {UNIT_BYTES, "MB", 6, 1, 1},       {UNIT_BYTES, "GB", 9, 1, 1},
    {UNIT_BYTES, "KiB", 0, 1024, 1}, {UNIT_BYTES, "MiB", 0, 0x1p20, 1}, {UNIT_BYTES, "GiB", 0, 0x1p30, 1},
};

static const char *expected(enum unit unit) {
    switch (unit) {
    case UNIT_NONE: return "a number such as 40, 0.5 or 2k";
    case UNIT_SPAN:
    case UNIT_SECONDS: return "a span such as 250us, 2ms or 1.5s";
    case UNIT_RATE:
    case UNIT_PER_S: return "a rate such as 500/s or 2k/s";
    case UNIT_FRAC: return "a share such as 2% or 0.02";
    case UNIT_BYTES: return "a size such as 64KiB or 1MB";
    }
    return "a number";
}

static const char *known(enum unit unit) {
    switch (unit) {
    case UNIT_NONE: return "only k, M or G may follow";
    case UNIT_SPAN:
    case UNIT_SECONDS: return "units are ns, us, ms, s, min and h";
    case UNIT_RATE:
    case UNIT_PER_S: return "units are /s, k/s, M/s, /ms, /min and /h";
    case UNIT_FRAC: return "the only unit is %";
    case UNIT_BYTES: return "units are B, kB, MB, GB, KiB, MiB and GiB";
    }
    return "";
}

static bool refuse(enum unit unit, const char *text, struct err *e) {
    err_set(e, ERR_CONFIG, "\"%.60s\" is not %s", text, expected(unit));
    return false;
}

static bool push_digit(struct decimal *d, char c) {
    if (d->count == 0 && c == '0') return true;
    if (d->count == DIGITS) return false;
    d->digits[d->count++] = c;
    return true;
}

static const char *scan_exponent(struct decimal *d, const char *p) {
    if (*p != 'e' && *p != 'E') return p;
    const char *q = p + 1;
    bool minus = *q == '-';
    if (*q == '-' || *q == '+') q++;
    if (!isdigit((unsigned char)*q)) return p; // not an exponent: let the unit be named as unknown
    int value = 0;
    for (; isdigit((unsigned char)*q); q++)
        if (value < 10000) value = value * 10 + (*q - '0');
    d->exponent += minus ? -value : value;
    return q;
}

// Where the number that starts `text` ends, or NULL with *e.
static const char *scan(struct decimal *d, enum unit unit, const char *text, struct err *e) {
    *d = (struct decimal){0};
    const char *p = text;
    bool fits = true;
    if (*p == '-') {
        d->negative = true;
        p++;
    }
    if (!isdigit((unsigned char)*p)) return refuse(unit, text, e), NULL;
    if (p[0] == '0' && isdigit((unsigned char)p[1])) {
        err_set(e, ERR_CONFIG, "\"%.60s\" has a leading zero", text);
        return err_hint(e, "numbers are decimal; write %.40s", p + strspn(p, "0")), NULL;
    }
    for (; isdigit((unsigned char)*p); p++) fits &= push_digit(d, *p);
    if (*p == '.') {
        if (!isdigit((unsigned char)*++p)) return refuse(unit, text, e), NULL;
        for (; isdigit((unsigned char)*p); p++, d->exponent--) fits &= push_digit(d, *p);
    }
    if (!fits) return err_set(e, ERR_CONFIG, "\"%.60s\" has more than %d digits", text, DIGITS), NULL;
    return scan_exponent(d, p);
}

static const struct suffix *find_suffix(enum unit unit, const char *text) {
    if (unit == UNIT_SECONDS) unit = UNIT_SPAN;
    if (unit == UNIT_PER_S) unit = UNIT_RATE;
    for (size_t i = 0; i < sizeof suffixes / sizeof suffixes[0]; i++)
        if (suffixes[i].unit == unit && strcmp(suffixes[i].text, text) == 0) return &suffixes[i];
    return NULL;
}

static bool refuse_suffix(enum unit unit, const char *text, const char *end, struct err *e) {
    if (!*end) {
        err_set(e, ERR_CONFIG, "\"%.60s\" has no unit", text);
        const char *example = unit == UNIT_SPAN ? "ms" : unit == UNIT_RATE ? "/s" : "KiB";
        return err_hint(e, "write for instance %.60s%s; %s", text, example, known(unit));
    }
    err_set(e, ERR_CONFIG, "\"%.60s\" has an unknown unit \"%.60s\"", text, end);
    if (strcmp(end, "m") == 0 && find_suffix(unit, "ms")) return err_hint(e, "write ms or min");
    return err_hint(e, "%s", known(unit));
}

// The nearest double; digits and exponent go through strtod without a decimal point, which is all the locale
// could change.
static double to_double(const struct decimal *d, int exponent) {
    char buffer[DIGITS + 20];
    snprintf(buffer, sizeof buffer, "%s%se%d", d->negative ? "-" : "", d->count ? d->digits : "0",
             d->exponent + exponent);
    return strtod(buffer, NULL);
}

bool units_parse(enum unit unit, const char *text, double *out, struct err *e) {
    static const struct suffix bare = {UNIT_NONE, "", 0, 1, 1};
    struct decimal d;
    const char *end = scan(&d, unit, text, e);
    if (!end) return false;
    const struct suffix *s = find_suffix(unit, end);
    bool may_be_bare = d.count == 0 || unit == UNIT_SECONDS || unit == UNIT_PER_S;
    bool is_bare = !s && !*end && may_be_bare;
    if (is_bare) s = &bare;
    if (!s) return refuse_suffix(unit, text, end, e);
    int shift = s->exponent - (unit == UNIT_SECONDS && !is_bare ? 9 : 0);
    double value = to_double(&d, shift) * s->times / s->over;
    if (!isfinite(value)) return err_set(e, ERR_CONFIG, "\"%.60s\" is too large", text);
    if (value == 0 && d.count) return err_set(e, ERR_CONFIG, "\"%.60s\" is too small", text);
    *out = value;
    return true;
}

bool units_parse_int(const char *text, int64_t *out, struct err *e) {
    struct decimal d;
    if (!isdigit((unsigned char)text[text[0] == '-']))
        return err_set(e, ERR_CONFIG, "\"%.60s\" is not a whole number such as 40 or 2k", text);
    const char *end = scan(&d, UNIT_NONE, text, e);
    if (!end) return false;
    const struct suffix *s = find_suffix(UNIT_NONE, end);
    if (!s) return refuse_suffix(UNIT_NONE, text, end, e);
    int exponent = d.exponent + s->exponent;
    while (exponent < 0 && d.count && d.digits[d.count - 1] == '0') {
        d.count--;
        exponent++;
    }
    if (d.count && exponent < 0) return err_set(e, ERR_CONFIG, "\"%.60s\" is not a whole number", text);
    int64_t value = 0;
    bool over = d.count + exponent > 30;
    for (int i = 0; d.count && !over && i < d.count + exponent; i++) {
        int digit = i < d.count ? d.digits[i] - '0' : 0;
        over = __builtin_mul_overflow(value, 10, &value) || __builtin_add_overflow(value, digit, &value);
    }
    if (d.count && over) return err_set(e, ERR_CONFIG, "\"%.60s\" is too large", text);
    *out = d.negative ? -value : value;
    return true;
}

// The nearest whole number, halves away from 0, for |x| < 2^63; without libm, which this floor does not link.
static int64_t nearest(double x) {
    int64_t n = (int64_t)x;
    double rest = x - (double)n;
    return rest >= 0.5 ? n + 1 : rest <= -0.5 ? n - 1 : n;
}

bool units_parse_span(const char *text, int64_t *ns, struct err *e) {
    double value;
    if (!units_parse(UNIT_SPAN, text, &value, e)) return false;
    if (!(value < 0x1p63 && value > -0x1p63)) return err_set(e, ERR_CONFIG, "\"%.60s\" is too large", text);
    *ns = nearest(value);
    return true;
}

struct scale {
    const char *name;
    double size;
};

// The scales of a unit in ascending order, ended by a NULL name.
static const struct scale *scales(enum unit unit) {
    static const struct scale spans[] = {{" ns", 1}, {" us", 1e3}, {" ms", 1e6}, {" s", 1e9}, {NULL, 0}};
    static const struct scale rates[] = {{" /s", 1}, {" k/s", 1e3}, {" M/s", 1e6}, {NULL, 0}};
    static const struct scale bytes[] = {
        {" B", 1}, {" KiB", 0x1p10}, {" MiB", 0x1p20}, {" GiB", 0x1p30}, {NULL, 0}};
    static const struct scale plain[] = {{"", 1}, {" k", 1e3}, {" M", 1e6}, {" G", 1e9}, {NULL, 0}};
    static const struct scale share[] = {{" %", 0.01}, {NULL, 0}};
    switch (unit) {
    case UNIT_SPAN:
    case UNIT_SECONDS: return spans;
    case UNIT_RATE:
    case UNIT_PER_S: return rates;
    case UNIT_FRAC: return share;
    case UNIT_BYTES: return bytes;
    case UNIT_NONE: return plain;
    }
    return plain;
}

// Decimals that leave three significant digits of x >= 0.
static int decimals(double x) {
    return x >= 99.95 ? 0 : x >= 9.995 ? 1 : x >= 0.9995 ? 2 : 3;
}

char *units_format(char out[UNITS_TEXT], enum unit unit, double value) {
    static const double power[] = {1, 10, 100, 1000};
    if (!isfinite(value)) return strcpy(out, "-");
    if (unit == UNIT_SECONDS) value *= 1e9;
    const struct scale *s = scales(unit);
    double size = value < 0 ? -value : value, most = unit == UNIT_BYTES ? 1023.5 : 999.5;
    while (s[1].name && size / s->size >= most) s++;
    double x = size / s->size;
    if (!(x < 1e15)) {
        snprintf(out, UNITS_TEXT, "%s%.0f%s", value < 0 ? "-" : "", x < 1e24 ? x : 1e24, s->name);
        return out;
    }
    bool whole = s->size == 1 && x == (double)(int64_t)x;
    int places = whole ? 0 : decimals(x);
    long long n = nearest(x * power[places]), unit_part = (long long)power[places];
    const char *sign = value < 0 && n ? "-" : "";
    if (places)
        snprintf(out, UNITS_TEXT, "%s%lld.%0*lld%s", sign, n / unit_part, places, n % unit_part, s->name);
    else
        snprintf(out, UNITS_TEXT, "%s%lld%s", sign, n, s->name);
    return out;
}

// Shortest digits d with value = 0.ddd... * 10^*point; *n digits.
static void shortest(double value, char digits[20], int *n, int *point) {
    char buffer[40];
    int precision = 0;
    do snprintf(buffer, sizeof buffer, "%.*e", precision, value);
    while (strtod(buffer, NULL) != value && ++precision < 17);
    *n = 0;
    const char *p = buffer;
    for (; *p != 'e'; p++)
        if (isdigit((unsigned char)*p)) digits[(*n)++] = *p;
    digits[*n] = 0;
    *point = atoi(p + 1) + 1;
}

static void place_point(char *out, size_t room, const char *digits, int n, int point) {
    if (point > 21 || point < -6)
        snprintf(out, room, "%.1s%s%se%d", digits, n > 1 ? "." : "", digits + 1, point - 1);
    else if (point <= 0)
        snprintf(out, room, "0.%.*s%s", -point, "0000000", digits);
    else if (point >= n)
        snprintf(out, room, "%s%.*s", digits, point - n, "000000000000000000000");
    else
        snprintf(out, room, "%.*s.%s", point, digits, digits + point);
}

char *units_format_exact(char out[UNITS_TEXT], enum unit unit, double value) {
    static const char *const span[] = {"ns", "us", "ms", "s"};
    if (value == 0) return strcpy(out, "0");
    char digits[20], number[UNITS_TEXT - 8];
    int n, point, step = 0;
    shortest(value < 0 ? -value : value, digits, &n, &point);
    const char *suffix = unit == UNIT_RATE ? "/s" : unit == UNIT_BYTES ? "B" : "";
    if (unit == UNIT_SPAN) {
        step = point > 9 ? 3 : point > 6 ? 2 : point > 3 ? 1 : 0;
        suffix = span[step];
    }
    place_point(number, sizeof number, digits, n, point - 3 * step);
    snprintf(out, UNITS_TEXT, "%s%s%s", value < 0 ? "-" : "", number, suffix);
    return out;
}
