#pragma once
// Allocation that cannot fail: no memory ends the program through REQUIRE. For structures whose size is
// bounded by what the user wrote (configuration, names, messages).
#include <stddef.h>

// `count` zeroed items of `size` bytes; never NULL, also for count 0. Release with free().
void *memory_new(size_t count, size_t size);

// Resizes `items` (NULL or from here) so that `count` items of `size` bytes fit, given that *capacity fit
// before; grows by doubling and updates *capacity. New items are not zeroed. Returns the new address.
void *memory_grow(void *items, size_t *capacity, size_t count, size_t size);
