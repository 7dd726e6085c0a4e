// Placement: A runs on core 0 and wakes B, which ran there last; core 1 has been idle for a while. Does B wait for core
// 0, or is the idle core found? Woken in the three ways a server wakes its threads. Trials in which something else ran
// on the machine tell nothing and are left out.
#include "calib/probe.h"
#include "calib/unit.h"

#include <pthread.h>
#include <sched.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

enum { WAYS = 3, TRIALS = 24 };

static const int64_t idle_ns = 1200000, busy_ns = 250000;

static const struct figure_spec figures[] = {
    {"machine.stay", FIGURE_SHARE,
     "A wakes B, last on A's core, the other core being idle: B comes back to A's"},
    {"stay.futex", FIGURE_SHARE, "the same, woken by a futex"},
    {"stay.eventfd", FIGURE_SHARE, "the same, woken from epoll_wait by an eventfd"},
    {"stay.socket", FIGURE_SHARE, "the same, woken from epoll_wait by a TCP socket"},
    {NULL, 0, NULL}};

static const char *const keys[WAYS] = {"stay.futex", "stay.eventfd", "stay.socket"};

struct place {
    struct bench *bench;
    int trials;
    struct unit unit; // its client is A's end, its epoll B's
    int event, epoll;
    pthread_t sleeper;
    atomic_int word, ready, ran;
    atomic_int where; // the core B ran on
};

static void wait_in(struct place *p, int trial) {
    struct epoll_event event;
    uint64_t count;
    switch (trial % WAYS) {
    case 0: bench_block(&p->word, trial); break;
    case 1:
        epoll_wait(p->epoll, &event, 1, -1);
        p->where = sched_getcpu();
        if (read(p->event, &count, sizeof count) < 0) return;
        return;
    case 2: epoll_wait(p->unit.epoll, &event, 1, -1); break;
    }
    p->where = sched_getcpu();
}

static void sleeper(void *arg) {
    struct place *p = arg;
    p->sleeper = pthread_self();
    for (int i = 0; i < p->trials; i++) {
        char bytes[512];
        bench_pin(p->bench, 0);
        atomic_store(&p->ready, i + 1);
        wait_in(p, i);
        if (i % WAYS == 2 && recv(p->unit.server, bytes, sizeof bytes, 0) < 0) p->where = -1;
        atomic_store(&p->ran, i + 1);
    }
}

static void wake(struct place *p, int trial) {
    const uint64_t one = 1;
    atomic_store(&p->word, trial + 1);
    switch (trial % WAYS) {
    case 0: bench_rouse(&p->word); break;
    case 1:
        if (write(p->event, &one, sizeof one) < 0) return;
        break;
    case 2: unit_ask(&p->unit, 1); break;
    }
}

static void try(struct place *p, int i) {
    cpu_set_t both;
    CPU_ZERO(&both);
    CPU_SET(p->bench->cpu[0], &both);
    CPU_SET(p->bench->cpu[1], &both);
    bench_await(&p->ready, i + 1);
    bench_sleep(100000); // lets B reach its wait: it shares this core until then
    pthread_setaffinity_np(p->sleeper, sizeof both, &both);
    bench_busy(bench_now() + idle_ns);
    bool alone = bench_alone(1, 3 * idle_ns);
    wake(p, i);
    bench_busy(bench_now() + busy_ns);
    bench_await(&p->ran, i + 1);
    if (!alone || p->where < 0) return;
    bench_count(p->bench, "machine.stay", p->where == p->bench->cpu[0], 1);
    bench_count(p->bench, keys[i % WAYS], p->where == p->bench->cpu[0], 1);
}

static void waker(void *arg) {
    struct place *p = arg;
    for (int i = 0; i < p->trials; i++) try(p, i);
}

static bool open_ends(struct place *p, struct err *e) {
    struct epoll_event event = {.events = EPOLLIN};
    if (!unit_open(&p->unit, e)) return false;
    p->event = eventfd(0, EFD_CLOEXEC);
    p->epoll = epoll_create1(EPOLL_CLOEXEC);
    if (p->event >= 0 && p->epoll >= 0 && !epoll_ctl(p->epoll, EPOLL_CTL_ADD, p->event, &event)) return true;
    return err_set(e, ERR_HOST, "cannot open an eventfd");
}

static void close_ends(struct place *p) {
    unit_close(&p->unit);
    if (p->event >= 0) close(p->event);
    if (p->epoll >= 0) close(p->epoll);
}

static bool run(struct bench *b, struct err *e) {
    struct place p = {.bench = b,
                      .trials = bench_repeat(b, TRIALS),
                      .event = -1,
                      .epoll = -1,
                      .unit = {-1, -1, -1, {0}, {0}}};
    const struct bench_role crew[] = {{0, waker}, {0, sleeper}};
    bool ok = open_ends(&p, e) && bench_crew(b, crew, 2, &p, e);
    close_ends(&p);
    return ok;
}

const struct probe probe_stay = {"stay", "where a woken thread runs", 2, figures, run};
