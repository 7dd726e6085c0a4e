#include "calib/against.h"

#include "base/memory.h"
#include "scenario/schema.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool measured(const struct cost *c) {
    return c && (c->from == FROM_PROBE || c->from == FROM_FIT);
}

// What the CPU costs are for, not a cost.
static bool is_unit(const struct schema_row *row) {
    return !strcmp(row->key, "quiet_speed") || !strcmp(row->key, "exchange_speed") ||
           !strcmp(row->key, "pace") || !strcmp(row->key, "dense");
}

static enum figure_kind kind_of(enum unit unit) {
    return unit == UNIT_SPAN ? FIGURE_SPAN : unit == UNIT_FRAC ? FIGURE_SHARE : FIGURE_COUNT;
}

static bool agree(const struct against_row *r) {
    const struct cost *x = &r->now, *y = &r->then;
    if (r->on_off) return x->value == y->value;
    return (x->lo <= y->hi && y->lo <= x->hi) || figure_alike(kind_of(r->unit), x->value, y->value);
}

// One number of the two profiles; NULL where a profile has none.
static void add(struct against *a, const struct schema_row *row, const char *key, const struct cost *now,
                const struct cost *then) {
    if (!measured(now) && !measured(then)) return;
    a->row = memory_grow(a->row, &a->room, (size_t)a->rows + 1, sizeof *a->row);
    struct against_row *r = &a->row[a->rows++];
    *r = (struct against_row){.unit = row->unit, .on_off = row->type == SCHEMA_SWITCH};
    snprintf(r->key, sizeof r->key, "%s", key);
    if (measured(now)) r->now = *now;
    if (measured(then)) r->then = *then;
    r->where = !measured(then) ? AGAINST_NOW : !measured(now) ? AGAINST_THEN : AGAINST_BOTH;
    if (r->where != AGAINST_BOTH) return;
    r->agrees = agree(r);
    a->compared++;
    a->agree += r->agrees;
}

static void add_point(struct against *a, const struct schema_row *row, double at, const struct cost *now,
                      const struct cost *then) {
    char key[sizeof a->row->key], span[UNITS_TEXT];
    snprintf(key, sizeof key, "%.40s@%s", row->key, units_format_exact(span, UNIT_SPAN, at));
    add(a, row, key, now, then);
}

// Two curves, both ascending: a point of one that the other has not stands alone.
static void add_curve(struct against *a, const struct schema_row *row, const struct cost_curve *x,
                      const struct cost_curve *y) {
    for (int i = 0, k = 0; i < x->points || k < y->points;) {
        bool has_x = i < x->points && (k == y->points || x->point[i].at <= y->point[k].at);
        bool has_y = k < y->points && (i == x->points || y->point[k].at <= x->point[i].at);
        add_point(a, row, has_x ? x->point[i].at : y->point[k].at, has_x ? &x->point[i].cost : NULL,
                  has_y ? &y->point[k].cost : NULL);
        i += has_x;
        k += has_y;
    }
}

void against_compare(struct against *a, const struct costs *now, const struct costs *then) {
    const struct schema *all = schema_costs();
    struct costs scaled = *then;
    *a = (struct against){.same_host = !strcmp(now->host, then->host) && !strcmp(now->kernel, then->kernel)};
    // Both were brought to the speed of a quiet machine where they say so. A pace is of one server.
    double slower = now->quiet_speed.value > 0 && then->quiet_speed.value > 0
                        ? then->quiet_speed.value / now->quiet_speed.value
                        : costs_slower_by(then, now->dense.value, 0, now->speed.value);
    a->speed = slower > 0 ? slower : 1;
    costs_scale(&scaled, a->speed);
    for (int i = 0; i < all->count; i++) {
        const struct schema_row *row = &all->row[i];
        const void *x = (const char *)now + row->offset, *y = (const char *)&scaled + row->offset;
        if (row->type == SCHEMA_CURVE) add_curve(a, row, x, y);
        if ((row->type == SCHEMA_COST || row->type == SCHEMA_SWITCH) && !is_unit(row))
            add(a, row, row->key, x, y);
    }
}

void against_fini(struct against *a) {
    free(a->row);
    *a = (struct against){0};
}

bool against_enough(const struct against *a) {
    return !a->same_host || 100 * a->agree >= AGAINST_ENOUGH_PERCENT * a->compared;
}
