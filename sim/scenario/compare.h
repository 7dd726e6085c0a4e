#pragma once
// A prediction beside repeated measurements of the same thing: the error, the spread of the measurement itself, and a
// verdict that takes both into account.
#include "scenario/result.h"

enum quantity {
    QUANTITY_THROUGHPUT, // requests/s
    QUANTITY_MEAN,       // latencies, s
    QUANTITY_P50,
    QUANTITY_P95,
    QUANTITY_P99,
    QUANTITY_CPU,       // server CPU per request, s
    QUANTITY_VOLUNTARY, // context switches of the server per request; shown, not judged
    QUANTITY_INVOLUNTARY,
    QUANTITY_COUNT
};

const char *quantity_name(enum quantity q); // "throughput", "mean", "p50", ...

enum verdict {
    VERDICT_AGREES, // |error| <= max(tolerance, A/A)
    VERDICT_MISSES, // the model is wrong by more than the tolerance and than the measurement differs from itself
    VERDICT_TOO_NOISY, // A/A exceeds the tolerance twice over: neither agreement nor a miss means anything
    VERDICT_NONE,      // not judged: no prediction, no measurement, or a quantity without a tolerance
};

const char *verdict_name(enum verdict v); // "agrees", "model misses", "too noisy", ""

// Repeated measurements of one quantity. A/A: |median of the even rounds - median of the odd ones| over the median of
// all, NAN below 4 rounds. NAN throughout where no round has the quantity.
struct repeated {
    double median, min, max, aa;
    int rounds;
};

// Of x[0..n) in order of measuring; NAN values are left out.
struct repeated repeated_of(const double *x, int n);

struct compared {
    char name[SCENARIO_NAME];     // of the case
    char endpoint[SCENARIO_NAME]; // where it is about one of several endpoints, else ""
    enum quantity quantity;
    double predicted, lo, hi; // lo..hi: 95 % band of the prediction, NAN where none was asked for
    struct repeated measured;
    double error;     // (predicted - measured median) / measured median
    double tolerance; // wanted of |error|
    enum verdict verdict;
};

// Fills error and verdict from the other fields.
void compare_judge(struct compared *c);

// The tolerance of a quantity where the user states none: throughput 5 %, mean and p50 10 %, p95 12 %, p99 15 %, CPU
// 10 %, the rest NAN.
double compare_tolerance(enum quantity q);

// Over the rows of one quantity that have an error: median, 90th percentile and greatest |error|; the 90th percentile where an
// error within the measurement's own A/A spread is none (at most x where nine of ten are within max(x, A/A)); how often the
// measured median lies in the prediction's band, of how many with a band.
struct compare_summary {
    int rows, agrees, misses, too_noisy, banded, in_band;
    double median, p90, p90_counted, worst;
};

struct compare_summary compare_summarise(const struct compared *row, int rows, enum quantity q);
