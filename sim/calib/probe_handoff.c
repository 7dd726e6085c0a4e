// Handing a request to a pool thread and taking the result back: a queue with mutex and condition on the way there, a
// queue and an eventfd on the way back. Loop and pool thread on a core each, both asleep when their turn comes.
#include "calib/probe.h"

#include <errno.h>
#include <pthread.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

enum { TRIALS = 40 };

static const int64_t rest_ns = 120000;

static const struct figure_spec figures[] = {
    {"handoff.put", FIGURE_CPU, "loop: put into the queue of a sleeping pool thread and signal it"},
    {"handoff.take", FIGURE_CPU, "loop: read the eventfd and take the result"},
    {"handoff.sleep", FIGURE_CPU,
     "pool thread: going to sleep for an item (its CPU clock read while it sleeps)"},
    {"handoff.result", FIGURE_CPU, "pool thread: put the result, without the eventfd"},
    {"handoff.wake", FIGURE_CPU, "pool thread: write to the eventfd the loop sleeps on"},
    {"handoff.trip", FIGURE_SPAN, "there and back, from putting the item to having the result"},
    {NULL, 0, NULL}};

struct queue {
    pthread_mutex_t mutex;
    pthread_cond_t cond;
    int item; // 0 = empty
};

struct handoff {
    const struct bench *bench;
    int trials, event, epoll;
    struct queue there, back;
    atomic_int waits; // the pool thread is about to sleep for its n-th item
    clockid_t pool;   // CPU clock of the pool thread
    int64_t before;   // what that showed when it began to wait
    double put[TRIALS], take[TRIALS], sleep[TRIALS], result[TRIALS], wake[TRIALS], trip[TRIALS];
};

static void put(struct queue *q, int item) {
    pthread_mutex_lock(&q->mutex);
    q->item = item;
    pthread_cond_signal(&q->cond);
    pthread_mutex_unlock(&q->mutex);
}

static int get(struct queue *q) {
    pthread_mutex_lock(&q->mutex);
    while (!q->item) pthread_cond_wait(&q->cond, &q->mutex);
    int item = q->item;
    q->item = 0;
    pthread_mutex_unlock(&q->mutex);
    return item;
}

static void loop(void *arg) {
    struct handoff *h = arg;
    const double clock_ns = h->bench->clock_ns;
    for (int i = 0; i < h->trials; i++) {
        struct epoll_event event;
        uint64_t count = 0;
        bench_await(&h->waits, i + 1);
        bench_busy(bench_now() + rest_ns);
        h->sleep[i] = (double)(bench_clock(h->pool) - h->before);
        int64_t start = bench_now(), before = bench_cpu();
        put(&h->there, i + 1);
        h->put[i] = (double)(bench_cpu() - before) - clock_ns;
        epoll_wait(h->epoll, &event, 1, -1);
        before = bench_cpu();
        if (read(h->event, &count, sizeof count) == sizeof count) get(&h->back);
        h->take[i] = (double)(bench_cpu() - before) - clock_ns;
        h->trip[i] = (double)(bench_now() - start);
    }
}

// The item waits a little in the pool thread's hands, so that the loop sleeps when the result comes.
static void pool_thread(void *arg) {
    struct handoff *h = arg;
    const double clock_ns = h->bench->clock_ns;
    const uint64_t one = 1;
    pthread_getcpuclockid(pthread_self(), &h->pool);
    for (int i = 0; i < h->trials; i++) {
        h->before = bench_cpu();
        atomic_store(&h->waits, i + 1);
        int item = get(&h->there);
        bench_busy(bench_now() + rest_ns / 4);
        int64_t worked = bench_cpu();
        put(&h->back, item);
        int64_t done = bench_cpu();
        if (write(h->event, &one, sizeof one) < 0) return;
        h->wake[i] = (double)(bench_cpu() - done) - clock_ns;
        h->result[i] = (double)(done - worked) - clock_ns;
    }
}

static void queue_init(struct queue *q) {
    pthread_mutex_init(&q->mutex, NULL);
    pthread_cond_init(&q->cond, NULL);
}

static void queue_fini(struct queue *q) {
    pthread_cond_destroy(&q->cond);
    pthread_mutex_destroy(&q->mutex);
}

static void note(struct bench *b, const struct handoff *h) {
    for (int i = 0; i < h->trials; i++) {
        bench_note(b, "handoff.put", 0, h->put[i]);
        bench_note(b, "handoff.take", 0, h->take[i]);
        bench_note(b, "handoff.sleep", 1, h->sleep[i]);
        bench_note(b, "handoff.result", 1, h->result[i]);
        bench_note(b, "handoff.wake", 1, h->wake[i]);
        bench_note(b, "handoff.trip", 0, h->trip[i] - (double)rest_ns / 4);
    }
}

static bool run(struct bench *b, struct err *e) {
    const struct bench_role crew[] = {{0, loop}, {1, pool_thread}};
    struct handoff h = {.bench = b, .trials = bench_repeat(b, TRIALS)};
    struct epoll_event event = {.events = EPOLLIN};
    h.event = eventfd(0, EFD_CLOEXEC);
    h.epoll = epoll_create1(EPOLL_CLOEXEC);
    queue_init(&h.there);
    queue_init(&h.back);
    bool ok = h.event >= 0 && h.epoll >= 0 && !epoll_ctl(h.epoll, EPOLL_CTL_ADD, h.event, &event);
    if (!ok) err_set(e, ERR_HOST, "cannot open an eventfd: %s", strerror(errno));
    ok = ok && bench_crew(b, crew, 2, &h, e);
    if (ok) note(b, &h);
    queue_fini(&h.there);
    queue_fini(&h.back);
    if (h.event >= 0) close(h.event);
    if (h.epoll >= 0) close(h.epoll);
    return ok;
}

const struct probe probe_handoff = {"handoff", "a request to a pool thread and back", 2, figures, run};
