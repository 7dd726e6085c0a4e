#include "calib/bench.h"

#include "base/memory.h"
#include "base/require.h"
#include "live/host.h"
#include "live/host_speed.h"
#include "live/host_line.h"
#include "stats/interval.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { CLOCK_READINGS = 200 };

static void measure_clock(struct bench *b) {
    double x[CLOCK_READINGS];
    for (int i = 0; i < CLOCK_READINGS; i++) {
        int64_t before = bench_cpu();
        x[i] = (double)(bench_cpu() - before);
    }
    b->clock_ns = median(x, CLOCK_READINGS);
}

bool bench_init(struct bench *b, double effort, const atomic_int *stop, struct err *e) {
    *b = (struct bench){.effort = effort, .stop = stop};
    REQUIRE(effort > 0 && effort <= 1); // probes have room for their full number of trials
    if (sched_getaffinity(0, sizeof b->allowed, &b->allowed))
        return err_set(e, ERR_HOST, "cannot learn which cores may be used: %s", strerror(errno));
    for (int cpu = 0; cpu < CPU_SETSIZE && b->cores < 2; cpu++)
        if (CPU_ISSET(cpu, &b->allowed)) b->cpu[b->cores++] = cpu;
    if (b->cores == 1) b->cpu[1] = b->cpu[0];
    bench_pin(b, 0);
    measure_clock(b);
    return true;
}

void bench_fini(struct bench *b) {
    for (int i = 0; i < b->figures; i++) figure_fini(&b->figure[i]);
    free(b->figure);
    free(b->speed);
    if (b->cores) sched_setaffinity(0, sizeof b->allowed, &b->allowed);
    *b = (struct bench){0};
}

struct figure *bench_expect_one(struct bench *b, const char *probe, const struct figure_spec *spec) {
    b->figure = memory_grow(b->figure, &b->figure_room, (size_t)b->figures + 1, sizeof *b->figure);
    figure_init(&b->figure[b->figures], spec, probe);
    return &b->figure[b->figures++];
}

void bench_expect(struct bench *b, const char *probe, const struct figure_spec *specs) {
    for (; specs->key; specs++) bench_expect_one(b, probe, specs);
}

struct figure *bench_figure(const struct bench *b, const char *key) {
    for (int i = 0; i < b->figures; i++)
        if (!strcmp(b->figure[i].spec->key, key)) return &b->figure[i];
    return NULL;
}

void bench_note(struct bench *b, const char *key, int core, double ns) {
    struct figure *f = bench_figure(b, key);
    REQUIRE(f && (core == 0 || core == 1));
    figure_add(f, core, ns);
}

