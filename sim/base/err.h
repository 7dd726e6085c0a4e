#pragma once
// Errors of the user's or of the world's: a function that can meet one returns false and fills a struct err.
// Nothing below cli prints or exits.
#include <stdarg.h>
#include <stdbool.h>

enum err_kind {
    ERR_NONE,
    ERR_USAGE,  // command line: exit 2
    ERR_CONFIG, // scenario or cost profile: exit 2
    ERR_HOST,   // files, memory, threads, sockets: exit 3
    ERR_BROKEN, // a law that every run must obey was violated: exit 70
};

struct err {
    enum err_kind kind;
    char file[256]; // "" where there is none; "--set" for the command line
    int line, col;  // from 1; 0 where there is none
    char text[512];
    char hint[256]; // "" or how to mend it, without parentheses
};

// Fills *e (which may be NULL) with a printf-formatted text and no place. Always returns false, so that a caller
// can write `return err_set(e, ...)`.
bool err_set(struct err *e, enum err_kind kind, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

// The same with a place in a file; line and col count from 1.
bool err_at(struct err *e, enum err_kind kind, const char *file, int line, int col, const char *fmt, ...)
    __attribute__((format(printf, 6, 7)));

// Adds a hint to an error already filled. Always returns false.
bool err_hint(struct err *e, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

// Writes `file:line:col: message (hint)` (the parts that exist) into out of size n and returns out.
char *err_format(const struct err *e, char *out, unsigned n);

// The exit code of DESIGN's contract for a kind: 2, 3 or 70; 0 for ERR_NONE.
int err_exit_code(enum err_kind kind);
