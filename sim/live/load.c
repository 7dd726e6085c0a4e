#include "live/load.h"

#include "base/monotonic.h"
#include "live/host.h"
#include "live/load_files.h"
#include "live/load_growth.h"
#include "live/load_user.h"
#include "scenario/streams.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

static const sim_time poll_stop = 50 * SIM_MS;
// Waking up takes this long on a virtual machine more often than not; the rest of the way to an intended start is spun.
static const sim_time spin = LOAD_LEAD_NS;
static const sim_time silence = 120 * SIM_S;
static const sim_time absence = 2 * SIM_S;
static const sim_time late = SIM_MS;
static const double busy_frac = 0.9;

enum { EVENTS = 256, FEW = 10 };

// Everything one run holds beside its users.
struct run {
    struct load_gen gen;
    const struct load_target *target;
    const atomic_int *stop;
    struct observation *out;
    struct load_report *report;
    struct hist uncorrected, lag; // as load_ledger.h has them, after the warm-up
    char *buffer;
    long slack; // of the thread's timers before, ns
    sim_time spun, cpu;
    struct load_growth growth;
    double steal_s;
    bool bound_asked; // the target bounds the connections
};

// --- the loop

static bool stopped(const struct run *r) {
    return r->stop && atomic_load_explicit(r->stop, memory_order_relaxed) != 0;
}

// How long the kernel may hold the thread, ns; 0 in the last stretch before an intended start.
static sim_time patience(const struct load_gen *g, sim_time now) {
    struct load_timer *first = load_timers_first(&g->timers);
    sim_time until = now + poll_stop, cut = load_ledger_due(&g->ledger);
    if (cut < until) until = cut;
    if (g->end < until) until = g->end;
    if (first && first->at < until) until = first->at;
    if (g->idle && g->due != SIM_NEVER && g->due - spin < until) until = g->due - spin;
    return until > now ? until - now : 0;
}

// Returns the number of events, 0 where a signal came first, -1 with errno.
static int wait_events(struct run *r, struct epoll_event events[EVENTS]) {
    sim_time before = load_user_now(), ns = patience(&r->gen, before);
    struct timespec span = {ns / SIM_S, ns % SIM_S};
    int n = epoll_pwait2(r->gen.wire.epoll, events, EVENTS, &span, NULL);
    if (n < 0 && errno == EINTR) n = 0;
    if (n == 0 && ns == 0 && r->gen.due > before) r->spun += load_user_now() - before;
    return n;
}

static bool look_for_trouble(const struct run *r, struct err *e) {
    const struct load_gen *g = &r->gen;
    sim_time most = r->target->silence ? r->target->silence : silence;
    if (g->wire.socket_error)
        return err_set(e, ERR_HOST, "no further connection: %s", strerror(g->wire.socket_error));
    if (g->wire.connect_error && !g->wire.connected)
        return err_set(e, ERR_HOST, "cannot connect to %s: %s", r->target->host,
                       strerror(g->wire.connect_error));
    if (g->born > g->ended && load_user_now() - g->progress > most) {
        err_set(e, ERR_HOST, "%s has given no sign for %.3g s while %lld requests waited", r->target->host,
                (double)most * 1e-9, (long long)(g->born - g->ended));
        return err_hint(e, "load.timeout makes the generator give up a request");
    }
    return true;
}

// Requests that are due but found no connection are in the system, too; how many follows from the rate.
static int64_t overdue(const struct load_gen *g, sim_time now) {
    if (g->due >= now || g->load->arrivals == ARRIVALS_TRACE) return 0;
    return (int64_t)((double)(now - g->due) * 1e-9 * g->load->rate_per_s);
}

