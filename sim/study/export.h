#pragma once
// A stored sweep as people and other programs read it. The same results give the same bytes, in order of point and case.
#include "base/err.h"
#include "study/report.h"
#include "study/store.h"

#include <stdio.h>

enum export_format { EXPORT_TEXT, EXPORT_JSON, EXPORT_CSV, EXPORT_MD, EXPORT_OPENMETRICS, EXPORT_HGRM };

// What a store holds, read at once.
struct export {
    const struct store_sweep *sweep; // the store's
    int points;                      // that this store is to hold
    int *point;                      // [points] their numbers in the sweep
    struct result *result;           // [points]
    int cases_done, cases;           // point-cases
};

// Reads all results of a store, which must stay open. False with *e (ERR_HOST). Release with export_fini.
bool export_load(struct export *x, struct store *s, struct err *e);
void export_fini(struct export *x);

// Writes one format (not EXPORT_HGRM). False with *e (ERR_HOST) where writing fails; the caller flushes.
//   text, md     a table: one row a point and case, first what varies
//   json, csv    as report_write, with what varies; JSON's elements are what `run --set` prints for the point
//   openmetrics  gauges with the varied keys as labels (dots and the like become _), for Prometheus and its kin
//                (OpenMetrics 1.0: prometheus.io/docs/specs/om)
bool export_write(FILE *out, enum export_format format, const struct export *x, bool colour, struct err *e);

// The percentiles of all latencies of a point's case (ns, pooled over the replications) in the format of HdrHistogram's
// outputPercentileDistribution with 5 ticks per half distance, in ms. Cost: one pass over the slots.
void export_hgrm(FILE *out, const struct hist *h);

// A name for that file: "0003-async-server.threads=4.hgrm", cut off where out is too small. Returns out.
char *export_hgrm_name(const struct store_sweep *s, int point, int case_, char *out, size_t size);
