// A thread waits on a busy core: when does the other core come for it? Once it has long been idle (the periodic
// balance), and at the moment it becomes idle (the pull). Two hogs share core 0 and may from one moment on use both;
// they see the core they are on. Trials in which something else ran on the machine are left out.
#include "calib/probe.h"

#include <pthread.h>
#include <sched.h>

enum { TRIALS = 2 };

static const int64_t settle_ns = 3000000, most_ns = 20000000, pull_ns = 300000;

static const struct figure_spec figures[] = {
    {"machine.balance", FIGURE_SPAN, "two hogs on one core, the other idle: until one of them moves"},
    {"pull.hog", FIGURE_SHARE,
     "a core whose thread blocks takes a waiting hog from the other core within 0.3 ms"},
    {NULL, 0, NULL}};

struct pull {
    struct bench *bench;
    pthread_t hog;                  // the second one
    atomic_int round, ready, free_; // trial at hand, hogs in it, trials whose hogs may move
    _Atomic int64_t since, moved; // when they were let loose (or core 1 became idle); when one was on core 1
    atomic_int over;              // trials that ended
    bool with_guest;              // a third thread keeps core 1 busy until it blocks
    int trials;
    atomic_int guest_done;
};

static void watch(struct pull *p, int trial) {
    while (atomic_load(&p->over) < trial) {
        if (sched_getcpu() != p->bench->cpu[1] || atomic_load(&p->free_) < trial) continue;
        int64_t none = 0, now = bench_now();
        atomic_compare_exchange_strong(&p->moved, &none, now);
    }
}

static void second_hog(void *arg) {
    struct pull *p = arg;
    p->hog = pthread_self();
    for (int i = 1; i <= p->trials; i++) {
        bench_pin(p->bench, 0);
        atomic_fetch_add(&p->ready, 1);
        while (atomic_load(&p->round) < i) bench_sleep(50000);
        watch(p, i);
    }
}

static void let_loose(struct pull *p, int trial) {
    cpu_set_t both;
    CPU_ZERO(&both);
    CPU_SET(p->bench->cpu[0], &both);
    CPU_SET(p->bench->cpu[1], &both);
    pthread_setaffinity_np(p->hog, sizeof both, &both);
    if (!p->with_guest) atomic_store(&p->since, bench_now());
    atomic_store(&p->free_, trial);
    sched_setaffinity(0, sizeof both, &both);
}

static void note(struct pull *p, bool alone) {
    int64_t since = atomic_load(&p->since), moved = atomic_load(&p->moved);
    int64_t took = moved > since ? moved - since : 0;
    if (!alone || !since || (moved && moved < since)) return;
    if (p->with_guest)
        bench_count(p->bench, "pull.hog", moved && took < pull_ns, 1);
    else
        bench_note(p->bench, "machine.balance", 0, (double)(moved ? took : most_ns));
}

static void first_hog(void *arg) {
    struct pull *p = arg;
    for (int i = 1; i <= p->trials; i++) {
        bench_pin(p->bench, 0);
        bench_await(&p->ready, i);
        atomic_store(&p->moved, 0);
        atomic_store(&p->since, 0);
        atomic_store(&p->round, i);
        bench_busy(bench_now() + settle_ns);
        bool alone = bench_alone(p->with_guest ? 3 : 2, settle_ns);
        let_loose(p, i);
        int64_t until = bench_now() + most_ns;
        while (!atomic_load(&p->moved) && bench_now() < until) {
            if (sched_getcpu() != p->bench->cpu[1]) continue;
            int64_t none = 0;
            atomic_compare_exchange_strong(&p->moved, &none, bench_now());
        }
        atomic_store(&p->over, i);
        bench_await(&p->guest_done, p->with_guest ? i : 0);
        note(p, alone);
    }
}

// Keeps core 1 busy until the hogs have been free to move for a while, then leaves it.
static void guest(void *arg) {
    struct pull *p = arg;
    for (int i = 1; i <= p->trials; i++) {
        while (atomic_load(&p->free_) < i) {}
        bench_busy(bench_now() + pull_ns);
        atomic_store(&p->since, bench_now());
        while (atomic_load(&p->over) < i) bench_sleep(2000000);
        atomic_store(&p->guest_done, i);
    }
}

static bool run(struct bench *b, struct err *e) {
    const struct bench_role crew[] = {{0, first_hog}, {0, second_hog}, {1, guest}};
    struct pull balance = {.bench = b, .trials = bench_repeat(b, TRIALS)};
    struct pull pull = {.bench = b, .trials = bench_repeat(b, TRIALS), .with_guest = true};
    return bench_crew(b, crew, 2, &balance, e) && bench_crew(b, crew, 3, &pull, e);
}

const struct probe probe_pull = {"pull", "when an idle core takes a waiting thread", 2, figures, run};
