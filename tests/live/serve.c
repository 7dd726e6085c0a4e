// What every twin must do with clients good and bad.
#include "peer.h"

#include <dirent.h>
#include <pthread.h>

#define GET "GET / HTTP/1.1\r\nHost: a\r\n\r\n"

enum { MANY = 100 };

static const char *model_of(void **state) {
    return *state;
}

static void load(struct scenario_file *f, void **state, const char *more) {
    peer_load(f,
              "server: {model: %s, threads: 8, keep_alive: on}\nload: {client: ab, concurrency: 1, requests: "
              "1}\n%s",
              model_of(state), more);
}

static void answers(void **state) {
    struct scenario_file f;
    load(&f, state, "handler: [cpu: 20us, cpu_nogil: 20us, sleep: 200us]");
    struct serve *v = peer_start(&f);
    for (int i = 0; i < 5; i++) assert_int_equal(peer_get(v, "/"), 200);
    assert_int_equal(peer_get(v, "/nowhere"), 404);
    int fd = peer_connect(v);
    peer_send(fd, "HEAD / HTTP/1.1\r\nConnection: close\r\n\r\n");
    char text[512] = "";
    for (size_t n = 0; n < sizeof text - 1 && recv(fd, text + n, 1, 0) == 1;) n++;
    assert_non_null(strstr(text, "200 OK"));
    assert_null(strstr(text, "Hello"));
    close(fd);
    struct serve_seen seen = peer_stop(v);
    assert_int_equal(seen.requests, 6);
    assert_int_equal(seen.unknown, 1);
    assert_int_equal(seen.connections, 7);
    scenario_fini(&f);
}

static void keeps_alive(void **state) {
    struct scenario_file f;
    load(&f, state, "handler: [cpu: 20us, sleep: 100us]");
    struct serve *v = peer_start(&f);
    int fd = peer_connect(v);
    for (int i = 0; i < 20; i++) {
        peer_send(fd, GET);
        assert_int_equal(peer_receive(fd), 200);
    }
    peer_send(fd, "GET /x HTTP/1.1\r\n\r\n");
    assert_int_equal(peer_receive(fd), 404);
    peer_send(fd, "GET / HTTP/1.1\r\nConnection: close\r\n\r\n");
    assert_int_equal(peer_receive(fd), 200);
    assert_true(peer_closed(fd));
    close(fd);
    struct serve_seen seen = peer_stop(v);
    assert_int_equal(seen.connections, 1);
    assert_int_equal(seen.requests, 21);
    scenario_fini(&f);
}

static void keeps_not(void **state) {
    struct scenario_file f;
    peer_load(
        &f,
        "server: {model: %s, threads: 2, keep_alive: off}\nload: {client: ab, concurrency: 1, requests: 1}",
        model_of(state));
    struct serve *v = peer_start(&f);
    int fd = peer_connect(v);
    peer_send(fd, GET);
    assert_int_equal(peer_receive(fd), 200);
    assert_true(peer_closed(fd));
    close(fd);
    peer_stop(v);
    scenario_fini(&f);
}

// Sent ahead: all in one piece, far more than a buffer holds; each is answered, in order, also after the client said that
// it sends no more.
static void pipelines(void **state) {
    enum { AHEAD = 2000 };
    struct scenario_file f;
    char *text = malloc(AHEAD * sizeof GET);
    load(&f, state, "handler: [sleep: 10us]");
    struct serve *v = peer_start(&f);
    int fd = peer_connect(v);
    text[0] = 0;
    for (size_t i = 0; i < AHEAD; i++)
        strcpy(text + i * (sizeof GET - 1), i % 10 == 7 ? "GET /x HTTP/1.1\r\nHos: b\r\n\r\n" : GET);
    peer_send(fd, text);
    shutdown(fd, SHUT_WR);
    for (int i = 0; i < AHEAD; i++) assert_int_equal(peer_receive(fd), i % 10 == 7 ? 404 : 200);
    assert_true(peer_closed(fd));
    close(fd);
    free(text);
    assert_int_equal(peer_stop(v).requests, AHEAD * 9 / 10);
    scenario_fini(&f);
}

// Byte by byte, while another client is served (not by prefork, which is another's until then).
static void partial(void **state) {
    static const char text[] = "POST / HTTP/1.1\r\nContent-Length: 3\r\n\r\nabcGET / HTTP/1.1\r\n\r\n";
    struct scenario_file f;
    load(&f, state, "handler: [cpu: 10us]");
    struct serve *v = peer_start(&f);
    int fd = peer_connect(v), answered = 0;
    for (size_t i = 0; i < sizeof text - 1; i++) {
        char byte[2] = {text[i], 0};
        peer_send(fd, byte);
        usleep(500);
        if (i == 20 && strcmp(model_of(state), "prefork") != 0) assert_int_equal(peer_get(v, "/"), 200);
        if (i == 40) answered += peer_receive(fd) == 200;
    }
    answered += peer_receive(fd) == 200;
    assert_int_equal(answered, 2);
    close(fd);
    peer_stop(v);
    scenario_fini(&f);
}

