#include "fuzz/scenario.h"
#include "golden/models.h"
#include "scenario/schema.h"

#include <stdlib.h>
#include <string.h>

static const char *check_refusal(const struct err *e) {
    if (e->kind != ERR_CONFIG) return "a refusal that is not the user's error";
    if (!e->text[0]) return "a refusal without a text";
    if (!e->file[0] || e->line < 1 || e->col < 1) return "a refusal without a place";
    return NULL;
}

static const char *check_steps(const struct scenario *s, const struct endpoint *endpoint) {
    for (int i = 0; i < endpoint->steps; i++) {
        const struct handler_step *step = &endpoint->step[i];
        if (step->kind == STEP_USE && (step->resource < 0 || step->resource >= s->resources))
            return "a lost resource";
        if (!(dist_mean(&step->time) >= 0)) return "a negative time";
    }
    return NULL;
}

static const char *check_case(const struct scenario *s) {
    const struct load_spec *load = &s->load;
    if (scenario_cpus(&s->machine) < 1) return "no CPU";
    if (s->server.workers < 1 || s->server.threads < 1 || s->server.backlog < 1) return "an empty server";
    if (s->server.gil && s->server.switch_interval < 1) return "a lock without interval";
    if ((load->requests > 0) == (load->duration > 0)) return "a run without one length";
    bool paced = load->arrivals == ARRIVALS_TRACE ? load->trace_count > 0 : load->rate_per_s > 0;
    if (load->client == CLIENT_OPEN ? !paced : load->concurrency < 1) return "a load without demand";
    if (s->endpoints < 1) return "no endpoint";
    for (int i = 0; i < s->endpoints; i++) {
        const char *broken = s->endpoint[i].weight > 0 ? check_steps(s, &s->endpoint[i]) : "a weight of 0";
        if (broken) return broken;
    }
    return NULL;
}

static const char *check_scenario(const char *text, bool *accepted) {
    struct scenario_file file;
    struct err e = {0};
    if (!scenario_load_text(&file, "fuzz.yaml", text, NULL, 0, &models_for_tests, NULL, &e))
        return check_refusal(&e);
    *accepted = true;
    const char *broken = file.cases < 1 ? "no case" : NULL;
    for (int i = 0; !broken && i < file.cases; i++) broken = check_case(&file.case_[i]);
    scenario_fini(&file);
    return broken;
}

static const char *check_profile(const char *text, bool *accepted) {
    struct costs costs, again;
    struct err e = {0};
    struct text out = {0}, back = {0};
    if (!costs_load_text(&costs, "fuzz.yaml", text, &e)) return check_refusal(&e);
    *accepted = true;
    costs_format(&costs, &out);
    bool same = costs_load_text(&again, "fuzz.yaml", text_string(&out), &e);
    costs_format(&again, &back);
    same &= strcmp(text_string(&out), text_string(&back)) == 0;
    text_fini(&out);
    text_fini(&back);
    return same ? NULL : "a profile that does not come back from its own text";
}

const char *fuzz_scenario(const char *text, size_t size, bool *accepted) {
    char *copy = malloc(size + 1); // exactly as long as the text, so that a sanitizer sees a step beyond
    memcpy(copy, text, size);
    copy[size] = 0;
    const char *broken = check_scenario(copy, accepted);
    if (!broken) broken = check_profile(copy, accepted);
    free(copy);
    return broken;
}
