#include "cli/ticker.h"

#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

static const double every_s = 0.1;

void ticker_init(struct ticker *t, bool quiet) {
    *t = (struct ticker){.told = !quiet && isatty(STDERR_FILENO)};
    clock_gettime(CLOCK_MONOTONIC, &t->last);
}

void ticker_show(struct ticker *t, const char *format, ...) {
    struct timespec now;
    va_list args;
    if (!t->told) return;
    clock_gettime(CLOCK_MONOTONIC, &now);
    double since = (double)(now.tv_sec - t->last.tv_sec) + (double)(now.tv_nsec - t->last.tv_nsec) / 1e9;
    if (since < every_s) return;
    t->last = now;
    t->shown = true;
    fputc('\r', stderr);
    va_start(args, format);
    vfprintf(stderr, format, args);
    va_end(args);
    fputs("\033[K", stderr);
}

void ticker_clear(struct ticker *t) {
    if (t->shown) fputs("\r\033[K", stderr);
    t->shown = false;
}
