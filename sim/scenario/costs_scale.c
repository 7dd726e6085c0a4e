#include "scenario/costs.h"
#include "scenario/schema.h"

#include <string.h>

static bool begins(const char *key, const char *with) {
    return strncmp(key, with, strlen(with)) == 0;
}

// Whether a row of the profile is CPU time.
static bool is_cpu(const struct schema_row *row) {
    static const char *const machine[] = {
        "machine.wake_local",   "machine.wake_remote", "machine.switch",      "machine.migrate",
        "machine.cold",         "machine.cold_busy",   "machine.cold_work",   "machine.tick_cpu",
        "machine.halt",         "machine.send_rest",   "machine.idle_exit",   "machine.wake_counted",
        "machine.tick_restart", "machine.wake_halted", "machine.preempt_cpu", "machine.connect_rest"};
    if (row->unit != UNIT_SPAN || !strcmp(row->key, "client.lead")) return false;
    for (size_t i = 0; i < sizeof machine / sizeof machine[0]; i++)
        if (!strcmp(row->key, machine[i])) return true;
    return begins(row->key, "server.") || begins(row->key, "lock.") || begins(row->key, "gc.") ||
           begins(row->key, "client.");
}

static void scale(struct cost *c, double factor) {
    c->value *= factor;
    c->lo *= factor;
    c->hi *= factor;
}

void costs_scale(struct costs *c, double factor) {
    const struct schema *all = schema_costs();
    for (int i = 0; i < (int)all->count; i++) {
        const struct schema_row *row = &all->row[i];
        void *at = (char *)c + row->offset;
        if (!is_cpu(row)) continue;
        if (row->type == SCHEMA_COST) scale(at, factor);
        struct cost_curve *curve = at;
        for (int k = 0; row->type == SCHEMA_CURVE && k < curve->points; k++)
            scale(&curve->point[k].cost, factor);
    }
}

double costs_slower_by(const struct costs *c, double dense, double pace, double speed) {
    if (c->dense.value > 0 && dense > 0) return c->dense.value / dense;
    if (c->pace.value > 0 && pace > 0) return c->pace.value / pace;
    return c->speed.value > 0 && speed > 0 ? c->speed.value / speed : 0;
}
