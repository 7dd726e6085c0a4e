#include "cli/args.h"
#include "cli/command.h"
#include "cli/gnuplot.h"
#include "cli/output.h"

#include "base/require.h"
#include "study/plot.h"
#include "study/plot_json.h"
#include "study/plot_store.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

enum { REASONS = 16, PICTURES = 32 };
enum term { TERM_FILES, TERM_SVG, TERM_PNG, TERM_DUMB };

struct drawing {
    const struct args *args;
    struct plot plot;
    bool sweep;        // the operand is a sweep's folder
    char *folder;      // where .dat, .gp and pictures go
    bool passing;      // the folder is temporary
    int columns, rows; // of the terminal
    int drawn;         // pictures
    int reasons;       // why others are left out
    struct reason {
        char why[PLOT_WHY];
        struct text names;
    } reason[REASONS];
};

// ---- what to draw ----

static bool is_folder(const char *path) {
    struct stat s;
    return !stat(path, &s) && S_ISDIR(s.st_mode);
}

static bool keep_where(struct drawing *d, const char *text, struct err *e) {
    const char *equals = strchr(text, '=');
    if (!equals || equals == text) {
        err_set(e, ERR_USAGE, "--where needs key=value, not '%s'", text);
        return err_hint(e, "for example --where server.threads=40");
    }
    if (!d->plot.keys) return err_set(e, ERR_USAGE, "--where is for sweeps: nothing varies here");
    char *key = strndup(text, (size_t)(equals - text));
    REQUIRE(key);
    bool ok = plot_keep_where(&d->plot, key, equals + 1, e);
    free(key);
    return ok;
}

static bool choose(struct drawing *d, struct err *e) {
    const struct args *a = d->args;
    if (a->cases.count && !plot_keep_cases(&d->plot, a->cases.item, a->cases.count, e)) return false;
    for (int i = 0; i < a->where.count; i++)
        if (!keep_where(d, a->where.item[i], e)) return false;
    return true;
}

static bool load(struct drawing *d, struct err *e) {
    const char *path = d->args->operands.item[0];
    int missing = 0;
    d->sweep = is_folder(path);
    if (!d->sweep) return plot_json_load(&d->plot, path, e) && choose(d, e);
    if (!plot_store_load(&d->plot, path, &missing, e)) return false;
    if (missing && !d->args->quiet)
        fprintf(stderr, "dispatchsim: the sweep is not complete: %d of %d results are missing\n", missing,
                missing + d->plot.rows);
    return choose(d, e) && plot_store_latencies(&d->plot, path, e);
}

static bool picture_asked(const struct drawing *d, const char *name) {
    const struct args_list *l = &d->args->pictures;
    for (int i = 0; i < l->count; i++)
        if (!strcmp(l->item[i], name)) return true;
    return l->count == 0;
}

static bool check_pictures(const struct args_list *l, struct err *e) {
    const char *known[32];
    struct text all = {0};
    int n = 0;
    for (; plot_pictures[n].name; n++) {
        known[n] = plot_pictures[n].name;
        text_addf(&all, "%s%s", n ? ", " : "", known[n]);
    }
    for (int i = 0; i < l->count && e->kind == ERR_NONE; i++) {
        bool found = false;
        for (int k = 0; k < n; k++) found |= !strcmp(l->item[i], known[k]);
        if (found) continue;
        const char *meant = text_closest(l->item[i], known, n);
        err_set(e, ERR_USAGE, "--picture: no picture '%s'", l->item[i]);
        if (meant)
            err_hint(e, "did you mean %s?", meant);
        else
            err_hint(e, "there are %s", text_string(&all));
    }
    text_fini(&all);
    return e->kind == ERR_NONE;
}

// ---- where it goes ----

