#include "cli/args.h"

#include "base/memory.h"
#include "base/units.h"

#include <stdlib.h>
#include <string.h>

enum kind {
    FLAG,     // bool
    TEXT,     // const char *
    NUMBER,   // int from 1
    FRACTION, // double, above 0
    CHOICE,   // int, a place in `choices`
    LIST,     // struct args_list, may be given several times
    SET,      // key=value, may be given several times
    KEY,      // a whole number for the scenario key `key`
    KEY_AUTO, // the same, or `auto`
    KEY_ANY,  // a value of the scenario key `key`, which the schema checks
};

struct option {
    const char *name; // without dashes
    char letter;      // short form or 0
    enum kind kind;
    const char *value; // what the help calls its value; NULL for a flag
    const char *help;
    unsigned commands;
    size_t offset;   // in struct args
    const char *key; // KEY, KEY_AUTO
    const char *const *choices;
};

static const char *const terms[] = {"files", "svg", "png", "dumb", NULL};
static const char *const exports[] = {"csv", "json", "md", "text", "openmetrics", "hgrm", NULL};
static const char *const formats[] = {"text", "json", "csv", "md", NULL}; // as enum report_format
static const char *const plain_formats[] = {"text", "json", NULL};        // likewise

enum { MEASURING = COMMAND_MEASURE | COMMAND_VALIDATE, RESULTS = COMMAND_RUN | MEASURING };

