#include "cli/args.h"
#include "cli/command.h"
#include "cli/load_print.h"
#include "cli/output.h"
#include "cli/signals.h"
#include "live/load.h"

#include <errno.h>
#include <string.h>

enum { NOT_TO_BE_TRUSTED = 4 };

// Everything one `load` holds.
struct job {
    const struct args *args;
    struct scenario_file file; // one case, of which the load counts
    struct load_target target;
    struct observation seen;
    struct load_report report;
    struct output output;
    struct signals signals;
};

static bool is_load_key(const char *key) {
    return !strncmp(key, "load.", 5) || !strcmp(key, "run.seed") || !strcmp(key, "run.warmup");
}

static bool given(const struct args *a, const char *key) {
    for (int i = 0; i < a->sets; i++)
        if (!strcmp(a->set[i].key, key)) return true;
    return false;
}

// A value that came by an option is refused under the option's name.
static void name_option(struct err *e) {
    static const char load[] = "--set load.", run[] = "--set run.";
    char key[sizeof e->file];
    size_t n = !strncmp(e->file, load, sizeof load - 1) ? sizeof load - 1 : sizeof run - 1;
    if ((n == sizeof run - 1 && strncmp(e->file, run, n) != 0) || strchr(e->file + n, '.')) return;
    strcpy(key, e->file + n);
    for (char *c = key; *c; c++)
        if (*c == '_') *c = '-';
    e->file[0] = e->file[1] = '-';
    strcpy(e->file + 2, key);
}

// The options are keys of a scenario, so a scenario of nothing else checks them and gives the defaults.
static bool read_load(struct job *j, struct err *e) {
    static const struct scenario_model none = {.name = "none"};
    static const struct scenario_models models = {1, &none};
    static const char nothing[] = "server: {model: none}\nhandler: [{cpu: 1ms}]\n"; // the least that is valid
    const struct args *a = j->args;
    for (int i = 0; i < a->sets; i++)
        if (!is_load_key(a->set[i].key))
            return err_set(e, ERR_USAGE,
                           "load has no server: --set takes keys of load, run.seed and run.warmup, not %s",
                           a->set[i].key);
    if (given(a, "load.requests") && given(a, "load.duration"))
        return err_set(e, ERR_USAGE, "a run ends by --requests or by --duration, not both");
    if (!scenario_load_text(&j->file, "load", nothing, a->set, a->sets, &models, NULL, e)) {
        name_option(e);
        return false;
    }
    const struct load_spec *load = &j->file.case_[0].load;
    if (load->client == CLIENT_OPEN && given(a, "load.concurrency"))
        j->target.connections = load->concurrency;
    return true;
}

static bool prepare(struct job *j, struct err *e) {
    const char *url = j->args->operands.item[0];
    return load_parse_url(url, &j->target, e) && read_load(j, e) &&
           output_open(&j->output, j->args->output, e) && signals_init(&j->signals, true, e);
}

static bool print(struct job *j, const struct load_print *p, struct err *e) {
    bool ok = true;
    errno = 0;
    if (j->args->format == REPORT_JSON)
        ok = load_print_json(j->output.file, p);
    else
        load_print_text(j->output.file, p);
    if (!ok) return err_set(e, ERR_HOST, "cannot write the result: %s", strerror(errno ? errno : EIO));
    return output_commit(&j->output, e);
}

static void remark(const struct job *j, const char *text) {
    if (text && !j->args->quiet) fprintf(stderr, "dispatchsim: %s\n", text);
}

// Returns the exit code, -1 with *e.
static int execute(struct job *j, struct err *e) {
    const struct scenario *s = &j->file.case_[0];
    struct case_result result;
    bool ok = load_run(s, 0, &j->target, &j->signals.seen, &j->seen, &j->report, e);
    signals_fini(&j->signals);
    if (!ok) return -1;
    int signal = atomic_load(&j->signals.seen);
    result_gather(&result, s, &j->seen, 1);
    struct load_print p = {j->args->operands.item[0], s, &j->target, &j->seen, &result, &j->report, !signal};
    if (!print(j, &p, e)) return -1;
    if (signal) remark(j, "stopped; the result holds what was complete");
    if (signal) return 128 + signal;
    remark(j, load_print_doubt(&p));
    return load_print_doubt(&p) ? NOT_TO_BE_TRUSTED : 0;
}

int cmd_load(const struct program *p, const struct args *a, struct err *e) {
    struct job j = {.args = a};
    (void)p;
    observation_init(&j.seen);
    int code = prepare(&j, e) ? execute(&j, e) : -1;
    signals_fini(&j.signals);
    output_discard(&j.output);
    scenario_fini(&j.file);
    observation_fini(&j.seen);
    return code < 0 ? err_exit_code(e->kind) : code;
}
