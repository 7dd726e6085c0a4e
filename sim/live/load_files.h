#pragma once
// How many files the process may open.
#include <stdint.h>
#include <sys/resource.h>

struct load_files {
    struct rlimit before;
    int64_t free; // further files that can be opened; a few are kept for others
};

// Raises the soft limit to the hard one and counts what is open.
void load_files_raise(struct load_files *f);
void load_files_restore(const struct load_files *f);