static int ascending(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

void bench_note_latencies(struct bench *b, const char *key, int core, double *x, const bool *alone, int n) {
    int clean = 0;
    for (int i = 0; i < n; i++) {
        if (alone[i]) bench_note(b, key, core, x[i]);
        clean += alone[i];
    }
    if (clean) return;
    qsort(x, (size_t)n, sizeof *x, ascending);
    for (int i = 0; i < (n + 3) / 4; i++) bench_note(b, key, core, x[i]);
}

void bench_count(struct bench *b, const char *key, double hits, double trials) {
    struct figure *f = bench_figure(b, key);
    REQUIRE(f && hits <= trials);
    figure_count(f, hits, trials);
}

void bench_close(struct bench *b, const char *probe, int round, const double speed[2]) {
    for (int i = 0; i < b->figures; i++)
        if (!strcmp(b->figure[i].probe, probe)) figure_close(&b->figure[i], round, speed);
}

void bench_drop(struct bench *b, const char *probe) {
    for (int i = 0; i < b->figures; i++)
        if (!strcmp(b->figure[i].probe, probe)) figure_drop(&b->figure[i]);
}

void bench_look(struct bench *b, double speed[2]) {
    for (int core = b->cores - 1; core >= 0; core--) {
        bench_pin(b, core);
        speed[core] = host_speed_now();
        b->speed = memory_grow(b->speed, &b->speed_room, (size_t)b->speeds + 1, sizeof *b->speed);
        b->speed[b->speeds++] = speed[core];
    }
    if (b->cores == 1) speed[1] = speed[0];
}

double bench_fast(const struct bench *b) {
    double *x = memory_new((size_t)b->speeds + 1, sizeof *x);
    for (int i = 0; i < b->speeds; i++) x[i] = b->speed[i];
    qsort(x, (size_t)b->speeds, sizeof *x, ascending);
    double fast = b->speeds ? x[b->speeds - 1 - b->speeds / 10] : 0;
    free(x);
    return fast;
}

int bench_repeat(const struct bench *b, int n) {
    int m = (int)(n * b->effort + 0.5);
    return m < 1 ? 1 : m;
}

bool bench_stopped(const struct bench *b) {
    return b->stop && atomic_load(b->stop);
}

void bench_pin(const struct bench *b, int core) {
    cpu_set_t set;
    CPU_ZERO(&set);
    if (core != 1) CPU_SET(b->cpu[0], &set);
    if (core != 0) CPU_SET(b->cpu[1], &set);
    sched_setaffinity(0, sizeof set, &set);
}

struct member {
    const struct bench *bench;
    struct bench_role role;
    void *arg;
    atomic_int *gate; // 0 wait, 1 go, 2 go home
    pthread_t thread;
};

static void *member_thread(void *arg) {
    struct member *m = arg;
    bench_pin(m->bench, m->role.core);
    bench_await(m->gate, 1);
    if (atomic_load(m->gate) == 1) m->role.part(m->arg);
    return NULL;
}

bool bench_crew(const struct bench *b, const struct bench_role *role, int n, void *arg, struct err *e) {
    struct member member[BENCH_CREW];
    atomic_int gate = 0;
    int started = 1, error = 0;
    REQUIRE(n <= BENCH_CREW);
    for (; started < n; started++) {
        struct member *m = &member[started];
        *m = (struct member){b, role[started], arg, &gate, 0};
        error = pthread_create(&m->thread, NULL, member_thread, m);
        if (error) break;
    }
    bench_pin(b, role[0].core);
    atomic_store(&gate, error ? 2 : 1);
    if (!error) role[0].part(arg);
    for (int i = 1; i < started; i++) pthread_join(member[i].thread, NULL);
    return !error || err_set(e, ERR_HOST, "cannot start a thread: %s", strerror(error));
}

struct meeting {
    struct host_line line;
    atomic_int there; // the second, on its core
    double ns;
};

static const int64_t line_most_ns = 2000000;

static void meet_first(void *arg) {
    struct meeting *m = arg;
    bench_await(&m->there, 1);
    m->ns = host_line_meet(&m->line, 0, 1, line_most_ns);
}

static void meet_second(void *arg) {
    struct meeting *m = arg;
    atomic_store(&m->there, 1);
    host_line_meet(&m->line, 1, 1, line_most_ns);
}

bool bench_line(const struct bench *b, double *ns, struct err *e) {
    struct meeting m = {.ns = 0};
    const struct bench_role crew[] = {{0, meet_first}, {1, meet_second}};
    if (!bench_crew(b, crew, 2, &m, e)) return false;
    *ns = m.ns;
    return true;
}

void bench_await(const atomic_int *word, int value) {
    // Yielding costs nothing where the core is free, and lets the other side come on where it is not.
    for (int i = 0; atomic_load_explicit(word, memory_order_acquire) < value; i++)
        if (i > 1000) sched_yield();
}

void bench_block(atomic_int *word, int seen) {
    while (atomic_load(word) == seen) syscall(SYS_futex, word, FUTEX_WAIT_PRIVATE, seen, NULL, NULL, 0);
}

bool bench_rouse(atomic_int *word) {
    return syscall(SYS_futex, word, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0) == 1;
}

static bool alone_now(int n) {
    char text[16384];
    int fd = open("/proc/stat", O_RDONLY | O_CLOEXEC), running = 0;
    if (fd < 0) return false;
    ssize_t length = read(fd, text, sizeof text - 1);
    close(fd);
    text[length < 0 ? 0 : length] = 0;
    const char *line = strstr(text, "procs_running ");
    return line && sscanf(line, "procs_running %d", &running) == 1 && running <= n;
}

bool bench_alone(int n, int64_t most) {
    int64_t until = bench_now() + most;
    while (!alone_now(n))
        if (bench_now() > until) return false;
    return true;
}

void bench_sleep(int64_t ns) {
    const struct timespec t = {ns / 1000000000, ns % 1000000000};
    clock_nanosleep(CLOCK_MONOTONIC, 0, &t, NULL);
}

double bench_rouse_nobody(const struct bench *b) {
    enum { TIMES = 200 };
    atomic_int word = 0;
    int64_t before = bench_cpu();
    for (int i = 0; i < TIMES; i++) bench_rouse(&word);
    return ((double)(bench_cpu() - before) - b->clock_ns) / TIMES;
}

double bench_value(const struct bench *b, const char *key, double reference) {
    struct figure_estimate x;
    const struct figure *f = bench_figure(b, key);
    if (!f) return 0;
    figure_estimate(f, reference, &x);
    return isnan(x.value) ? 0 : x.value;
}
