#include "cli/args.h"
#include "cli/command.h"
#include "cli/output.h"

#include "base/text.h"
#include "study/export.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

struct job {
    const struct args *args;
    struct store *store;
    struct export export;
};

// As the choices of --format stand in args.c.
static enum export_format format_of(const struct job *j) {
    static const enum export_format format[] = {EXPORT_CSV,  EXPORT_JSON,        EXPORT_MD,
                                                EXPORT_TEXT, EXPORT_OPENMETRICS, EXPORT_HGRM};
    return format[j->args->format];
}

static void remark_missing(const struct job *j) {
    const struct export *x = &j->export;
    if (j->args->quiet) return;
    if (x->cases_done < x->cases)
        fprintf(stderr,
                "dispatchsim: %d of %d results are missing: the sweep was not finished (sweep --resume)\n",
                x->cases - x->cases_done, x->cases);
    if (x->sweep->shards > 1)
        fprintf(stderr, "dispatchsim: this is shard %d/%d alone; dispatchsim merge joins all\n",
                x->sweep->shard, x->sweep->shards);
}

static bool write_one(struct job *j, struct err *e) {
    struct output out;
    if (!output_open(&out, j->args->output, e)) return false;
    bool ok = export_write(out.file, format_of(j), &j->export, false, e) && output_commit(&out, e);
    output_discard(&out);
    return ok;
}

// ---- percentile files ----

static bool write_hgrm(struct job *j, const char *path, int point, int case_, struct err *e) {
    struct output out;
    struct hist h;
    hist_init(&h);
    bool ok = store_latency(j->store, point, case_, &h, e) && output_open(&out, path, e);
    if (ok) {
        export_hgrm(out.file, &h);
        ok = output_commit(&out, e);
        output_discard(&out);
    }
    hist_fini(&h);
    return ok;
}

static bool write_case(struct job *j, int point, int case_, int *files, struct err *e) {
    bool found = false;
    char name[200];
    if (!store_case(j->store, point, case_, NULL, &found, e)) return false;
    if (!found) return true;
    struct text path = {0};
    text_addf(&path, "%s/%s", j->args->output,
              export_hgrm_name(j->export.sweep, point, case_, name, sizeof name));
    bool ok = write_hgrm(j, text_string(&path), point, case_, e);
    text_fini(&path);
    *files += ok;
    return ok;
}

static bool write_folder(struct job *j, struct err *e) {
    const char *dir = j->args->output;
    int files = 0;
    if (!dir || !strcmp(dir, "-")) {
        err_set(e, ERR_USAGE, "hgrm is one file a point and case");
        return err_hint(e, "name a folder for them: -o FOLDER");
    }
    if (mkdir(dir, 0777) && errno != EEXIST)
        return err_set(e, ERR_HOST, "cannot make the folder %s: %s", dir, strerror(errno));
    for (int i = 0; i < j->export.points; i++)
        for (int c = 0; c < j->export.sweep->cases; c++)
            if (!write_case(j, j->export.point[i], c, &files, e)) return false;
    if (!j->args->quiet) fprintf(stderr, "dispatchsim: wrote %d files to %s\n", files, dir);
    return true;
}

int cmd_export(const struct program *p, const struct args *a, struct err *e) {
    (void)p;
    struct job j = {.args = a, .store = store_open(a->operands.item[0], e)};
    if (!j.store) return err_exit_code(e->kind);
    bool ok = export_load(&j.export, j.store, e);
    if (ok) {
        ok = format_of(&j) == EXPORT_HGRM ? write_folder(&j, e) : write_one(&j, e);
        if (ok) remark_missing(&j);
        export_fini(&j.export);
    }
    if (!store_close(j.store, ok ? e : NULL)) ok = false;
    return ok ? 0 : err_exit_code(e->kind);
}
