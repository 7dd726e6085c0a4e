#include "live/serve_warm.h"

#include <inttypes.h>
#include <malloc.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#ifndef MADV_POPULATE_READ
#define MADV_POPULATE_READ  22
#define MADV_POPULATE_WRITE 23
#endif

// Stacks of threads that the parent had are among the mappings, 8 MiB each.
enum { HEAP = 1 << 20, KEPT = 1 << 28, MOST = 4 << 20, MOST_HEAP = 64 << 20, LINE = 512 };

// The process keeps what it frees.
static void grow_heap(void) {
    mallopt(M_TRIM_THRESHOLD, KEPT);
    mallopt(M_MMAP_THRESHOLD, 2 * HEAP);
    void *volatile p = malloc(HEAP);
    free(p);
}

// One line of /proc/self/maps.
static void populate(const char *line) {
    uintptr_t from, to;
    char may[5];
    if (sscanf(line, "%" SCNxPTR "-%" SCNxPTR " %4s", &from, &to, may) != 3 || may[0] != 'r') return;
    if (to - from > (strstr(line, "[heap]") ? MOST_HEAP : MOST)) return;
    madvise((void *)from, to - from, may[1] == 'w' ? MADV_POPULATE_WRITE : MADV_POPULATE_READ);
}

void serve_warm(void) {
    char line[LINE];
    grow_heap();
    FILE *f = fopen("/proc/self/maps", "re");
    while (f && fgets(line, sizeof line, f)) populate(line);
    if (f) fclose(f);
}
