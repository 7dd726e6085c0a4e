#include "scenario/scenario.h"
#include "base/hash.h"
#include "base/memory.h"
#include "base/yaml.h"
#include "scenario/bind.h"
#include "scenario/bind_scenario.h"
#include "scenario/check.h"
#include "scenario/layers.h"
#include "scenario/plan_spec.h"
#include "scenario/remarks.h"
#include "scenario/vary_bind.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CASES_MOST = 1000 };

struct loader {
    struct scenario_file *out;
    const struct scenario_set *set;
    int sets;
    const struct scenario_models *models;
    const struct scenario_embedded *embedded;
    const struct tree_node *root, *common; // the file; the file without cases, with --set
    const struct scenario_model **used;    // of each case
    struct err *e;
};

int scenario_cpus(const struct machine_spec *m) {
    int cpus = 0;
    for (int i = 0; i < m->classes; i++) cpus += m->class[i].count * m->class[i].smt;
    return cpus;
}

static void file_name(char out[SCENARIO_NAME], const char *path) {
    const char *slash = strrchr(path, '/'), *base = slash ? slash + 1 : path, *dot = strrchr(base, '.');
    int n = dot && dot > base ? (int)(dot - base) : (int)strlen(base);
    snprintf(out, SCENARIO_NAME, "%.*s", n, base);
}

// The comment on the first line.
static void question(char *out, size_t room, const char *text, size_t size) {
    if (!size || text[0] != '#') return;
    size_t from = 0, to;
    while (from < size && (text[from] == '#' || text[from] == ' ')) from++;
    for (to = from; to < size && text[to] && text[to] != '\n' && text[to] != '\r';) to++;
    if (to - from >= room) to = from + room - 1;
    while (to > from && ((unsigned char)text[to] & 0xc0) == 0x80) to--; // not inside a character
    memcpy(out, text + from, to - from);
    out[to - from] = 0;
}

static const struct scenario_model *find_model(const struct loader *l, const struct tree_node *root) {
    struct bind b = {.e = l->e};
    const struct tree_node *node = tree_at(root, "server.model");
    const char *names[64], *text = bind_text(&b, "server.model", node, "a name");
    int count = l->models->count < 64 ? l->models->count : 64;
    if (!text) return NULL;
    for (int i = 0; i < count; i++) {
        names[i] = l->models->model[i].name;
        if (strcmp(names[i], text) == 0) return &l->models->model[i];
    }
    const char *meant = text_closest(text, names, count);
    bind_fail(node->place, "server.model", l->e, "unknown model \"%.60s\"", text);
    if (meant) return err_hint(l->e, "did you mean \"%s\"? `dispatchsim models` lists them", meant), NULL;
    return err_hint(l->e, "`dispatchsim models` lists them"), NULL;
}

static bool load_profile(const struct loader *l, struct costs *c, const struct tree_node *node) {
    struct bind b = {.e = l->e};
    const char *text = bind_text(&b, "costs", node, "a path or none");
    if (!text) return false;
    for (const struct scenario_embedded *p = l->embedded; p && p->name; p++)
        if (strcmp(p->name, text) == 0) return costs_load_text(c, p->name, p->text, l->e);
    struct text path = {0};
    struct err why = {0};
    tree_file(node->place.source, text, &path);
    bool ok = costs_load(c, text_string(&path), &why);
    // A profile that is not there is the scenario's mistake; what is wrong inside it has a place of its own.
    if (!ok && why.kind == ERR_HOST)
        bind_fail(node->place, "costs", l->e, "%s", why.text);
    else if (!ok && l->e)
        *l->e = why;
    text_fini(&path);
    return ok;
}

static bool load_costs(const struct loader *l, struct costs *c, const struct tree_node *root) {
    const struct tree_node *node = tree_at(root, "costs");
    bool none = !node || (node->kind == TREE_SCALAR && strcmp(node->text, "none") == 0);
    if (!none) return load_profile(l, c, node);
    costs_none(c);
    return true;
}

