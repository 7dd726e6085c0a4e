// What goes wrong with processes, ports, file descriptors and threads; and the order of the pool's queue.
#include "peer.h"

#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>

static const char *const models[] = {"event_loop", "threadpool", "thread_per_request", "prefork"};
enum { MODELS = sizeof models / sizeof models[0] };

static void load(struct scenario_file *f, const char *model, const char *server, const char *more) {
    peer_load(f, "server: {model: %s%s}\nload: {client: ab, concurrency: 1, requests: 1}\n%s", model, server,
              more);
}

// Runs `body` in a process of its own, so that limits set there stay there.
static void apart(void (*body)(const char *model), const char *model) {
    int status;
    pid_t pid = fork();
    if (pid == 0) {
        body(model);
        _exit(0);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    if (!WIFEXITED(status) || WEXITSTATUS(status)) fail_msg("%s: status %x", model, (unsigned)status);
}

// In a process of its own cmocka's assertions lead nowhere.
#define MUST(cond)                                                                                           \
    do {                                                                                                     \
        if (!(cond)) {                                                                                       \
            fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #cond);                                       \
            _exit(1);                                                                                        \
        }                                                                                                    \
    } while (0)

static void death_is_told(void **state) {
    (void)state;
    for (int i = 0; i < MODELS; i++) {
        struct scenario_file f;
        struct err e = {0};
        int n;
        load(&f, models[i], ", workers: 2", "");
        struct serve *v = peer_start(&f);
        assert_true(serve_check(v, &e));
        pid_t victim = serve_pids(v, &n)[1];
        kill(victim, SIGKILL);
        while (serve_check(v, &e)) usleep(1000);
        assert_int_equal(e.kind, ERR_HOST);
        assert_non_null(strstr(e.text, "worker 1 (process"));
        assert_non_null(strstr(e.text, "signal 9"));
        assert_int_equal(peer_get(v, "/"), 200); // the other serves on
        e = (struct err){0};
        assert_false(serve_stop(v, 60 * SIM_S, &e));
        assert_non_null(strstr(e.text, "signal 9"));
        scenario_fini(&f);
    }
}

// A worker whose handler never ends is killed when its grace is over; that is no fault of its.
static void grace_ends(void **state) {
    (void)state;
    for (int i = 0; i < MODELS; i++) {
        struct scenario_file f;
        struct err e = {0};
        load(&f, models[i], "", "handler: [sleep: 1000s]");
        struct serve *v = peer_start(&f);
        int fd = peer_connect(v);
        peer_send(fd, "GET / HTTP/1.0\r\n\r\n");
        usleep(20000);
        int64_t from = peer_now_ns();
        assert_true(serve_stop(v, 50 * SIM_MS, &e));
        assert_true(peer_now_ns() - from < 30 * SIM_S);
        assert_true(peer_receive(fd) <= 0);
        close(fd);
        scenario_fini(&f);
    }
}

static void one_signal(const char *model) {
    struct scenario_file f;
    int n;
    load(&f, model, ", workers: 2", "");
    for (int number = 0; number < 2; number++) {
        struct serve *v = serve_start(&f.case_[0], &(struct serve_options){0}, NULL);
        MUST(v);
        const pid_t *pid = serve_pids(v, &n);
        for (int i = 0; i < n; i++) kill(pid[i], number ? SIGINT : SIGTERM);
        for (int i = 0; i < n; i++) // they end by that alone; serve_stop would only hide it
            MUST(waitid(P_PID, (id_t)pid[i], &(siginfo_t){0}, WEXITED | WNOWAIT) == 0);
        MUST(serve_stop(v, 0, NULL));
    }
    scenario_fini(&f);
}

static void signals_stop(void **state) {
    (void)state;
    for (int i = 0; i < MODELS; i++) apart(one_signal, models[i]);
}

// The parent is killed: the workers end by themselves.
static void orphans_end(void **state) {
    (void)state;
    for (int i = 0; i < MODELS; i++) {
        struct scenario_file f;
        int told[2], n, port = 0;
        char byte;
        load(&f, models[i], ", workers: 2", "");
        assert_int_equal(pipe(told), 0);
        pid_t parent = fork();
        if (parent == 0) {
            struct serve *v = serve_start(&f.case_[0], &(struct serve_options){0}, NULL);
            if (v) port = serve_port(v);
            if (write(told[1], &port, sizeof port) < 0) _exit(1);
            pause();
        }
        close(told[1]); // the workers hold theirs as long as they live
        assert_int_equal(read(told[0], &port, sizeof port), sizeof port);
        assert_true(port > 0);
        kill(parent, SIGKILL);
        waitpid(parent, &n, 0);
        assert_int_equal(read(told[0], &byte, 1), 0); // the last worker is gone; ctest's limit is the limit
        close(told[0]);
        scenario_fini(&f);
    }
}

static void ports(void **state) {
    (void)state;
    struct scenario_file f;
    struct err e = {0};
    load(&f, "event_loop", "", "");
    struct serve *v = peer_start(&f);
    struct serve_options same = {.port = serve_port(v)}, low = {.port = 80};
    assert_null(serve_start(&f.case_[0], &same, &e));
    assert_int_equal(e.kind, ERR_HOST);
    assert_non_null(strstr(e.text, "cannot listen on 127.0.0.1:"));
    assert_non_null(strstr(e.text, strerror(EADDRINUSE)));
    assert_string_not_equal(e.hint, "");
    assert_int_equal(peer_get(v, "/"), 200);
    peer_stop(v);
    e = (struct err){0};
    v = serve_start(&f.case_[0], &low, &e); // root may, others may not
    if (v) peer_stop(v);
    if (!v) assert_non_null(strstr(e.text, "127.0.0.1:80:"));
    strcpy(f.case_[0].server.model, "abacus");
    assert_null(serve_start(&f.case_[0], &same, &e));
    assert_int_equal(e.kind, ERR_CONFIG);
    scenario_fini(&f);
}

// Out of file descriptors: those who find none are turned away, those who have one are served, and when some go others
// come. (Prefork needs but one.)
static void no_files(const char *model) {
    struct scenario_file f;
    struct rlimit files = {40, 40};
    int fd[60], told = 0, served = 0;
    load(&f, model, ", threads: 2", "");
    MUST(setrlimit(RLIMIT_NOFILE, &(struct rlimit){100, 100}) == 0);
    struct serve *v = serve_start(&f.case_[0], &(struct serve_options){0}, NULL);
    MUST(v);
    // The workers' limit is set from outside: this process needs more than they get.
    int n;
    MUST(prlimit(serve_pids(v, &n)[0], RLIMIT_NOFILE, &files, NULL) == 0);
    for (int i = 0; i < 60; i++) MUST((fd[i] = peer_connect(v)) >= 0);
    for (int i = 0; i < 60; i++) peer_send(fd[i], "GET / HTTP/1.1\r\n\r\n");
    for (int i = 0; i < 60; i++) {
        int status = peer_receive(fd[i]);
        MUST(status == 200 || status == 0);
        served += status == 200;
        told += status == 0;
    }
    MUST(served >= 10 && told >= 10);
    for (int i = 0; i < 60; i++) close(fd[i]);
    for (int tries = 0; peer_get(v, "/") != 200; tries++) MUST(tries < 1000);
    struct serve_seen seen;
    MUST(serve_stop_and_look(v, 60 * SIM_S, &seen, NULL));
    MUST(seen.refused >= told);
    scenario_fini(&f);
}

static void files_run_out(void **state) {
    (void)state;
    for (int i = 0; i < MODELS - 1; i++) apart(no_files, models[i]);
}

#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
static long address_space_bytes(void) {
    long pages = 0;
    FILE *s = fopen("/proc/self/statm", "r");
    MUST(s && fscanf(s, "%ld", &pages) == 1);
    fclose(s);
    return pages * sysconf(_SC_PAGESIZE);
}

// Each thread's stack takes 8 MB of address space: a few threads fit, not forty.
static void no_threads(const char *model) {
    struct scenario_file f;
    struct err e = {0};
    int fd[20];
    load(&f, model, ", threads: 40", "handler: [sleep: 5ms]");
    rlim_t limit = (rlim_t)address_space_bytes() + (60 << 20);
    MUST(setrlimit(RLIMIT_AS, &(struct rlimit){limit, limit}) == 0);
    struct serve *v = serve_start(&f.case_[0], &(struct serve_options){0}, &e);
    if (!strcmp(model, "thread_per_request")) {
        MUST(!v && e.kind == ERR_HOST && strstr(e.text, "worker 0: cannot start thread ") &&
             strstr(e.text, " of 40"));
        _exit(0);
    }
    MUST(v);
    for (int i = 0; i < 20; i++) peer_send(fd[i] = peer_connect(v), "GET / HTTP/1.0\r\n\r\n");
    for (int i = 0; i < 20; i++) MUST(peer_receive(fd[i]) == 200);
    struct serve_seen seen;
    MUST(serve_stop_and_look(v, 60 * SIM_S, &seen, NULL));
    MUST(seen.threads >= 1 && seen.threads < 20 && seen.requests == 20);
}

static void threads_run_out(void **state) {
    (void)state;
    apart(no_threads, "threadpool");
    apart(no_threads, "thread_per_request");
}
#endif

// One thread, busy for a while; three requests come in order. FIFO serves them so, LIFO the other way round.
static void order(const char *model, const char *queue_order, const char *expected) {
    struct scenario_file f;
    char server[64], seen[4] = "";
    struct pollfd {
        int fd;
    } p[4];
    snprintf(server, sizeof server, ", threads: 1, gil: none, queue_order: %s", queue_order);
    load(&f, model, server,
         "endpoints: [{name: long, weight: 1, handler: [sleep: 1s]}, {name: short, weight: 1, handler: "
         "[sleep: 100ms]}]");
    struct serve *v = peer_start(&f);
    for (int i = 0; i < 4; i++) {
        peer_send(p[i].fd = peer_connect(v),
                  i ? "GET /short HTTP/1.0\r\n\r\n" : "GET /long HTTP/1.0\r\n\r\n");
        usleep(50000);
    }
    assert_int_equal(peer_receive(p[0].fd), 200);
    for (int n = 0; n < 3;) {
        char byte;
        for (int i = 1; i < 4; i++)
            if (!memchr(seen, 'a' + i - 1, 3) && recv(p[i].fd, &byte, 1, MSG_DONTWAIT) == 1)
                seen[n++] = (char)('a' + i - 1);
        usleep(5000);
    }
    assert_string_equal(seen, expected);
    for (int i = 0; i < 4; i++) close(p[i].fd);
    peer_stop(v);
    scenario_fini(&f);
}

static void queue_order(void **state) {
    (void)state;
    for (int i = 1; i < 3; i++) {
        order(models[i], "fifo", "abc");
        order(models[i], "lifo", "cba");
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(death_is_told),
        cmocka_unit_test(grace_ends),
        cmocka_unit_test(signals_stop),
        cmocka_unit_test(orphans_end),
        cmocka_unit_test(ports),
        cmocka_unit_test(files_run_out),
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
        cmocka_unit_test(threads_run_out),
#endif
        cmocka_unit_test(queue_order)
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
