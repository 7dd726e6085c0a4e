// libuv's own part: an iteration of its loop that finds nothing, and a timer that is set and goes off.
#include "calib/probe.h"

#include <uv.h>

enum { TURNS = 400, TIMERS = 64 };

static const struct figure_spec figures[] = {
    {"loop.turn", FIGURE_CPU, "uv_run(NOWAIT) with nothing ready; epoll_wait is part of it"},
    {"loop.timer", FIGURE_CPU, "uv_timer_start and its callback, one of 64"},
    {NULL, 0, NULL}};

static void ignore_async(uv_async_t *handle) {
    (void)handle;
}

static void count_timer(uv_timer_t *handle) {
    ++*(int *)handle->data;
}

static double turn_cost(const struct bench *b, uv_loop_t *loop) {
    int64_t before = bench_cpu();
    for (int i = 0; i < TURNS; i++) uv_run(loop, UV_RUN_NOWAIT);
    return ((double)(bench_cpu() - before) - b->clock_ns) / TURNS;
}

// `turn` is taken off once: all timers go off in the same iteration.
static double timer_cost(const struct bench *b, uv_loop_t *loop, uv_timer_t *timer, double turn) {
    int fired = 0;
    int64_t before = bench_cpu();
    for (int i = 0; i < TIMERS; i++) {
        timer[i].data = &fired;
        uv_timer_start(&timer[i], count_timer, 0, 0);
    }
    while (fired < TIMERS) uv_run(loop, UV_RUN_NOWAIT);
    return ((double)(bench_cpu() - before) - b->clock_ns - turn) / TIMERS;
}

static bool run(struct bench *b, struct err *e) {
    uv_loop_t loop;
    uv_async_t async;
    uv_timer_t timer[TIMERS];
    int error = uv_loop_init(&loop);
    if (error) return err_set(e, ERR_HOST, "cannot open an event loop: %s", uv_strerror(error));
    error = uv_async_init(&loop, &async, ignore_async);
    if (!error) {
        for (int i = 0; i < TIMERS; i++) uv_timer_init(&loop, &timer[i]);
        double turn = turn_cost(b, &loop);
        bench_note(b, "loop.turn", 0, turn);
        bench_note(b, "loop.timer", 0, timer_cost(b, &loop, timer, turn));
        for (int i = 0; i < TIMERS; i++) uv_close((uv_handle_t *)&timer[i], NULL);
        uv_close((uv_handle_t *)&async, NULL);
        uv_run(&loop, UV_RUN_DEFAULT);
    }
    uv_loop_close(&loop);
    return !error || err_set(e, ERR_HOST, "cannot open an event loop: %s", uv_strerror(error));
}

const struct probe probe_loop = {"loop", "an iteration of libuv's loop", 1, figures, run};
