#include "base/text.h"
#include "base/memory.h"
#include "base/require.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void text_init(struct text *t) {
    *t = (struct text){0};
}

void text_fini(struct text *t) {
    free(t->data);
    text_init(t);
}

void text_clear(struct text *t) {
    t->length = 0;
    if (t->data) t->data[0] = 0;
}

const char *text_string(const struct text *t) {
    return t->data ? t->data : "";
}

void text_add(struct text *t, const char *s) {
    text_add_bytes(t, s, strlen(s));
}

void text_add_bytes(struct text *t, const char *s, size_t n) {
    t->data = memory_grow(t->data, &t->capacity, t->length + n + 1, 1);
    memcpy(t->data + t->length, s, n);
    t->length += n;
    t->data[t->length] = 0;
}

void text_addf(struct text *t, const char *fmt, ...) {
    va_list args, again;
    va_start(args, fmt);
    va_copy(again, args);
    int n = vsnprintf(NULL, 0, fmt, args);
    va_end(args);
    REQUIRE(n >= 0);
    t->data = memory_grow(t->data, &t->capacity, t->length + (size_t)n + 1, 1);
    vsnprintf(t->data + t->length, (size_t)n + 1, fmt, again);
    va_end(again);
    t->length += (size_t)n;
}

enum { WORD = 63 };

static int least(int a, int b, int c) {
    int ab = a < b ? a : b;
    return ab < c ? ab : c;
}

int text_distance(const char *a, const char *b) {
    int n = (int)strnlen(a, WORD), m = (int)strnlen(b, WORD);
    int row[3][WORD + 1]; // the row being filled and the two above it, in turn
    for (int j = 0; j <= m; j++) row[0][j] = j;
    for (int i = 1; i <= n; i++) {
        int *now = row[i % 3], *up = row[(i + 2) % 3], *up2 = row[(i + 1) % 3];
        now[0] = i;
        for (int j = 1; j <= m; j++) {
            int change = a[i - 1] != b[j - 1];
            now[j] = least(up[j] + 1, now[j - 1] + 1, up[j - 1] + change);
            bool swapped = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
            if (swapped && up2[j - 2] + 1 < now[j]) now[j] = up2[j - 2] + 1;
        }
    }
    return row[n % 3][m];
}

const char *text_closest(const char *word, const char *const *names, int count) {
    size_t length = strlen(word);
    int most = (int)(length / 3);
    if (most < 1) most = 1;
    if (most > 3) most = 3;
    const char *best = NULL, *begun = NULL;
    for (int i = 0; i < count; i++) {
        int d = text_distance(word, names[i]);
        // Two names that share nothing but their length are not meant for each other.
        if (d <= most && (size_t)d < strlen(names[i])) {
            best = names[i];
            most = d - 1;
        }
        if (!begun && length >= 3 && strncmp(word, names[i], length) == 0) begun = names[i];
    }
    return best ? best : begun;
}
