// Phases of a core: on a host that lends half-cores the work of the other half slows a core down, by a fifth where it passes
// messages through the kernel, for milliseconds to tenths of a second at a time. Both cores pass such messages for a while; a
// piece of half a millisecond is slow where it is by an eighth below the speed index of the looks. As that is the best of some
// samples, a piece counts for the better of each two of its own, their median.
#include "calib/probe.h"
#include "live/host_speed.h"

#include "stats/interval.h"

#include <sys/socket.h>
#include <unistd.h>

enum { PIECES = 120, SAMPLES = 20, TIMES = 16 };

static const struct figure_spec figures[] = {
    {"slow.share", FIGURE_SHARE,
     "half milliseconds in which a core passed messages at least an eighth slower"},
    {"slow.piece", FIGURE_SPAN, "length of such a piece"},
    {"slow.ends", FIGURE_SHARE, "such half milliseconds after which the next one was not"},
    {"slow.speed", FIGURE_COUNT, "speed of a core in such phases over that in others"},
    {"slow.spread", FIGURE_COUNT, "... the standard deviation of its logarithm"},
    {NULL, 0, NULL}};

struct phase {
    int pieces;
    double fast;                      // ns a sample takes at the speed of the looks
    double piece[2][PIECES], span[2]; // span: of all pieces, ns
    bool ok[2];
};

static double piece_now(const int fd[2], bool *ok) {
    char bytes[HOST_EXCHANGED] = {0};
    double ns[SAMPLES / 2];
    for (int i = 0; i < SAMPLES; i++) {
        int64_t from = bench_cpu();
        for (int k = 0; k < TIMES; k++)
            *ok = *ok && write(fd[0], bytes, sizeof bytes) > 0 && read(fd[1], bytes, sizeof bytes) > 0;
        double took = (double)(bench_cpu() - from);
        if (i % 2 == 0 || took < ns[i / 2]) ns[i / 2] = took;
    }
    return median(ns, SAMPLES / 2);
}

static void watch(struct phase *p, int core) {
    int fd[2];
    p->ok[core] = socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fd) == 0;
    if (!p->ok[core]) return;
    piece_now(fd, &p->ok[core]); // warm
    int64_t from = bench_now();
    for (int i = 0; i < p->pieces; i++) p->piece[core][i] = piece_now(fd, &p->ok[core]);
    p->span[core] = (double)(bench_now() - from);
    close(fd[0]);
    close(fd[1]);
}

static void first(void *arg) {
    watch(arg, 0);
}

static void second(void *arg) {
    watch(arg, 1);
}

static void note(struct bench *b, const struct phase *p, int core) {
    double sum[2] = {0};
    int n[2] = {0}, ends = 0, followed = 0;
    for (int i = 0; i < p->pieces; i++) {
        bool slow = p->piece[core][i] > HOST_SLOW_FROM * p->fast;
        sum[slow] += p->piece[core][i];
        n[slow]++;
        if (!slow || i + 1 == p->pieces) continue;
        followed++;
        ends += p->piece[core][i + 1] <= HOST_SLOW_FROM * p->fast;
    }
    bench_count(b, "slow.share", n[1], p->pieces);
    bench_count(b, "slow.ends", ends, followed);
    bench_note(b, "slow.piece", core, p->span[core] / p->pieces);
    if (n[1] > 2) bench_note(b, "slow.speed", core, p->fast / (sum[1] / n[1]));
}

static void note_spread(struct bench *b, const struct phase *p) {
    double slow[2 * PIECES];
    int n = 0;
    for (int core = 0; core < 2; core++)
        for (int i = 0; p->ok[core] && i < p->pieces; i++)
            if (p->piece[core][i] > HOST_SLOW_FROM * p->fast) slow[n++] = p->piece[core][i];
    if (n > 2) bench_note(b, "slow.spread", 0, log_spread(slow, n));
}

static bool run(struct bench *b, struct err *e) {
    struct phase p = {.pieces = bench_repeat(b, PIECES), .fast = TIMES * 1000 / bench_fast(b)};
    const struct bench_role crew[] = {{0, first}, {1, second}};
    if (!bench_crew(b, crew, 2, &p, e)) return false;
    for (int core = 0; core < 2; core++)
        if (p.ok[core]) note(b, &p, core);
    note_spread(b, &p);
    return true;
}

const struct probe probe_phase = {"phase", "phases in which a core is slower", 2, figures, run};