static bool make_passing(struct drawing *d, struct err *e) {
    const char *parent = getenv("TMPDIR");
    REQUIRE(asprintf(&d->folder, "%s/dispatchsim-plot-XXXXXX", parent && *parent ? parent : "/tmp") >= 0);
    if (!mkdtemp(d->folder))
        return err_set(e, ERR_HOST, "cannot make a folder like %s: %s", d->folder, strerror(errno));
    d->passing = true;
    return true;
}

// Pictures of a sweep lie in it, those of a file beside it.
static void name_folder(struct drawing *d) {
    const char *path = d->args->operands.item[0], *ending = ".json";
    size_t n = strlen(path), m = strlen(ending);
    if (d->args->output)
        REQUIRE((d->folder = strdup(d->args->output)));
    else if (d->sweep)
        REQUIRE(asprintf(&d->folder, "%s%splots", path, n && path[n - 1] == '/' ? "" : "/") >= 0);
    else
        REQUIRE(asprintf(&d->folder, "%.*s-plots", (int)(n > m && !strcmp(path + n - m, ending) ? n - m : n),
                         path) >= 0);
}

static bool make_folder(struct drawing *d, struct err *e) {
    if (d->args->term == TERM_DUMB && !d->args->output) return make_passing(d, e);
    name_folder(d);
    if (mkdir(d->folder, 0777) == 0 || (errno == EEXIST && is_folder(d->folder))) return true;
    err_set(e, ERR_HOST, "cannot make the folder %s: %s", d->folder, strerror(errno));
    return err_hint(e, "-o FOLDER puts the pictures elsewhere");
}

static void remove_passing(struct drawing *d) {
    char path[512];
    static const char *const endings[] = {"gp", "dat"};
    for (const struct gnuplot_script *s = gnuplot_scripts; s->name; s++)
        for (int i = 0; i < 2; i++) {
            snprintf(path, sizeof path, "%s/%s.%s", d->folder, s->name, endings[i]);
            unlink(path);
        }
    rmdir(d->folder);
}

// The name of a file in the folder; the caller frees it.
static char *file_of(const struct drawing *d, const char *name, const char *ending) {
    char *path = NULL;
    REQUIRE(asprintf(&path, "%s/%s.%s", d->folder, name, ending) >= 0);
    return path;
}

// ---- drawing ----

static bool holds(const char *path, const char *text) {
    FILE *f = fopen(path, "r");
    size_t n = strlen(text);
    bool same = f != NULL;
    for (size_t i = 0; same && i < n; i++) same = fgetc(f) == (unsigned char)text[i];
    same = same && fgetc(f) == EOF;
    if (f) fclose(f);
    return same;
}

// A script that the user has changed stays.
static bool put_script(const struct drawing *d, const char *name, struct err *e) {
    struct output o;
    char *path = file_of(d, name, "gp");
    const char *text = gnuplot_script(name);
    bool ok = true;
    REQUIRE(text);
    if (!access(path, F_OK)) {
        if (!holds(path, text) && !d->args->quiet)
            fprintf(stderr,
                    "dispatchsim: %s is not this program's: drawn as it is; remove it for the program's\n",
                    path);
    } else {
        ok = output_open(&o, path, e);
        if (ok) fputs(text, o.file);
        ok = ok && output_commit(&o, e);
    }
    free(path);
    return ok;
}

// False with *e where the file cannot be written; *supported says whether the data make this picture.
static bool put_data(const struct drawing *d, const struct plot_picture *p, bool *supported,
                     char why[PLOT_WHY], struct err *e) {
    struct output o;
    char *path = file_of(d, p->name, "dat");
    bool ok = output_open(&o, path, e);
    *supported = ok && p->write(o.file, &d->plot, why);
    if (*supported)
        ok = output_commit(&o, e);
    else if (ok)
        output_discard(&o);
    free(path);
    return ok;
}

static bool draw_one(const struct drawing *d, const char *name, const char *term, struct err *e) {
    struct text said = {0};
    bool ok = gnuplot_run(d->folder, name, term, d->columns, d->rows, &said, e);
    if (said.length && (!ok || !d->args->quiet)) fputs(text_string(&said), stderr);
    text_fini(&said);
    return ok;
}

