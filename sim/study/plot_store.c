#include "study/plot_store.h"

#include "study/plot_series.h"
#include "study/store.h"

static bool add_case(struct plot *p, struct store *s, int point, int case_, int *missing, struct err *e) {
    const struct store_sweep *sweep = store_sweep(s);
    struct case_result result;
    bool found = false;
    if (!store_case(s, point, case_, &result, &found, e)) return false;
    *missing += !found;
    if (!found) return true;
    struct plot_row *r = plot_add_row(p, point);
    r->result = result;
    snprintf(r->result.name, sizeof r->result.name, "%s", sweep->case_name[case_]);
    for (int k = 0; k < sweep->keys; k++) plot_set_value(r, k, sweep->point[point].value[k]);
    r->case_ = case_;
    return true;
}

static bool add_all(struct plot *p, struct store *s, int *missing, struct err *e) {
    const struct store_sweep *sweep = store_sweep(s);
    snprintf(p->title, sizeof p->title, "%s", sweep->scenario);
    snprintf(p->question, sizeof p->question, "%s", sweep->question);
    for (int k = 0; k < sweep->keys; k++) plot_add_key(p, sweep->key[k]);
    for (int point = 0; point < sweep->points; point++)
        for (int c = 0; c < sweep->cases; c++)
            if (!add_case(p, s, point, c, missing, e)) return false;
    return true;
}

bool plot_store_load(struct plot *p, const char *dir, int *missing, struct err *e) {
    int lacking = 0;
    struct store *s = store_open(dir, e);
    if (!s) return false;
    bool ok = add_all(p, s, &lacking, e);
    if (missing) *missing = lacking;
    return store_close(s, ok ? e : NULL) && ok;
}

bool plot_store_latencies(struct plot *p, const char *dir, struct err *e) {
    int index[PLOT_LINES], n = plot_pick(p, PLOT_LINES, index);
    struct store *s = store_open(dir, e);
    bool ok = s != NULL;
    for (int i = 0; ok && i < n; i++) {
        struct plot_row *r = &p->row[index[i]];
        ok = store_latency(s, r->point, r->case_, &r->latency, e);
    }
    if (s && !store_close(s, ok ? e : NULL)) ok = false;
    return ok;
}
