#include "base/err.h"

#include <stdio.h>

static void fill(struct err *e, enum err_kind kind, const char *file, int line, int col, const char *fmt,
                 va_list args) {
    if (!e) return;
    *e = (struct err){.kind = kind, .line = line, .col = col};
    snprintf(e->file, sizeof e->file, "%s", file ? file : "");
    vsnprintf(e->text, sizeof e->text, fmt, args);
}

bool err_set(struct err *e, enum err_kind kind, const char *fmt, ...) {
    va_list args;
    va_start(args, fmt);
    fill(e, kind, "", 0, 0, fmt, args);
    va_end(args);
    return false;
}

bool err_at(struct err *e, enum err_kind kind, const char *file, int line, int col, const char *fmt, ...) {
    va_list args;
    va_start(args, fmt);
    fill(e, kind, file, line, col, fmt, args);
    va_end(args);
    return false;
}

bool err_hint(struct err *e, const char *fmt, ...) {
    if (!e) return false;
    va_list args;
    va_start(args, fmt);
    vsnprintf(e->hint, sizeof e->hint, fmt, args);
    va_end(args);
    return false;
}

char *err_format(const struct err *e, char *out, unsigned n) {
    char place[300] = "";
    if (e->file[0] && e->line > 0)
        snprintf(place, sizeof place, "%s:%d:%d: ", e->file, e->line, e->col);
    else if (e->file[0])
        snprintf(place, sizeof place, "%s: ", e->file);
    if (e->hint[0])
        snprintf(out, n, "%s%s (%s)", place, e->text, e->hint);
    else
        snprintf(out, n, "%s%s", place, e->text);
    return out;
}

int err_exit_code(enum err_kind kind) {
    switch (kind) {
    case ERR_NONE: return 0;
    case ERR_USAGE:
    case ERR_CONFIG: return 2;
    case ERR_HOST: return 3;
    case ERR_BROKEN: return 70;
    }
    return 70;
}