static const struct option options[] = {
    {"format", 0, CHOICE, "FORMAT", "text, json, csv or md", COMMAND_PLAN | RESULTS,
     offsetof(struct args, format), NULL, formats},
    {"format", 0, CHOICE, "FORMAT", "text or json", COMMAND_LOAD | COMMAND_CALIBRATE,
     offsetof(struct args, format), NULL, plain_formats},
    {"output", 'o', TEXT, "FILE", "write the result there, all or nothing",
     COMMAND_PLAN | RESULTS | COMMAND_LOAD | COMMAND_CALIBRATE, offsetof(struct args, output), NULL, NULL},
    {"set", 0, SET, "KEY=VALUE", "change a key in every case; may be repeated",
     COMMAND_PLAN | COMMAND_SWEEP | RESULTS | COMMAND_CHECK | COMMAND_LOAD | COMMAND_SERVE, 0, NULL, NULL},
    {"case", 0, LIST, "NAME", "only this case; may be repeated",
     COMMAND_PLAN | COMMAND_SWEEP | RESULTS | COMMAND_SERVE | COMMAND_PLOT, offsetof(struct args, cases),
     NULL, NULL},
    {"seed", 0, KEY, "N", "seed of the random streams (run.seed)",
     COMMAND_PLAN | COMMAND_SWEEP | RESULTS | COMMAND_LOAD, 0, "run.seed", NULL},
    {"reps", 0, KEY_AUTO, "N|auto", "replications of a case (run.replications)",
     COMMAND_SWEEP | COMMAND_RUN | COMMAND_VALIDATE, 0, "run.replications", NULL},
    {"bands", 0, FLAG, NULL, "what the intervals of the costs make of the prediction",
     COMMAND_RUN | COMMAND_VALIDATE, offsetof(struct args, bands), NULL, NULL},
    {"jobs", 0, NUMBER, "N", "threads; the result does not depend on it",
     COMMAND_PLAN | COMMAND_SWEEP | COMMAND_RUN | COMMAND_VALIDATE, offsetof(struct args, jobs), NULL, NULL},
    {"trace", 0, TEXT, "FILE", "Chrome trace of the first replication, for ui.perfetto.dev", COMMAND_RUN,
     offsetof(struct args, trace), NULL, NULL},
    {"trace-case", 0, TEXT, "NAME", "the case to trace; else the first", COMMAND_RUN,
     offsetof(struct args, trace_case), NULL, NULL},
    {"rounds", 0, NUMBER, "N", "times each case is measured, in turn; 10 where not given", MEASURING,
     offsetof(struct args, rounds), NULL, NULL},
    {"tolerance", 0, FRACTION, "X%", "error of the throughput that is still agreement; 5% where not given",
     COMMAND_VALIDATE, offsetof(struct args, tolerance), NULL, NULL},
    {"client", 0, KEY_ANY, "KIND", "ab, wrk or open (load.client)", COMMAND_LOAD, 0, "load.client", NULL},
    {"concurrency", 0, KEY_ANY, "N", "connections; open: at most so many, else 10,000 (load.concurrency)",
     COMMAND_LOAD, 0, "load.concurrency", NULL},
    {"requests", 0, KEY_ANY, "N", "length in requests (load.requests)", COMMAND_LOAD, 0, "load.requests",
     NULL},
    {"duration", 0, KEY_ANY, "SPAN", "or in time: 30s (load.duration)", COMMAND_LOAD, 0, "load.duration",
     NULL},
    {"rate", 0, KEY_ANY, "R", "open: requests offered, 500/s (load.rate)", COMMAND_LOAD, 0, "load.rate",
     NULL},
    {"arrivals", 0, KEY_ANY, "KIND", "poisson, deterministic, mmpp2 or trace(FILE) (load.arrivals)",
     COMMAND_LOAD, 0, "load.arrivals", NULL},
    {"think", 0, KEY_ANY, "DIST", "ab, wrk: pause before a client's next request (load.think)", COMMAND_LOAD,
     0, "load.think", NULL},
    {"timeout", 0, KEY_ANY, "SPAN", "after which a request is given up (load.timeout)", COMMAND_LOAD, 0,
     "load.timeout", NULL},
    {"retries", 0, KEY_ANY, "N", "further attempts of a failed request (load.retries)", COMMAND_LOAD, 0,
     "load.retries", NULL},
    {"warmup", 0, KEY_ANY, "SPAN", "left out of the figures: auto, none or a span (run.warmup)", COMMAND_LOAD,
     0, "run.warmup", NULL},
    {"backoff", 0, KEY_ANY, "DIST", "pause before a retry, doubled each time (load.backoff)", COMMAND_LOAD, 0,
     "load.backoff", NULL},
    {"port", 0, TEXT, "N", "port on 127.0.0.1; where not given any that is free", COMMAND_SERVE,
     offsetof(struct args, port), NULL, NULL},
    {"for", 0, TEXT, "SPAN", "stop after this long: 30s", COMMAND_SERVE, offsetof(struct args, span), NULL,
     NULL},
    {"http-log", 0, FLAG, NULL, "one line a request on stderr", COMMAND_SERVE,
     offsetof(struct args, http_log), NULL, NULL},
    {"analytic", 0, FLAG, NULL, "bounds and, where they apply, exact results beside the simulation",
     COMMAND_RUN, offsetof(struct args, analytic), NULL, NULL},
    {"max-rate", 0, FLAG, NULL, "the most load the file as it is carries; nothing varies", COMMAND_PLAN,
     offsetof(struct args, max_rate), NULL, NULL},
    {"url", 0, TEXT, "URL", "calibrate the server that runs there: http://127.0.0.1:8000", COMMAND_CALIBRATE,
     offsetof(struct args, url), NULL, NULL},
    {"pid", 0, TEXT, "PID", "the process that serves it, or its parent", COMMAND_CALIBRATE,
     offsetof(struct args, pid), NULL, NULL},
    {"noop-async", 0, TEXT, "PATH", "an endpoint that does nothing, answered by the event loop",
     COMMAND_CALIBRATE, offsetof(struct args, noop_async), NULL, NULL},
    {"noop", 0, TEXT, "PATH", "the same, for a server that has no pool", COMMAND_CALIBRATE,
     offsetof(struct args, noop_async), NULL, NULL},
    {"noop-sync", 0, TEXT, "PATH", "an endpoint that does nothing, answered by its pool of threads",
     COMMAND_CALIBRATE, offsetof(struct args, noop_sync), NULL, NULL},
    {"pace", 0, TEXT, "PATH", "an endpoint that says how many iterations of its work take 1 ms of CPU",
     COMMAND_CALIBRATE, offsetof(struct args, pace), NULL, NULL},
    {"stack", 0, TEXT, "NAME", "uvloop, asyncio, node or other; else as its mapped files tell",
     COMMAND_CALIBRATE, offsetof(struct args, stack), NULL, NULL},
    {"against", 0, TEXT, "OLD.yaml", "compare every measured cost with those of an older profile",
     COMMAND_CALIBRATE, offsetof(struct args, against), NULL, NULL},
    {"profile", 0, TEXT, "FILE", "measure nothing: compare this profile with that one", COMMAND_CALIBRATE,
     offsetof(struct args, profile), NULL, NULL},
    {"quick", 0, FLAG, NULL, "under 10 s (a server: 15), with wider intervals", COMMAND_CALIBRATE,
     offsetof(struct args, quick), NULL, NULL},
    {"quick", 0, FLAG, NULL, "only the cases marked `quick: on`", MEASURING, offsetof(struct args, quick),
     NULL, NULL},
    {"output", 'o', TEXT, "FOLDER", "put data, scripts and pictures there", COMMAND_PLOT,
     offsetof(struct args, output), NULL, NULL},
    {"vary", 0, LIST, "KEY=LIST", "values of a key: 1,2,4 or 1..8 or 1..1024*2; may be repeated",
     COMMAND_SWEEP, offsetof(struct args, vary), NULL, NULL},
    {"output", 'o', TEXT, "DIR", "folder of the results; made where it does not exist", COMMAND_SWEEP,
     offsetof(struct args, output), NULL, NULL},
    {"format", 0, CHOICE, "FORMAT", "text, json, csv or md", COMMAND_SWEEP, offsetof(struct args, format),
     NULL, formats},
    {"resume", 0, FLAG, NULL, "go on with what the folder holds", COMMAND_SWEEP,
     offsetof(struct args, resume), NULL, NULL},
    {"shard", 0, TEXT, "I/N", "only every Nth point, from the Ith; in a Slurm array by itself", COMMAND_SWEEP,
     offsetof(struct args, shard), NULL, NULL},
    {"format", 0, CHOICE, "FORMAT", "csv, json, md, text, openmetrics or hgrm", COMMAND_EXPORT,
     offsetof(struct args, format), NULL, exports},
    {"output", 'o', TEXT, "FILE", "write there, all or nothing; of hgrm a folder", COMMAND_EXPORT,
     offsetof(struct args, output), NULL, NULL},
    {"quiet", 0, FLAG, NULL, "no remarks and no progress on stderr",
     COMMAND_SWEEP | COMMAND_EXPORT | COMMAND_MERGE, offsetof(struct args, quiet), NULL, NULL},
    {"term", 0, CHOICE, "TERM", "files (svg and png), svg, png or dumb (characters, in the terminal)",
     COMMAND_PLOT, offsetof(struct args, term), NULL, terms},
    {"picture", 0, LIST, "NAME", "only this picture; may be repeated", COMMAND_PLOT,
     offsetof(struct args, pictures), NULL, NULL},
    {"where", 0, LIST, "KEY=VALUE", "only points of the sweep with this value; may be repeated", COMMAND_PLOT,
     offsetof(struct args, where), NULL, NULL},
    {"quiet", 0, FLAG, NULL, "no remarks and no progress on stderr",
     COMMAND_PLAN | RESULTS | COMMAND_CHECK | COMMAND_LOAD | COMMAND_CALIBRATE | COMMAND_SERVE | COMMAND_PLOT,
     offsetof(struct args, quiet), NULL, NULL},
    {"help", 'h', FLAG, NULL, "this text", COMMAND_ALL, offsetof(struct args, help), NULL, NULL},
};
enum { OPTIONS = sizeof options / sizeof options[0] };

