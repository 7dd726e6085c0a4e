#include "scenario/plan_spec.h"
#include "base/memory.h"
#include "base/require.h"
#include "scenario/bind.h"
#include "scenario/cost_expr.h"
#include "scenario/vary_bind.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const char *const quantity_names[PLAN_QUANTITIES] = {"mean", "p50", "p90", "p95", "p99"};

const char *plan_spec_quantity(enum plan_quantity q) {
    return quantity_names[q];
}

// ---- what may vary ----

static bool bind_vary(struct bind *b, const struct tree_node *node, struct plan_spec *p) {
    if (!vary_bind(&p->vary, &p->varies, "plan.vary", node, b->e)) return false;
    for (int i = 0; i < p->varies; i++)
        if (strncmp(p->vary[i].key, "run.", 4) == 0)
            return bind_fail(node->entry[i].place, "plan.vary", b->e, "%.80s cannot vary", p->vary[i].key);
    return true;
}

// ---- what it costs ----

static bool add_cost(struct bind *b, const struct tree_node *node, struct plan_spec *p) {
    const char *text = bind_text(b, "plan.cost", node, "an expression over keys");
    if (!text) return false;
    if (!cost_expr_check(text, b->e)) return bind_place(node->place, "plan.cost", b->e);
    p->cost[p->costs] = strdup(text);
    REQUIRE(p->cost[p->costs++]);
    return true;
}

static bool bind_costs(struct bind *b, const struct tree_node *node, struct plan_spec *p) {
    bool list = node->kind == TREE_LIST;
    if (list && !node->count) return bind_fail(node->place, "plan.cost", b->e, "the list is empty");
    p->cost = memory_new(list ? (size_t)node->count : 1, sizeof *p->cost);
    if (!list) return add_cost(b, node, p);
    for (int i = 0; i < node->count; i++)
        if (!add_cost(b, node->entry[i].value, p)) return false;
    return true;
}

static void default_costs(struct plan_spec *p) {
    static const char *const expressions[] = {"machine.cores", "server.workers", "server.threads"};
    p->cost = memory_new(3, sizeof *p->cost);
    for (; p->costs < 3; p->costs++) {
        p->cost[p->costs] = strdup(expressions[p->costs]);
        REQUIRE(p->cost[p->costs]);
    }
}

// ---- the whole ----

static bool special(struct bind *b, const struct schema_row *row, const char *path,
                    const struct tree_node *node, void *into) {
    (void)path;
    return row->type == SCHEMA_VARY ? bind_vary(b, node, into) : bind_costs(b, node, into);
}

static bool check(const struct plan_spec *p, const struct tree_node *node, struct err *e) {
    bool any = false;
    for (int q = 0; q < PLAN_QUANTITIES; q++) any |= !isnan(p->limit_s[q]);
    if (!any) {
        bind_fail(node->place, "plan", e, "no limit is stated");
        return err_hint(e, "p99: 250ms, or mean, p50, p90, p95");
    }
    if (p->rate_per_s > 0 && p->clients > 0) {
        bind_fail(tree_entry(node, "clients")->place, "plan", e,
                  "the load is a rate or a number of clients, not both");
        return err_hint(e, "rate: open load; clients: closed loop");
    }
    return true;
}

bool plan_spec_bind(struct plan_spec *p, const struct tree_node *node, struct err *e) {
    struct bind b = {.schema = schema_scenario(), .special = special, .apart = true, .e = e};
    *p = (struct plan_spec){0};
    for (int q = 0; q < PLAN_QUANTITIES; q++) p->limit_s[q] = NAN;
    if (!bind_map(&b, "plan", "plan", node, p) || !check(p, node, e)) return false;
    if (!p->cost) default_costs(p);
    return true;
}

void plan_spec_fini(struct plan_spec *p) {
    vary_bind_fini(p->vary, p->varies);
    for (int i = 0; i < p->costs; i++) free(p->cost[i]);
    free(p->cost);
    *p = (struct plan_spec){0};
}
