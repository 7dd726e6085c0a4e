#include "study/plot_series.h"

#include "base/memory.h"

#include <stdlib.h>
#include <string.h>

// Whether two rows lie on one line: they differ in the key at most.
static bool together(const struct plot *p, int key, const struct plot_row *a, const struct plot_row *b) {
    if (strcmp(a->result.name, b->result.name)) return false;
    for (int k = 0; k < p->keys; k++)
        if (k != key && strcmp(a->value[k], b->value[k])) return false;
    return true;
}

// The first row of each line, in order of case and then of appearance. Returns how many.
static int heads_of(const struct plot *p, int key, const struct plot_row **head) {
    const char *name[64];
    int n = 0, cases = plot_cases(p, name, 64);
    for (int c = 0; c < cases; c++)
        for (int i = 0, first = n; i < p->rows; i++) {
            bool known = strcmp(p->row[i].result.name, name[c]) != 0;
            for (int h = first; h < n && !known; h++) known = together(p, key, head[h], &p->row[i]);
            if (!known) head[n++] = &p->row[i];
        }
    return n;
}

static void add_point(struct plot_line *l, size_t *capacity, const struct plot_row *row) {
    l->row = memory_grow(l->row, capacity, (size_t)l->points + 1, sizeof *l->row);
    l->row[l->points++] = row;
}

static void fill_line(struct plot_line *l, const struct plot *p, const struct plot_series *s,
                      const struct plot_row *head) {
    size_t capacity = 0;
    plot_row_name(l->name, p, head, s->key);
    for (int level = 0; level < s->levels.count; level++)
        for (int i = 0; i < p->rows; i++)
            if (!strcmp(p->row[i].value[s->key], s->levels.text[level]) &&
                together(p, s->key, head, &p->row[i]))
                add_point(l, &capacity, &p->row[i]);
    l->x = memory_new((size_t)l->points, sizeof *l->x);
    for (int i = 0; i < l->points; i++)
        l->x[i] = s->levels.number[plot_levels_find(&s->levels, l->row[i]->value[s->key])];
}

void plot_series_of(struct plot_series *s, const struct plot *p, int key, int most) {
    const struct plot_row **head = memory_new((size_t)p->rows + 1, sizeof *head);
    *s = (struct plot_series){.key = key, .found = heads_of(p, key, head)};
    plot_levels_of(&s->levels, p, key);
    s->lines = s->found < most ? s->found : most;
    for (int i = 0; i < s->lines; i++) {
        int at = s->lines > 1 ? i * (s->found - 1) / (s->lines - 1) : 0;
        fill_line(&s->line[i], p, s, head[at]);
    }
    free(head);
}

void plot_series_fini(struct plot_series *s) {
    for (int i = 0; i < s->lines; i++) {
        free(s->line[i].row);
        free(s->line[i].x);
    }
    plot_levels_fini(&s->levels);
    *s = (struct plot_series){0};
}

char *plot_series_note(char out[96], const struct plot_series *s) {
    out[0] = 0;
    if (s->lines < s->found) snprintf(out, 96, "%d of %d lines", s->lines, s->found);
    return out;
}

int plot_series_tics(const struct plot_series *s, const struct plot_axis *x) {
    const double character = 0.02; // widths of a panel
    const struct plot_levels *l = &s->levels;
    for (int i = 1; i < l->count; i++) {
        double gap = plot_axis_place(x, l->number[i]) - plot_axis_place(x, l->number[i - 1]);
        if (gap < character * (double)(1 + (strlen(l->text[i]) + strlen(l->text[i - 1])) / 2)) return 0;
    }
    return l->count;
}

void plot_series_write_tics(FILE *out, const struct plot_series *s) {
    fputs("# value of the key, the same as text\n", out);
    for (int i = 0; i < s->levels.count; i++) {
        fprintf(out, "%.6g", s->levels.number[i]);
        plot_dat_text(out, s->levels.text[i]);
        fputc('\n', out);
    }
    plot_dat_next(out);
}
