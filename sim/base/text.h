#pragma once
// A growable string, and finding the name that was meant.
#include <stdbool.h>
#include <stddef.h>

// Zero bytes ({0}) are an empty, valid text. `data` is NULL or NUL-terminated; use text_string to read it.
struct text {
    char *data;
    size_t length, capacity; // bytes, without and with the final NUL
};

void text_init(struct text *t);
void text_fini(struct text *t);

// Empties the text and keeps its memory.
void text_clear(struct text *t);

// The content, never NULL; valid until the next change.
const char *text_string(const struct text *t);

// Append a string, `n` bytes (with a NUL among them the content is not one string), or printf-formatted text. No memory
// ends the program.
void text_add(struct text *t, const char *s);
void text_add_bytes(struct text *t, const char *s, size_t n);
void text_addf(struct text *t, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

// Least number of single-character insertions, deletions, replacements and swaps of neighbours that turn `a`
// into `b` (optimal string alignment; Damerau 1964). Counts bytes, at most the first 63 of each. Cost: length
// a x length b.
int text_distance(const char *a, const char *b);

// The name of names[0..count) that `word` most probably meant: the nearest within a third of its length (at
// least 1, at most 3 edits), else one that it is the beginning of (3 bytes or more), else NULL. Ties: the
// first.
const char *text_closest(const char *word, const char *const *names, int count);
