// A worker's life in this very process, with the clients in another: what it opened it closes, and under AddressSanitizer
// what it allocated it frees.
#include "peer.h"

#include "live/serve_process.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <uv.h>

static int open_files(void) {
    int n = 0;
    DIR *d = opendir("/proc/self/fd");
    assert_non_null(d);
    while (readdir(d)) n++;
    closedir(d);
    return n;
}

static int call(int port) {
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (connect(fd, (struct sockaddr *)&a, sizeof a) != 0) _exit(1);
    return fd;
}

// Good clients, bad ones, idle ones, one that is in the midst of it at the end; then the signal that ends the server.
static _Noreturn void clients(int port, pid_t server) {
    int fd[12];
    for (int i = 0; i < 12; i++) {
        static const char *const text[] = {"GET / HTTP/1.1\r\n\r\nGET / HTTP/1.0\r\n\r\n",
                                           "GET / HTTP/1.0\r\n\r\n", "nonsense\r\n\r\n",
                                           "POST / HTTP/1.1\r\nContent-Le"};
        fd[i] = call(port);
        peer_send(fd[i], text[i % 4]);
        if (i % 4 == 0 && (peer_receive(fd[i]) != 200 || peer_receive(fd[i]) != 200)) _exit(2);
        if (i % 4 == 1 && peer_receive(fd[i]) != 200) _exit(3);
        if (i % 4 == 2 && peer_receive(fd[i]) != 400) _exit(4);
        if (i % 4 != 3 || i < 8) close(fd[i]);
    }
    kill(server, SIGTERM);
    pause(); // what is open closes with this process, when the server has ended
    _exit(0);
}

static struct serve_tally *run_worker(const struct scenario *s, const struct serve_twin *twin,
                                      struct serve_common *c) {
    struct err e = {0};
    int alive[2], ready[2], port = 0;
    *c = (struct serve_common){.scenario = s, .twin = twin, .lifeline = -1};
    assert_true(serve_common_init(c, &e));
    c->listener[0] = serve_listen(&port, 64, false, twin->blocking, &e);
    assert_true(c->listener[0] >= 0);
    c->listeners = 1;
    assert_int_equal(pipe(alive) | pipe(ready), 0);
    c->lifeline = alive[0];
    pid_t server = getpid(), peers = fork();
    if (peers == 0) clients(port, server);
    if (!serve_process(c, 0, ready[1])) fail_msg("%s", c->report[0].error.text);
    kill(peers, SIGKILL);
    waitpid(peers, NULL, 0);
    close(alive[1]);
    close(ready[0]);
    return &c->report[0].tally;
}

static void gives_back(void **state) {
    const struct serve_twin *twin = *state;
    struct scenario_file f;
    struct serve_common c;
    sigset_t mask, sent;
    sigprocmask(SIG_SETMASK, NULL, &mask);
    sigemptyset(&sent);
    sigaddset(&sent, SIGTERM);
    peer_load(&f,
              "server: {model: %s, threads: 3, keep_alive: on}\nresources: {db: {capacity: 1}}\n"
              "handler: [cpu: 10us, sleep: 100us, {use: db, for: 100us}]\nload: {client: ab, concurrency: 1, "
              "requests: 1}",
              twin->name);
    int before = open_files();
    const struct serve_tally *t = run_worker(&f.case_[0], twin, &c);
    assert_int_equal(t->requests, 9);
    assert_int_equal(t->malformed, 3);
    assert_in_range(t->aborted, 0, 3); // those that it had read of when the signal came
    serve_common_fini(&c);
    assert_int_equal(open_files(), before);
    assert_int_equal(sigtimedwait(&sent, NULL, &(struct timespec){0}), SIGTERM); // it stays pending
    sigprocmask(SIG_SETMASK, &mask, NULL);
    scenario_fini(&f);
}

int main(void) {
    uv_loop_t first; // libuv keeps a pipe for the whole process, from its first loop on
    if (uv_loop_init(&first) || uv_loop_close(&first)) return 1;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_prestate(gives_back, (void *)&serve_twin_event_loop),
        cmocka_unit_test_prestate(gives_back, (void *)&serve_twin_threadpool),
        cmocka_unit_test_prestate(gives_back, (void *)&serve_twin_thread_per_request),
        cmocka_unit_test_prestate(gives_back, (void *)&serve_twin_prefork)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
