#include "models/parts/role.h"

// CPU added after a rest of `rest` ns: costs.machine.cold, linear between its points, constant after the last.
static sim_time cold_after(const struct machine *m, sim_time rest) {
    const struct cost_curve *k = &m->scenario->costs.machine.cold;
    double x = (double)rest, at = 0, cost = 0;
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

void role_starts(struct machine *m, struct role *r) {
    if (!r || r->running++ > 0) return;
    sim_time cold = cold_after(m, machine_now(m) - r->last_ran);
    if (cold <= r->cold_left) return;
    r->cold_left = cold;
    r->work_left = m->t.cold_work;
}

void role_stops(struct role *r, sim_time now) {
    if (r && --r->running == 0) r->last_ran = now;
}
