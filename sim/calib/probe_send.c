// How long a send, or a connect, goes on after its receiver has been told: a thread asks whether something is there, without a pause and without
// sleeping, while another sends (connects) on the other core. What lies between the beginning of the question that is answered with yes
// and the end of the call can go on beside the receiver.
#include "calib/probe.h"
#include "calib/unit.h"

#include <stdatomic.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { SENDS = 60 };

static const int64_t pause_ns = 10000;

static const struct figure_spec figures[] = {
    {"machine.send_rest", FIGURE_CPU,
     "send of a request, after a thread that polls without sleeping sees it"},
    {"machine.connect_rest", FIGURE_CPU,
     "connect, after a thread that polls without sleeping sees the connection"},
    {NULL, 0, NULL}};

struct sends {
    struct bench *bench;
    struct unit unit;
    int port, listener, sends;
    atomic_bool failed;
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

static void accepter(void *arg) {
    struct sends *s = arg;
    for (int i = 1; i <= s->sends; i++) {
        bench_await(&s->asked, i);
        int64_t now;
        int fd;
        do {
            now = bench_now();
            fd = accept4(s->listener, NULL, NULL, SOCK_CLOEXEC);
        } while (fd < 0 && !atomic_load(&s->failed));
        atomic_store(&s->told, now);
        if (fd >= 0) close(fd);
        atomic_store(&s->seen, i);
    }
}

static void connecter(void *arg) {
    struct sends *s = arg;
    struct err ignored = {0};
    for (int i = 1; i <= s->sends; i++) {
        atomic_store(&s->asked, i);
        bench_busy(bench_now() + pause_ns);
        int fd = unit_connect(s->port, &ignored);
        int64_t over = bench_now();
        if (fd < 0) atomic_store(&s->failed, true);
        bench_await(&s->seen, i);
        if (fd < 0) continue;
        close(fd);
        int64_t rest = over - atomic_load(&s->told);
        bench_note(s->bench, "machine.connect_rest", 0, rest > 0 ? (double)rest : 0);
    }
}

static bool connects(struct bench *b, struct err *e) {
    struct sends s = {.bench = b, .sends = bench_repeat(b, SENDS)};
    const struct bench_role crew[] = {{0, connecter}, {1, accepter}};
    s.listener = unit_listen(&s.port, e);
    if (s.listener < 0) return false;
    bool ok = bench_crew(b, crew, 2, &s, e);
    close(s.listener);
    return ok;
}

static bool run(struct bench *b, struct err *e) {
    struct sends s = {.bench = b, .unit = {-1, -1, -1, {0}, {0}}, .sends = bench_repeat(b, SENDS)};
    const struct bench_role crew[] = {{0, sender}, {1, watcher}};
    if (!unit_open(&s.unit, e)) return false;
    bool ok = bench_crew(b, crew, 2, &s, e);
    unit_close(&s.unit);
    return ok && connects(b, e);
}

const struct probe probe_send = {"send", "what is left of a send when its receiver knows", 2, figures, run};
