#include "calib/stages.h"

#include "calib/lines.h"
#include "calib/profile.h"
#include "live/load.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

enum { TERMS = 6 };

struct term {
    const char *key;
    double factor;
};

struct sum {
    struct figure_spec spec;
    struct term term[TERMS];
};

// The stages are those of the micro-server: libuv's calls for each, and what the parser and the response cost.
static const struct sum sums[] = {
    // Half a slice is taken off because a thread is only asked to leave when a slice ends.
    {{"machine.sleeper_credit", FIGURE_SPAN, "first turn of a woken thread against a hog, less half a slice"},
     {{"preempt.turn", 1}, {"machine.slice", -0.5}}},
    // The wake-up itself, a hundred times as dear, would drown what is left after taking it off what was measured whole.
    {{"lock.signal", FIGURE_CPU, "futex call of a release that must signal, without the wake-up"},
     {{"syscall.futex_wake", 1}}},
    {{"lock.syscall", FIGURE_CPU, "mean of accept4, recv and send"},
     {{"syscall.accept4", 1. / 3}, {"syscall.recv", 1. / 3}, {"syscall.send", 1. / 3}}},
    {{"server.poll.cpu", FIGURE_CPU, "turn of libuv's loop + what an event adds to epoll_wait"},
     {{"loop.turn", 1}, {"syscall.epoll_wait", 1}, {"syscall.epoll_empty", -1}}},
    {{"server.accept.cpu", FIGURE_CPU, "accept4"}, {{"syscall.accept4", 1}}},
    {{"server.adopt", FIGURE_CPU, "two epoll_ctl ADD and two DEL (libuv tries the descriptor first)"},
     {{"syscall.epoll_add", 2}, {"syscall.epoll_del", 2}}},
    {{"server.read.cpu", FIGURE_CPU, "recv + parser"}, {{"syscall.recv", 1}, {"server.parse", 1}}},
    {{"server.call.cpu", FIGURE_CPU, "text of the response"}, {{"server.format", 1}}},
    {{"server.write.cpu", FIGURE_CPU, "send"}, {{"syscall.send", 1}}},
    {{"server.close.cpu", FIGURE_CPU, "close"}, {{"syscall.close", 1}}},
    {{"server.hand_off.cpu", FIGURE_CPU, "a mutex, a condition and its futex call, without the wake-up"},
     {{"lock.pair", 1}, {"syscall.futex_wake", 1}}},
    {{"server.complete.cpu", FIGURE_CPU, "read the eventfd and take the result"}, {{"handoff.take", 1}}},
    {{"server.pool_work.cpu", FIGURE_CPU,
      "pool thread: going to sleep for an item, taking it, putting the result"},
     {{"handoff.sleep", 1}, {"lock.pair", 0.5}, {"handoff.result", 1}}},
    {{"server.watch.cpu", FIGURE_CPU, "epoll_ctl and a mutex"},
     {{"syscall.epoll_add", 1}, {"lock.pair", 0.5}}},
    {{"server.wake", FIGURE_CPU, "write to an eventfd"}, {{"syscall.eventfd_write", 1}}},
    {{"server.suspend.cpu", FIGURE_CPU, "libuv timer: start and callback"}, {{"loop.timer", 1}}},
    {{"server.accept_last", FIGURE_CPU, "accept4 that finds no connection"}, {{"syscall.accept4_empty", 1}}},
    {{"server.accept_empty", FIGURE_CPU, "accept4 that finds no connection"}, {{"syscall.accept4_empty", 1}}},
    {{"client.request", FIGURE_CPU, "send of a request + recv of its response"},
     {{"client.send_call", 1}, {"client.recv_call", 1}}},
    {{"client.connect", FIGURE_CPU, "socket, connect, epoll_ctl ADD, recv of the end, close"},
     {{"client.connect_call", 1},
      {"syscall.epoll_add", 1},
      {"client.eof_call", 1},
      {"client.close_call", 1}}},
    {{"client.close", FIGURE_CPU, "recv of the end, close"},
     {{"client.eof_call", 1}, {"client.close_call", 1}}},
    {{"client.send", FIGURE_CPU, "send of a request"}, {{"client.send_call", 1}}},
    {{"client.poll", FIGURE_CPU, "epoll_wait"}, {{"syscall.epoll_wait", 1}}},
};
enum { SUMS = sizeof sums / sizeof sums[0] };

static bool sum_of(const struct bench *b, const struct sum *s, int round, double reference, double *out) {
    *out = 0;
    for (const struct term *t = s->term; t < s->term + TERMS && t->key; t++) {
        const struct figure *f = bench_figure(b, t->key);
        const struct figure_round *r = f ? figure_round_of(f, round) : NULL;
        if (!r) return false;
        *out += t->factor * figure_scaled(f, r, reference);
    }
    return true;
}

void stages_derive(struct bench *b, int rounds, double reference) {
    const double scaled[2] = {0, 0};
    for (int i = 0; i < SUMS; i++) {
        struct figure *f = bench_expect_one(b, "stages", &sums[i].spec);
        for (int r = 0; r < rounds; r++) {
            double value;
            if (!sum_of(b, &sums[i], r, reference, &value)) continue;
            figure_add(f, 0, value);
            figure_close(f, r, scaled);
        }
    }
}

struct fact {
    const char *key;
    double value;
    enum provenance from;
    const char *source;
};

