#include "cli/output.h"

#include "base/require.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bool refuse(const char *path, int error, struct err *e) {
    return err_set(e, ERR_HOST, "cannot write %s: %s", path, strerror(error ? error : EIO));
}

// The mode the file shall have: what it had, or what the user's mask allows.
static mode_t mode_of(const char *path) {
    struct stat s;
    if (!stat(path, &s)) return s.st_mode & 07777;
    mode_t mask = umask(0);
    umask(mask);
    return 0666 & ~mask;
}

static bool open_temporary(struct output *o, struct err *e) {
    REQUIRE(asprintf(&o->temporary, "%s.XXXXXX", o->path) >= 0);
    int fd = mkstemp(o->temporary);
    int error = errno;
    if (fd < 0) {
        free(o->temporary);
        o->temporary = NULL;
        return refuse(o->name, error, e);
    }
    fchmod(fd, mode_of(o->path));
    o->file = fdopen(fd, "w");
    REQUIRE(o->file);
    return true;
}

static bool open_directly(struct output *o, struct err *e) {
    o->file = fopen(o->path, "w");
    return o->file || refuse(o->name, errno, e);
}

bool output_open(struct output *o, const char *path, struct err *e) {
    struct stat s;
    *o = (struct output){.file = stdout, .name = "standard output"};
    if (!path || !strcmp(path, "-")) return true;
    bool exists = !stat(path, &s);
    // A link stays a link: what it points to is replaced.
    o->path = exists ? realpath(path, NULL) : strdup(path);
    if (!o->path) o->path = strdup(path);
    REQUIRE(o->path);
    o->name = path;
    o->file = NULL;
    bool ok;
    if (exists && access(path, W_OK))
        ok = refuse(o->name, errno, e);
    else if (exists && !S_ISREG(s.st_mode))
        ok = open_directly(o, e);
    else
        ok = open_temporary(o, e);
    if (!ok) output_discard(o);
    return ok;
}

static bool close_whole(struct output *o, struct err *e) {
    errno = 0;
    bool failed = fflush(o->file) != 0 || ferror(o->file);
    int error = errno;
    if (o->path && fclose(o->file) && !failed) {
        failed = true;
        error = errno;
    }
    o->file = NULL;
    return !failed || refuse(o->name, error, e);
}

bool output_commit(struct output *o, struct err *e) {
    bool ok = close_whole(o, e);
    if (ok && o->temporary && rename(o->temporary, o->path)) ok = refuse(o->name, errno, e);
    if (ok) {
        free(o->temporary);
        o->temporary = NULL;
    }
    output_discard(o);
    return ok;
}

void output_discard(struct output *o) {
    if (o->file && o->path) fclose(o->file);
    if (o->temporary) unlink(o->temporary);
    free(o->temporary);
    free(o->path);
    *o = (struct output){0};
}

bool output_colour(const struct output *o) {
    const char *no = getenv("NO_COLOR"), *term = getenv("TERM");
    if (no && no[0]) return false; // no-color.org
    if (term && !strcmp(term, "dumb")) return false;
    return isatty(fileno(o->file));
}
