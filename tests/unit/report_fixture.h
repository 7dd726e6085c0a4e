#pragma once
// Made-up results for the tests of the reports. Include after cmocka.h.
#include "study/report.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static inline struct estimate about(double mean) {
    return (struct estimate){mean, mean * 0.99, mean * 1.01, 10, mean};
}

static const struct estimate unknown = {NAN, NAN, NAN, 0, NAN};

static inline struct case_result ok_case(void) {
    struct case_result c = {.name = "async", .replications = 10, .precise = true, .precision_frac = 0.02};
    c.throughput_per_s = about(13201.7);
    c.latency.mean = about(7.58e-3);
    c.latency.quantile[QUANTILE_P50] = about(7.31e-3);
    c.latency.quantile[QUANTILE_P90] = about(8.77e-3);
    c.latency.quantile[QUANTILE_P95] = about(9.12e-3);
    c.latency.quantile[QUANTILE_P99] = unknown;
    c.latency.max = about(44.1e-3);
    for (int l = 0; l < LIMIT_COUNT; l++) c.utilisation[l] = c.queue[l] = c.full_frac[l] = NAN;
    c.utilisation[LIMIT_CORE] = 0.043;
    c.utilisation[LIMIT_LOOP] = 0.991;
    c.utilisation[LIMIT_LOCK] = 0.987;
    c.queue[LIMIT_LOOP] = 61.5;
    c.bottleneck = LIMIT_LOOP;
    strcpy(c.bottleneck_name, "loop");
    strcpy(c.sentence, "the event loop is busy 99 % of the time");
    c.blame_mean_s[BLAME_LOOP] = 7e-3;
    c.blame_mean_s[BLAME_SERVICE] = 0.58e-3;
    for (int b = 0; b < BLAME_COUNT; b++) c.blame_p99_s[b] = NAN;
    c.p99_min_s = c.p99_max_s = NAN;
    c.arrived = c.done = 1000;
    c.measured = (struct measured){13190.52, 7.1e-3, NAN, NAN, NAN, NAN, true, true};
    c.error_throughput = (13201.7 - 13190.52) / 13190.52;
    c.error_mean = 7.58 / 7.1 - 1;
    for (int q = 0; q < QUANTILE_COUNT; q++) c.error_quantile[q] = NAN;
    return c;
}

static inline struct case_result saturated_case(void) {
    struct case_result c = ok_case();
    strcpy(c.name, "open, \"fast\" | 2");
    c.status = STATUS_SATURATED;
    c.precise = false;
    c.latency.mean = c.latency.max = unknown;
    for (int q = 0; q < QUANTILE_COUNT; q++) c.latency.quantile[q] = unknown;
    for (int b = 0; b < BLAME_COUNT; b++) c.blame_mean_s[b] = NAN;
    c.utilisation[LIMIT_POOL] = 1;
    c.measured = (struct measured){.given = false};
    c.error_throughput = c.error_mean = NAN;
    c.refused = 3;
    c.retried = 20750;
    c.span_s = 9;
    c.warmup_cut = true;
    return c;
}

static inline struct case_result resource_case(void) {
    struct case_result c = ok_case();
    strcpy(c.name, "");
    c.latency.quantile[QUANTILE_P99] = about(16e-3);
    c.p99_min_s = 9e-3;
    c.p99_max_s = 33e-3;
    c.bottleneck = LIMIT_RESOURCE;
    strcpy(c.bottleneck_name, "db");
    c.resources = 1;
    strcpy(c.resource[0].name, "db");
    c.resource[0].utilisation = 0.97;
    c.resource[0].queue = 12.5;
    c.endpoints = 2;
    strcpy(c.endpoint[0].name, "list");
    strcpy(c.endpoint[1].name, "report");
    for (int i = 0; i < 2; i++) {
        c.endpoint[i].throughput_per_s = about(100 + i);
        c.endpoint[i].latency = c.latency;
    }
    c.measured.fitted = false;
    return c;
}

struct fixture {
    struct case_result case_[3];
    struct result result;
    struct report report;
};

static inline void init(struct fixture *f) {
    f->case_[0] = ok_case();
    f->case_[1] = saturated_case();
    f->case_[2] = resource_case();
    f->result = (struct result){.scenario = "hello",
                                .question = "What does it cost?",
                                .seed = 7,
                                .digest = 0xabcdef,
                                .cases = 3,
                                .case_ = f->case_};
    f->report = (struct report){.result = &f->result, .count = 1};
}

static inline char *written(enum report_format format, const struct report *r) {
    char *text;
    size_t size;
    struct err e;
    FILE *out = open_memstream(&text, &size);
    assert_true(report_write(out, format, r, &e));
    fclose(out);
    return text;
}
