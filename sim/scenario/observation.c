#include "base/require.h"
#include "scenario/result.h"

#include <stdlib.h>
#include <string.h>

void observation_init(struct observation *o) {
    *o = (struct observation){0};
    hist_init(&o->latency);
    for (int i = 0; i < SEEN_ENDPOINTS; i++) hist_init(&o->endpoint_latency[i]);
}

void observation_fini(struct observation *o) {
    hist_fini(&o->latency);
    for (int i = 0; i < SEEN_ENDPOINTS; i++) hist_fini(&o->endpoint_latency[i]);
    free(o->blame_sum);
    free(o->blame_count);
    *o = (struct observation){0};
}

static void grow_blame(struct observation *o, uint32_t slots) {
    if (slots <= o->blame_slots) return;
    slots = (slots + 15) / 16 * 16; // whole octaves
    o->blame_sum = realloc(o->blame_sum, slots * sizeof *o->blame_sum);
    o->blame_count = realloc(o->blame_count, slots * sizeof *o->blame_count);
    REQUIRE(o->blame_sum && o->blame_count);
    memset(o->blame_sum + o->blame_slots, 0, (slots - o->blame_slots) * sizeof *o->blame_sum);
    memset(o->blame_count + o->blame_slots, 0, (slots - o->blame_slots) * sizeof *o->blame_count);
    o->blame_slots = slots;
}

void observation_add(struct observation *o, int64_t latency, const int64_t blame[BLAME_COUNT], int endpoint) {
    uint32_t slot = hist_index(latency) >> OBSERVATION_COARSE;
    grow_blame(o, slot + 1);
    o->blame_count[slot]++;
    for (int b = 0; b < BLAME_COUNT; b++) o->blame_sum[slot][b] += (double)blame[b];
    hist_add(&o->latency, latency);
    if (endpoint >= 0) hist_add(&o->endpoint_latency[endpoint], latency);
    o->done++;
}

static void append_station(struct station_seen *into, const struct station_seen *from) {
    if (into->servers == 0) {
        into->servers = from->servers;
        into->instances = from->instances;
    }
    into->busy_s += from->busy_s;
    into->queue_s += from->queue_s;
    into->full_s += from->full_s;
    into->arrivals += from->arrivals;
    into->refused += from->refused;
}

static void append_blame(struct observation *into, const struct observation *from) {
    grow_blame(into, from->blame_slots);
    for (uint32_t i = 0; i < from->blame_slots; i++) {
        into->blame_count[i] += from->blame_count[i];
        for (int b = 0; b < BLAME_COUNT; b++) into->blame_sum[i][b] += from->blame_sum[i][b];
    }
}

static void append_counts(struct observation *into, const struct observation *from) {
    into->arrived += from->arrived;
    into->done += from->done;
    into->timed_out += from->timed_out;
    into->refused += from->refused;
    into->retried += from->retried;
    into->server_cpu_s += from->server_cpu_s;
    into->voluntary += from->voluntary;
    into->involuntary += from->involuntary;
    into->switches += from->switches;
    into->wakeups += from->wakeups;
    into->lock_handoffs += from->lock_handoffs;
    into->events += from->events;
}

void observation_append(struct observation *into, const struct observation *from) {
    if (into->span_s == 0) into->in_system_first = from->in_system_first;
    into->in_system_last = from->in_system_last;
    into->span_s += from->span_s;
    append_counts(into, from);
    hist_merge(&into->latency, &from->latency);
    for (int i = 0; i < SEEN_ENDPOINTS; i++)
        hist_merge(&into->endpoint_latency[i], &from->endpoint_latency[i]);
    append_blame(into, from);
    for (int l = 0; l < LIMIT_COUNT; l++) append_station(&into->station[l], &from->station[l]);
    for (int i = 0; i < SEEN_RESOURCES; i++) append_station(&into->resource[i], &from->resource[i]);
    // The engine's hash runs on from segment to segment, so the last one stands for the whole.
    into->trace_hash = from->trace_hash;
    into->saturated = into->saturated || from->saturated;
    into->too_short = into->too_short || from->too_short;
}

// Adds the blame of the requests of ranks first..last (real numbers, from 0) to sum, taking from a slot the part of
// its requests that lies in that range. Returns the number of requests added.
static double sum_ranks(const struct observation *o, double first, double last, double sum[BLAME_COUNT]) {
    double below = 0, taken = 0;
    for (uint32_t i = 0; i < o->blame_slots && below < last; i++) {
        double n = (double)o->blame_count[i];
        double from = below > first ? below : first;
        double to = below + n < last ? below + n : last;
        below += n;
        if (n == 0 || to <= from) continue;
        for (int b = 0; b < BLAME_COUNT; b++) sum[b] += o->blame_sum[i][b] * ((to - from) / n);
        taken += to - from;
    }
    return taken;
}

static void blame_of_ranks(const struct observation *o, double first, double last,
                           double out_s[BLAME_COUNT]) {
    double sum[BLAME_COUNT] = {0};
    double n = sum_ranks(o, first, last, sum);
    for (int b = 0; b < BLAME_COUNT; b++) out_s[b] = n > 0 ? sum[b] / n / 1e9 : 0;
}

void observation_blame_mean(const struct observation *o, double out_s[BLAME_COUNT]) {
    blame_of_ranks(o, 0, (double)o->latency.count, out_s);
}

void observation_blame_at(const struct observation *o, double q, double out_s[BLAME_COUNT]) {
    double n = (double)o->latency.count;
    double first = (q - 0.005) * n, last = (q + 0.005) * n;
    if (first < 0) first = 0;
    if (last > n) last = n;
    if (last - first < 1) first = last >= 1 ? last - 1 : 0; // at least one request
    blame_of_ranks(o, first, last, out_s);
}
