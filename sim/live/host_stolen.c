#include "live/host_stolen.h"

#include "base/monotonic.h"
#include "live/host.h"

#include <pthread.h>
#include <string.h>
#include <sys/resource.h>

enum { MOST = 8 };

struct watcher {
    pthread_t thread;
    int cpu;
    int64_t ns;
    struct host_stolen seen;
};

// How often the thread left its core so far.
static int64_t left_core(void) {
    struct rusage u;
    getrusage(RUSAGE_THREAD, &u);
    return u.ru_nvcsw + u.ru_nivcsw;
}

static void note_interrupt(struct host_stolen *s, double ns) {
    if (s->interrupts < HOST_INTERRUPTS) s->interrupt[s->interrupts] = ns;
    s->interrupts++;
}

static void note_gap(struct host_stolen *s, int64_t gap) {
    double s_long = (double)gap * 1e-9;
    s->lost_s += s_long;
    s->waited_s2 += s_long * s_long / 2;
}

static void add(struct host_stolen *sum, const struct host_stolen *s) {
    sum->looked_s += s->looked_s;
    sum->lost_s += s->lost_s;
    sum->waited_s2 += s->waited_s2;
    int64_t kept = s->interrupts < HOST_INTERRUPTS ? s->interrupts : HOST_INTERRUPTS;
    for (int64_t i = 0; i < kept; i++) note_interrupt(sum, s->interrupt[i]);
    sum->interrupts += s->interrupts - kept;
}

// Threads of the system take a little of a core's time; what takes more is a program, and no property of the machine.
static const double most_of_system = 0.25;

static void *watch(void *argument) {
    struct watcher *w = argument;
    struct host_stolen by_threads = {0};
    host_pin(w->cpu);
    int64_t left = left_core(), from = monotonic_ns(), last = from;
    while (last < from + w->ns) {
        int64_t now = monotonic_ns(), gap = now - last;
        last = now;
        if (gap < HOST_INTERRUPT_FROM) continue;
        int64_t before = left;
        left = left_core();
        if (gap >= HOST_STOLEN_FROM)
            note_gap(left == before ? &w->seen : &by_threads, gap);
        else if (left == before)
            note_interrupt(&w->seen, (double)gap);
    }
    w->seen.looked_s = (double)(last - from) * 1e-9;
    if (by_threads.lost_s < most_of_system * w->seen.looked_s) add(&w->seen, &by_threads);
    return NULL;
}

bool host_stolen_look(int64_t ns, struct host_stolen *sum, struct err *e) {
    cpu_set_t set;
    struct watcher w[MOST];
    int cpus = host_cpus(&set), n = 0, error = 0;
    for (int cpu = 0; cpu < CPU_SETSIZE && n < cpus && n < MOST && !error; cpu++) {
        if (!CPU_ISSET(cpu, &set)) continue;
        w[n] = (struct watcher){.cpu = cpu, .ns = ns};
        error = pthread_create(&w[n].thread, NULL, watch, &w[n]);
        n += !error;
    }
    for (int i = 0; i < n; i++) {
        pthread_join(w[i].thread, NULL);
        add(sum, &w[i].seen);
    }
    return !error || err_set(e, ERR_HOST, "cannot start a thread: %s", strerror(error));
}