// An endpoint's dispatch must be one that the model has; a model says so by "dispatch.loop" and "dispatch.pool" in what
// it reads.
static bool check_dispatch(const struct scenario_model *model, const struct scenario *s,
                           const struct tree_node *root, struct err *e) {
    static const char *const wanted[] = {
        [DISPATCH_LOOP] = "dispatch.loop", [DISPATCH_POOL] = "dispatch.pool"};
    for (int i = 0; model && model->reads && i < s->endpoints; i++) {
        enum dispatch d = s->endpoint[i].dispatch;
        const char *const *k = model->reads;
        while (d != DISPATCH_MODEL && *k && strcmp(*k, wanted[d]) != 0) k++;
        if (d == DISPATCH_MODEL || *k) continue;
        char path[48];
        snprintf(path, sizeof path, "endpoints.%d.dispatch", i);
        bind_fail(tree_at(root, path)->place, path, e, "the model %s has no %s", model->name, wanted[d] + 9);
        return err_hint(e, "server.model: threadpool has both");
    }
    return true;
}

// The root upon what its preset sets. An unknown preset is left to bind_scenario to refuse.
static const struct tree_node *upon_preset(struct tree *t, const struct tree_node *root, struct err *e) {
    const struct tree_node *node = tree_at(root, "server.preset");
    enum preset p = node && node->kind == TREE_SCALAR ? preset_named(node->text) : PRESET_NONE;
    char origin[SCENARIO_NAME];
    if (p == PRESET_COUNT) return root;
    snprintf(origin, sizeof origin, "preset %s", preset_names[p]);
    return layers_defaults(t, root, origin, preset_pairs(p), e);
}

// Everything of a case but its own name and measured values.
static bool build(const struct loader *l, int index, struct scenario *s, struct tree *t,
                  const struct tree_node *root) {
    root = upon_preset(t, root, l->e);
    if (!root) return false;
    // The model decides about defaults, so it is found before the rest is read.
    if (tree_at(root, "server.model")) {
        const struct scenario_model *model = find_model(l, root);
        root = model ? layers_defaults(t, root, "model default", model->defaults, l->e) : NULL;
        if (!root) return false;
        l->used[index] = model;
    }
    if (!bind_scenario(s, root, l->e) || !check_case(s, root, l->e) ||
        !check_dispatch(l->used[index], s, root, l->e) || !load_costs(l, &s->costs, root))
        return false;
    remarks_case(l->out, s, l->used[index], root, l->common);
    return true;
}

static bool unique_name(const struct loader *l, int index, const struct tree_node *item, const char *path) {
    const struct scenario *s = l->out->case_;
    for (int i = 0; i < index; i++)
        if (strcmp(s[i].name, s[index].name) == 0)
            return bind_fail(tree_at(item, "name")->place, path, l->e, "a second case \"%s\"", s[i].name);
    return true;
}

static bool earlier_case(const struct loader *l, int index, const struct tree_node *item, const char *path) {
    const struct scenario *s = l->out->case_;
    if (!s[index].against[0]) return true;
    for (int i = 0; i < index; i++)
        if (strcmp(s[i].name, s[index].against) == 0) return true;
    bind_fail(tree_at(item, "against")->place, path, l->e, "no case \"%s\" before this one",
              s[index].against);
    return err_hint(l->e, "against: the name of an earlier case");
}

static bool load_case(const struct loader *l, int index, const struct tree_node *item, struct tree *t) {
    struct scenario *s = &l->out->case_[index];
    struct scenario own = {0};
    char path[40];
    snprintf(path, sizeof path, "cases.%d", index);
    if (!bind_scenario_case(&own, path, item, l->e)) return false;
    const struct tree_node *set = tree_at(item, "set");
    const struct tree_node *root = tree_without(t, l->root, "cases");
    if (set) root = layers_set(t, root, set, l->e);
    if (root) root = layers_command_line(t, root, l->set, l->sets, l->e);
    bool ok = root && build(l, index, s, t, root);
    strcpy(s->name, own.name);
    s->measured = own.measured;
    strcpy(s->against, own.against);
    s->quick = own.quick;
    return ok && unique_name(l, index, item, path) && earlier_case(l, index, item, path);
}

static bool load_single(const struct loader *l, struct tree *t) {
    struct scenario *s = &l->out->case_[0];
    bool ok = build(l, 0, s, t, l->common);
    s->name[0] = 0;
    s->measured = (struct measured){NAN, NAN, NAN, NAN, NAN, NAN, false, false};
    return ok;
}

