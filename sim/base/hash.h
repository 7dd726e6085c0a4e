#pragma once
// A 64-bit hash for digests: FNV-1a (Fowler, Noll & Vo 1991) with the finaliser of MurmurHash3 (Appleby
// 2011), which spreads the last bytes over all bits. Not for use against an adversary.
#include <stddef.h>
#include <stdint.h>

#define HASH_START UINT64_C(0xcbf29ce484222325)

// The running hash after `n` further bytes; begin with HASH_START. Cost: about 1 ns a byte.
uint64_t hash_bytes(uint64_t h, const void *bytes, size_t n);

// The digest of a running hash.
uint64_t hash_finish(uint64_t h);
