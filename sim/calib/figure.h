#pragma once
// A figure: one quantity that a probe measures, with one value a round, and what the rounds say together.
#include <stdbool.h>
#include <stddef.h>

// With fewer rounds two halves that say the same differ too often by chance (2 in 20 with six rounds, 2 in 70 with eight:
// all of one half above all of the other).
enum { FIGURE_HALVES = 8 };

enum figure_kind {
    FIGURE_CPU,   // ns in which a processor works: scaled to speed 1 by the speed index seen beside it
    FIGURE_SPAN,  // ns that pass: not scaled, since timers and slices do not follow the clock
    FIGURE_RATIO, // a plain number, read as a share
    FIGURE_COUNT, // a plain number
    FIGURE_SHARE, // hits among trials, 0 to 1
};

// What a probe promises to note. `key` is a key of the cost profile ("machine.switch"; "machine.cold@1ms" is a
// point of a curve) or the name of an ingredient that no profile has ("syscall.recv").
struct figure_spec {
    const char *key; // NULL ends a list
    enum figure_kind kind;
    const char *source; // one line, under 160 bytes
};

// One round: the median of its samples (or the share of its trials) and the speed index beside it (live/host_speed.h); 0 =
// already scaled.
struct figure_round {
    int number;
    double value, speed, hits, trials;
};

struct figure {
    const struct figure_spec *spec;
    const char *probe;
    int core;       // the core its samples come from: 0 or 1, an index into the bench's
    double *sample; // of the present round
    int samples;
    size_t sample_room;
    double hits, trials; // of the present round
    struct figure_round *round;
    int rounds;
    size_t round_room;
};

struct figure_estimate {
    double value, lo, hi; // NAN where there is no round; otherwise 0 <= lo <= value <= hi
    double early,
        late;    // the same over the first and the second half of the rounds; NAN below FIGURE_HALVES rounds
    bool agrees; // the intervals of the halves meet, or the halves differ by less than matters
};

void figure_init(struct figure *f, const struct figure_spec *spec, const char *probe);
void figure_fini(struct figure *f);

// Adds a sample, or trials, to the present round.
void figure_add(struct figure *f, int core, double value);
void figure_count(struct figure *f, double hits, double trials);

// Ends the present round with the speed indices of the two cores beside it; a round without samples leaves no trace.
void figure_close(struct figure *f, int number, const double speed[2]);

// Forgets the samples of the present round.
void figure_drop(struct figure *f);

// A round's value, for FIGURE_CPU as on a core whose speed index is `reference`.
double figure_scaled(const struct figure *f, const struct figure_round *r, double reference);

// The round of that number, or NULL.
const struct figure_round *figure_round_of(const struct figure *f, int number);

// All but SHARE: the median of the rounds and the distribution-free 95 % interval of a median between two order
// statistics (David & Nagaraja 2003, section 7.1); with fewer than six rounds, which cannot support one, from the
// lowest to the highest. SHARE: hits over trials with Wilson's score interval (Wilson 1927). Either is
// widened to hold the medians (shares) of both halves, because rounds near in time resemble each other. O(rounds log
// rounds).
void figure_estimate(const struct figure *f, double reference, struct figure_estimate *out);

// Whether two values of a kind differ by less than matters to any prediction: 3 %, 30 ns, or 0.05 of a share or ratio.
bool figure_alike(enum figure_kind kind, double a, double b);

// The ranks, from 0, of the order statistics of n >= 1 values between which the median lies with probability >= 0.95
// (n >= 6; else the first and the last).
void figure_ranks(int n, int *low, int *high);
