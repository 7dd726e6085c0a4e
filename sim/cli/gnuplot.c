#include "cli/gnuplot.h"

#include "base/memory.h"

#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

const char *gnuplot_script(const char *name) {
    for (const struct gnuplot_script *s = gnuplot_scripts; s->name; s++)
        if (!strcmp(s->name, name)) return s->text;
    return NULL;
}

static bool refuse_start(int error, const char *folder, struct err *e) {
    if (error != ENOENT) return err_set(e, ERR_HOST, "cannot start gnuplot: %s", strerror(error));
    err_set(e, ERR_HOST, "gnuplot is not installed");
    return err_hint(e, "on Debian: apt-get install gnuplot-nox; data and scripts are in %s", folder);
}

// The environment with a locale that exists everywhere and knows all letters of the names; the caller frees the array.
static char **environment(void) {
    static const char locale[] = "LC_ALL=C.UTF-8";
    size_t n = 0, kept = 0;
    while (environ[n]) n++;
    char **all = memory_new(n + 2, sizeof *all);
    for (size_t i = 0; i < n; i++)
        if (strncmp(environ[i], "LC_ALL=", strlen("LC_ALL="))) all[kept++] = environ[i];
    all[kept] = (char *)locale;
    return all;
}

// Starts it with its standard error on a pipe whose end to read is *from. Returns an errno, 0 where it runs.
static int start(char *const argv[], const char *folder, pid_t *pid, int *from) {
    int end[2];
    posix_spawn_file_actions_t a;
    if (pipe2(end, O_CLOEXEC)) return errno;
    posix_spawn_file_actions_init(&a);
    posix_spawn_file_actions_addchdir_np(&a, folder);
    posix_spawn_file_actions_addopen(&a, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&a, end[1], STDERR_FILENO);
    char **env = environment();
    int error = posix_spawnp(pid, argv[0], &a, NULL, argv, env);
    free(env);
    posix_spawn_file_actions_destroy(&a);
    close(end[1]);
    if (error)
        close(end[0]);
    else
        *from = end[0];
    return error;
}

static void listen(int from, struct text *said) {
    char part[512];
    ssize_t n;
    while ((n = read(from, part, sizeof part)) > 0 || (n < 0 && errno == EINTR))
        if (n > 0) text_add_bytes(said, part, (size_t)n);
    close(from);
}

static bool judge(int status, const char *folder, const char *name, const char *term, struct err *e) {
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return true;
    if (WIFSIGNALED(status))
        err_set(e, ERR_HOST, "gnuplot was stopped by signal %d at %s.gp", WTERMSIG(status), name);
    else
        err_set(e, ERR_HOST, "gnuplot failed at %s.gp", name);
    return err_hint(e, "see: cd %s && gnuplot -c %s.gp %s", folder, name, term);
}

bool gnuplot_run(const char *folder, const char *name, const char *term, int columns, int rows,
                 struct text *said, struct err *e) {
    char script[64], width[16], height[16];
    int from = -1, status = 0;
    pid_t pid;
    snprintf(script, sizeof script, "%s.gp", name);
    snprintf(width, sizeof width, "%d", columns);
    snprintf(height, sizeof height, "%d", rows);
    // -d: not as the user's own start-up file would have it.
    char *argv[] = {"gnuplot", "-d", "-c", script, (char *)term, width, height, NULL};
    fflush(stdout);
    int error = start(argv, folder, &pid, &from);
    if (error) return refuse_start(error, folder, e);
    listen(from, said);
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR) {}
    return judge(status, folder, name, term, e);
}
