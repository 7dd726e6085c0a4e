#pragma once
// Observations and results as bytes, to be stored and sent. The same value gives the same bytes on every machine:
// numbers in little-endian order, a version in front, a hash at the end.
#include "base/text.h"
#include "scenario/result.h"

#include <stdbool.h>
#include <stddef.h>

// Appends the bytes of *o (some kB, 3 bytes a slot of the histogram in use) or of *c to *out.
void pack_observation(const struct observation *o, struct text *out);
void pack_case(const struct case_result *c, struct text *out);

// Reads what bytes[0..n) hold. False where they are damaged or were written with another layout; then *out is empty.
// *out need not be initialised; an observation is to be released with observation_fini.
bool pack_observation_read(struct observation *out, const void *bytes, size_t n);
bool pack_case_read(struct case_result *out, const void *bytes, size_t n);
