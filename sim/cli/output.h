#pragma once
// Where a result goes: standard output, or a file that appears whole or not at all.
#include "base/err.h"

#include <stdbool.h>
#include <stdio.h>

struct output {
    FILE *file;
    const char *name;       // as the user wrote it, for messages; the caller's
    char *path, *temporary; // NULL for standard output; temporary NULL where the path is written directly
};

// Opens `path`; NULL and "-" mean standard output. A regular file is written beside its place under another name, so that
// this call also proves that the folder can be written; a device or pipe is written directly. False with *e (ERR_HOST).
bool output_open(struct output *o, const char *path, struct err *e);

// Flushes, closes and puts the file in its place. False with *e (ERR_HOST), and then the file is as it was before.
bool output_commit(struct output *o, struct err *e);

// Gives up what was written. Harmless after output_commit.
void output_discard(struct output *o);

// Whether text that goes there may be coloured: it is a terminal, and neither NO_COLOR nor TERM=dumb objects.
bool output_colour(const struct output *o);
