#include "calib/profile.h"

#include "base/require.h"
#include "scenario/schema.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static double in_range(const struct schema_row *row, double value) {
    double low = fmax(row->min, 0);
    if ((row->flags & SCHEMA_ABOVE) && value <= low) return low + 1;
    return fmin(fmax(value, low), row->max);
}

// Costs are good to a nanosecond at best; the rest is a share or a ratio.
static double rounded(const struct schema_row *row, double value) {
    if (row->unit == UNIT_SPAN && row->type != SCHEMA_SWITCH) return round(value);
    return round(value * 1e5) / 1e5;
}

static struct cost cost_of(const struct schema_row *row, const struct figure_estimate *x,
                           enum provenance from, const char *source) {
    struct cost c = {.value = in_range(row, rounded(row, x->value)), .from = from};
    c.lo = fmin(c.value, in_range(row, rounded(row, x->lo)));
    c.hi = fmax(c.value, in_range(row, rounded(row, x->hi)));
    if (row->type == SCHEMA_SWITCH) c.value = c.lo = c.hi = x->value >= 0.5;
    snprintf(c.source, sizeof c.source, "%s", source);
    return c;
}

static void add_point(struct cost_curve *curve, const char *at, const struct cost *c) {
    double ns = 0;
    REQUIRE(curve->points < COSTS_CURVE && units_parse(UNIT_SPAN, at, &ns, NULL));
    REQUIRE(curve->points == 0 || ns > curve->point[curve->points - 1].at);
    curve->point[curve->points].at = ns;
    curve->point[curve->points++].cost = *c;
}

bool profile_set(struct costs *c, const char *key, const struct figure_estimate *x, enum provenance from,
                 const char *source) {
    char plain[64];
    const char *at = strchr(key, '@');
    snprintf(plain, sizeof plain, "%.*s", (int)(at ? at - key : (long)strlen(key)), key);
    const struct schema_row *row = schema_row(schema_costs(), plain);
    if (!row) return false;
    struct cost cost = cost_of(row, x, from, source);
    void *into = (char *)c + row->offset;
    if (row->type == SCHEMA_CURVE) {
        REQUIRE(at);
        add_point(into, at + 1, &cost);
    } else {
        *(struct cost *)into = cost;
    }
    return true;
}

bool profile_set_exact(struct costs *c, const char *key, double value, enum provenance from,
                       const char *source) {
    const struct figure_estimate exact = {value, value, value, value, value, true};
    return profile_set(c, key, &exact, from, source);
}
