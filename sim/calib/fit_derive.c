#include "calib/fit.h"

#include "calib/lines.h"

#include <math.h>
#include <stddef.h>

// Each stage takes the part of a measured difference that it has in the sum of its group.
enum { GROUP = 4 };

struct fitted {
    struct figure_spec spec;
    const char *whole, *less; // measured: whole - less
    const char *group[GROUP]; // what that is the cost of; the first is this one
};

static const struct fitted fitted[] = {
    {{"server.read.cpu", FIGURE_CPU, "micro-server's loop thread per kept request, read's part of it"},
     "fit.same_loop_keep",
     NULL,
     {"server.read.cpu", "server.call.cpu", "server.write.cpu"}},
    {{"server.call.cpu", FIGURE_CPU, "micro-server's loop thread per kept request, call's part of it"},
     "fit.same_loop_keep",
     NULL,
     {"server.call.cpu", "server.read.cpu", "server.write.cpu"}},
    {{"server.write.cpu", FIGURE_CPU, "micro-server's loop thread per kept request, write's part of it"},
     "fit.same_loop_keep",
     NULL,
     {"server.write.cpu", "server.read.cpu", "server.call.cpu"}},
    {{"server.accept.cpu", FIGURE_CPU,
      "micro-server's process per new connection, accept's part of what it adds"},
     "fit.same_block_new",
     "fit.same_loop_keep",
     {"server.accept.cpu", "server.close.cpu"}},
    {{"server.close.cpu", FIGURE_CPU,
      "micro-server's process per new connection, close's part of what it adds"},
     "fit.same_block_new",
     "fit.same_loop_keep",
     {"server.close.cpu", "server.accept.cpu"}},
    {{"server.adopt", FIGURE_CPU, "micro-server's loop thread per new connection, less its process"},
     "fit.same_loop_new",
     "fit.same_block_new",
     {"server.adopt"}},
    {{"server.hand_off.cpu", FIGURE_CPU,
      "micro-server's loop thread with pool, hand-off's part of what that adds"},
     "fit.pool_loop_64",
     "fit.loop_keep_64",
     {"server.hand_off.cpu", "server.complete.cpu"}},
    {{"server.complete.cpu", FIGURE_CPU,
      "micro-server's loop thread with pool, completion's part of what that adds"},
     "fit.pool_loop_64",
     "fit.loop_keep_64",
     {"server.complete.cpu", "server.hand_off.cpu"}},
    {{"server.pool_work.cpu", FIGURE_CPU, "micro-server's pool threads per request, less their wake-up call"},
     "fit.pool_threads_64",
     NULL,
     {"server.pool_work.cpu", "server.wake"}},
    {{"server.watch.cpu", FIGURE_CPU,
      "micro-server with a thread per request: pool threads, less read, call and write"},
     "fit.watch_threads_64",
     "fit.loop_keep_64",
     {"server.watch.cpu"}},
    {{"client.request", FIGURE_CPU, "load generator per kept request"},
     "fit.same_client_keep",
     NULL,
     {"client.request"}},
    {{"client.connect", FIGURE_CPU, "load generator: what a new connection adds"},
     "fit.same_client_new",
     "fit.same_client_keep",
     {"client.connect"}},
    {{"client.close", FIGURE_CPU, "... the end's part of it"},
     "fit.same_client_new",
     "fit.same_client_keep",
     {"client.close", "client.connect_call", "syscall.epoll_add"}},
};
enum { FITTED = sizeof fitted / sizeof fitted[0] };

// Lines of cache that come over: what a request takes more where its client is on another core, above what it takes more
// (less) there on kept connections, over what one line takes.
struct counted_lines {
    struct figure_spec spec;
    const char *apart, *same, *less_apart, *less_same;
};

