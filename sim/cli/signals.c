#include "cli/signals.h"

#include "base/require.h"

#include <errno.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

// timeout(1) and the like send a signal to the process and to its group: two within a millisecond or so, one wish.
static const double one_wish_s = 0.1;

static const char remark[] = "dispatchsim: stopping when what runs has ended; once more ends at once\n";

// The kernel tells a handler nothing but the signal, so this is the one variable of the program that nobody hands on.
static struct signals *_Atomic caught;

static double seconds(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

// Only what may be called in a handler. Several threads may be in it at a time.
static void handle(int number) {
    struct signals *s = atomic_load(&caught);
    int none = 0, error = errno;
    if (!s) return;
    double now = seconds();
    if (!atomic_load(&s->seen)) atomic_store(&s->first, now);
    bool first = atomic_compare_exchange_strong(&s->seen, &none, number);
    if (!first && now - atomic_load(&s->first) > one_wish_s) _exit(128 + number);
    ssize_t told = first && !s->quiet ? write(STDERR_FILENO, remark, sizeof remark - 1) : 0;
    (void)told; // perhaps nobody reads it
    errno = error;
}

bool signals_init(struct signals *s, bool quiet, struct err *e) {
    struct sigaction a = {.sa_handler = handle, .sa_flags = SA_RESTART};
    *s = (struct signals){.quiet = quiet};
    sigemptyset(&a.sa_mask);
    sigaddset(&a.sa_mask, SIGINT);
    sigaddset(&a.sa_mask, SIGTERM);
    REQUIRE(!atomic_load(&caught));
    atomic_store(&caught, s);
    s->started = !sigaction(SIGINT, &a, &s->before_int) && !sigaction(SIGTERM, &a, &s->before_term);
    if (s->started) return true;
    atomic_store(&caught, NULL);
    return err_set(e, ERR_HOST, "cannot catch signals: %s", strerror(errno));
}

void signals_fini(struct signals *s) {
    if (!s->started) return;
    sigaction(SIGINT, &s->before_int, NULL);
    sigaction(SIGTERM, &s->before_term, NULL);
    atomic_store(&caught, NULL);
    s->started = false;
}
