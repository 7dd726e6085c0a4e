// Two hogs on one core: how long each runs before the other does. A hog that reads the clock all the time sees by a gap
// that it was away.
#include "calib/probe.h"

enum { TURNS = 64 };

static const int64_t gap_ns = 150000, trial_ns = 70000000, least_trial_ns = 25000000;

static const struct figure_spec figures[] = {
    {"machine.slice", FIGURE_SPAN, "two hogs on one core: length of a turn"}, {NULL, 0, NULL}};

struct hogs {
    int64_t until;
    atomic_int turns;
    double turn[TURNS];
};

// The first turn began, and the last ends, by other reasons: neither counts.
static void hog(void *arg) {
    struct hogs *h = arg;
    int64_t since = 0, last = bench_now();
    while (last < h->until) {
        int64_t now = bench_now();
        if (now - last > gap_ns) {
            int k = since ? atomic_fetch_add(&h->turns, 1) : TURNS;
            if (k < TURNS) h->turn[k] = (double)(last - since);
            since = now;
        }
        last = now;
    }
}

static bool run(struct bench *b, struct err *e) {
    int64_t trial = (int64_t)((double)trial_ns * b->effort);
    struct hogs h = {.until = bench_now() + (trial > least_trial_ns ? trial : least_trial_ns)};
    const struct bench_role crew[] = {{0, hog}, {0, hog}};
    if (!bench_crew(b, crew, 2, &h, e)) return false;
    for (int i = 0; i < h.turns && i < TURNS; i++) bench_note(b, "machine.slice", 0, h.turn[i]);
    return true;
}

const struct probe probe_slice = {"slice", "how long a thread runs while another waits", 1, figures, run};
