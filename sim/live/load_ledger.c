#include "live/load_ledger.h"

void load_ledger_init(struct load_ledger *l, const struct scenario *s, sim_time start) {
    *l = (struct load_ledger){.segments = 1, .start = start, .cut_at = start};
    if (warmup_is_cut(s)) {
        l->segments = WARMUP_SEGMENTS;
        l->each = s->load.duration / WARMUP_SEGMENTS;
    }
    warmup_series_init(&l->series);
    for (int i = 0; i < l->segments; i++) {
        observation_init(&l->seen[i]);
        hist_init(&l->uncorrected[i]);
        hist_init(&l->lag[i]);
    }
}

void load_ledger_fini(struct load_ledger *l) {
    for (int i = 0; i < l->segments; i++) {
        observation_fini(&l->seen[i]);
        hist_fini(&l->uncorrected[i]);
        hist_fini(&l->lag[i]);
    }
    l->segments = 0;
}

sim_time load_ledger_due(const struct load_ledger *l) {
    return l->at + 1 < l->segments ? l->start + (l->at + 1) * l->each : SIM_NEVER;
}

void load_ledger_lag(struct load_ledger *l, int64_t lag) {
    hist_add(&l->lag[l->at], lag);
}

void load_ledger_done(struct load_ledger *l, int64_t latency, int64_t uncorrected, int endpoint) {
    observation_add(&l->seen[l->at], latency, (const int64_t[BLAME_COUNT]){0}, endpoint);
    hist_add(&l->uncorrected[l->at], uncorrected);
    l->done++;
    if (l->segments > 1) warmup_series_add(&l->series, latency);
}

void load_ledger_end(struct load_ledger *l, sim_time at, int64_t in_system) {
    struct observation *o = load_ledger_now(l);
    o->span_s = (double)(at - l->cut_at) * 1e-9;
    o->in_system_last = in_system;
}

void load_ledger_cut(struct load_ledger *l, int64_t in_system) {
    sim_time at = load_ledger_due(l);
    load_ledger_end(l, at, in_system);
    l->cut_at = at;
    l->seen[++l->at].in_system_first = in_system;
}

// A run that was stopped early has but the segments that it came to.
void load_ledger_report(const struct load_ledger *l, const struct scenario *s, struct observation *out,
                        struct hist *uncorrected, struct hist *lag) {
    bool too_short = false;
    int from = 0, n = l->at + 1;
    if (l->segments > 1) from = warmup_end(&s->run, l->seen, n, &l->series, &too_short);
    for (int i = from; i < n; i++) {
        observation_append(out, &l->seen[i]);
        hist_merge(uncorrected, &l->uncorrected[i]);
        hist_merge(lag, &l->lag[i]);
    }
    out->too_short = too_short;
}
