#include "live/host_line.h"

#include "base/monotonic.h"

#include <stdbool.h>

enum { PIECES = 4, TRIPS = 8, LOOKS = 64 };

// Whether *word has become at least `value` before `until`.
static bool comes(atomic_llong *word, int64_t value, int64_t until) {
    for (;;) {
        for (int i = 0; i < LOOKS; i++)
            if (atomic_load_explicit(word, memory_order_acquire) >= value) return true;
        if (monotonic_ns() > until) return false;
    }
}

// Words only grow, so whatever is left of a meeting that failed disturbs none of the later ones.
static int64_t word_of(int64_t number, int trip) {
    return number * (PIECES * TRIPS + 1) + trip;
}

static double lead(struct host_line *line, int64_t number, int64_t most) {
    int64_t least = INT64_MAX;
    for (int piece = 0, trip = 1; piece < PIECES; piece++) {
        int64_t from = monotonic_ns();
        for (int i = 0; i < TRIPS; i++, trip++) {
            atomic_store(&line->ping, word_of(number, trip));
            if (!comes(&line->pong, word_of(number, trip), from + most)) return 0;
        }
        int64_t took = monotonic_ns() - from;
        if (took < least) least = took;
    }
    return (double)least / (2 * TRIPS);
}

static void follow(struct host_line *line, int64_t number, int64_t most) {
    int64_t until = monotonic_ns() + most; // the clock is not read in between: that would count
    for (int trip = 1; trip <= PIECES * TRIPS; trip++) {
        if (!comes(&line->ping, word_of(number, trip), until)) return;
        atomic_store(&line->pong, word_of(number, trip));
    }
}

double host_line_meet(struct host_line *line, int side, int64_t number, int64_t most) {
    atomic_store(&line->here[side], number);
    if (!comes(&line->here[!side], number, monotonic_ns() + most)) return 0;
    if (side == 0) return lead(line, number, most);
    follow(line, number, most);
    return 0;
}