static void look_for_growth(struct run *r) {
    const struct load_gen *g = &r->gen;
    sim_time now = load_user_now();
    int64_t waiting = overdue(g, now);
    double gone = g->load->requests ? (double)g->born / (double)g->load->requests
                                    : (double)(now - g->start) / (double)g->load->duration;
    int quarter = gone < 1 ? (int)(4 * gone) : 3;
    load_growth_look(&r->growth, quarter, now, g->born - g->ended + waiting, g->born + waiting);
}

static void cut_segments(struct load_gen *g, sim_time now) {
    while (load_ledger_due(&g->ledger) <= now) load_ledger_cut(&g->ledger, g->born - g->ended);
}

// A server that is restarted is soon back; one that has ended is not waited for.
static bool deserted(const struct load_gen *g, sim_time now) {
    return g->unheard >= FEW && now - g->unheard_since > absence;
}

static bool loop(struct run *r, struct err *e) {
    struct load_gen *g = &r->gen;
    struct epoll_event events[EVENTS];
    while (look_for_trouble(r, e)) {
        sim_time now = load_user_now();
        cut_segments(g, now);
        if (g->finished || stopped(r) || now >= g->end || deserted(g, now)) return true;
        load_user_arrivals(g);
        int n = wait_events(r, events);
        if (n < 0) return err_set(e, ERR_HOST, "cannot wait for connections: %s", strerror(errno));
        for (int i = 0; i < n && !g->finished; i++) load_user_event(g, events[i].data.u64);
        load_user_timers(g);
        if (g->load->client == CLIENT_OPEN) look_for_growth(r);
    }
    return false;
}

// --- before and after

// How many users the run has, given that `files` more can be open.
static bool count_users(struct run *r, int64_t files, struct err *e) {
    const struct load_spec *load = r->gen.load;
    int64_t wanted = load->concurrency;
    if (load->client == CLIENT_OPEN)
        wanted = r->target->connections ? r->target->connections : LOAD_CONNECTIONS;
    if (load->client != CLIENT_OPEN && load->requests > 0 && load->requests < wanted) wanted = load->requests;
    r->bound_asked = load->client == CLIENT_OPEN && r->target->connections > 0 && wanted <= files;
    if (wanted > files && load->client == CLIENT_OPEN && files > 0) wanted = files;
    r->gen.users = (int)wanted;
    if (wanted <= files) return true;
    err_set(e, ERR_HOST, "%lld connections, but the process may open only %lld further files",
            (long long)wanted, (long long)(files > 0 ? files : 0));
    return err_hint(e, "raise the hard limit (ulimit -Hn) or lower load.concurrency");
}

static bool prepare(struct run *r, const struct scenario *s, uint32_t replication, int64_t files,
                    struct err *e) {
    struct load_gen *g = &r->gen;
    const struct load_spec *load = &s->load;
    g->scenario = s;
    g->load = load;
    if (!count_users(r, files, e)) return false;
    rng_init(&g->arrivals_rng, s->run.seed, 0, replication, STREAM_ARRIVALS);
    rng_init(&g->client_rng, s->run.seed, 0, replication, STREAM_CLIENT);
    g->answered = r->target->answered;
    g->listener = r->target->listener;
    g->wire.address = r->target->address;
    g->wire.until_close = load->client == CLIENT_AB;
    g->wire.keep = load->client == CLIENT_WRK || (load->client == CLIENT_OPEN && load->keep_alive);
    g->wire.next_round = load->client == CLIENT_WRK;
    g->wire.epoll = epoll_create1(EPOLL_CLOEXEC);
    if (g->wire.epoll < 0) return err_set(e, ERR_HOST, "cannot create an epoll set: %s", strerror(errno));
    g->wire.buffer = r->buffer = malloc(LOAD_BUFFER);
    r->slack = prctl(PR_GET_TIMERSLACK);
    prctl(PR_SET_TIMERSLACK, 1UL);
    r->steal_s = host_steal_s();
    r->cpu = thread_cpu_ns();
    if (r->buffer && load_request_init(&g->requests, s, r->target) && load_user_init(g)) {
        r->growth.last = g->start;
        return true;
    }
    return err_set(e, ERR_HOST, "no memory for %d connections", g->users);
}

