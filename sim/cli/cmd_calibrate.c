#include "cli/args.h"
#include "cli/attaching.h"
#include "cli/command.h"
#include "cli/comparing.h"
#include "cli/output.h"
#include "cli/signals.h"

#include "base/memory.h"
#include "base/require.h"
#include "base/units.h"
#include "calib/calibrate.h"

#include <errno.h>
#include <jansson.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { UNTRUSTED = 4, MOST_DISTRUST_NAMED = 8 };

// Everything one `calibrate` holds.
struct job {
    const struct args *args;
    char path[PATH_MAX]; // of the profile
    bool shown;          // a progress line stands on the terminal
    struct output output;
    struct signals signals;
    struct calibration result;
    struct attachment about; // where a server was calibrated; .stack is NULL else
    struct comparing comparing;
};

// ---- where to ----

// HOSTNAME of the default path: what a file name may safely hold.
static void name_host(char out[HOST_NAME_MAX + 1]) {
    if (gethostname(out, HOST_NAME_MAX) || !out[0]) strcpy(out, "host");
    out[HOST_NAME_MAX] = 0;
    for (char *c = out; *c; c++)
        if (!strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_", *c)) *c = '-';
}

static bool open_place(struct job *j, struct err *e) {
    char host[HOST_NAME_MAX + 1];
    name_host(host);
    if (j->args->output)
        snprintf(j->path, sizeof j->path, "%s", j->args->output);
    else
        snprintf(j->path, sizeof j->path, "configs/costs/%s.yaml", host);
    if (output_open(&j->output, j->path, e)) return true;
    return j->args->output ? false : err_hint(e, "name a file with -o");
}

// ---- progress and remarks ----

static void tick(void *listener, const struct calibrate_progress *p) {
    struct job *j = listener;
    j->shown = true;
    fprintf(stderr, "\r%3.0f %%  round %d: %s\033[K", 100 * p->done_frac, p->round, p->probe);
}

static void clear(struct job *j) {
    if (j->shown) fputs("\r\033[K", stderr);
    j->shown = false;
}

static const char *shown(char out[UNITS_TEXT], enum figure_kind kind, double value) {
    if (kind == FIGURE_COUNT) return units_format(out, UNIT_NONE, value);
    if (kind == FIGURE_SHARE || kind == FIGURE_RATIO) return units_format(out, UNIT_FRAC, value);
    return units_format(out, UNIT_SPAN, value);
}

static void remark_noise(const struct calibration *c) {
    int named = 0;
    for (int i = 0; i < c->rows; i++) {
        const struct calibrate_row *r = &c->row[i];
        char early[UNITS_TEXT], late[UNITS_TEXT];
        if (r->x.agrees || named++ >= MOST_DISTRUST_NAMED) continue;
        fprintf(stderr, "too noisy for %s: %s in the first half of the rounds, %s in the second\n", r->key,
                shown(early, r->kind, r->x.early), shown(late, r->kind, r->x.late));
    }
    if (named > MOST_DISTRUST_NAMED)
        fprintf(stderr, "too noisy for %d further costs\n", named - MOST_DISTRUST_NAMED);
}

static void remark_missing(const struct calibration *c) {
    int missing = 0;
    for (int i = 0; i < c->rows; i++) {
        if (!isnan(c->row[i].x.value) || !strcmp(c->row[i].probe, "stages")) continue;
        fprintf(stderr, "%s%s", missing++ ? ", " : "no value for ", c->row[i].key);
    }
    if (missing) fputs(": other work on this machine left no undisturbed trial\n", stderr);
}

static void remark(const struct job *j) {
    const struct calibration *c = &j->result;
    if (j->args->quiet) return;
    remark_missing(c);
    remark_noise(c);
    if (j->about.stack) {
        attaching_remark(&j->about, c->trusted);
    } else if (c->compared == 0)
        fprintf(stderr,
                "dispatchsim: only %d rounds fitted into the time: too few to tell whether they repeat\n",
                c->rounds);
    else if (!c->trusted)
        fprintf(
            stderr,
            "dispatchsim: %d of %d costs differ between the two halves of the rounds: this machine is too "
            "noisy now\n",
            c->noisy, c->compared);
}

// ---- the summary ----

static const char *from_of(const struct calibrate_row *r) {
    return r->in_profile ? costs_provenance_name(r->from) : "-";
}

static void print_row(const struct calibrate_row *r) {
    char value[UNITS_TEXT], lo[UNITS_TEXT], hi[UNITS_TEXT], interval[2 * UNITS_TEXT + 8];
    snprintf(interval, sizeof interval, "%s .. %s", shown(lo, r->kind, r->x.lo), shown(hi, r->kind, r->x.hi));
    printf("%-24s  %9s  %22s  %-5s  %s\n", r->key, shown(value, r->kind, r->x.value), interval, from_of(r),
           r->source);
}

static void print_rows(const struct calibration *c, bool in_profile) {
    for (int i = 0; i < c->rows; i++)
        if (c->row[i].in_profile == in_profile && !isnan(c->row[i].x.value)) print_row(&c->row[i]);
}

static void print_text(const struct job *j) {
    const struct calibration *c = &j->result;
    printf("%s\n%s\n%s\n\n", c->costs.host, c->costs.kernel, c->costs.date);
    printf("%-24s  %9s  %22s  %-5s  %s\n", "cost", "value", "95 % interval", "from", "source");
    print_rows(c, true);
    puts(j->about.stack ? "\nmeasured under load" : "\nparts of them");
    print_rows(c, false);
    if (j->about.stack) {
        putchar('\n');
        attaching_print(&j->about);
        printf("speed %.2f .. %.2f beside the loads, 1 = the profile's; %d rounds\n", c->speed_low,
               c->speed_high, c->fit_rounds);
    } else
        printf(
            "\nspeed %.2f (deciles %.2f .. %.2f), 1 = the profile's; %d rounds; %d of %d probe runs repeated "
            "because the "
            "speed changed\n",
            c->speed, c->speed_low, c->speed_high, c->rounds, c->repeated, c->runs);
    printf("first against second half of the rounds: %d of %d agree\nprofile: %s\n", c->compared - c->noisy,
           c->compared, j->path);
}

static json_t *number(double x) {
    return isfinite(x) ? json_real(x) : json_null();
}

static json_t *pair(double a, double b) {
    json_t *list = json_array();
    json_array_append_new(list, number(a));
    json_array_append_new(list, number(b));
    return list;
}

// Times in s.
static json_t *row_json(const struct calibrate_row *r) {
    bool time = r->kind == FIGURE_CPU || r->kind == FIGURE_SPAN;
    double unit = time ? 1e-9 : 1;
    return json_pack("{ss ss ss so so so si sb sb ss ss}", "cost", r->key, "unit", time ? "s" : "1", "probe",
                     r->probe, "value", number(r->x.value * unit), "ci95",
                     pair(r->x.lo * unit, r->x.hi * unit), "halves",
                     pair(r->x.early * unit, r->x.late * unit), "rounds", r->rounds, "agrees", r->x.agrees,
                     "in_profile", r->in_profile, "from", from_of(r), "source", r->source);
}

// Takes `all` over.
static void write_json(const struct job *j, json_t *all) {
    if (j->comparing.path) json_object_set_new(all, "against", comparing_json(&j->comparing));
    json_dumpf(all, stdout, JSON_INDENT(2) | JSON_REAL_PRECISION(6));
    putchar('\n');
    json_decref(all);
}

static void print_json(const struct job *j) {
    const struct calibration *c = &j->result;
    json_t *rows = json_array();
    for (int i = 0; i < c->rows; i++) json_array_append_new(rows, row_json(&c->row[i]));
    json_t *all = json_pack(
        "{si ss ss ss ss si si si s{sf sf sf} si si sb so}", "schema_version", 1, "profile", j->path, "host",
        c->costs.host, "kernel", c->costs.kernel, "date", c->costs.date, "rounds", c->rounds, "probe_runs",
        c->runs, "repeated", c->repeated, "speed", "median", c->speed, "low", c->speed_low, "high",
        c->speed_high, "compared", c->compared, "noisy", c->noisy, "trusted", c->trusted, "costs", rows);
    REQUIRE(all);
    if (j->about.stack) json_object_set_new(all, "server", attaching_json(&j->about));
    write_json(j, all);
}

// ---- the command ----

static bool write_profile(struct job *j, struct err *e) {
    struct text text = {0};
    costs_format(&j->result.costs, &text);
    bool whole = fwrite(text_string(&text), 1, text.length, j->output.file) == text.length;
    int error = errno;
    text_fini(&text);
    if (!whole) return err_set(e, ERR_HOST, "cannot write %s: %s", j->path, strerror(error));
    return output_commit(&j->output, e);
}

static bool execute(struct job *j, const struct program *p, struct err *e) {
    const struct calibrate_options o = {.quick = j->args->quick,
                                        .stop = &j->signals.seen,
                                        .progress = !j->args->quiet && isatty(STDERR_FILENO) ? tick : NULL,
                                        .listener = j};
    if (!open_place(j, e) || !signals_init(&j->signals, true, e)) return false;
    bool ok = attaching_wanted(j->args) ? attaching_run(p, j->args, &o, &j->result, &j->about, e)
                                        : calibrate_run(&o, &j->result, e);
    clear(j);
    signals_fini(&j->signals);
    if (!ok || !j->result.complete) return ok;
    return write_profile(j, e) &&
           (!j->comparing.path || comparing_run(&j->comparing, &j->result.costs, j->path, e));
}

// A profile on standard output is not to be mixed with a table.
static void print_summary(const struct job *j) {
    bool apart = strcmp(j->path, "-") != 0, text = j->args->format != REPORT_JSON;
    if (apart && !text) print_json(j);
    if (apart && text) print_text(j);
    if (apart && text && j->comparing.path) putchar('\n');
    if (j->comparing.path && (text || !apart)) comparing_print(&j->comparing, apart ? stdout : stderr);
}

static int measure(struct job *j, const struct program *p, struct err *e) {
    if (!execute(j, p, e)) return err_exit_code(e->kind);
    if (!j->result.complete) {
        if (!j->args->quiet) fputs("dispatchsim: stopped; no profile was written\n", stderr);
        return 128 + atomic_load(&j->signals.seen);
    }
    print_summary(j);
    remark(j);
    return j->result.trusted ? 0 : UNTRUSTED;
}

// --profile: of two that are there.
static int compare_only(struct job *j, struct err *e) {
    const char *path = j->args->profile;
    if (!costs_load(&j->result.costs, path, e) || !comparing_run(&j->comparing, &j->result.costs, path, e))
        return err_exit_code(e->kind);
    if (j->args->format == REPORT_JSON)
        write_json(j, json_pack("{si ss ss ss ss}", "schema_version", 1, "profile", path, "host",
                                j->result.costs.host, "kernel", j->result.costs.kernel, "date",
                                j->result.costs.date));
    else
        comparing_print(&j->comparing, stdout);
    return 0;
}

// What is to be compared with is read first: a wrong name is to be told before a minute has passed.
static bool read_options(struct job *j, struct err *e) {
    const struct args *a = j->args;
    if (a->profile && !a->against) {
        err_set(e, ERR_USAGE, "--profile needs --against: the two are compared");
        return err_hint(e, "a profile to write is named with -o");
    }
    if (a->profile && (a->output || a->quick || attaching_wanted(a)))
        return err_set(e, ERR_USAGE,
                       "--profile measures nothing: it takes no option but --against and --format");
    return !a->against || comparing_load(&j->comparing, a->against, e);
}

int cmd_calibrate(const struct program *p, const struct args *a, struct err *e) {
    struct job j = {.args = a};
    int code = !read_options(&j, e) ? err_exit_code(e->kind)
               : a->profile         ? compare_only(&j, e)
                                    : measure(&j, p, e);
    if (j.comparing.result.compared > 0) {
        if (!a->quiet) comparing_remark(&j.comparing);
        if (!code && !against_enough(&j.comparing.result)) code = UNTRUSTED;
    }
    output_discard(&j.output);
    calibrate_fini(&j.result);
    comparing_fini(&j.comparing);
    return code;
}
