#pragma once
// A file's cases as the machine ran them while they were measured.
#include "calib/measure.h"
#include "study/report_validation.h"

// The cases of `f` with CPU costs at the speed seen beside the measurement: as dense work says where the profile knows
// that speed (then handlers whose path has {cpu}, and so a fixed number of iterations, take longer alike); else as the
// server's own pace says; else as the speed index says. Release with seen_speed_fini.
struct scenario_file seen_speed_cases(const struct scenario_file *f, const struct measurement *m);

// What was seen beside the measurement of `s`, case c of m; it borrows the name of s.
struct report_speed seen_speed_of(const struct scenario *s, const struct measurement *m, int c);

void seen_speed_fini(struct scenario_file *now);
