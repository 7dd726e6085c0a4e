#include "base/memory.h"
#include "base/require.h"

#include <stdlib.h>

void *memory_new(size_t count, size_t size) {
    void *p = calloc(count ? count : 1, size);
    REQUIRE(p != NULL);
    return p;
}

void *memory_grow(void *items, size_t *capacity, size_t count, size_t size) {
    if (items && count <= *capacity) return items;
    size_t room = *capacity ? *capacity : 8;
    while (room < count) room *= 2;
    void *p = reallocarray(items, room, size);
    REQUIRE(p != NULL);
    *capacity = room;
    return p;
}
