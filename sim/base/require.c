#include "base/require.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

static void (*installed)(const char *, int, const char *);
static _Thread_local const int64_t *clock_ns;

void require_handler(void (*handler)(const char *file, int line, const char *text)) {
    installed = handler;
}

void require_clock(const int64_t *now) {
    clock_ns = now;
}

_Noreturn void require_failed(const char *file, int line, const char *text) {
    fprintf(stderr, "%s:%d: broken invariant: %s", file, line, text);
    if (clock_ns) fprintf(stderr, " (at simulated time %.9f s)", (double)*clock_ns / 1e9);
    fputc('\n', stderr);
    if (installed) installed(file, line, text);
    abort();
}
