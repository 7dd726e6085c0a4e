#include "calib/external.h"

#include "base/memory.h"
#include "base/monotonic.h"
#include "calib/ask.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static const sim_time start_patience = 60 * SIM_S, answer_patience = 30 * SIM_S, end_patience = 5 * SIM_S;
static const sim_time poll_every = 20 * SIM_MS;

enum { OUTPUT_MOST = 1 << 20, TAIL = 380 };

struct external {
    struct text command; // as the shell gets it, but for {port}; "" = it ran already
    struct server_external spec;
    struct sockaddr_in address;
    const atomic_int *stop;
    pid_t pid;    // leads a session where it was started; 0 = not known
    bool started; // and not yet reaped
    int status;   // of waitpid, once it has ended
    int output;   // what it writes, both streams; -1 = none
};

static void rest(sim_time ns) {
    nanosleep(&(struct timespec){ns / SIM_S, ns % SIM_S}, NULL);
}

// --- the command

// Appends `in` with the words that stand for keys replaced; {port} stays where port is 0.
static void fill_in(const char *in, const struct server_spec *s, int port, struct text *out) {
    enum { WORDS = 5 };
    const struct {
        const char *word;
        int value;
    } words[WORDS] = {{"{port}", port},
                      {"{workers}", s->workers},
                      {"{threads}", s->threads},
                      {"{gc}", s->gc},
                      {"{backlog}", s->backlog}};
    while (*in) {
        size_t i = port ? 0 : 1, n = strcspn(in + 1, "{") + 1;
        while (i < WORDS && strncmp(in, words[i].word, strlen(words[i].word)) != 0) i++;
        if (i < WORDS)
            text_addf(out, "%d", words[i].value);
        else
            text_add_bytes(out, in, n);
        in += i < WORDS ? strlen(words[i].word) : n;
    }
}

// A port nobody listens on now; 0 with errno.
static int free_port(void) {
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof a;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0) return 0;
    bool ok =
        bind(fd, (struct sockaddr *)&a, sizeof a) == 0 && getsockname(fd, (struct sockaddr *)&a, &size) == 0;
    close(fd);
    return ok ? ntohs(a.sin_port) : 0;
}

// In the child: only what is safe between fork and exec in a program with threads.
static void become(const char *command, const char *folder, int output, pid_t parent) {
    sigset_t none;
    sigemptyset(&none);
    for (int s = 1; s < NSIG; s++) signal(s, SIG_DFL);
    sigprocmask(SIG_SETMASK, &none, NULL);
    setsid();
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    int nothing = open("/dev/null", O_RDONLY);
    dup2(nothing, 0);
    dup2(output, 1);
    dup2(output, 2);
    if (getppid() != parent) _exit(1); // gone before PDEATHSIG could tell
    if (!*folder || chdir(folder) == 0) execl("/bin/sh", "sh", "-c", command, (char *)NULL);
    static const char trouble[] = "cannot enter the scenario's folder or run /bin/sh\n";
    ssize_t told = write(2, trouble, sizeof trouble - 1);
    _exit(told < 0 ? 126 : 127);
}

