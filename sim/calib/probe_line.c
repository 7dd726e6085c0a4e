// A line of cache between two cores: both are awake and write it in turn.
#include "calib/probe.h"

enum { MEETINGS = 5 };

static const struct figure_spec figures[] = {
    {"machine.line", FIGURE_SPAN, "half a round trip of a line of cache between two cores"}, {NULL, 0, NULL}};

static bool run(struct bench *b, struct err *e) {
    for (int i = 0; i < MEETINGS; i++) {
        double ns = 0;
        if (!bench_line(b, &ns, e)) return false;
        if (ns > 0) bench_note(b, "machine.line", 0, ns);
    }
    return true;
}

const struct probe probe_line = {"line", "a line of cache from core to core", 2, figures, run};
