// Starting a thread, as either side pays for it, and a blocking call that really blocks: on a core that a thread of the
// idle class keeps from halting, so that no wake-up latency is counted as CPU.
#include "calib/probe.h"

#include <pthread.h>
#include <string.h>

enum { THREADS = 16, BLOCKS = 6 };

static const int64_t block_ns = 5000000;

static const struct figure_spec figures[] = {
    {"server.spawn", FIGURE_CPU, "pthread_create and the new thread's first steps, mean of both sides"},
    {"server.block", FIGURE_CPU, "a sleep of 5 ms: the call, leaving the core, coming back"},
    {NULL, 0, NULL}};

static void *first_steps(void *arg) {
    *(int64_t *)arg = bench_cpu();
    return NULL;
}

static bool spawn_cost(const struct bench *b, double *cost, struct err *e) {
    int64_t child = 0;
    pthread_t thread;
    int64_t before = bench_cpu();
    int error = pthread_create(&thread, NULL, first_steps, &child);
    int64_t parent = bench_cpu() - before;
    if (error) return err_set(e, ERR_HOST, "cannot start a thread: %s", strerror(error));
    pthread_join(thread, NULL);
    *cost = ((double)(parent + child) - b->clock_ns) / 2;
    return true;
}

struct blocks {
    struct bench *bench;
    atomic_int over;
};

static void block(void *arg) {
    struct blocks *k = arg;
    bench_sleep(block_ns);
    for (int i = 0; i < bench_repeat(k->bench, BLOCKS); i++) {
        int64_t before = bench_cpu();
        bench_sleep(block_ns);
        bench_note(k->bench, "server.block", 0, (double)(bench_cpu() - before) - k->bench->clock_ns);
    }
    atomic_store(&k->over, 1);
}

static void fill(void *arg) {
    struct blocks *k = arg;
    const struct sched_param none = {0};
    sched_setscheduler(0, SCHED_IDLE, &none);
    while (!atomic_load_explicit(&k->over, memory_order_relaxed)) {}
}

static bool run(struct bench *b, struct err *e) {
    const struct bench_role crew[] = {{0, block}, {0, fill}};
    struct blocks blocks = {.bench = b};
    for (int i = 0; i < bench_repeat(b, THREADS); i++) {
        double cost = 0;
        if (!spawn_cost(b, &cost, e)) return false;
        bench_note(b, "server.spawn", 0, cost);
    }
    return bench_crew(b, crew, 2, &blocks, e);
}

const struct probe probe_threads = {"threads", "starting a thread, blocking one", 1, figures, run};
