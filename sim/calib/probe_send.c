// How long a send goes on after its receiver has been told: a thread asks whether something is there, without a pause and without
// sleeping, while another sends on the other core. What lies between the beginning of the question that is answered with yes
// and the end of the send can go on beside the receiver.
#include "calib/probe.h"
#include "calib/unit.h"

#include <sys/epoll.h>

enum { SENDS = 60 };

static const int64_t pause_ns = 10000;

static const struct figure_spec figures[] = {
    {"machine.send_rest", FIGURE_CPU,
     "send of a request, after a thread that polls without sleeping sees it"},
    {NULL, 0, NULL}};

struct sends {
    struct bench *bench;
    struct unit unit;
    int sends;
    atomic_int asked, seen;
    _Atomic int64_t told; // the moment of the question that was answered with yes
};

static void watcher(void *arg) {
    struct sends *s = arg;
    struct epoll_event event;
    for (int i = 1; i <= s->sends; i++) {
        bench_await(&s->asked, i);
        int64_t now;
        do now = bench_now();
        while (epoll_wait(s->unit.epoll, &event, 1, 0) == 0);
        atomic_store(&s->told, now);
        unit_answer(&s->unit);
        atomic_store(&s->seen, i);
    }
}

static void sender(void *arg) {
    struct sends *s = arg;
    for (int i = 1; i <= s->sends; i++) {
        atomic_store(&s->asked, i);
        bench_busy(bench_now() + pause_ns);
        unit_ask(&s->unit, 1);
        int64_t over = bench_now();
        bench_await(&s->seen, i);
        unit_drain(&s->unit);
        int64_t rest = over - atomic_load(&s->told);
        bench_note(s->bench, "machine.send_rest", 0, rest > 0 ? (double)rest : 0);
    }
}

static bool run(struct bench *b, struct err *e) {
    struct sends s = {.bench = b, .unit = {-1, -1, -1, {0}, {0}}, .sends = bench_repeat(b, SENDS)};
    const struct bench_role crew[] = {{0, sender}, {1, watcher}};
    if (!unit_open(&s.unit, e)) return false;
    bool ok = bench_crew(b, crew, 2, &s, e);
    unit_close(&s.unit);
    return ok;
}

const struct probe probe_send = {"send", "what is left of a send when its receiver knows", 2, figures, run};
