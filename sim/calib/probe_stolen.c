// Time that the host takes from the cores (live/host_stolen.h).
#include "calib/probe.h"
#include "live/host_stolen.h"

static const int64_t look_ns = 60000000;

static const struct figure_spec figures[] = {
    {"machine.stolen_share", FIGURE_SHARE,
     "time missing in gaps of 0.2 ms and more that a thread sees which reads the clock all the time"},
    {"stolen.times", FIGURE_SHARE, "such gaps per ms of a core"},
    {NULL, 0, NULL}};

static bool run(struct bench *b, struct err *e) {
    struct host_stolen seen = {0};
    bench_pin(b, -1);
    bool ok = host_stolen_look(bench_repeat(b, 6) * look_ns / 6, &seen, e);
    bench_pin(b, 0);
    if (!ok) return false;
    bench_count(b, "machine.stolen_share", seen.lost_s * 1e6, seen.looked_s * 1e6);
    bench_count(b, "stolen.times", (double)seen.times, seen.looked_s * 1e3);
    return true;
}

const struct probe probe_stolen = {"stolen", "time that the host takes from the cores", 1, figures, run};
