#include "scenario/series.h"
#include "base/memory.h"
#include "base/units.h"
#include "base/yaml.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct series {
    const struct tree_source *source;
    double most;
    bool ascending;
    double *value;
    size_t count, capacity;
    struct err *e;
};

static bool refuse(const struct series *s, int line, int col, const char *text) {
    return err_at(s->e, ERR_CONFIG, s->source->name, line, col, "%s", text);
}

static bool add_value(struct series *s, const char *text, int line, int col) {
    double seconds;
    struct err raw = {0};
    if (!units_parse(UNIT_SECONDS, text, &seconds, &raw)) {
        refuse(s, line, col, raw.text);
        return err_hint(s->e, "one value a line, with a unit or in seconds");
    }
    double ns = seconds * 1e9;
    if (!(ns >= 0)) return refuse(s, line, col, "a negative value");
    if (ns > s->most) return refuse(s, line, col, "the value is too large");
    if (s->ascending && s->count && ns < s->value[s->count - 1]) {
        refuse(s, line, col, "earlier than the line before it");
        return err_hint(s->e, "arrival times ascend");
    }
    s->value = memory_grow(s->value, &s->capacity, s->count + 1, sizeof *s->value);
    s->value[s->count++] = ns;
    return true;
}

static bool read_line(struct series *s, char *line, int number) {
    char *start = line + strspn(line, " \t");
    size_t n = strlen(start);
    while (n && strchr(" \t\r", start[n - 1])) start[--n] = 0;
    if (!n || *start == '#') return true;
    return add_value(s, start, number, (int)(start - line) + 1);
}

static bool read_lines(struct series *s, char *text, size_t size) {
    char *end = text + size;
    int number = 1;
    for (char *line = text; line < end; number++) {
        char *stop = memchr(line, '\n', (size_t)(end - line));
        if (!stop) stop = end;
        char *nul = memchr(line, 0, (size_t)(stop - line));
        if (nul) return refuse(s, number, (int)(nul - line) + 1, "not a text file");
        *stop = 0;
        if (!read_line(s, line, number)) return false;
        line = stop + 1;
    }
    if (!s->count) return refuse(s, 1, 1, "there is no value in the file");
    return true;
}

bool series_read(struct tree_place place, const char *name, double most, bool ascending, double **values,
                 size_t *count, struct err *e) {
    struct text path = {0};
    tree_file(place.source, name, &path);
    size_t size;
    struct err why = {0};
    char *text = yaml_read(text_string(&path), SERIES_MOST_BYTES, &size, &why);
    struct tree_source source = {text_string(&path), "", false};
    struct series s = {&source, most, ascending, NULL, 0, 0, e};
    bool ok = text && read_lines(&s, text, size);
    if (!text) tree_fail(place, e, "%s", why.text);
    if (ok) {
        *values = s.value;
        *count = s.count;
    } else {
        free(s.value);
    }
    free(text);
    text_fini(&path);
    return ok;
}