static void push(struct args_list *l, const char *s) {
    l->item = memory_grow(l->item, &l->capacity, (size_t)l->count + 1, sizeof *l->item);
    l->item[l->count++] = s;
}

static void push_set(struct args *a, const char *key, const char *value) {
    a->set = memory_grow(a->set, &a->set_capacity, (size_t)a->sets + 1, sizeof *a->set);
    a->set[a->sets++] = (struct scenario_set){key, value};
}

static const struct option *find_long(const struct command *c, const char *name, size_t length) {
    for (int i = 0; i < OPTIONS; i++)
        if ((options[i].commands & c->bit) && strlen(options[i].name) == length &&
            !strncmp(options[i].name, name, length))
            return &options[i];
    return NULL;
}

static const struct option *find_short(const struct command *c, char letter) {
    for (int i = 0; i < OPTIONS; i++)
        if ((options[i].commands & c->bit) && options[i].letter && options[i].letter == letter)
            return &options[i];
    return NULL;
}

// What was meant: an option of this command, or one that another command has.
static bool refuse_long(const struct command *c, const char *name, size_t length, struct err *e) {
    char word[64];
    const char *own[OPTIONS];
    int n = 0;
    snprintf(word, sizeof word, "%.*s", (int)(length < sizeof word ? length : sizeof word - 1), name);
    err_set(e, ERR_USAGE, "%s has no option --%s", c->name, word);
    for (int i = 0; i < OPTIONS; i++)
        if (options[i].commands & c->bit) own[n++] = options[i].name;
    const char *meant = text_closest(word, own, n);
    if (meant) return err_hint(e, "did you mean --%s?", meant);
    return err_hint(e, "see dispatchsim %s --help", c->name);
}

