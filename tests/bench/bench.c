// dispatchsim-bench: how fast the simulator is. All benchmarks run once a round, in the same order, so that a change of
// the machine's speed meets all of them; the median over the rounds is reported with the range.
#include "bench.h"

#include "base/memory.h"
#include "stats/interval.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { MOST = 64, ROUNDS = 11 };

static uint64_t events;

void bench_events(uint64_t n) {
    events = n;
}

struct entry {
    const struct bench_case *c;
    double *value; // [rounds]
    double events_per_unit;
};

struct bench {
    struct entry entry[MOST];
    int entries, rounds;
    bool json;
    const char *only; // part of the names wanted, NULL = all
};

static double now_s(void) {
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static double measure(struct entry *x) {
    static volatile double sink;
    events = 0;
    double start = now_s();
    sink = x->c->run(x->c->n);
    double seconds = now_s() - start;
    (void)sink;
    x->events_per_unit = (double)events / (double)x->c->n;
    return x->c->scale > 0 ? seconds * x->c->scale / (double)x->c->n : (double)x->c->n / seconds;
}

static void add_list(struct bench *b, const struct bench_case *list) {
    for (; list->name; list++) {
        if (b->only && !strstr(list->name, b->only)) continue;
        b->entry[b->entries++] = (struct entry){list, memory_new((size_t)b->rounds, sizeof(double)), 0};
    }
}

static void range(const struct entry *x, int rounds, double *low, double *high) {
    *low = *high = NAN;
    for (int i = 0; i < rounds; i++) {
        *low = fmin(*low, x->value[i]);
        *high = fmax(*high, x->value[i]);
    }
}

static void report(const struct bench *b) {
    if (b->json) puts("[");
    for (int i = 0; i < b->entries; i++) {
        const struct entry *x = &b->entry[i];
        double low, high, mid = median(x->value, b->rounds);
        range(x, b->rounds, &low, &high);
        if (b->json)
            printf("  {\"name\": \"%s\", \"unit\": \"%s\", \"median\": %.6g, \"min\": %.6g, \"max\": %.6g, "
                   "\"events_per_unit\": %.4g}%s\n",
                   x->c->name, x->c->unit, mid, low, high, x->events_per_unit, i + 1 < b->entries ? "," : "");
        else
            printf("%-28s %12.*f %-12s %12.*f .. %-12.*f %8.3f events a unit\n", x->c->name,
                   mid < 1000 ? 1 : 0, mid, x->c->unit, mid < 1000 ? 1 : 0, low, mid < 1000 ? 1 : 0, high,
                   x->events_per_unit);
    }
    if (b->json) puts("]");
}

static int usage(void) {
    fputs("usage: dispatchsim-bench [--format text|json] [--rounds N] [--only PART_OF_NAME]\n", stderr);
    return 2;
}

static bool parse(struct bench *b, int argc, char **argv) {
    for (int i = 1; i < argc; i += 2) {
        if (i + 1 == argc) return false;
        if (!strcmp(argv[i], "--format") && (!strcmp(argv[i + 1], "json") || !strcmp(argv[i + 1], "text")))
            b->json = argv[i + 1][0] == 'j';
        else if (!strcmp(argv[i], "--rounds") && atoi(argv[i + 1]) > 0)
            b->rounds = atoi(argv[i + 1]);
        else if (!strcmp(argv[i], "--only"))
            b->only = argv[i + 1];
        else
            return false;
    }
    return true;
}

int main(int argc, char **argv) {
    struct bench b = {.rounds = ROUNDS};
    if (!parse(&b, argc, argv)) return usage();
    add_list(&b, bench_engine);
    add_list(&b, bench_server);
    for (int round = 0; round < b.rounds; round++)
        for (int i = 0; i < b.entries; i++) b.entry[i].value[round] = measure(&b.entry[i]);
    report(&b);
    for (int i = 0; i < b.entries; i++) free(b.entry[i].value);
    return 0;
}