static void refuse(const struct serve *v, const char *text, int status) {
    int fd = peer_connect(v);
    peer_send(fd, text);
    int got = peer_receive(fd);
    if (got != status) fail_msg("%.40s: %d instead of %d", text, got, status);
    assert_true(peer_closed(fd));
    close(fd);
}

// Broken requests are told so; clients that vanish leave nothing behind; others are served on.
static void broken(void **state) {
    struct scenario_file f;
    char big[20100] = "GET / HTTP/1.1\r\nx: ";
    struct linger reset = {1, 0};
    load(&f, state, "handler: [cpu: 10us, sleep: 1ms]");
    struct serve *v = peer_start(&f);
    refuse(v, "\x16\x03\x01 what is this\r\n\r\n", 400);
    refuse(v, "GET / HTTP/1.1\r\nContent-Length: -1\r\n\r\n", 400);
    refuse(v, "POST / HTTP/1.1\r\nContent-Length: 5000000\r\n\r\n", 413);
    memset(big + strlen(big), 'y', 20000);
    refuse(v, big, 431);
    for (int i = 0; i < 20; i++) {
        int fd = peer_connect(v);
        if (i % 4) peer_send(fd, i % 4 == 1 ? "GET / HT" : GET);
        if (i % 4 == 3) usleep(300); // the request is in the making when the client goes
        if (i % 2) setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
        close(fd);
        assert_int_equal(peer_get(v, "/"), 200);
    }
    struct serve_seen seen = peer_stop(v);
    assert_int_equal(seen.malformed, 4);
    assert_true(seen.requests >= 20);
    scenario_fini(&f);
}

// The client has said all it has to say (shutdown) before the answer.
static void half_closed(void **state) {
    struct scenario_file f;
    load(&f, state, "handler: [sleep: 20ms]");
    struct serve *v = peer_start(&f);
    int fd = peer_connect(v);
    peer_send(fd, GET);
    shutdown(fd, SHUT_WR);
    assert_int_equal(peer_receive(fd), 200);
    assert_true(peer_closed(fd));
    close(fd);
    assert_int_equal(peer_stop(v).requests, 1);
    scenario_fini(&f);
}

static int open_files(pid_t pid) {
    char path[64];
    int n = 0;
    snprintf(path, sizeof path, "/proc/%d/fd", (int)pid);
    DIR *d = opendir(path);
    assert_non_null(d);
    while (readdir(d)) n++;
    closedir(d);
    return n;
}

static void burst(const struct serve *v, int connections, int each) {
    int fd[MANY];
    for (int i = 0; i < connections; i++) {
        fd[i] = peer_connect(v);
        assert_true(fd[i] >= 0);
    }
    for (int k = 0; k < each; k++) {
        for (int i = 0; i < connections; i++) peer_send(fd[i], k + 1 < each ? GET : "GET / HTTP/1.0\r\n\r\n");
        for (int i = 0; i < connections; i++) assert_int_equal(peer_receive(fd[i]), 200);
    }
    for (int i = 0; i < connections; i++) {
        assert_true(peer_closed(fd[i]));
        close(fd[i]);
    }
}

static void crowd(const char *model, const char *way) {
    struct scenario_file f;
    bool prefork = !strcmp(model, "prefork");
    int each = prefork ? 1 : 3, n;
    peer_load(&f,
              "server: {model: %s, workers: 2, threads: 8, keep_alive: on, %s}\n"
              "resources: {db: {capacity: 3}, all: {capacity: 2, shared: on}}\n"
              "handler: [cpu: exp(100us), cpu_nogil: 50us, sleep: exp(1ms), {use: db, for: 100us}, {use: "
              "all, for: 100us}]\n"
              "load: {client: ab, concurrency: 1, requests: 1}\n",
              model, way);
    struct serve *v = peer_start(&f);
    const pid_t *pid = serve_pids(v, &n);
    assert_int_equal(n, 2);
    burst(v, 1, 1); // what is opened once and for all is open now
    int before[2] = {open_files(pid[0]), open_files(pid[1])};
    burst(v, MANY, each);
    burst(v, MANY / 4, each);
    for (int i = 0; i < n; i++) assert_true(open_files(pid[i]) <= before[i]);
    struct serve_seen seen = peer_stop(v);
    assert_int_equal(seen.requests, 1 + (MANY + MANY / 4) * each);
    assert_int_equal(seen.connections, 1 + MANY + MANY / 4);
    assert_int_equal(seen.refused + seen.aborted + seen.malformed, 0);
    if (!strcmp(model, "threadpool")) assert_in_range(seen.threads, 2, 16);
    scenario_fini(&f);
}