static bool parse_number(const struct option *o, const char *value, int *out, struct err *e) {
    int64_t n = 0;
    if (!units_parse_int(value, &n, NULL) || n < 1 || n > 4096)
        return err_set(e, ERR_USAGE, "--%s must be a whole number from 1 to 4096, not '%s'", o->name, value);
    *out = (int)n;
    return true;
}

static bool parse_fraction(const struct option *o, const char *value, double *out, struct err *e) {
    if (!units_parse(UNIT_FRAC, value, out, NULL) || *out <= 0 || *out > 1)
        return err_set(e, ERR_USAGE, "--%s must be a share such as 5%%, not '%s'", o->name, value);
    return true;
}

static bool parse_choice(const struct option *o, const char *value, int *out, struct err *e) {
    int n = 0;
    for (; o->choices[n]; n++) {
        if (strcmp(o->choices[n], value)) continue;
        *out = n;
        return true;
    }
    err_set(e, ERR_USAGE, "--%s must be %s, not '%s'", o->name, o->help, value);
    const char *meant = text_closest(value, o->choices, n);
    return meant ? err_hint(e, "did you mean %s?", meant) : false;
}

static bool parse_set(struct args *a, const char *value, struct err *e) {
    const char *equals = strchr(value, '=');
    if (!equals || equals == value) {
        err_set(e, ERR_USAGE, "--set needs key=value, not '%s'", value);
        return err_hint(e, "for example --set server.threads=80");
    }
    char *key = strndup(value, (size_t)(equals - value));
    push(&a->owned, key);
    push_set(a, key, equals + 1);
    return true;
}

static bool parse_key(struct args *a, const struct option *o, const char *value, struct err *e) {
    int64_t n = 0;
    bool is_auto = o->kind == KEY_AUTO && !strcmp(value, "auto");
    if (!is_auto && (!units_parse_int(value, &n, NULL) || n < 0))
        return err_set(e, ERR_USAGE, "--%s must be a whole number%s, not '%s'", o->name,
                       o->kind == KEY_AUTO ? " or auto" : " from 0", value);
    push_set(a, o->key, value);
    return true;
}

static bool take(struct args *a, const struct option *o, const char *value, struct err *e) {
    void *field = (char *)a + o->offset;
    switch (o->kind) {
    case FLAG: *(bool *)field = true; return true;
    case TEXT: *(const char **)field = value; return true;
    case NUMBER: return parse_number(o, value, field, e);
    case FRACTION: return parse_fraction(o, value, field, e);
    case CHOICE: return parse_choice(o, value, field, e);
    case LIST: push(field, value); return true;
    case SET: return parse_set(a, value, e);
    case KEY_ANY: push_set(a, o->key, value); return true;
    case KEY:
    case KEY_AUTO: return parse_key(a, o, value, e);
    }
    return true;
}

// The arguments still to be read.
struct cursor {
    int next, count;
    char *const *argv;
};

