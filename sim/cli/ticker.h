#pragma once
// A line of progress on the terminal, written over and over.
#include <stdbool.h>
#include <time.h>

struct ticker {
    bool told, shown; // told: there is a terminal, and nobody asked for quiet
    struct timespec last;
};

// `quiet`, or a stderr that is no terminal, and nothing is ever shown.
void ticker_init(struct ticker *t, bool quiet);

// Shows the line, unless the last one was shown less than 0.1 s ago.
__attribute__((format(printf, 2, 3))) void ticker_show(struct ticker *t, const char *format, ...);

// Takes the line away.
void ticker_clear(struct ticker *t);
