// Percentile files as HdrHistogram's tools read them.
#include "study/export.h"

#include <math.h>
#include <string.h>

enum { TICKS = 5 }; // per half of the distance to 100 %

// The next percentile to be told: the nearer to 100 %, the finer.
static double next_level(double level) {
    double halves = floor(log2(100 / (100 - level))) + 1;
    return level + 100 / (TICKS * exp2(halves));
}

static double deviation(const struct hist *h) {
    double mean = hist_mean(h), sum = 0;
    for (uint32_t i = 0; i < h->slots; i++) {
        double middle = (double)hist_slot_low(i) + (double)hist_slot_width(i) / 2;
        sum += (double)h->slot[i] * (middle - mean) * (middle - mean);
    }
    return h->count ? sqrt(sum / (double)h->count) : 0;
}

// The highest value that shares a slot.
static double top_ms(const struct hist *h, uint32_t slot) {
    int64_t top = hist_slot_low(slot) + hist_slot_width(slot) - 1;
    return (double)(top < h->max ? top : h->max) / 1e6;
}

// A slot is told once for every level that it reaches, the last one once more at 100 %.
static void put_levels(FILE *out, const struct hist *h) {
    uint64_t total = 0;
    double level = 0;
    for (uint32_t i = 0; i < h->slots && total < h->count; i++) {
        total += h->slot[i];
        if (!h->slot[i]) continue;
        double reached = 100 * (double)total / (double)h->count;
        for (; level <= reached && level < 100 && total < h->count; level = next_level(level))
            fprintf(out, "%12.3f %2.12f %10llu %14.2f\n", top_ms(h, i), level / 100,
                    (unsigned long long)total, 1 / (1 - level / 100));
    }
    if (h->count)
        fprintf(out, "%12.3f %2.12f %10llu\n", (double)h->max / 1e6, 1.0, (unsigned long long)h->count);
}

void export_hgrm(FILE *out, const struct hist *h) {
    fprintf(out, "%12s %14s %10s %14s\n\n", "Value", "Percentile", "TotalCount", "1/(1-Percentile)");
    put_levels(out, h);
    fprintf(out, "#[Mean    = %12.3f, StdDeviation   = %12.3f]\n", hist_mean(h) / 1e6, deviation(h) / 1e6);
    fprintf(out, "#[Max     = %12.3f, Total count    = %12llu]\n", h->count ? (double)h->max / 1e6 : 0,
            (unsigned long long)h->count);
    fprintf(out, "#[Buckets = %12u, SubBuckets     = %12u]\n", h->slots >> HIST_BITS, 1u << (HIST_BITS + 1));
}

char *export_hgrm_name(const struct store_sweep *s, int point, int case_, char *out, size_t size) {
    size_t n = (size_t)snprintf(out, size, "%04d-%s", point + 1, s->case_name[case_]);
    for (int i = 0; i < s->keys && n < size; i++)
        n += (size_t)snprintf(out + n, size - n, "%s%s=%s", i ? "," : "-", s->key[i],
                              s->point[point].value[i]);
    if (n + 6 > size) n = size - 6;
    // Names of cases and values of keys may hold anything.
    for (size_t i = 0; i < n; i++)
        if ((unsigned char)out[i] < 0x80 && !strchr("-_.,=+", out[i]) && !(out[i] >= '0' && out[i] <= '9') &&
            !((out[i] | 32) >= 'a' && (out[i] | 32) <= 'z'))
            out[i] = '_';
    memcpy(out + n, ".hgrm", 6);
    return out;
}
