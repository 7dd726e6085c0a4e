#pragma once
// What must hold for any bytes taken as a scenario or a cost profile.
#include <stdbool.h>
#include <stddef.h>

// Loads text[0..size) as a scenario and as a profile. A refusal must be the user's error and say where; what
// is accepted must be in range, dump and (a profile) come back from its own text. Returns NULL, or what was
// violated.
const char *fuzz_scenario(const char *text, size_t size, bool *accepted);
