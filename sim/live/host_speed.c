#include "live/host_speed.h"

#include "base/memory.h"
#include "base/monotonic.h"
#include "live/host.h"
#include "live/host_dense.h"
#include "live/host_line.h"
#include "stats/interval.h"

#include <math.h>
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { EXCHANGED = HOST_EXCHANGED, WARM = 40, PIECES = 3, PIECE_TIMES = 24 };
// Beside a load a sample must not be seen in its latencies: a pause of 0.2 ms at 40 times a second on each core was their p99.
enum { BRIEF_WARM = 24, BRIEF_PIECES = 2, BRIEF_TIMES = 16, FIRST_NS = 20000000 };
// Two cores meet every third time, and wait for each other no longer than the latency of waking one.
enum { LINE_EVERY = 3, LINE_MOST_NS = 150000 };
static const double least_busy_s = 0.01; // one tick of the kernel's statistics

struct sampler {
    struct host_speed *owner;
    pthread_t thread;
    int cpu;
    double *seen;
    size_t count, capacity;
    double busy_s; // host_dense_busy_s of the core at the start
    double slow;   // sum of 1 / host_dense_now, of `slows` samples; under the owner's mutex
    size_t slows;
    double *line; // of the first: host_line_meet with the second
    size_t lines, line_capacity;
};

struct host_speed {
    pthread_mutex_t mutex;
    pthread_cond_t stop, ready;
    int at_rest; // samplers that have begun
    bool stopping, dense, pair;
    int64_t begun, first, period; // all cores sample at begun (0: not yet) + first + k period
    int samplers;
    struct sampler *sampler;
    struct host_line line;
};

// A small message through the kernel and back, which is what a server of little work spends its time with.
static bool exchange(const int fd[2], int times) {
    char bytes[EXCHANGED] = {0};
    while (times-- > 0)
        if (write(fd[0], bytes, sizeof bytes) < 0 || read(fd[1], bytes, sizeof bytes) < 0) return false;
    return true;
}

// The best of some pieces: what disturbs one of them (a tick, an interrupt) is not the speed of the core.
static double best_of(const int fd[2], int warm, int pieces, int times) {
    int64_t least = INT64_MAX;
    bool ok = exchange(fd, warm);
    for (int i = 0; ok && i < pieces; i++) {
        int64_t from = thread_cpu_ns();
        ok = exchange(fd, times);
        int64_t ns = thread_cpu_ns() - from;
        if (ns < least) least = ns;
    }
    return ok && least > 0 ? times * 1000.0 / (double)least : 0;
}

double host_speed_now(void) {
    int fd[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fd)) return 0;
    double speed = best_of(fd, WARM, PIECES, PIECE_TIMES);
    close(fd[0]);
    close(fd[1]);
    return speed;
}

// Until the next instant to sample at; its number, or -1 when all is over.
static int64_t rest(struct host_speed *s) {
    int64_t since = monotonic_ns() - s->begun - s->first, number = since < 0 ? 0 : since / s->period + 1;
    int64_t at = s->begun + s->first + number * s->period;
    const struct timespec until = {at / 1000000000, at % 1000000000};
    pthread_mutex_lock(&s->mutex);
    int error = 0;
    while (!s->stopping && !error) error = pthread_cond_timedwait(&s->stop, &s->mutex, &until);
    bool go_on = !s->stopping;
    pthread_mutex_unlock(&s->mutex);
    return go_on ? number : -1;
}

static void note_dense(struct sampler *own) {
    double slow = 1 / host_dense_now();
    pthread_mutex_lock(&own->owner->mutex);
    own->slow += slow;
    own->slows++;
    pthread_mutex_unlock(&own->owner->mutex);
}

static void note_line(struct sampler *own, int64_t number) {
    struct host_speed *s = own->owner;
    int side = (int)(own - s->sampler);
    if (!s->pair || side > 1 || number % LINE_EVERY != 0) return;
    double took = host_line_meet(&s->line, side, number + 1, LINE_MOST_NS);
    if (took <= 0) return;
    own->line = memory_grow(own->line, &own->line_capacity, own->lines + 1, sizeof *own->line);
    own->line[own->lines++] = took;
}

// Until all samplers have come so far.
static void begin(struct host_speed *s) {
    pthread_mutex_lock(&s->mutex);
    s->at_rest++;
    pthread_cond_signal(&s->ready);
    while (!s->begun && !s->stopping) pthread_cond_wait(&s->stop, &s->mutex);
    pthread_mutex_unlock(&s->mutex);
}

// What is measured begins on cores that are at rest: a thread that is just being started there decides who of several
// workers takes the first connections.
static void begin_all(struct host_speed *s) {
    enum { SETTLE = 5000000 };
    static const struct timespec settle = {0, SETTLE};
    pthread_mutex_lock(&s->mutex);
    while (s->at_rest < s->samplers) pthread_cond_wait(&s->ready, &s->mutex);
    s->begun = monotonic_ns() + SETTLE;
    pthread_cond_broadcast(&s->stop);
    pthread_mutex_unlock(&s->mutex);
    nanosleep(&settle, NULL);
}