// A hundred connections, every kind of step, two workers, with and without the lock, each way to accept. Afterwards no
// file descriptor is left over. (Prefork serves a connection at a time, so there each has one request.)
static void concurrent(void **state) {
    static const char *const way[] = {"accept: drain, gil: on", "accept: one, gil: none",
                                      "accept: reuseport, gil: {switch_interval: 1ms}",
                                      "accept: drain, gil: {switch_interval: 100us}, queue_order: lifo"};
    for (size_t i = 0; i < sizeof way / sizeof way[0]; i++) crowd(model_of(state), way[i]);
}

static void *stop_it(void *server) {
    struct err e = {0};
    return serve_stop(server, 60 * SIM_S, &e) ? NULL : server;
}

// What was begun is finished, nothing new is begun, and idle connections do not hold the end up.
static void stops_gracefully(void **state) {
    struct scenario_file f;
    pthread_t stopper;
    void *failed;
    load(&f, state, "handler: [sleep: 300ms]");
    f.case_[0].server.workers = 2;
    struct serve *v = peer_start(&f);
    int fd[2] = {peer_connect(v), peer_connect(v)}, idle = peer_connect(v);
    for (int i = 0; i < 2; i++) peer_send(fd[i], GET);
    usleep(100000);
    int64_t from = peer_now_ns();
    assert_int_equal(pthread_create(&stopper, NULL, stop_it, v), 0);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(peer_receive(fd[i]), 200);
        assert_true(peer_closed(fd[i]));
        close(fd[i]);
    }
    assert_true(peer_closed(idle));
    close(idle);
    pthread_join(stopper, &failed);
    assert_null(failed);
    assert_true(peer_now_ns() - from < 30 * SIM_S); // not by its patience
    scenario_fini(&f);
}

// Executed in full: a request that sleeps and holds takes at least as long as that.
static void takes_its_time(void **state) {
    struct scenario_file f;
    load(&f, state,
         "resources: {db: {capacity: 1}}\nhandler: [cpu: 10ms, cpu_nogil: 10ms, sleep: 10ms, {use: db, for: "
         "10ms}]");
    struct serve *v = peer_start(&f);
    int64_t from = peer_now_ns();
    assert_int_equal(peer_get(v, "/"), 200);
    assert_true(peer_now_ns() - from >= 40 * SIM_MS);
    peer_stop(v);
    scenario_fini(&f);
}

// One unit for both workers: 20 requests that hold it 5 ms take 100 ms at least, whoever serves them.
static void shares(void **state) {
    struct scenario_file f;
    int fd[20];
    load(&f, state, "resources: {db: {capacity: 1, shared: on}}\nhandler: [{use: db, for: 5ms}]");
    f.case_[0].server.workers = 2;
    struct serve *v = peer_start(&f);
    int64_t from = peer_now_ns();
    for (int i = 0; i < 20; i++) peer_send(fd[i] = peer_connect(v), "GET / HTTP/1.0\r\n\r\n");
    for (int i = 0; i < 20; i++) {
        assert_int_equal(peer_receive(fd[i]), 200);
        close(fd[i]);
    }
    assert_true(peer_now_ns() - from >= 100 * SIM_MS);
    peer_stop(v);
    scenario_fini(&f);
}

// By name, and by weight where no name is given.
static void endpoints(void **state) {
    struct scenario_file f;
    load(&f, state,
         "endpoints: [{name: quick, weight: 1, dispatch: loop, handler: [cpu: 1us]}, "
         "{name: slow, weight: 1, dispatch: pool, handler: [sleep: 50ms]}]");
    struct serve *v = peer_start(&f);
    int64_t from = peer_now_ns();
    assert_int_equal(peer_get(v, "/slow"), 200);
    assert_true(peer_now_ns() - from >= 50 * SIM_MS);
    assert_int_equal(peer_get(v, "/quick?a=b"), 200);
    assert_int_equal(peer_get(v, "/slo"), 404);
    int slow = 0;
    for (int i = 0; i < 20; i++) {
        from = peer_now_ns();
        assert_int_equal(peer_get(v, "/"), 200);
        slow += peer_now_ns() - from >= 50 * SIM_MS;
    }
    assert_in_range(slow, 3, 20); // at this seed; a slow machine makes quick ones slow, never slow ones quick
    peer_stop(v);
    scenario_fini(&f);
}

#define FOR(model)                                                                                           \
    cmocka_unit_test_prestate(answers, model), cmocka_unit_test_prestate(keeps_alive, model),                \
        cmocka_unit_test_prestate(keeps_not, model), cmocka_unit_test_prestate(pipelines, model),            \
        cmocka_unit_test_prestate(partial, model), cmocka_unit_test_prestate(broken, model),                 \
        cmocka_unit_test_prestate(half_closed, model), cmocka_unit_test_prestate(concurrent, model),         \
        cmocka_unit_test_prestate(stops_gracefully, model),                                                  \
        cmocka_unit_test_prestate(takes_its_time, model), cmocka_unit_test_prestate(shares, model),          \
        cmocka_unit_test_prestate(endpoints, model)

int main(void) {
    const struct CMUnitTest tests[] = {FOR("event_loop"), FOR("threadpool"), FOR("thread_per_request"),
                                       FOR("prefork")};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
