#include "cli/args.h"
#include "cli/cases.h"
#include "cli/command.h"
#include "cli/load.h"

#include "base/memory.h"
#include "base/units.h"
#include "live/serve.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static const int64_t grace = 10 * SIM_S;       // for a worker to finish what it has begun
static const int64_t look_every = 50 * SIM_MS; // whether the workers still live

// Everything one `serve` holds.
struct job {
    const struct args *args;
    struct scenario_file file;
    const struct scenario *scenario; // the case that is served
    struct serve_options options;
    sim_time span; // SIM_NEVER = until a signal comes
    struct serve *server;
    struct serve_seen *seen; // [workers]
    sigset_t stop, before;
    int signal; // that ended it, 0 = none
};

static bool read_options(struct job *j, struct err *e) {
    const struct args *a = j->args;
    int64_t port = 0;
    if (a->port && (!units_parse_int(a->port, &port, NULL) || port < 0 || port > 65535))
        return err_set(e, ERR_USAGE, "--port must be a whole number from 0 to 65535, not '%s'", a->port);
    j->options = (struct serve_options){.port = (int)port, .http_log = a->http_log};
    j->span = SIM_NEVER;
    if (a->span && (!units_parse_span(a->span, &j->span, NULL) || j->span <= 0)) {
        err_set(e, ERR_USAGE, "--for must be a span above 0, not '%s'", a->span);
        return err_hint(e, "for example 30s");
    }
    if (a->cases.count > 1) return err_set(e, ERR_USAGE, "serve takes one --case, not %d", a->cases.count);
    return true;
}

static bool choose_case(struct job *j, struct err *e) {
    const char *name = j->args->cases.count ? j->args->cases.item[0] : NULL;
    if (name && !cases_check(&j->file, 1, "case", name, e)) return false;
    j->scenario = &j->file.case_[name ? cases_find(&j->file, name) : 0];
    j->seen = memory_new((size_t)j->scenario->server.workers, sizeof *j->seen);
    return true;
}

// ---- while it runs ----

static int64_t now_ns(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * SIM_S + t.tv_nsec;
}

// Until a signal comes or the time is over. False with *e where a worker dies.
static bool wait_for_end(struct job *j, struct err *e) {
    const struct timespec patience = {0, look_every};
    int64_t until = j->span == SIM_NEVER ? SIM_NEVER : now_ns() + j->span;
    while (now_ns() < until) {
        int number = sigtimedwait(&j->stop, NULL, &patience);
        if (number > 0) {
            j->signal = number;
            return true;
        }
        if (!serve_check(j->server, e)) return false;
    }
    return true;
}

// The URL must be out before anybody waits for it.
static bool announce(const struct job *j, struct err *e) {
    errno = 0;
    printf("http://127.0.0.1:%d/\n", serve_port(j->server));
    if (fflush(stdout) == 0 && !ferror(stdout)) return true;
    return err_set(e, ERR_HOST, "cannot write standard output");
}

// ---- what it did ----

static void print_count(int64_t n, const char *what) {
    if (n) printf(", %lld %s", (long long)n, what);
}

static void print_endpoints(const struct scenario *s, const struct serve_seen *seen) {
    if (s->endpoints < 2) return;
    for (int i = 0; i < s->endpoints; i++)
        printf("%s%s %lld", i ? ", " : " (", s->endpoint[i].name, (long long)seen->endpoint[i]);
    putchar(')');
}

static void print_seen(const struct scenario *scenario, const struct serve_seen *s) {
    printf("%lld requests", (long long)s->requests);
    print_endpoints(scenario, s);
    printf(" on %lld connections", (long long)s->connections);
    print_count(s->unknown, "not found");
    print_count(s->malformed, "malformed");
    print_count(s->refused, "refused");
    print_count(s->aborted, "aborted by the client");
    print_count(s->dropped, "attempts to connect dropped by a full backlog");
    print_count(s->threads, "threads started");
    print_count(s->lock_forced, "lock hand-overs on request");
    putchar('\n');
}

static void print_summary(const struct job *j, double wall_s) {
    int workers = j->scenario->server.workers;
    int64_t all = 0;
    for (int i = 0; i < workers; i++) all += j->seen[i].requests;
    printf("served %lld requests in %.2f s\n", (long long)all, wall_s);
    for (int i = 0; i < workers; i++) {
        printf("  worker %d: ", i);
        print_seen(j->scenario, &j->seen[i]);
    }
}

static bool serve(struct job *j, struct err *e) {
    j->server = serve_start(j->scenario, &j->options, e);
    if (!j->server) return false;
    int64_t from = now_ns();
    bool ok = announce(j, e) && wait_for_end(j, e);
    double wall_s = (double)(now_ns() - from) * 1e-9;
    // Another signal ends this process at once, and the workers follow it.
    sigprocmask(SIG_SETMASK, &j->before, NULL);
    bool ended = serve_stop_and_look(j->server, ok ? grace : 0, j->seen, ok ? e : NULL);
    print_summary(j, wall_s);
    return ok && ended;
}

// The signals are held back before the workers are forked: none of them must end the parent alone.
static bool execute(struct job *j, const struct program *p, struct err *e) {
    sigemptyset(&j->stop);
    sigaddset(&j->stop, SIGINT);
    sigaddset(&j->stop, SIGTERM);
    if (!read_options(j, e) || !load_scenario(&j->file, j->args->operands.item[0], j->args, p, e))
        return false;
    bool ok = choose_case(j, e);
    sigprocmask(SIG_BLOCK, &j->stop, &j->before);
    ok = ok && serve(j, e);
    sigprocmask(SIG_SETMASK, &j->before, NULL);
    scenario_fini(&j->file);
    free(j->seen);
    return ok;
}

int cmd_serve(const struct program *p, const struct args *a, struct err *e) {
    struct job j = {.args = a};
    if (!execute(&j, p, e)) return err_exit_code(e->kind);
    return j.signal ? 128 + j.signal : 0;
}
