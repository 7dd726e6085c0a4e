// Going on on another core: eight requests right after a thread was moved there, above the same eight where it stayed.
#include "calib/lines.h"
#include "calib/probe.h"
#include "calib/unit.h"

#include "stats/interval.h"

enum { BURST = 8, MOVES = 12 };

static const struct figure_spec figures[] = {
    {"machine.migrate", FIGURE_CPU, "8 requests after a move to the other core, above 8 without a move"},
    {NULL, 0, NULL}};

// The CPU of a burst on core 0, its requests having come while the thread was on core `from`.
static double burst(const struct bench *b, struct unit *u, int from) {
    bench_pin(b, from);
    unit_ask(u, BURST);
    for (int i = 0; i < BURST; i++) unit_serve(u);
    unit_drain(u);
    unit_ask(u, BURST);
    bench_pin(b, 0);
    int64_t before = bench_cpu();
    for (int i = 0; i < BURST; i++) unit_serve(u);
    double cpu = (double)(bench_cpu() - before) - b->clock_ns;
    unit_drain(u);
    return cpu;
}

static bool run(struct bench *b, struct err *e) {
    struct unit u;
    double stayed[MOVES], moved[MOVES];
    int moves = bench_repeat(b, MOVES);
    if (!unit_open(&u, e)) return false;
    for (int i = 0; i < moves; i++) {
        stayed[i] = burst(b, &u, 0);
        moved[i] = burst(b, &u, 1);
    }
    unit_close(&u);
    double line = 0, moves_cost = median(moved, moves) - median(stayed, moves);
    if (!bench_line(b, &line, e)) return false;
    bench_note(b, "machine.migrate", 0, fmax(moves_cost - lines_cost(LINES_MIGRATE, line), 0));
    return true;
}

const struct probe probe_migrate = {"migrate", "going on on another core", 2, figures, run};
