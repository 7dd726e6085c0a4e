#pragma once
// What the program says on stderr.
#include "base/err.h"

// Prints an error on a line of its own; one with a place in a file stands alone, so that editors find the place. Returns
// its exit code.
int message_error(const struct err *e);
