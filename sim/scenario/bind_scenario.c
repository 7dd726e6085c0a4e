#include "scenario/bind_scenario.h"
#include "base/memory.h"
#include "scenario/bind.h"
#include "scenario/distribution.h"
#include "scenario/result.h"
#include "scenario/route.h"
#include "scenario/series.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { STEPS_MOST = 256, CPUS_MOST = 4096 };

static bool bind_cores(struct bind *b, const char *path, const struct tree_node *node,
                       struct machine_spec *m) {
    if (node->kind != TREE_LIST) {
        static const struct schema_row row = {.key = "machine.cores",
                                              .type = SCHEMA_INT,
                                              .offset = offsetof(struct core_class, count),
                                              .min = 1,
                                              .max = CPUS_MOST};
        m->classes = 1;
        m->class[0] = (struct core_class){1, 1, 1.0};
        return bind_value(b, &row, path, node, &m->class[0]);
    }
    if (!bind_list(b, path, node, SCENARIO_CLASSES)) return false;
    if (!node->count) return bind_fail(node->place, path, b->e, "the machine has no core");
    for (; m->classes < node->count; m->classes++) {
        char inner[BIND_PATH], number[12];
        snprintf(number, sizeof number, "%d", m->classes);
        bind_join(inner, path, number);
        const struct tree_node *item = node->entry[m->classes].value;
        if (!bind_map(b, "machine.cores[]", inner, item, &m->class[m->classes])) return false;
    }
    if (scenario_cpus(m) > CPUS_MOST)
        return bind_fail(node->place, path, b->e, "%d logical CPUs, at most %d", scenario_cpus(m), CPUS_MOST);
    return true;
}

static bool find_resource(struct bind *b, const char *path, const struct tree_node *node,
                          struct handler_step *step) {
    const struct scenario *s = b->context;
    char name[SCENARIO_NAME];
    if (!bind_name(b, path, node, name)) return false;
    const char *names[SEEN_RESOURCES];
    for (int i = 0; i < s->resources; i++) {
        names[i] = s->resource[i].name;
        step->resource = i;
        if (strcmp(names[i], name) == 0) return true;
    }
    const char *meant = text_closest(name, names, s->resources);
    bind_fail(node->place, path, b->e, "there is no resource \"%.63s\"", name);
    if (meant) return err_hint(b->e, "did you mean \"%s\"?", meant);
    return err_hint(b->e, "declare it: resources: {%.63s: {capacity: 20}}", name);
}

static const char *const step_keys[] = {"cpu", "cpu_nogil", "sleep", "use"}; // in the order of enum step_kind

// The one key that says what the step does.
static const struct tree_entry *step_entry(struct bind *b, const char *path, const struct tree_node *item,
                                           enum step_kind *kind) {
    const struct tree_entry *found = NULL;
    for (int i = 0; i < item->count; i++) {
        for (int k = STEP_CPU; k <= STEP_USE; k++) {
            if (strcmp(item->entry[i].key, step_keys[k]) != 0) continue;
            if (found) {
                bind_fail(item->entry[i].place, path, b->e, "a step does one thing, not both %s and %s",
                          found->key, step_keys[k]);
                return err_hint(b->e, "begin a new item with -"), NULL;
            }
            found = &item->entry[i];
            *kind = (enum step_kind)k;
        }
    }
    if (found) return found;
    if (tree_entry(item, "for")) {
        bind_fail(tree_entry(item, "for")->place, path, b->e, "`for` stands without `use`");
        return err_hint(b->e, "- use: RESOURCE, and below it for: SPAN"), NULL;
    }
    bind_fail(item->place, path, b->e, "the step is empty");
    return err_hint(b->e, "cpu, cpu_nogil, sleep, or use with for"), NULL;
}

static bool bind_step(struct bind *b, const char *path, const struct tree_node *item,
                      struct handler_step *step) {
    char key[BIND_PATH], pattern[40];
    if (!bind_is_map(b, path, item) || !bind_keys(b, "handler[]", path, item)) return false;
    const struct tree_entry *entry = step_entry(b, path, item, &step->kind);
    if (!entry) return false;
    const struct tree_entry *span = tree_entry(item, "for");
    const char *name = step->kind == STEP_USE ? "for" : entry->key;
    bind_join(key, path, entry->key);
    if (step->kind == STEP_USE) {
        if (!find_resource(b, key, entry->value, step)) return false;
        if (!span) {
            bind_fail(entry->place, path, b->e, "`use` stands without `for`");
            return err_hint(b->e, "say how long it is held: for: 4ms");
        }
        bind_join(key, path, "for");
    } else if (span) {
        return bind_fail(span->place, path, b->e, "`for` belongs to `use`, not to %s", entry->key);
    }
    snprintf(pattern, sizeof pattern, "handler[].%s", name);
    const struct tree_node *time = span ? span->value : entry->value;
    return distribution_bind(b, schema_row(b->schema, pattern), key, time, &step->time);
}

