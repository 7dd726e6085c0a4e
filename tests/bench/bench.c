// dispatchsim-bench: how fast the simulator is.
#include "bench.h"

#include "base/memory.h"
#include "base/require.h"
#include "stats/interval.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { MOST = 96, ROUNDS = 11, GROWTH_ROUNDS = 3, BRIEF = 100 };

// What one round of one case gave.
struct sample {
    double value;
    double events_per_unit; // 0 = not told
    double resident_bytes;  // 0 = not asked for
};

struct entry {
    struct bench_case c;
    struct sample *sample; // [rounds]
    int rounds;            // so far
};

enum format { TEXT, JSON, MARKDOWN };

struct bench {
    struct entry entry[MOST];
    int entries, rounds;
    enum format format;
    bool growth;
    bool brief;       // a hundredth of the work, to see that all is well
    const char *only; // part of the names wanted, NULL = all
};

// The only state that outlives a call: a benchmark's signature has no room for it.
static uint64_t events;

void bench_events(uint64_t n) {
    events = n;
}

// ---- measuring

static double processor_s(void) {
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static struct sample measure(const struct bench_case *c) {
    static volatile double sink;
    events = 0;
    double start = processor_s(), returned = c->run(c->n, c->arg), seconds = processor_s() - start;
    sink = returned;
    (void)sink;
    struct sample s = {.events_per_unit = (double)events / (double)c->n};
    if (c->kind == BENCH_NS)
        s.value = seconds * 1e9 / (double)c->n;
    else
        s.value = c->kind == BENCH_RATE ? (double)c->n / seconds : returned;
    return s;
}

// The same in a process of its own, with the most memory that process held.
static struct sample measure_apart(const struct bench_case *c) {
    int pipe_[2], status;
    struct sample s;
    REQUIRE(pipe(pipe_) == 0);
    pid_t child = fork();
    REQUIRE(child >= 0);
    if (child == 0) {
        s = measure(c);
        _exit(write(pipe_[1], &s, sizeof s) != sizeof s);
    }
    close(pipe_[1]);
    REQUIRE(read(pipe_[0], &s, sizeof s) == sizeof s);
    close(pipe_[0]);
    struct rusage usage;
    REQUIRE(wait4(child, &status, 0, &usage) == child && status == 0);
    s.resident_bytes = (double)usage.ru_maxrss * 1024;
    return s;
}

double bench_resident(const struct bench_case *c) {
    return measure_apart(c).resident_bytes;
}

// ---- reporting

// One line of the report.
struct figure {
    const struct bench_case *c;
    double median, low, high, events_per_unit, resident_bytes;
};

static struct figure figure(const struct entry *x) {
    struct figure f = {.c = &x->c, .low = NAN, .high = NAN};
    double value[MOST], resident[MOST];
    for (int i = 0; i < x->rounds; i++) {
        value[i] = x->sample[i].value;
        resident[i] = x->sample[i].resident_bytes;
        f.low = fmin(f.low, value[i]);
        f.high = fmax(f.high, value[i]);
        f.events_per_unit = fmax(f.events_per_unit, x->sample[i].events_per_unit);
    }
    f.median = median(value, x->rounds);
    f.resident_bytes = median(resident, x->rounds);
    return f;
}

// Units of work and events per second; 0 where the case has no such figure.
static double per_second(const struct figure *f) {
    if (!strncmp(f->c->unit, "ns/", 3)) return 1e9 / f->median;
    return strstr(f->c->unit, "/s") ? f->median : 0;
}

static int decimals(double x) {
    return x < 10 ? 2 : x < 1000;
}

static void print_json(const struct figure *f, bool last) {
    printf("  {\"name\": \"%s\", \"unit\": \"%s\", \"median\": %.6g, \"min\": %.6g, \"max\": %.6g",
           f->c->name, f->c->unit, f->median, f->low, f->high);
    double rate = per_second(f);
    if (rate > 0) printf(", \"units_per_s\": %.6g", rate);
    if (rate > 0 && f->events_per_unit > 0)
        printf(", \"events_per_unit\": %.4g, \"events_per_s\": %.6g", f->events_per_unit,
               rate * f->events_per_unit);
    if (f->c->goal) printf(", \"goal\": \"%s\"", f->c->goal);
    if (f->resident_bytes > 0) printf(", \"resident_bytes\": %.0f", f->resident_bytes);
    printf("}%s\n", last ? "" : ",");
}

// The cells of a line, as text of the columns' widths.
static void print_line(const struct figure *f, enum format format) {
    char median_[48], range[64], events_each[32] = "", events_per_s[32] = "", resident[32] = "";
    int d = decimals(f->median);
    double rate = per_second(f) * f->events_per_unit;
    snprintf(median_, sizeof median_, "%.*f %s", d, f->median, f->c->unit);
    snprintf(range, sizeof range, "%.*f .. %.*f", d, f->low, d, f->high);
    if (rate > 0) snprintf(events_each, sizeof events_each, "%.3f", f->events_per_unit);
    if (rate > 0) snprintf(events_per_s, sizeof events_per_s, "%.1f M", rate * 1e-6);
    if (f->resident_bytes > 0) snprintf(resident, sizeof resident, "%.1f MB", f->resident_bytes * 1e-6);
    printf(format == MARKDOWN ? "| %-27s | %20s | %18s | %-17s | %11s | %8s | %8s |\n"
                              : "%-27s %20s %20s  %-17s %11s %9s %9s\n",
           f->c->name, median_, range, f->c->goal ? f->c->goal : "", events_each, events_per_s, resident);
}

static void print_head(enum format format) {
    if (format == JSON) puts("[");
    if (format == TEXT)
        printf("%-27s %20s %20s  %-17s %11s %9s %9s\n", "benchmark", "median", "lowest .. highest", "goal",
               "events/unit", "events/s", "resident");
    if (format == MARKDOWN)
        printf(
            "| %-27s | %20s | %18s | %-17s | %11s | %8s | %8s |\n"
            "|-----------------------------|---------------------:|-------------------:|-------------------|"
            "------------:|---------:|---------:|\n",
            "benchmark", "median", "lowest .. highest", "goal", "events/unit", "events/s", "resident");
}

static void report(const struct bench *b) {
    print_head(b->format);
    for (int i = 0, left = b->entries; i < b->entries; i++, left--) {
        struct figure f = figure(&b->entry[i]);
        if (b->format == JSON) print_json(&f, left == 1);
        if (b->format != JSON) print_line(&f, b->format);
    }
    if (b->format == JSON) puts("]");
}

// ---- the command

static int usage(void) {
    fputs(
        "usage: dispatchsim-bench [--format text|json|md] [--rounds N] [--only PART_OF_NAME] [--growth "
        "yes|no]\n"
        "                         [--brief yes|no]   a hundredth of the work, the whole program not timed\n",
        stderr);
    return 2;
}

static bool parse_format(struct bench *b, const char *word) {
    static const char *const name[] = {"text", "json", "md"};
    for (int i = 0; i < 3; i++) {
        if (strcmp(word, name[i]) != 0) continue;
        b->format = (enum format)i;
        return true;
    }
    return false;
}

static bool parse_option(struct bench *b, const char *option, const char *value) {
    if (!strcmp(option, "--format")) return parse_format(b, value);
    if (!strcmp(option, "--only")) return *(b->only = value) != '\0';
    if (!strcmp(option, "--growth")) return (b->growth = !strcmp(value, "yes")) || !strcmp(value, "no");
    if (!strcmp(option, "--brief")) return (b->brief = !strcmp(value, "yes")) || !strcmp(value, "no");
    char *end;
    long rounds = strtol(value, &end, 10);
    b->rounds = (int)rounds;
    return !strcmp(option, "--rounds") && *end == '\0' && rounds > 0 && rounds <= MOST;
}

static bool parse(struct bench *b, int argc, char **argv) {
    for (int i = 1; i < argc; i += 2)
        if (i + 1 == argc || !parse_option(b, argv[i], argv[i + 1])) return false;
    if (b->rounds == 0) b->rounds = b->brief ? 1 : b->growth ? GROWTH_ROUNDS : ROUNDS;
    return true;
}

static void add_list(struct bench *b, const struct bench_case *list) {
    for (; list->name; list++) {
        if (b->only && !strstr(list->name, b->only)) continue;
        REQUIRE(b->entries < MOST);
        b->entry[b->entries++] =
            (struct entry){.c = *list, .sample = memory_new((size_t)b->rounds, sizeof(struct sample))};
        if (b->brief) b->entry[b->entries - 1].c.n = (list->n + BRIEF - 1) / BRIEF;
    }
}

// What could not be had in the first round (a peer that is not installed) is left out, and said.
static void leave_out_missing(struct bench *b) {
    int kept = 0;
    for (int i = 0; i < b->entries; i++) {
        struct entry *x = &b->entry[i];
        if (!isnan(x->sample[0].value)) {
            b->entry[kept++] = *x;
            continue;
        }
        fprintf(stderr, "dispatchsim-bench: %s is not installed here: left out\n", x->c.name);
        free(x->sample);
    }
    b->entries = kept;
}

static void take_sample(struct entry *x, bool apart) {
    if (x->c.once && x->rounds > 0) return;
    x->sample[x->rounds++] = apart ? measure_apart(&x->c) : measure(&x->c);
}

int main(int argc, char **argv) {
    struct bench b = {0};
    if (!parse(&b, argc, argv)) return usage();
    const struct bench_case *const usual[] = {bench_engine, bench_server, bench_peers, bench_program, NULL};
    const struct bench_case *const growth[] = {bench_growth_engine, bench_growth, NULL};
    for (const struct bench_case *const *list = b.growth ? growth : usual; *list; list++)
        if (!b.brief || *list != bench_program) add_list(&b, *list);
    for (int round = 0; round < b.rounds; round++) {
        for (int i = 0; i < b.entries; i++) take_sample(&b.entry[i], b.growth);
        if (round == 0) leave_out_missing(&b);
    }
    report(&b);
    for (int i = 0; i < b.entries; i++) free(b.entry[i].sample);
    return 0;
}