static bool load_cases(struct loader *l, const struct tree_node *cases) {
    struct bind b = {.e = l->e};
    if (cases && !bind_list(&b, "cases", cases, CASES_MOST)) return false;
    if (cases && !cases->count) return bind_fail(cases->place, "cases", l->e, "the list is empty");
    int count = cases ? cases->count : 1;
    l->out->case_ = memory_new((size_t)count, sizeof *l->out->case_);
    l->used = memory_new((size_t)count, sizeof *l->used);
    bool ok = true;
    for (; ok && l->out->cases < count; l->out->cases++) {
        struct tree *t = tree_create();
        int index = l->out->cases;
        ok = cases ? load_case(l, index, cases->entry[index].value, t) : load_single(l, t);
        tree_destroy(t);
    }
    if (ok) remarks_common(l->out, l->common, l->used);
    free(l->used);
    return ok;
}

static uint64_t digest(const struct scenario_file *f) {
    uint64_t h = HASH_START;
    struct text dump = {0};
    for (int i = 0; i < f->cases; i++) {
        text_clear(&dump);
        scenario_dump(&f->case_[i], &dump);
        h = hash_bytes(h, dump.data, dump.length + 1);
    }
    text_fini(&dump);
    return hash_finish(h);
}

static bool load_root(struct loader *l, struct tree *t, const char *name) {
    struct bind b = {.e = l->e};
    const struct tree_node *own = tree_at(l->root, "name");
    l->common = layers_command_line(t, tree_without(t, l->root, "cases"), l->set, l->sets, l->e);
    if (!l->common) return false;
    file_name(l->out->name, name);
    if (own && !bind_name(&b, "name", own, l->out->name)) return false;
    const struct tree_node *plan = tree_at(l->common, "plan");
    if (plan) l->out->plan = memory_new(1, sizeof *l->out->plan);
    if (plan && !plan_spec_bind(l->out->plan, plan, l->e)) return false;
    const struct tree_node *sweep = tree_at(l->common, "sweep");
    if (sweep && !vary_bind(&l->out->sweep, &l->out->sweeps, "sweep", sweep, l->e)) return false;
    if (!load_cases(l, tree_at(l->root, "cases"))) return false;
    l->out->digest = digest(l->out);
    return true;
}

// `text` stands in `folder` and is called `name` in messages.
static bool load(struct loader *l, const char *name, const char *folder, const char *text, size_t size) {
    struct tree *t = tree_create();
    *l->out = (struct scenario_file){0};
    question(l->out->question, sizeof l->out->question, text, size);
    l->root = layers_parse(t, name, folder, text, size, l->e);
    bool ok = l->root && load_root(l, t, name);
    tree_destroy(t);
    if (!ok) scenario_fini(l->out);
    return ok;
}

bool scenario_load(struct scenario_file *out, const char *path, const struct scenario_set *set, int sets,
                   const struct scenario_models *models, struct err *e) {
    struct loader l = {.out = out, .set = set, .sets = sets, .models = models, .e = e};
    size_t size;
    char *text = yaml_read(path, YAML_MOST, &size, e);
    if (!text) return false;
    const char *name = strcmp(path, "-") == 0 ? "stdin" : path;
    struct tree *t = tree_create();
    bool ok = load(&l, name, layers_folder(t, name), text, size);
    tree_destroy(t);
    free(text);
    return ok;
}

bool scenario_load_text(struct scenario_file *out, const char *name, const char *text,
                        const struct scenario_set *set, int sets, const struct scenario_models *models,
                        const struct scenario_embedded *embedded, struct err *e) {
    struct loader l = {.out = out, .set = set, .sets = sets, .models = models, .embedded = embedded, .e = e};
    return load(&l, name, "", text, strlen(text));
}

void scenario_fini(struct scenario_file *f) {
    for (int i = 0; f->case_ && i < f->cases; i++) bind_scenario_fini(&f->case_[i]);
    free(f->case_);
    if (f->plan) plan_spec_fini(f->plan);
    free(f->plan);
    vary_bind_fini(f->sweep, f->sweeps);
    for (int i = 0; i < f->remarks; i++) free(f->remark[i]);
    free(f->remark);
    *f = (struct scenario_file){0};
}

const char *const *scenario_check_remarks(const struct scenario_file *f, int *count) {
    *count = f->remarks;
    return (const char *const *)f->remark;
}