static bool draw(const struct drawing *d, const struct plot_picture *p, struct err *e) {
    int term = d->args->term;
    if (term == TERM_DUMB) {
        if (!draw_one(d, p->name, "dumb", e)) return false;
        putchar('\n');
        return true;
    }
    bool ok = term == TERM_PNG || draw_one(d, p->name, "svg", e);
    ok = ok && (term == TERM_SVG || draw_one(d, p->name, "png", e));
    if (!ok) return false;
    if (term != TERM_PNG) printf("%s/%s.svg\n", d->folder, p->name);
    if (term != TERM_SVG) printf("%s/%s.png\n", d->folder, p->name);
    return true;
}

// Pictures that lack the same thing are named together.
static void leave_out(struct drawing *d, const char *name, const char *why) {
    int i = 0;
    while (i < d->reasons && strcmp(d->reason[i].why, why)) i++;
    REQUIRE(i < REASONS);
    if (i == d->reasons) snprintf(d->reason[d->reasons++].why, PLOT_WHY, "%s", why);
    text_addf(&d->reason[i].names, "%s%s", d->reason[i].names.length ? ", " : "", name);
}

// Writes what gnuplot needs for a picture, where the data support it: then *supported.
static bool prepare(struct drawing *d, const struct plot_picture *p, bool *supported, struct err *e) {
    char why[PLOT_WHY] = "";
    *supported = false;
    if (!picture_asked(d, p->name)) return true;
    if (!put_data(d, p, supported, why, e)) return false;
    if (*supported) return put_script(d, p->name, e);
    if (d->args->pictures.count)
        return err_set(e, ERR_USAGE, "no %s of %s: it %s", p->name, d->args->operands.item[0], why);
    leave_out(d, p->name, why);
    return true;
}

static void remark(const struct drawing *d) {
    if (d->args->quiet) return;
    for (int i = 0; i < d->reasons; i++)
        fprintf(stderr, "dispatchsim: left out %s: %s\n", text_string(&d->reason[i].names), d->reason[i].why);
    if (d->passing) return;
    fprintf(stderr,
            "dispatchsim: data and scripts lie beside the pictures; after a change: cd %s && gnuplot -c "
            "NAME.gp png\n",
            d->folder);
}

// All data are written before the first picture is drawn: without gnuplot here they can be drawn elsewhere.
static bool draw_all(struct drawing *d, struct err *e) {
    bool supported[PICTURES];
    int n = 0, drawn = 0;
    if (!put_script(d, "style", e)) return false;
    for (; plot_pictures[n].name; n++) {
        REQUIRE(n < PICTURES);
        if (!prepare(d, &plot_pictures[n], &supported[n], e)) return false;
        drawn += supported[n];
    }
    if (!drawn) return err_set(e, ERR_USAGE, "%s: nothing to draw", d->args->operands.item[0]);
    for (int i = 0; i < n; i++)
        if (supported[i] && !draw(d, &plot_pictures[i], e)) return false;
    remark(d);
    return true;
}

static void measure_terminal(struct drawing *d) {
    struct winsize w;
    d->columns = 100;
    d->rows = 32;
    if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &w) || w.ws_col < 60 || w.ws_row < 20) return;
    d->columns = w.ws_col - 1;
    d->rows = w.ws_row - 2;
}

int cmd_plot(const struct program *p, const struct args *a, struct err *e) {
    struct drawing d = {.args = a};
    (void)p;
    plot_init(&d.plot);
    measure_terminal(&d);
    bool ok = check_pictures(&a->pictures, e) && load(&d, e) && make_folder(&d, e) && draw_all(&d, e);
    if (d.passing) remove_passing(&d);
    for (int i = 0; i < d.reasons; i++) text_fini(&d.reason[i].names);
    free(d.folder);
    plot_fini(&d.plot);
    return ok ? 0 : err_exit_code(e->kind);
}
