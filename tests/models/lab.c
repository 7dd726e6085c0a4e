#include "lab.h"

#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>

#define MODEL(name) extern const struct model model_##name;
#include "models/models.def"
#undef MODEL

#define MODEL(name) &model_##name,
static const struct model *const list[] = {
#include "models/models.def"
};
#undef MODEL

enum { MODELS = sizeof list / sizeof list[0], TEXT = 8192 };

static const struct models all = {MODELS, list};

const struct models *lab_models(void) {
    return &all;
}

__attribute__((format(printf, 1, 2))) static void give_up(const char *fmt, ...) {
    va_list args;
    va_start(args, fmt);
    vfprintf(stderr, fmt, args);
    va_end(args);
    fputc('\n', stderr);
    exit(2);
}

static void give_up_on(const struct err *e, const char *about) {
    char line[1024];
    give_up("%s\n%s", err_format(e, line, sizeof line), about);
}

static void load(struct scenario_file *f, const struct scenario_embedded *costs, const char *fmt,
                 va_list args) {
    struct scenario_model rows[MODELS];
    char text[TEXT];
    for (int i = 0; i < MODELS; i++)
        rows[i] = (struct scenario_model){
            .name = list[i]->name, .defaults = list[i]->defaults, .reads = list[i]->reads};
    if (vsnprintf(text, sizeof text, fmt, args) >= TEXT) give_up("scenario longer than %d bytes", TEXT);
    struct err e = {0};
    if (!scenario_load_text(f, "test.yaml", text, NULL, 0, &(struct scenario_models){MODELS, rows}, costs,
                            &e))
        give_up_on(&e, text);
}

void lab_load(struct scenario_file *f, const struct scenario_embedded *costs, const char *fmt, ...) {
    va_list args;
    va_start(args, fmt);
    load(f, costs, fmt, args);
    va_end(args);
}

bool lab_try(const struct scenario *s, const struct simulate_options *o, struct observation *out,
             struct err *e) {
    observation_init(out);
    return simulate(models_find(&all, s->server.model), s, o, out, e);
}

void lab_simulate(const struct scenario *s, uint32_t point, uint32_t replication, struct observation *out) {
    struct err e = {0};
    if (!lab_try(s, &(struct simulate_options){.point = point, .replication = replication}, out, &e))
        give_up_on(&e, s->server.model);
}

void lab_run(struct observation *out, const struct scenario_embedded *costs, const char *fmt, ...) {
    struct scenario_file f;
    va_list args;
    va_start(args, fmt);
    load(&f, costs, fmt, args);
    va_end(args);
    lab_simulate(&f.case_[0], 0, 0, out);
    scenario_fini(&f);
}

struct work {
    void (*task)(void *context, int i);
    void *context;
    int n;
    atomic_int next;
};

static void *work(void *argument) {
    struct work *w = argument;
    for (int i; (i = atomic_fetch_add(&w->next, 1)) < w->n;) w->task(w->context, i);
    return NULL;
}

void lab_parallel(void (*task)(void *context, int i), void *context, int n) {
    enum { MOST = 64 };
    struct work w = {.task = task, .context = context, .n = n};
    pthread_t helper[MOST];
    long processors = sysconf(_SC_NPROCESSORS_ONLN);
    int helpers = 0;
    while (helpers < MOST && helpers < processors - 1 && !pthread_create(&helper[helpers], NULL, work, &w))
        helpers++;
    work(&w);
    for (int i = 0; i < helpers; i++) pthread_join(helper[i], NULL);
}