static void *sample(void *argument) {
    struct sampler *own = argument;
    host_pin(own->cpu);
    int fd[2];
    int error = socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fd);
    begin(own->owner);
    if (error) return NULL;
    for (int64_t number; (number = rest(own->owner)) >= 0;) {
        own->seen = memory_grow(own->seen, &own->capacity, own->count + 1, sizeof *own->seen);
        double now = best_of(fd, BRIEF_WARM, BRIEF_PIECES, BRIEF_TIMES);
        if (now > 0) own->seen[own->count++] = now;
        if (own->owner->dense) note_dense(own);
        note_line(own, number);
    }
    close(fd[0]);
    close(fd[1]);
    return NULL;
}

static void release(struct host_speed *s) {
    pthread_mutex_lock(&s->mutex);
    s->stopping = true;
    pthread_cond_broadcast(&s->stop);
    pthread_mutex_unlock(&s->mutex);
    for (int i = 0; i < s->samplers; i++) pthread_join(s->sampler[i].thread, NULL);
}

static void destroy(struct host_speed *s) {
    for (int i = 0; i < s->samplers; i++) {
        free(s->sampler[i].seen);
        free(s->sampler[i].line);
    }
    pthread_cond_destroy(&s->stop);
    pthread_cond_destroy(&s->ready);
    pthread_mutex_destroy(&s->mutex);
    free(s->sampler);
    free(s);
}

struct host_speed *host_speed_start(bool dense, int64_t period, struct err *e) {
    cpu_set_t set;
    pthread_condattr_t monotonic;
    int error = 0, cpus = host_cpus(&set);
    struct host_speed *s = memory_new(1, sizeof *s);
    s->dense = dense;
    s->pair = cpus > 1;
    s->first = period < FIRST_NS ? period : FIRST_NS;
    s->period = period;
    s->sampler = memory_new((size_t)cpus, sizeof *s->sampler);
    pthread_mutex_init(&s->mutex, NULL);
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&s->stop, &monotonic);
    pthread_cond_init(&s->ready, NULL);
    pthread_condattr_destroy(&monotonic);
    for (int cpu = 0; cpu < CPU_SETSIZE && s->samplers < cpus && !error; cpu++) {
        if (!CPU_ISSET(cpu, &set)) continue;
        struct sampler *own = &s->sampler[s->samplers];
        *own = (struct sampler){.owner = s, .cpu = cpu, .busy_s = host_dense_busy_s(cpu)};
        error = pthread_create(&own->thread, NULL, sample, own);
        s->samplers += !error;
    }
    if (!error) {
        begin_all(s);
        return s;
    }
    release(s);
    destroy(s);
    err_set(e, ERR_HOST, "cannot start a thread: %s", strerror(error));
    return NULL;
}

double host_speed_dense(struct host_speed *s) {
    double slow = 0, all = 0;
    for (int i = 0; i < s->samplers; i++) {
        struct sampler *own = &s->sampler[i];
        double busy_s = fmax(host_dense_busy_s(own->cpu) - own->busy_s, least_busy_s);
        pthread_mutex_lock(&s->mutex);
        slow += own->slows ? busy_s * own->slow / (double)own->slows : 0;
        all += own->slows ? busy_s : 0;
        pthread_mutex_unlock(&s->mutex);
    }
    return slow > 0 ? all / slow : 0;
}

static int ascending(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

// x ascending. Where all are slow there is only what they would be without.
static struct host_speed_seen seen_of(const double *x, size_t n, double fast) {
    size_t slow = 0;
    while (slow < n && x[slow] * HOST_SLOW_FROM < fast) slow++;
    const double *rest = x + slow;
    size_t left = n - slow;
    return (struct host_speed_seen){.middle = left ? (rest[(left - 1) / 2] + rest[left / 2]) / 2
                                              : n  ? fast
                                                   : 0,
                                    .low = n ? x[n / 10] : 0,
                                    .high = n ? x[n - 1 - n / 10] : 0,
                                    .slow_frac = n ? (double)slow / (double)n : 0,
                                    .slow = harmonic_mean(x, (int)slow),
                                    .spread = log_spread(x, (int)slow)};
}

struct host_speed_seen host_speed_stop(struct host_speed *s, double fast) {
    size_t n = 0, capacity = 0;
    double *all = NULL;
    release(s);
    for (int i = 0; i < s->samplers; i++) {
        const struct sampler *own = &s->sampler[i];
        if (own->count == 0) continue;
        all = memory_grow(all, &capacity, n + own->count, sizeof *all);
        memcpy(all + n, own->seen, own->count * sizeof *all);
        n += own->count;
    }
    if (n) qsort(all, n, sizeof *all, ascending);
    struct host_speed_seen seen = seen_of(all, n, fast);
    const struct sampler *first = s->sampler;
    if (first->lines) qsort(first->line, first->lines, sizeof *first->line, ascending);
    for (int i = 0; i < s->samplers && i < 2; i++)
        seen.even[i] = harmonic_mean(s->sampler[i].seen, (int)s->sampler[i].count);
    seen.line_ns = first->lines ? first->line[first->lines / 2] : 0;
    free(all);
    destroy(s);
    return seen;
}
