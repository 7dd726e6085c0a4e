#include "live/bounded.h"

#include "base/memory.h"
#include "base/require.h"

#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <unistd.h>

// Who waits: a thread of a worker, or (thread LOOP) the loop of a worker for one of its requests.
struct ticket {
    int16_t worker, thread;
};

enum { LOOP = -1 };

// In memory that all the processes share; followed by the semaphores of the threads and the ring of tickets.
struct common {
    pthread_mutex_t mutex;
    int used;
    uint32_t head, count; // of the ring
};

struct bounded {
    struct bounded_limits limits;
    struct common *common;
    sem_t *granted;      // [workers * threads]
    struct ticket *ring; // [waiting], pages untouched until they are needed
    size_t bytes;
    int *wake; // [workers] eventfds, -1 where there is none yet
};

// A process that dies within the few instructions in which it holds the mutex must not stop the others.
static void enter(struct bounded *b) {
    if (pthread_mutex_lock(&b->common->mutex) == EOWNERDEAD) pthread_mutex_consistent(&b->common->mutex);
}

static void leave(struct bounded *b) {
    pthread_mutex_unlock(&b->common->mutex);
}

static void init_mutex(pthread_mutex_t *m) {
    pthread_mutexattr_t a;
    pthread_mutexattr_init(&a);
    pthread_mutexattr_setpshared(&a, PTHREAD_PROCESS_SHARED);
    pthread_mutexattr_setrobust(&a, PTHREAD_MUTEX_ROBUST);
    pthread_mutex_init(m, &a);
    pthread_mutexattr_destroy(&a);
}

static bool map(struct bounded *b, struct err *e) {
    size_t sems = (size_t)b->limits.workers * (size_t)b->limits.threads;
    b->bytes = sizeof *b->common + sems * sizeof(sem_t) + (size_t)b->limits.waiting * sizeof(struct ticket);
    void *p = mmap(NULL, b->bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (p == MAP_FAILED) return err_set(e, ERR_HOST, "no memory for a resource: %s", strerror(errno));
    b->common = p;
    b->granted = (sem_t *)(b->common + 1);
    b->ring = (struct ticket *)(b->granted + sems);
    init_mutex(&b->common->mutex);
    for (size_t i = 0; i < sems; i++) sem_init(&b->granted[i], 1, 0);
    return true;
}

static bool open_wakes(struct bounded *b, struct err *e) {
    b->wake = memory_new((size_t)b->limits.workers, sizeof *b->wake);
    for (int i = 0; i < b->limits.workers; i++) b->wake[i] = -1;
    for (int i = 0; i < b->limits.workers; i++) {
        b->wake[i] = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
        if (b->wake[i] < 0)
            return err_set(e, ERR_HOST, "no file descriptor for a resource: %s", strerror(errno));
    }
    return true;
}

struct bounded *bounded_create(const struct bounded_limits *l, struct err *e) {
    REQUIRE(l->capacity > 0 && l->workers > 0 && l->threads > 0 && l->waiting > 0);
    struct bounded *b = memory_new(1, sizeof *b);
    b->limits = *l;
    if (map(b, e) && open_wakes(b, e)) return b;
    bounded_destroy(b);
    return NULL;
}

void bounded_destroy(struct bounded *b) {
    if (!b) return;
    for (int i = 0; b->wake && i < b->limits.workers; i++)
        if (b->wake[i] >= 0) close(b->wake[i]);
    if (b->common) munmap(b->common, b->bytes);
    free(b->wake);
    free(b);
}

// With the mutex held.
static bool take_or_queue(struct bounded *b, struct ticket t) {
    struct common *c = b->common;
    if (c->count == 0 && c->used < b->limits.capacity) {
        c->used++;
        return true;
    }
    uint32_t room = (uint32_t)b->limits.waiting;
    REQUIRE(c->count < room);
    b->ring[(c->head + c->count++) % room] = t;
    return false;
}

void bounded_take(struct bounded *b, int worker, int thread) {
    enter(b);
    bool taken = take_or_queue(b, (struct ticket){(int16_t)worker, (int16_t)thread});
    leave(b);
    if (taken) return;
    while (sem_wait(&b->granted[worker * b->limits.threads + thread]) != 0) REQUIRE(errno == EINTR);
}

bool bounded_take_or_queue(struct bounded *b, int worker) {
    enter(b);
    bool taken = take_or_queue(b, (struct ticket){(int16_t)worker, LOOP});
    leave(b);
    return taken;
}

int bounded_wake_fd(const struct bounded *b, int worker) {
    return b->wake[worker];
}

// With the mutex held: the next in line has the unit; false where nobody waits.
static bool next_in_line(struct bounded *b, struct ticket *next) {
    struct common *c = b->common;
    REQUIRE(c->used > 0);
    if (c->count == 0) {
        c->used--;
        return false;
    }
    *next = b->ring[c->head];
    c->head = (c->head + 1) % (uint32_t)b->limits.waiting;
    c->count--;
    return true;
}

bool bounded_give(struct bounded *b, int worker, bool by_loop) {
    struct ticket next;
    enter(b);
    bool any = next_in_line(b, &next);
    leave(b);
    if (!any) return false;
    if (next.thread != LOOP)
        sem_post(&b->granted[next.worker * b->limits.threads + next.thread]);
    else if (by_loop && next.worker == worker)
        return true;
    else
        eventfd_write(b->wake[next.worker], 1);
    return false;
}
