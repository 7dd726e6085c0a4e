// Timer slack: how much later than asked a timed wait ends, against the same wait with the slack set to 1 ns
// (prctl(2), PR_SET_TIMERSLACK).
#include "calib/probe.h"

#include <sys/prctl.h>

enum { SLEEPS = 12 };

static const int64_t span_ns = 700000;

static const struct figure_spec figures[] = {
    {"machine.timer_slack", FIGURE_SPAN,
     "lateness of a sleep of 0.7 ms, above that with PR_SET_TIMERSLACK 1"},
    {"timer.late", FIGURE_SPAN, "lateness of a sleep of 0.7 ms with the default slack"},
    {NULL, 0, NULL}};

static double lateness(void) {
    int64_t before = bench_now();
    bench_sleep(span_ns);
    return (double)(bench_now() - before - span_ns);
}

static bool run(struct bench *b, struct err *e) {
    (void)e;
    int sleeps = bench_repeat(b, SLEEPS);
    unsigned long slack = (unsigned long)prctl(PR_GET_TIMERSLACK);
    for (int i = 0; i < sleeps; i++) {
        double late = lateness();
        prctl(PR_SET_TIMERSLACK, 1UL);
        double exact = lateness();
        prctl(PR_SET_TIMERSLACK, slack);
        bench_note(b, "machine.timer_slack", 0, late - exact);
        bench_note(b, "timer.late", 0, late);
    }
    return true;
}

const struct probe probe_timer = {"timer", "lateness of timed waits", 1, figures, run};
