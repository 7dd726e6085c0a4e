// Time that host and system take from the cores (live/host_stolen.h), for long and, by the host's tick, for short.
#include "calib/probe.h"
#include "live/host_stolen.h"

#include <math.h>

static const int64_t look_ns = 60000000;

static const struct figure_spec figures[] = {
    {"machine.stolen_share", FIGURE_SHARE,
     "time missing in gaps of 0.2 ms and more that a thread sees which reads the clock all the time"},
    {"stolen.wait", FIGURE_SHARE,
     "... what one who comes at any moment waits for the end of one, part of 0.1 s"},
    {"machine.interrupt_cpu", FIGURE_SPAN, "shorter gaps (8 us and more): the machine's tick and its host's"},
    {"stolen.interrupts", FIGURE_SHARE, "... how many in 10 us of a core"},
    {NULL, 0, NULL}};

static bool run(struct bench *b, struct err *e) {
    struct host_stolen seen = {0};
    bench_pin(b, -1);
    bool ok = host_stolen_look(bench_repeat(b, 6) * look_ns / 6, &seen, e);
    bench_pin(b, 0);
    if (!ok) return false;
    bench_count(b, "machine.stolen_share", seen.lost_s * 1e6, seen.looked_s * 1e6);
    // More than that on average, which a host that stands still for some tenths of a second can make, is no share.
    double looked_ms = seen.looked_s * 1e3, waited_ms = seen.waited_s2 * STOLEN_WAIT_UNITS * 1e3;
    bench_count(b, "stolen.wait", fmin(waited_ms, looked_ms), looked_ms);
    bench_count(b, "stolen.interrupts", (double)seen.interrupts, seen.looked_s * STOLEN_INTERRUPTS_UNITS);
    for (int i = 0; i < seen.interrupts && i < HOST_INTERRUPTS; i++)
        bench_note(b, "machine.interrupt_cpu", 0, seen.interrupt[i]);
    return true;
}

const struct probe probe_stolen = {"stolen", "time that host and system take from the cores", 1, figures,
                                   run};