static bool bind_steps(struct bind *b, const char *path, const struct tree_node *node,
                       struct endpoint *endpoint) {
    if (!bind_list(b, path, node, STEPS_MOST)) return false;
    endpoint->step = memory_new((size_t)node->count, sizeof *endpoint->step);
    for (int i = 0; i < node->count; i++) {
        char inner[BIND_PATH], number[12];
        snprintf(number, sizeof number, "%d", i);
        bind_join(inner, path, number);
        endpoint->steps = i + 1;
        if (!bind_step(b, inner, node->entry[i].value, &endpoint->step[i])) return false;
    }
    return true;
}

static void one_endpoint(struct scenario *s) {
    s->endpoint = memory_new(1, sizeof *s->endpoint);
    s->endpoints = 1;
    s->endpoint->weight = 1;
}

static bool unique_endpoint(struct bind *b, const char *path, const struct tree_node *item,
                            const struct scenario *s) {
    const struct endpoint *last = &s->endpoint[s->endpoints - 1];
    for (const struct endpoint *p = s->endpoint; p < last; p++)
        if (strcmp(p->name, last->name) == 0)
            return bind_fail(tree_at(item, "name")->place, path, b->e, "a second endpoint \"%s\"",
                             last->name);
    return true;
}

static bool bind_endpoints(struct bind *b, const char *path, const struct tree_node *node,
                           struct scenario *s) {
    if (s->endpoint) {
        bind_fail(node->place, path, b->e, "`handler` and `endpoints` cannot both be given");
        return err_hint(b->e, "make the handler an endpoint, or remove it");
    }
    if (!bind_list(b, path, node, SEEN_ENDPOINTS)) return false;
    if (!node->count) return bind_fail(node->place, path, b->e, "the list is empty");
    s->endpoint = memory_new((size_t)node->count, sizeof *s->endpoint);
    while (s->endpoints < node->count) {
        char inner[BIND_PATH], number[12];
        snprintf(number, sizeof number, "%d", s->endpoints);
        bind_join(inner, path, number);
        const struct tree_node *item = node->entry[s->endpoints].value;
        struct endpoint *endpoint = &s->endpoint[s->endpoints++];
        if (!bind_map(b, "endpoints[]", inner, item, endpoint)) return false;
        if (!unique_endpoint(b, inner, item, s)) return false;
    }
    return true;
}

static bool bind_resource(struct bind *b, const char *path, const struct tree_entry *entry,
                          struct resource_spec *r) {
    char inner[BIND_PATH];
    bind_join(inner, path, entry->key);
    if (strlen(entry->key) >= SCENARIO_NAME || strpbrk(entry->key, ".[]* \n\t")) {
        bind_fail(entry->place, path, b->e, "\"%.80s\" cannot name a resource", entry->key);
        return err_hint(b->e, "at most %d bytes, no blanks and none of . [ ] *", SCENARIO_NAME - 1);
    }
    strcpy(r->name, entry->key);
    return bind_map(b, "resources.*", inner, entry->value, r);
}

static bool bind_resources(struct bind *b, const char *path, const struct tree_node *node,
                           struct scenario *s) {
    if (!bind_is_map(b, path, node)) return false;
    if (node->count > SEEN_RESOURCES)
        return bind_fail(node->place, path, b->e, "%d resources, at most %d", node->count, SEEN_RESOURCES);
    s->resource = memory_new((size_t)node->count, sizeof *s->resource);
    for (int i = 0; i < node->count; i++)
        if (!bind_resource(b, path, &node->entry[i], &s->resource[s->resources++])) return false;
    return true;
}

static bool bind_warmup(struct bind *b, const struct schema_row *row, const char *path,
                        const struct tree_node *node, struct run_spec *run) {
    const char *text = bind_text(b, path, node, "auto, none or a span");
    double span = 0;
    if (!text) return false;
    run->warmup = strcmp(text, "auto") == 0   ? WARMUP_AUTO
                  : strcmp(text, "none") == 0 ? WARMUP_NONE
                                              : WARMUP_FIXED;
    if (run->warmup != WARMUP_FIXED) return true;
    if (!units_parse(UNIT_SPAN, text, &span, b->e)) {
        bind_place(node->place, path, b->e);
        return b->e && b->e->hint[0] ? false : err_hint(b->e, "auto, none, or a span");
    }
    if (!(span >= row->min && span <= row->max)) {
        bind_fail(node->place, path, b->e, "\"%.60s\" is out of range", text);
        return err_hint(b->e, "auto, none, or a span above 0");
    }
    run->warmup_time = llround(span);
    return true;
}

