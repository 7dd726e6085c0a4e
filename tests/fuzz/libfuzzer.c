// Entry point for libFuzzer: build with clang and -DDISPATCHSIM_FUZZ=ON, run fuzz_scenario_libfuzzer FOLDER.
#include "fuzz/scenario.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    bool accepted;
    const char *broken = fuzz_scenario((const char *)data, size, &accepted);
    if (!broken) return 0;
    fprintf(stderr, "%s\n", broken);
    abort();
}