static const char chosen[] = "chosen: the micro-server does as the profile says";
static const char built[] = "the micro-server is built so";

static const struct fact facts[] = {
    {"server.accept.releases", 1, FROM_GUESS, chosen},
    {"server.read.releases", 1, FROM_GUESS, chosen},
    {"server.write.releases", 1, FROM_GUESS, chosen},
    {"server.close.releases", 1, FROM_GUESS, chosen},
    {"server.hop_polls", 0, FROM_GUESS, built},
    {"server.call_at_once", 1, FROM_GUESS, built},
    {"server.batch_flush", 0, FROM_GUESS, built},
    {"server.close_later", 0, FROM_GUESS, built},
    {"server.close_at_once", 1, FROM_GUESS, built},
    {"server.timed_cpu", 1, FROM_GUESS, built},
    {"server.wake_releases", 0, FROM_GUESS, built},
    // Reading the clock of its CPU time makes the kernel look at its share (task_sched_runtime, update_curr).
    {"machine.slice_exact", 1, FROM_GUESS,
     "the micro-server reads its CPU clock all the time while it burns CPU"},
    {"machine.search_pressure", 1.17, FROM_PUBLISHED,
     "Linux: imbalance_pct in update_idle_cpu_scan (SIS_UTIL)"},
    {"lock.condition", 1, FROM_GUESS, "the micro-server's lock is built so, on the C library's own"},
    {"machine.wake_affine", 1, FROM_PUBLISHED, "Linux: wake_affine_weight, wake_wide"},
    {"machine.balance_tick", 1, FROM_PUBLISHED, "Linux: nohz_balancer_kick"},
    {"machine.pull_hot", 500000, FROM_PUBLISHED, "Linux: sched_migration_cost_ns"},
    {"machine.line_near", LINES_NEAR_NS, FROM_GUESS, "measured once (calib/lines.h)"},
    {"machine.exit_lines", LINES_EXIT, FROM_GUESS, "measured once (calib/lines.h)"},
    {"machine.wake_lines", LINES_WAKE, FROM_GUESS, "measured once (calib/lines.h)"},
    {"machine.migrate_lines", LINES_MIGRATE, FROM_GUESS, "measured once (calib/lines.h)"},
    {"server.lines", LINES_SERVER, FROM_GUESS, "measured once (calib/lines.h)"},
    {"server.connect_lines", LINES_SERVER_CONNECT, FROM_GUESS, "measured once (calib/lines.h)"},
    {"client.lines", LINES_CLIENT, FROM_GUESS, "measured once (calib/lines.h)"},
    {"client.connect_lines", LINES_CLIENT_CONNECT, FROM_GUESS, "measured once (calib/lines.h)"},
    {"client.lead", LOAD_LEAD_NS, FROM_GUESS, "the load generator is built so"},
    {"network", 0, FROM_GUESS, "loopback"},
};

// Whether the kernel is at least as new.
static bool since(int major, int minor) {
    struct utsname u;
    int m = 0, n = 0;
    return !uname(&u) && sscanf(u.release, "%d.%d", &m, &n) == 2 && (m > major || (m == major && n >= minor));
}

bool stages_pulls_by_success(void) {
    struct utsname u;
    int m = 0, n = 0, patch = 0;
    if (uname(&u) || sscanf(u.release, "%d.%d.%d", &m, &n, &patch) < 2) return false;
    if (m == 6 && n == 12) return patch >= 65;
    return m > 6 || (m == 6 && (n > 18 || (n == 18 && patch >= 5)));
}

// Linux: sysctl_sched_base_slice, get_update_sysctl_factor with tunable_scaling 1.
static double base_slice(void) {
    long cpus = sysconf(_SC_NPROCESSORS_ONLN);
    double least = since(6, 15) ? 700000 : 750000;
    return least * (1 + floor(log2((double)(cpus < 1 ? 1 : cpus > 8 ? 8 : cpus))));
}

// Which rule shares a core out. Before 6.12 a sleeper did not stay in the queue for what it was ahead: those are CFS, or
// (6.6 to 6.11) nearer to it.
static void set_scheduler(struct costs *c) {
    if (!since(6, 12)) return;
    profile_set_exact(c, "machine.keep_lag", 1, FROM_PUBLISHED,
                      "Linux 6.12 and later: EEVDF with delayed dequeue");
    profile_set_exact(
        c, "machine.base_slice", base_slice(), FROM_PUBLISHED,
        "Linux: sysctl_sched_base_slice, 0.7 ms (0.75 before 6.15) x (1 + log2 of the cores, 8 at most)");
}

void stages_set_facts(struct costs *c) {
    set_scheduler(c);
    if (stages_pulls_by_success()) {
        static const char source[] = "Linux 6.12.65, 6.18.5 and later: NI_RANDOM in sched_balance_newidle";
        profile_set_exact(c, "machine.pull", 1, FROM_PUBLISHED, source);
        profile_set_exact(c, "machine.pull_by_success", 1, FROM_PUBLISHED, source);
        profile_set_exact(
            c, "machine.pull_first", 0.15, FROM_GUESS,
            "what mixed loads leave: seen 0 after requests without work, 0.3 after locked pools");
    }
    for (size_t i = 0; i < sizeof facts / sizeof facts[0]; i++)
        profile_set_exact(c, facts[i].key, facts[i].value, facts[i].from, facts[i].source);
}
