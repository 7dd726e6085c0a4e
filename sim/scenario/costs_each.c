#include "scenario/costs.h"
#include "scenario/schema.h"

#include <stdio.h>

static struct cost_item item_of(const struct schema_row *row) {
    struct cost_item item = {.unit = row->unit,
                             .min = row->min,
                             .max = row->max,
                             .above = (row->flags & SCHEMA_ABOVE) != 0,
                             .on_off = row->type == SCHEMA_SWITCH};
    snprintf(item.key, sizeof item.key, "%s", row->key);
    return item;
}

static void visit_curve(const struct schema_row *row, struct cost_curve *curve,
                        void (*visit)(void *context, const struct cost_item *item), void *context) {
    struct cost_item item = item_of(row);
    for (int i = 0; i < curve->points; i++) {
        snprintf(item.key, sizeof item.key, "%s.%d.cost", row->key, i);
        item.cost = &curve->point[i].cost;
        visit(context, &item);
    }
}

void costs_each(struct costs *c, void (*visit)(void *context, const struct cost_item *item), void *context) {
    const struct schema *all = schema_costs();
    for (int i = 0; i < all->count; i++) {
        const struct schema_row *row = &all->row[i];
        void *at = (char *)c + row->offset;
        if (row->type == SCHEMA_CURVE) visit_curve(row, at, visit, context);
        if (row->type != SCHEMA_COST && row->type != SCHEMA_SWITCH) continue;
        struct cost_item item = item_of(row);
        item.cost = at;
        visit(context, &item);
    }
}
