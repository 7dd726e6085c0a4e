// How much the cost of the same work varies from one time to the next: half the distance between the 16th and the 84th
// percentile (a standard deviation, were it normal) over the median.
#include "calib/probe.h"
#include "calib/unit.h"

#include "stats/hist.h"

enum { UNITS = 400 };

static const struct figure_spec figures[] = {
    {"machine.jitter", FIGURE_RATIO, "spread of the CPU of one request: (p84 - p16) / 2 over the median"},
    {NULL, 0, NULL}};

static bool run(struct bench *b, struct err *e) {
    struct unit u;
    struct hist h;
    if (!unit_open(&u, e)) return false;
    hist_init(&h);
    for (int i = 0; i < UNITS; i++) {
        unit_ask(&u, 1);
        int64_t before = bench_cpu();
        unit_serve(&u);
        int64_t cpu = bench_cpu() - before;
        if (i >= UNITS / 10) hist_add(&h, cpu > 0 ? cpu : 0);
        unit_drain(&u);
    }
    double middle = (double)hist_quantile(&h, 0.5);
    if (middle > 0)
        bench_note(b, "machine.jitter", 0,
                   (double)(hist_quantile(&h, 0.84) - hist_quantile(&h, 0.16)) / 2 / middle);
    hist_fini(&h);
    unit_close(&u);
    return true;
}

const struct probe probe_jitter = {"jitter", "how much the same work varies", 1, figures, run};
