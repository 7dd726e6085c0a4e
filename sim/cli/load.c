#include "cli/load.h"

#include "base/memory.h"

#include <stdlib.h>

// configs/costs/i9-13900k.yaml, NUL-terminated; embed.cmake makes it when the program is built.
extern const char load_profile[];

// Small enough to end in a moment, and the question this program began with.
static const char builtin[] = "# What does FastAPI pay for handing an endpoint to a thread?\n"
                              "name: fastapi-hello\n"
                              "costs: i9-13900k.yaml\n"
                              "machine: {cores: [{count: 8, smt: 2, speed: 1.0}, {count: 16, speed: 0.57}]}\n"
                              "server: {model: threadpool, threads: 40}\n"
                              "load: {client: ab, concurrency: 100, requests: 1000}\n"
                              "run: {seed: 1, replications: 20}\n"
                              "cases:\n"
                              "  - name: async\n"
                              "    set: {server.model: event_loop}\n"
                              "    measured: {throughput_per_s: 13190.52}\n"
                              "    fitted: true\n"
                              "  - name: non-async\n"
                              "    measured: {throughput_per_s: 7103.43}\n"
                              "    fitted: true\n";

const char *load_builtin(void) {
    return builtin;
}

struct scenario_model *load_models(const struct program *p) {
    struct scenario_model *model = memory_new((size_t)p->models->count, sizeof *model);
    for (int i = 0; i < p->models->count; i++)
        model[i] = (struct scenario_model){p->models->model[i]->name, p->models->model[i]->defaults,
                                           p->models->model[i]->reads};
    return model;
}

bool load_scenario(struct scenario_file *f, const char *path, const struct args *a, const struct program *p,
                   struct err *e) {
    const struct scenario_embedded profiles[] = {{"i9-13900k.yaml", load_profile}, {NULL, NULL}};
    struct scenario_model *model = load_models(p);
    struct scenario_models all = {p->models->count, model};
    bool ok = path ? scenario_load(f, path, a->set, a->sets, &all, e)
                   : scenario_load_text(f, "built-in example", builtin, a->set, a->sets, &all, profiles, e);
    free(model);
    return ok;
}
