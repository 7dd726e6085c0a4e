#include "cli/signals.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

static void *watch(void *argument) {
    struct signals *s = argument;
    int number = 0;
    while (!sigwait(&s->set, &number)) {
        if (atomic_load(&s->seen)) _exit(128 + number);
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
    pthread_cancel(s->thread); // sigwait is where it can end
    pthread_join(s->thread, NULL);
    pthread_sigmask(SIG_SETMASK, &s->before, NULL);
    s->started = false;
}