static bool launch(struct external *x, const struct server_spec *s, struct err *e) {
    struct text line = {0};
    int port = free_port();
    if (!port) return err_set(e, ERR_HOST, "no free port for the server: %s", strerror(errno));
    x->address = (struct sockaddr_in){
        .sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    x->output = memfd_create("output of the server", MFD_CLOEXEC);
    if (x->output < 0 || fcntl(x->output, F_SETFL, O_APPEND) < 0)
        return err_set(e, ERR_HOST, "no place for the server's output: %s", strerror(errno));
    fill_in(s->external.command, s, port, &line);
    pid_t parent = getpid();
    x->pid = fork();
    if (x->pid == 0) become(text_string(&line), s->external.folder, x->output, parent);
    text_fini(&line);
    if (x->pid < 0) return err_set(e, ERR_HOST, "cannot start the server: %s", strerror(errno));
    x->started = true;
    return true;
}

// --- how it is

// Reaps it where it has ended; whether it has.
static bool ended(struct external *x) {
    if (x->started && waitpid(x->pid, &x->status, WNOHANG) == x->pid) x->started = false;
    return x->command.length && !x->started;
}

// The end of its output, lines joined by " | "; "" where there is none.
static void last_words(const struct external *x, char out[TAIL]) {
    char tail[TAIL];
    struct stat s;
    size_t n = 0;
    out[0] = 0;
    if (x->output < 0 || fstat(x->output, &s)) return;
    off_t from = s.st_size >= TAIL ? s.st_size - TAIL + 1 : 0;
    ssize_t got = pread(x->output, tail, TAIL - 1, from);
    tail[got > 0 ? got : 0] = 0;
    char *first = from ? strchr(tail, '\n') : NULL,
         *rest_of = first ? first : tail; // no half line at the beginning
    for (char *line; (line = strsep(&rest_of, "\r\n"));) {
        for (char *c = line; *c; c++)
            if ((unsigned char)*c < ' ' || *c == 0x7f) *c = ' '; // colours, and what else moves a cursor
        line += strspn(line, " ");
        if (*line && n < TAIL) n += (size_t)snprintf(out + n, TAIL - n, "%s%s", n ? " | " : "", line);
    }
}

static bool tell_end(const struct external *x, struct err *e) {
    char said[TAIL], how[40];
    last_words(x, said);
    if (WIFSIGNALED(x->status))
        snprintf(how, sizeof how, "signal %d", WTERMSIG(x->status));
    else
        snprintf(how, sizeof how, "exit code %d", WEXITSTATUS(x->status));
    err_set(e, ERR_HOST, "the server ended with %s%s%s", how, *said ? "; its last words: " : "", said);
    return err_hint(e, "server.command: %.160s", x->spec.command);
}

static bool wait_until_there(struct external *x, struct err *e) {
    struct ask_answer a;
    sim_time until = monotonic_ns() + (x->command.length ? start_patience : 0);
    for (;;) {
        ask(&x->address, "/", answer_patience, x->stop, &a);
        if (a.connected) return true;
        if (ended(x)) return tell_end(x, e);
        if (x->stop && atomic_load(x->stop))
            return err_set(e, ERR_HOST, "stopped while the server was starting");
        if (monotonic_ns() >= until) break;
        rest(poll_every);
    }
    if (!x->command.length) {
        err_set(e, ERR_HOST, "nobody listens at %s", x->spec.url);
        return err_hint(e, "start the server first, or give server.command");
    }
    err_set(e, ERR_HOST, "the server does not listen on port %d of 127.0.0.1 after %.0f s",
            ntohs(x->address.sin_port), (double)start_patience * 1e-9);
    return err_hint(e, "server.command: %.160s", x->spec.command);
}

// Workers that still load what they serve would disturb the first run: waits until the server has used next to no CPU for
// a while, or some seconds have passed.
static void settle(struct external *x) {
    static const double little_s = 0.01;
    struct family_look before = {0}, after = {0};
    int quiet = 0;
    external_look(x, &before);
    for (int i = 0; i < 50 && quiet < 2 && !(x->stop && atomic_load(x->stop)); i++) {
        rest(100 * SIM_MS);
        external_look(x, &after);
        quiet = family_use_between(&before, &after).cpu_s < little_s ? quiet + 1 : 0;
        struct family_look older = before;
        before = after;
        after = older;
    }
    family_look_fini(&before);
    family_look_fini(&after);
}

static bool begin(struct external *x, const struct server_spec *s, struct err *e) {
    struct load_target t;
    fill_in(s->external.command, s, 0, &x->command);
    if (x->command.length) return launch(x, s, e);
    if (!load_parse_url(s->external.url, &t, e)) return false;
    x->address = t.address;
    x->pid = s->external.pid;
    if (!x->pid || kill(x->pid, 0) == 0 || errno == EPERM) return true;
    err_set(e, ERR_HOST, "there is no process %d", (int)x->pid);
    return err_hint(e, "server.pid is the server's process id");
}

struct external *external_open(const struct server_spec *s, const atomic_int *stop, struct err *e) {
    struct external *x = memory_new(1, sizeof *x);
    x->spec = s->external;
    x->stop = stop;
    x->output = -1;
    if (!begin(x, s, e) || !wait_until_there(x, e)) {
        external_close(x);
        return NULL;
    }
    if (x->started) settle(x);
    return x;
}

bool external_is(const struct external *x, const struct server_spec *s) {
    struct text command = {0};
    fill_in(s->external.command, s, 0, &command);
    bool same = strcmp(text_string(&command), text_string(&x->command)) == 0 &&
                strcmp(s->external.folder, x->spec.folder) == 0 &&
                strcmp(s->external.url, x->spec.url) == 0 && s->external.pid == x->spec.pid;
    text_fini(&command);
    return same;
}

void external_target(const struct external *x, struct load_target *out) {
    *out = (struct load_target){.address = x->address, .path = "/", .host = "127.0.0.1"};
}

bool external_look(const struct external *x, struct family_look *out) {
    if (!x->pid) return false;
    pid_t *pid = memory_new(FAMILY_MOST, sizeof *pid);
    family_look(out, pid, family_find(x->pid, x->command.length > 0, pid, FAMILY_MOST));
    free(pid);
    return out->threads > 0;
}

bool external_try(const struct external *x, const char *path, struct err *e) {
    struct ask_answer a;
    ask(&x->address, path, answer_patience, x->stop, &a);
    if (a.status && a.status < 400) return true;
    if (a.status)
        err_set(e, ERR_HOST, "the server answers %.200s with status %d", path, a.status);
    else
        err_set(e, ERR_HOST, "the server does not answer %.200s", path);
    return err_hint(e, "server.path, or `path` of an endpoint, says what is asked");
}

bool external_pace(const struct external *x, const char *pace, double *per_ms, struct err *e) {
    if (ask_number(&x->address, pace, answer_patience, x->stop, per_ms, e)) return true;
    return err_hint(e, "server.pace: how many iterations of its work take 1 ms of CPU");
}

bool external_check(struct external *x, struct err *e) {
    struct stat s;
    if (ended(x)) return tell_end(x, e);
    if (x->output >= 0 && fstat(x->output, &s) == 0 && s.st_size > OUTPUT_MOST && ftruncate(x->output, 0))
        return err_set(e, ERR_HOST, "cannot forget the server's output: %s", strerror(errno));
    return true;
}

// --- its end

static void signal_all(const struct external *x, int number) {
    pid_t *pid = memory_new(FAMILY_MOST, sizeof *pid);
    int count = family_find(x->pid, true, pid, FAMILY_MOST);
    for (int i = 0; i < count; i++) kill(pid[i], number);
    free(pid);
}

// Whether none of it is left by `until`.
static bool gone(struct external *x, sim_time until) {
    pid_t one;
    for (;;) {
        if (ended(x) && family_find(x->pid, true, &one, 1) == 0) return true;
        if (monotonic_ns() >= until) return false;
        rest(poll_every);
    }
}

static void finish(struct external *x) {
    signal_all(x, SIGTERM);
    if (gone(x, monotonic_ns() + end_patience)) return;
    signal_all(x, SIGKILL);
    gone(x, monotonic_ns() + end_patience);
}

void external_close(struct external *x) {
    if (!x) return;
    if (x->command.length && x->pid > 0) finish(x);
    if (x->output >= 0) close(x->output);
    text_fini(&x->command);
    free(x);
}
