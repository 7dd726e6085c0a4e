// What a rest costs afterwards: caches, branch predictors and translations have gone cold, clocks have dropped. A server
// thread finds sixteen requests, sleeps for a while and then serves them all; what they take above those after a rest of
// 30 us is the price, and how it falls from one to the next says over how much work it is spent. Those after 30 us, above
// the same after 30 us awake, say what it costs that the core idled at all: a virtual machine gives it back for a while. Nor need
// it rest: after some ms of its own arithmetic a server comes back to its sockets as cold. The
// requests lie ready before the rest, so that whoever sends them is not at work on the same sockets. The clock is read when
// the thread is back in user mode: kernels count a part of the wake-up latency as the woken thread's CPU.
#include "calib/probe.h"
#include "calib/unit.h"
#include "live/host.h"

#include "stats/interval.h"

#include <math.h>

enum { BURST = 16, BURSTS = 16, RESTS = 9, FIRST = 4, WARM_FROM = 8 };
enum { AWAKE, HALT, COLD, COLDEST = 5, BUSY }; // places in the list of rests

struct rest {
    const char *key;
    int64_t ns;
    int bursts;
};

static const struct rest rests[RESTS] = {{NULL, 30000, 16},
                                         {"machine.halt", 30000, 16},
                                         {"machine.cold@200us", 200000, 12},
                                         {"machine.cold@1ms", 1000000, 8},
                                         {"machine.cold@5ms", 5000000, 5},
                                         {"machine.cold@20ms", 20000000, 3},
                                         {"machine.cold_busy@1ms", 1000000, 8},
                                         {"machine.cold_busy@3ms", 3000000, 5},
                                         {"machine.cold_busy@10ms", 10000000, 3}};

static const struct figure_spec figures[] = {
    {"machine.halt", FIGURE_CPU,
     "the first requests after a rest of 30 us on an idle core, above the same after 30 us awake"},
    {"machine.cold@200us", FIGURE_CPU, "16 requests after a rest of 200 us, above the same after 30 us"},
    {"machine.cold@1ms", FIGURE_CPU, "16 requests after a rest of 1 ms, above the same after 30 us"},
    {"machine.cold@5ms", FIGURE_CPU, "16 requests after a rest of 5 ms, above the same after 30 us"},
    {"machine.cold@20ms", FIGURE_CPU, "16 requests after a rest of 20 ms, above the same after 30 us"},
    {"machine.cold_busy@1ms", FIGURE_CPU,
     "16 requests after 1 ms of arithmetic, above the same after 30 us awake"},
    {"machine.cold_busy@3ms", FIGURE_CPU,
     "16 requests after 3 ms of arithmetic, above the same after 30 us awake"},
    {"machine.cold_busy@10ms", FIGURE_CPU,
     "16 requests after 10 ms of arithmetic, above the same after 30 us awake"},
    {"machine.cold_work", FIGURE_CPU,
     "warm work of one request x price of a rest of 5 or 20 ms / its part in the first request"},
    {"unit.warm", FIGURE_CPU, "epoll_wait, recv, parse, send: one request after fifteen others"},
    {NULL, 0, NULL}};

static const int64_t look_ns = 25000; // how often the micro-server looks at its clock while it burns CPU

struct cold {
    const struct bench *bench;
    struct unit unit;
    int bursts[RESTS];
    double cpu[RESTS][BURSTS][BURST]; // ns, of recv to send
    double whole[BURSTS];             // of the last request after the shortest rest, with its epoll_wait
    atomic_int served, ready, asleep,
        word; // bursts in all: served; asked for; their thread is about to rest, may go on
};

static void serve(void *arg) {
    struct cold *c = arg;
    for (int r = 0; r < RESTS; r++)
        for (int k = 0; k < c->bursts[r]; k++) {
            int number = atomic_load(&c->served) + 1;
            bench_await(&c->ready, number);
            atomic_store(&c->asleep, number);
            while (r == AWAKE && atomic_load(&c->word) < number) continue;
            if (r >= BUSY)
                host_spin(rests[r].ns, look_ns, NULL, NULL);
            else
                bench_block(&c->word, number - 1);
            unit_wait(&c->unit);
            int64_t before = bench_cpu(), since = before;
            for (int i = 0; i < BURST; i++) {
                if (i > 0) unit_wait(&c->unit);
                if (i > 0) before = bench_cpu();
                unit_answer(&c->unit);
                int64_t after = bench_cpu();
                c->cpu[r][k][i] = (double)(after - before) - c->bench->clock_ns;
                if (r == HALT) c->whole[k] = (double)(after - since) - 2 * c->bench->clock_ns;
                since = after;
            }
            atomic_fetch_add(&c->served, 1);
        }
}

static void ask(void *arg) {
    struct cold *c = arg;
    int asked = 0;
    for (int r = 0; r < RESTS; r++)
        for (int k = 0; k < c->bursts[r]; k++) {
            bench_await(&c->served, asked++);
            unit_drain(&c->unit);
            unit_ask(&c->unit, BURST);
            atomic_store(&c->ready, asked);
            bench_await(&c->asleep, asked);
            if (r >= BUSY) continue;
            if (rests[r].ns < 100000)
                bench_busy(bench_now() + rests[r].ns);
            else
                bench_sleep(rests[r].ns);
            atomic_store(&c->word, asked);
            bench_rouse(&c->word);
        }
    bench_await(&c->served, asked);
}

static double middle(const struct cold *c, int rest, int i) {
    double x[BURSTS];
    for (int k = 0; k < c->bursts[rest]; k++) x[k] = c->cpu[rest][k][i];
    return median(x, c->bursts[rest]);
}

static void note(struct bench *b, const struct cold *c) {
    double total[RESTS] = {0}, first[RESTS] = {0}, warm = 0;
    for (int i = WARM_FROM; i < BURST; i++) warm += middle(c, HALT, i) / (BURST - WARM_FROM);
    for (int i = 0; i < FIRST; i++) total[HALT] += middle(c, HALT, i) - middle(c, AWAKE, i);
    bench_note(b, rests[HALT].key, 0, fmax(total[HALT], 0));
    for (int r = COLD; r <= COLDEST; r++) {
        for (int i = 0; i < BURST; i++) total[r] += middle(c, r, i) - middle(c, HALT, i);
        first[r] = middle(c, r, 0) - middle(c, HALT, 0);
        bench_note(b, rests[r].key, 0, total[r]);
    }
    for (int r = BUSY; r < RESTS; r++) {
        for (int i = 0; i < BURST; i++) total[r] += middle(c, r, i) - middle(c, AWAKE, i);
        bench_note(b, rests[r].key, 0, fmax(total[r], 0));
    }
    double all = total[COLDEST - 1] + total[COLDEST], part = first[COLDEST - 1] + first[COLDEST];
    if (part > 0) bench_note(b, "machine.cold_work", 0, warm * fmax(1, all / part));
    bench_note(b, "unit.warm", 0, median(c->whole, c->bursts[HALT]));
}

static bool run(struct bench *b, struct err *e) {
    struct cold c = {.bench = b};
    if (!unit_open(&c.unit, e)) return false;
    for (int r = 0; r < RESTS; r++) c.bursts[r] = bench_repeat(b, rests[r].bursts);
    const struct bench_role crew[] = {{0, serve}, {1, ask}};
    bool ok = bench_crew(b, crew, 2, &c, e);
    if (ok) note(b, &c);
    unit_close(&c.unit);
    return ok;
}

const struct probe probe_cold = {"cold", "what a thread pays after a rest", 2, figures, run};
