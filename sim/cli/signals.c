#include "cli/signals.h"

#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

// timeout(1) and the like send a signal to the process and to its group: two within a millisecond or so, one wish.
static const double one_wish_s = 0.1;

static double seconds(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void *watch(void *argument) {
    struct signals *s = argument;
    int number = 0;
    double first = 0;
    while (!sigwait(&s->set, &number) && !atomic_load(&s->ending)) {
        if (atomic_load(&s->seen) && seconds() - first > one_wish_s) _exit(128 + number);
        if (atomic_load(&s->seen)) continue;
        first = seconds();
        atomic_store(&s->seen, number);
        if (!s->quiet)
            fputs("dispatchsim: stopping when the running replications have ended; once more ends at once\n",
                  stderr);
    }
    return NULL;
}

bool signals_init(struct signals *s, bool quiet, struct err *e) {
    *s = (struct signals){.quiet = quiet};
    sigemptyset(&s->set);
    sigaddset(&s->set, SIGINT);
    sigaddset(&s->set, SIGTERM);
    int error = pthread_sigmask(SIG_BLOCK, &s->set, &s->before);
    if (!error) error = pthread_create(&s->thread, NULL, watch, s);
    s->started = !error;
    return !error || err_set(e, ERR_HOST, "cannot start a thread: %s", strerror(error));
}

void signals_fini(struct signals *s) {
    if (!s->started) return;
    atomic_store(&s->ending, true);
    pthread_kill(s->thread, SIGTERM); // for this thread alone, to wake it
    pthread_join(s->thread, NULL);
    pthread_sigmask(SIG_SETMASK, &s->before, NULL);
    s->started = false;
}
