#include "models/parts/role.h"

// CPU added after `span` ns: linear between the points of the curve, constant after the last.
static sim_time cold_after(const struct cost_curve *k, sim_time span) {
    double x = (double)span, at = 0, cost = 0;
    for (int i = 0; i < k->points; i++) {
        double next_at = k->point[i].at, next = k->point[i].cost.value;
        if (x < next_at) return (sim_time)(cost + (next - cost) * (x - at) / (next_at - at) + 0.5);
        at = next_at;
        cost = next;
    }
    return (sim_time)(cost + 0.5);
}

sim_time role_extra(const struct machine *m, struct role *r, sim_time work) {
    if (!r || r->cold_left == 0) return 0;
    sim_time extra = r->cold_left;
    if (work < r->work_left && m->t.cold_work > 0)
        extra = (sim_time)((double)r->cold_left * (double)work / (double)r->work_left);
    r->cold_left -= extra;
    r->work_left = work < r->work_left ? r->work_left - work : 0;
    return extra;
}

static void grow_cold(const struct machine *m, struct role *r, sim_time cold) {
    if (cold <= r->cold_left) return;
    r->cold_left = cold;
    r->work_left = m->t.cold_work;
}

void role_starts(struct machine *m, struct role *r) {
    if (!r || r->running++ > 0) return;
    grow_cold(m, r, cold_after(&m->scenario->costs.machine.cold, machine_now(m) - r->last_ran));
}

void role_burnt(const struct machine *m, struct role *r, sim_time ns) {
    if (r) grow_cold(m, r, cold_after(&m->scenario->costs.machine.cold_busy, ns));
}

void role_stops(struct role *r, sim_time now) {
    if (r && --r->running == 0) r->last_ran = now;
}
