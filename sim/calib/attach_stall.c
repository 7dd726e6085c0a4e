#include "calib/attach_stall.h"

#include "base/memory.h"
#include "stats/interval.h"

#include <math.h>
#include <stdlib.h>

static const sim_time least_gap = 3 * SIM_MS;
static const sim_time window = 20 * SIM_MS; // over which ordinary work is averaged
static const double least_frac = 0.5;       // of a gap's excess and of a cycle, that must be the server's CPU

void attach_series_end(struct attach_series *s, sim_time at) {
    s->at = memory_grow(s->at, &s->room, (size_t)s->ended + 1, sizeof *s->at);
    s->at[s->ended++] = at;
}

void attach_series_sample(struct attach_series *s, sim_time at, sim_time cpu) {
    s->sample = memory_grow(s->sample, &s->sample_room, (size_t)s->samples + 1, sizeof *s->sample);
    s->sample[s->samples++] = (struct attach_sample){at, cpu, s->ended};
}

void attach_series_clear(struct attach_series *s) {
    s->ended = s->samples = 0;
}

void attach_series_fini(struct attach_series *s) {
    free(s->at);
    free(s->sample);
    *s = (struct attach_series){0};
}

// Median time in which `connections` requests end.
static double usual_cycle(const struct attach_series *s, int connections) {
    int n = s->ended - connections;
    double *x = memory_new((size_t)n, sizeof *x);
    for (int i = 0; i < n; i++) x[i] = (double)(s->at[i + connections] - s->at[i]);
    double m = median(x, n);
    free(x);
    return m;
}

// Median CPU per request over stretches of the run; 0 where it is too short to tell.
static double usual_cost(const struct attach_series *s) {
    double *x = memory_new((size_t)s->samples, sizeof *x);
    int n = 0;
    for (int i = 0, from = 0; i < s->samples; i++) {
        const struct attach_sample *a = &s->sample[from], *b = &s->sample[i];
        if (b->at - a->at < window || b->ended == a->ended) continue;
        x[n++] = (double)(b->cpu - a->cpu) / (b->ended - a->ended);
        from = i;
    }
    double m = n ? median(x, n) : 0;
    free(x);
    return m;
}

// CPU beyond the requests' own between the last sample before `from` and the first one after `to`.
static double beyond(const struct attach_series *s, sim_time from, sim_time to, double cost) {
    int a = 0, b = s->samples - 1;
    while (a + 1 < s->samples && s->sample[a + 1].at <= from) a++;
    while (b > 0 && s->sample[b - 1].at >= to) b--;
    return (double)(s->sample[b].cpu - s->sample[a].cpu) - cost * (s->sample[b].ended - s->sample[a].ended);
}

int attach_stalls(const struct attach_series *s, int connections, struct attach_stall *out, int most) {
    int found = 0;
    if (s->ended <= 2 * connections || s->samples < 2) return 0;
    double cycle = usual_cycle(s, connections), cost = usual_cost(s);
    for (int i = 1; i < s->ended && cost > 0; i++) {
        double gap = (double)(s->at[i] - s->at[i - 1]);
        if (gap < cycle + (double)least_gap) continue;
        double cpu = beyond(s, s->at[i - 1], s->at[i], cost);
        if (cpu < (double)ATTACH_SHORTEST || cpu < least_frac * fmax(gap - cycle, cycle)) continue;
        if (found == most) break;
        out[found++] = (struct attach_stall){i, cpu};
    }
    return found;
}