static bool bind_trace(struct bind *b, const char *path, const struct tree_node *node, const char *file,
                       struct load_spec *load) {
    double *values;
    if (load->trace) return bind_fail(node->place, path, b->e, "the trace is given twice");
    if (!series_read(node->place, file, 1e15, true, &values, &load->trace_count, b->e)) return false;
    load->trace = memory_new(load->trace_count, sizeof *load->trace);
    for (size_t i = 0; i < load->trace_count; i++) load->trace[i] = llround(values[i]);
    free(values);
    return true;
}

static bool bind_arrivals(struct bind *b, const struct schema_row *row, const char *path,
                          const struct tree_node *node, struct load_spec *load) {
    const char *text = bind_text(b, path, node, "one word");
    if (!text) return false;
    size_t n = strlen(text);
    if (strncmp(text, "trace(", 6) == 0 && text[n - 1] == ')') {
        struct text file = {0};
        text_add_bytes(&file, text + 6, n - 7);
        load->arrivals = ARRIVALS_TRACE;
        bool ok = bind_trace(b, path, node, text_string(&file), load);
        text_fini(&file);
        return ok;
    }
    int choice = bind_choice(b, path, node, row->names);
    if (choice >= 0) load->arrivals = (enum arrivals)choice;
    return choice >= 0;
}

static bool special(struct bind *b, const struct schema_row *row, const char *path,
                    const struct tree_node *node, void *into) {
    struct scenario *s = b->context;
    switch (row->type) {
    case SCHEMA_CORES: return bind_cores(b, path, node, &s->machine);
    case SCHEMA_RESOURCES: return bind_resources(b, path, node, s);
    case SCHEMA_ENDPOINTS: return bind_endpoints(b, path, node, s);
    case SCHEMA_WARMUP: return bind_warmup(b, row, path, node, &s->run);
    case SCHEMA_ARRIVALS: return bind_arrivals(b, row, path, node, &s->load);
    case SCHEMA_STEPS:
        if (strcmp(row->key, "handler") != 0) return bind_steps(b, path, node, into);
        one_endpoint(s);
        return bind_steps(b, path, node, s->endpoint);
    case SCHEMA_FILE: {
        const char *file = bind_text(b, path, node, "a path");
        if (!file || strcmp(row->key, "load.trace") != 0) return file != NULL;
        return bind_trace(b, path, node, file, &s->load);
    }
    default: return true; // cases and set: laid upon the tree before
    }
}

static void default_paths(struct scenario *s) {
    for (int i = 0; i < s->endpoints; i++) {
        struct endpoint *p = &s->endpoint[i];
        if (p->path[0]) continue;
        if (s->server.external.path[0])
            strcpy(p->path, s->server.external.path);
        else
            route_of_name(p->name, p->path);
    }
}

// A relative path in the command is from the file that has it, as everywhere.
static bool command_folder(const struct tree_node *root, struct server_external *x, struct err *e) {
    const struct tree_node *command = tree_at(root, "server.command");
    const char *folder = command ? command->place.source->folder : "";
    if (strlen(folder) >= sizeof x->folder)
        return bind_fail(command->place, "server.command", e, "the folder's name is too long");
    strcpy(x->folder, folder);
    return true;
}

bool bind_scenario(struct scenario *s, const struct tree_node *root, struct err *e) {
    struct bind b = {.schema = schema_scenario(), .special = special, .context = s, .e = e};
    if (!bind_map(&b, "", "", root, s) || !command_folder(root, &s->server.external, e)) return false;
    if (!s->endpoint) one_endpoint(s);
    default_paths(s);
    s->load.has_think = tree_at(root, "load.think") != NULL;
    return true;
}

bool bind_scenario_case(struct scenario *s, const char *path, const struct tree_node *item, struct err *e) {
    struct bind b = {.schema = schema_scenario(), .special = special, .context = s, .e = e};
    s->measured = (struct measured){NAN, NAN, NAN, NAN, NAN, NAN, false, false};
    if (!bind_map(&b, "cases[]", path, item, s)) return false;
    s->measured.given = tree_at(item, "measured") != NULL;
    if (s->measured.fitted && !s->measured.given) {
        bind_fail(tree_at(item, "fitted")->place, path, e, "`fitted` without `measured`");
        return err_hint(e, "there is no measured value that the profile could be fitted to");
    }
    return true;
}

void bind_scenario_fini(struct scenario *s) {
    for (int i = 0; i < s->endpoints; i++) {
        for (int k = 0; k < s->endpoint[i].steps; k++) dist_fini(&s->endpoint[i].step[k].time);
        free(s->endpoint[i].step);
    }
    free(s->endpoint);
    free(s->resource);
    dist_fini(&s->load.think);
    dist_fini(&s->load.backoff);
    free(s->load.trace);
    *s = (struct scenario){0};
}