// `attached` is the value that stood in the same argument, or NULL.
static bool take_with_value(struct args *a, const struct option *o, const char *attached, struct cursor *at,
                            struct err *e) {
    if (o->kind == FLAG && attached) return err_set(e, ERR_USAGE, "--%s takes no value", o->name);
    if (o->kind == FLAG) return take(a, o, NULL, e);
    if (!attached && at->next == at->count)
        return err_set(e, ERR_USAGE, "--%s needs a value: --%s %s", o->name, o->name, o->value);
    return take(a, o, attached ? attached : at->argv[at->next++], e);
}

static bool parse_long(struct args *a, const struct command *c, const char *word, struct cursor *at,
                       struct err *e) {
    size_t length = strcspn(word, "=");
    const struct option *o = find_long(c, word, length);
    if (!o) return refuse_long(c, word, length, e);
    return take_with_value(a, o, word[length] ? word + length + 1 : NULL, at, e);
}

static bool parse_short(struct args *a, const struct command *c, const char *word, struct cursor *at,
                        struct err *e) {
    const struct option *o = find_short(c, word[0]);
    if (!o) {
        err_set(e, ERR_USAGE, "%s has no option -%c", c->name, word[0]);
        return err_hint(e, "see dispatchsim %s --help", c->name);
    }
    if (word[1] && o->kind == FLAG) return err_set(e, ERR_USAGE, "-%c takes no value", word[0]);
    return take_with_value(a, o, word[1] ? word + 1 : NULL, at, e);
}

static bool check_operands(const struct args *a, const struct command *c, struct err *e) {
    if (a->help) return true;
    if (a->operands.count < c->least) {
        err_set(e, ERR_USAGE, "%s needs an argument", c->name);
        return err_hint(e, "usage: dispatchsim %s %s [OPTIONS]", c->name, c->operands);
    }
    if (c->most < 0 || a->operands.count <= c->most) return true;
    err_set(e, ERR_USAGE, "%s takes no further argument: '%s'", c->name, a->operands.item[c->most]);
    return err_hint(e, "see dispatchsim %s --help", c->name);
}

bool args_parse(struct args *a, const struct command *c, int argc, char *const *argv, struct err *e) {
    struct cursor at = {0, argc, argv};
    bool only_operands = false;
    *a = (struct args){0};
    while (at.next < argc && !a->help) {
        const char *word = argv[at.next++];
        bool ok = true;
        if (only_operands || word[0] != '-' || !word[1])
            push(&a->operands, word);
        else if (!strcmp(word, "--"))
            only_operands = true;
        else if (word[1] == '-')
            ok = parse_long(a, c, word + 2, &at, e);
        else
            ok = parse_short(a, c, word + 1, &at, e);
        if (!ok) return false;
    }
    return check_operands(a, c, e);
}

void args_fini(struct args *a) {
    for (int i = 0; i < a->owned.count; i++) free((char *)a->owned.item[i]);
    free(a->owned.item);
    free(a->cases.item);
    free(a->vary.item);
    free(a->pictures.item);
    free(a->where.item);
    free(a->operands.item);
    free(a->set);
    *a = (struct args){0};
}

static void add_option(const struct option *o, struct text *out) {
    char head[64];
    if (o->letter)
        snprintf(head, sizeof head, "-%c, --%s%s%s", o->letter, o->name, o->value ? " " : "",
                 o->value ? o->value : "");
    else
        snprintf(head, sizeof head, "    --%s%s%s", o->name, o->value ? " " : "", o->value ? o->value : "");
    text_addf(out, "  %-22s  %s\n", head, o->help);
}

void args_help(const struct command *c, struct text *out) {
    text_addf(out, "usage: dispatchsim %s%s%s [OPTIONS]\n\n%s.\n", c->name, c->operands[0] ? " " : "",
              c->operands, c->summary);
    if (c->examples[0]) text_addf(out, "\n%s", c->examples);
    text_add(out, "\nOptions:\n");
    for (int i = 0; i < OPTIONS; i++)
        if (options[i].commands & c->bit) add_option(&options[i], out);
}
