#include "models/parts/ledger.h"

#include "base/require.h"

#include <math.h>
#include <stdlib.h>

struct ledger *ledger_create(int segments, bool multi) {
    struct ledger *l = calloc(1, sizeof *l);
    REQUIRE(l && segments >= 1 && segments <= LEDGER_SEGMENTS);
    l->segments = segments;
    l->multi = multi;
    warmup_series_init(&l->series);
    for (int i = 0; i < segments; i++) observation_init(&l->segment[i]);
    return l;
}

void ledger_destroy(struct ledger *l) {
    if (!l) return;
    for (int i = 0; i < l->segments; i++) observation_fini(&l->segment[i]);
    free(l);
}

void ledger_arrive(struct ledger *l, struct machine *m, struct request *r) {
    r->entered = machine_now(m);
    station_enter(&l->system, r->entered);
    if (l->arrivals_each && l->segment[l->at].arrived == l->arrivals_each && l->at + 1 < l->segments)
        ledger_cut(l, m);
    l->segment[l->at].arrived++;
    l->arrived++;
}

static void leave(struct ledger *l, struct machine *m, struct request *r, int outcome) {
    request_settle(m, r);
    station_leave(&l->system, machine_now(m), r->entered);
    machine_trace(m, TRACE_REQUEST_END, (int64_t)r->number, outcome, 0, NULL);
}

void ledger_done(struct ledger *l, struct machine *m, struct request *r) {
    leave(l, m, r, 0);
    int64_t latency = machine_now(m) - r->born, sum = 0;
    for (int b = 0; b < BLAME_COUNT; b++) sum += r->blame[b];
    REQUIRE(sum == latency);
    observation_add(&l->segment[l->at], latency, r->blame, l->multi ? r->endpoint : -1);
    l->done++;
    if (l->segments > 1) warmup_series_add(&l->series, latency);
}

void ledger_timed_out(struct ledger *l, struct machine *m, struct request *r) {
    leave(l, m, r, 1);
    l->segment[l->at].timed_out++;
    l->timed_out++;
}

void ledger_refused(struct ledger *l, struct machine *m, struct request *r) {
    leave(l, m, r, 2);
    l->segment[l->at].refused++;
    l->refused++;
}

void ledger_retried(struct ledger *l) {
    l->segment[l->at].retried++;
    l->retried++;
}

static void station_diff(struct station_seen *out, const struct station_seen *now,
                         const struct station_seen *before) {
    *out = (struct station_seen){.busy_s = now->busy_s - before->busy_s,
                                 .servers = now->servers,
                                 .instances = now->instances,
                                 .queue_s = now->queue_s - before->queue_s,
                                 .full_s = now->full_s - before->full_s,
                                 .arrivals = now->arrivals - before->arrivals,
                                 .refused = now->refused - before->refused};
}

static void cut_stations(struct ledger *l, struct observation *o) {
    struct ledger_totals now = {0};
    if (l->sample) l->sample(l->owner, &now);
    for (int i = 0; i < LIMIT_COUNT; i++)
        station_diff(&o->station[i], &now.station[i], &l->totals.station[i]);
    for (int i = 0; i < SEEN_RESOURCES; i++)
        station_diff(&o->resource[i], &now.resource[i], &l->totals.resource[i]);
    o->server_cpu_s = now.server_cpu_s - l->totals.server_cpu_s;
    l->totals = now;
}

static void cut_counts(struct ledger *l, const struct machine_counts *now, struct observation *o) {
    o->switches = now->switches - l->counts.switches;
    o->wakeups = now->wakeups - l->counts.wakeups;
    o->lock_handoffs = now->handovers - l->counts.handovers;
    o->voluntary = now->voluntary - l->counts.voluntary;
    o->involuntary = now->involuntary - l->counts.involuntary;
    l->counts = *now;
}

void ledger_cut(struct ledger *l, struct machine *m) {
    sim_time now = machine_now(m);
    struct observation *o = &l->segment[l->at];
    cut_stations(l, o);
    cut_counts(l, &m->counts, o);
    station_advance(&l->system, now);
    double area = (double)l->system.area * 1e-9;
    o->span_s = (double)(now - l->cut_at) * 1e-9;
    o->in_system_last = l->system.n;
    l->segment_area[l->at] = o->span_s > 0 ? (area - l->area) / o->span_s : 0;
    l->area = area;
    l->cut_at = now;
    if (l->at + 1 < l->segments) l->segment[++l->at].in_system_first = l->system.n;
}

// Growth of the number in the system between the second and the last quarter of the run, against what a queue at the
// edge of stability does by chance: after A arrivals a random walk with both variances 1 has the deviation sqrt(2A).
static bool grows(const struct ledger *l) {
    int q = l->segments / 4;
    double early = 0, middle = 0, late = 0, arrived = 0;
    for (int i = 0; i < q; i++) {
        early += l->segment_area[q + i] / q;
        middle += l->segment_area[2 * q + i] / q;
        late += l->segment_area[3 * q + i] / q;
        arrived += (double)(l->segment[q + i].arrived + l->segment[2 * q + i].arrived);
    }
    double growth = late - early, chance = 4.5 * sqrt(arrived);
    return late > middle && middle > early && growth > chance;
}

// A run that requests end is observed in segments only to see whether it is stable.
static int segments_left_out(const struct ledger *l, const struct machine *m, bool *too_short) {
    *too_short = false;
    if (l->segments == 1 || l->arrivals_each) return 0;
    return warmup_end(&m->scenario->run, l->segment, l->segments, &l->series, too_short);
}

void ledger_report(struct ledger *l, struct machine *m, bool open, struct observation *out) {
    bool too_short;
    int from = segments_left_out(l, m, &too_short);
    for (int i = from; i < l->segments; i++) observation_append(out, &l->segment[i]);
    out->saturated = open && l->segments > 1 && grows(l);
    out->too_short = too_short && !out->saturated;
    out->events = sim_events(m->sim);
    out->trace_hash = sim_hash(m->sim);
}