static const struct counted_lines counted[] = {
    {{"server.lines", FIGURE_COUNT,
      "micro-server's loop: a kept request with its client on another core, less the same"},
     "fit.loop_keep_64",
     "fit.same_loop_keep",
     NULL,
     NULL},
    {{"server.connect_lines", FIGURE_COUNT, "what a new connection adds to that"},
     "fit.loop_new_64",
     "fit.same_loop_new",
     "fit.loop_keep_64",
     "fit.same_loop_keep"},
    {{"client.lines", FIGURE_COUNT,
      "load generator: a kept request with its server on another core, less the same"},
     "fit.client_keep_64",
     "fit.same_client_keep",
     NULL,
     NULL},
    {{"client.connect_lines", FIGURE_COUNT, "what a new connection adds to that"},
     "fit.client_new_64",
     "fit.same_client_new",
     "fit.client_keep_64",
     "fit.same_client_keep"},
};
enum { COUNTED = sizeof counted / sizeof counted[0] };

// Of nearer cores the difference is too small to be counted in lines, which would be wrong by many once they are far: where they
// are always near those of calib/lines.h stay.
static const double far_ns = 2 * LINES_NEAR_NS;

static double part_of(const struct bench *b, const struct fitted *x, double reference) {
    double sum = 0, first = bench_value(b, x->group[0], reference);
    for (int i = 0; i < GROUP && x->group[i]; i++) sum += bench_value(b, x->group[i], reference);
    return sum > 0 ? first / sum : 0;
}

static bool round_value(const struct bench *b, const char *key, int round, double reference, double *out) {
    const struct figure *f = bench_figure(b, key);
    const struct figure_round *r = f ? figure_round_of(f, round) : NULL;
    if (r) *out = figure_scaled(f, r, reference);
    return r != NULL;
}

// Beside a load the index of a core that nothing slows down is not that of a look: what fit_run scaled by the latter is
// scaled by the former.
static void settle(struct bench *b, double reference) {
    double exchange = bench_value(b, "fit.exchange", reference);
    if (exchange <= 0) return;
    for (const struct figure_spec *spec = fit_figures; spec->key; spec++) {
        struct figure *f = bench_figure(b, spec->key);
        for (int i = 0; spec->kind == FIGURE_CPU && i < f->rounds; i++)
            f->round[i].value *= reference * exchange / 1000;
    }
}

static bool difference(const struct bench *b, const char *whole, const char *less, int round,
                       double reference, double *out) {
    double x, y = 0;
    if (!round_value(b, whole, round, reference, &x)) return false;
    if (less && !round_value(b, less, round, reference, &y)) return false;
    *out = x - y;
    return true;
}

static void derive_stages(struct bench *b, int rounds, double reference) {
    const double scaled[2] = {0, 0};
    double part[FITTED], cost;
    for (int i = 0; i < FITTED; i++) part[i] = part_of(b, &fitted[i], reference);
    for (int i = 0; i < FITTED; i++) {
        struct figure *f = bench_expect_one(b, "fitted", &fitted[i].spec);
        for (int r = 0; r < rounds; r++) {
            if (!difference(b, fitted[i].whole, fitted[i].less, r, reference, &cost)) continue;
            figure_add(f, 0, part[i] * cost);
            figure_close(f, r, scaled);
        }
    }
}

static bool ever_far(const struct bench *b, int rounds, double reference) {
    double line;
    for (int r = 0; r < rounds; r++)
        if (round_value(b, "fit.line", r, reference, &line) && line >= far_ns) return true;
    return false;
}

static void derive_lines(struct bench *b, int rounds, double reference) {
    const double scaled[2] = {0, 0};
    double line, more, less;
    if (!ever_far(b, rounds, reference)) return;
    for (int i = 0; i < COUNTED; i++) {
        const struct counted_lines *l = &counted[i];
        struct figure *f = bench_expect_one(b, "fitted", &l->spec);
        for (int r = 0; r < rounds; r++) {
            if (!round_value(b, "fit.line", r, reference, &line) || line < far_ns) continue;
            if (!difference(b, l->apart, l->same, r, reference, &more)) continue;
            less = 0;
            if (l->less_apart && !difference(b, l->less_apart, l->less_same, r, reference, &less)) continue;
            figure_add(f, 0, fmax(more - less, 0) / line);
            figure_close(f, r, scaled);
        }
    }
}

void fit_derive(struct bench *b, int rounds, double reference) {
    settle(b, reference);
    derive_stages(b, rounds, reference);
    derive_lines(b, rounds, reference);
}
