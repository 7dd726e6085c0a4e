#pragma once
// From figures to a cost profile.
#include "calib/figure.h"
#include "scenario/costs.h"

// Sets the cost that `key` names ("machine.switch", or "machine.cold@1ms" for a point of a curve, given in ascending
// order) to an estimate, cut to the range the key allows. Returns false where the profile has no such key, and then does
// nothing. O(keys).
bool profile_set(struct costs *c, const char *key, const struct figure_estimate *x, enum provenance from,
                 const char *source);

// The same for a value without an interval.
bool profile_set_exact(struct costs *c, const char *key, double value, enum provenance from,
                       const char *source);