static bool untrustworthy(const struct run *r) {
    const struct load_gen *g = &r->gen;
    const struct load_report *p = r->report;
    if (p->wall_s > 0 && p->cpu_s - p->spin_s > busy_frac * p->wall_s) return true;
    if (g->wire.ports_out) return true;
    // Where the target bounds the connections, waiting for one is what was asked for.
    if (g->starved) return !r->bound_asked;
    return r->lag.count > 0 && hist_quantile(&r->lag, 0.5) > late;
}

static double quantile_s(const struct hist *h, double q) {
    return (double)hist_quantile(h, q) * 1e-9;
}

static void report(struct run *r, sim_time at) {
    struct load_gen *g = &r->gen;
    const struct hist *h = &r->uncorrected;
    if (at > g->end) at = g->end;
    if (g->finished) at = g->over;
    if (!g->finished) load_user_count_due(g, at);
    load_ledger_end(&g->ledger, at, g->born - g->ended);
    load_ledger_report(&g->ledger, g->scenario, r->out, &r->uncorrected, &r->lag);
    r->out->saturated = g->load->client == CLIENT_OPEN && load_growth_found(&r->growth);
    r->out->too_short = r->out->too_short && !r->out->saturated;
    *r->report = (struct load_report){.send_lag_p50_s = quantile_s(&r->lag, 0.5),
                                      .send_lag_p99_s = quantile_s(&r->lag, 0.99),
                                      .uncorrected_mean_s = hist_mean(h) * 1e-9,
                                      .uncorrected_p50_s = quantile_s(h, 0.5),
                                      .uncorrected_p90_s = quantile_s(h, 0.9),
                                      .uncorrected_p95_s = quantile_s(h, 0.95),
                                      .uncorrected_p99_s = quantile_s(h, 0.99),
                                      .uncorrected_max_s = quantile_s(h, 1),
                                      .cpu_s = (double)(thread_cpu_ns() - r->cpu) * 1e-9,
                                      .wall_s = (double)(load_user_now() - g->start) * 1e-9,
                                      .steal_s = host_steal_s() - r->steal_s,
                                      .spin_s = (double)r->spun * 1e-9,
                                      .done = g->ledger.done,
                                      .connects = g->wire.connects,
                                      .bytes = g->wire.bytes,
                                      .errors = g->errors,
                                      .reconnects = g->wire.reconnects,
                                      .unheard = g->unheard,
                                      .not_ok = g->not_ok};
    r->report->was_limit = untrustworthy(r);
}

static void release(struct run *r) {
    if (r->slack > 0) prctl(PR_SET_TIMERSLACK, (unsigned long)r->slack);
    load_user_fini(&r->gen);
    load_request_fini(&r->gen.requests);
    hist_fini(&r->uncorrected);
    hist_fini(&r->lag);
    if (r->gen.wire.epoll >= 0) close(r->gen.wire.epoll);
    free(r->buffer);
}

static bool run(struct run *r, const struct scenario *s, uint32_t replication, int64_t files, struct err *e) {
    hist_init(&r->uncorrected);
    hist_init(&r->lag);
    bool ok = prepare(r, s, replication, files, e) && loop(r, e);
    if (ok) report(r, load_user_now());
    release(r);
    return ok;
}

bool load_run(const struct scenario *s, uint32_t replication, const struct load_target *target,
              const atomic_int *stop, struct observation *out, struct load_report *report_, struct err *e) {
    struct run r = {.target = target, .stop = stop, .out = out, .report = report_, .gen.wire.epoll = -1};
    struct load_files files;
    *report_ = (struct load_report){0};
    load_files_raise(&files);
    bool ok = run(&r, s, replication, files.free, e);
    load_files_restore(&files);
    return ok;
}
