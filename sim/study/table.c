#include "study/table.h"

#include "base/memory.h"
#include "base/require.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

void table_init(struct table *t) {
    *t = (struct table){0};
}

void table_fini(struct table *t) {
    for (size_t i = 0; i < t->cells; i++) free(t->cell[i]);
    free(t->cell);
    *t = (struct table){0};
}

void table_column(struct table *t, const char *head, enum table_align align) {
    REQUIRE(t->columns < TABLE_COLUMNS && t->cells == 0);
    t->head[t->columns] = head;
    t->align[t->columns++] = align;
}

void table_add(struct table *t, const char *fmt, ...) {
    va_list args;
    va_start(args, fmt);
    char *text = NULL;
    int length = vasprintf(&text, fmt, args);
    va_end(args);
    REQUIRE(length >= 0);
    t->cell = memory_grow(t->cell, &t->capacity, t->cells + 1, sizeof *t->cell);
    t->cell[t->cells++] = text;
}

// Columns on a terminal: the code points, for what this program prints.
static int width(const char *s) {
    int n = 0;
    for (; *s; s++) n += ((unsigned char)*s & 0xc0) != 0x80;
    return n;
}

static void measure(const struct table *t, int widest[TABLE_COLUMNS]) {
    for (int c = 0; c < t->columns; c++) widest[c] = width(t->head[c]);
    for (size_t i = 0; i < t->cells; i++) {
        int w = width(t->cell[i]);
        if (w > widest[i % (size_t)t->columns]) widest[i % (size_t)t->columns] = w;
    }
}

static void print_padded(const struct table *t, FILE *out, int column, const char *s, int wide) {
    int pad = wide - width(s);
    bool last = column == t->columns - 1;
    if (t->align[column] == TABLE_RIGHT)
        fprintf(out, "%*s%s", pad, "", s);
    else
        fprintf(out, "%s%*s", s, last ? 0 : pad, ""); // no blanks at the end of a line
    fputs(last ? "\n" : "  ", out);
}

void table_print(const struct table *t, FILE *out, int indent, bool bold) {
    int widest[TABLE_COLUMNS];
    measure(t, widest);
    fprintf(out, "%*s%s", indent, "", bold ? "\033[1m" : "");
    for (int c = 0; c < t->columns; c++) print_padded(t, out, c, t->head[c], widest[c]);
    if (bold) fputs("\033[0m", out);
    for (size_t i = 0; i < t->cells; i++) {
        int c = (int)(i % (size_t)t->columns);
        if (c == 0) fprintf(out, "%*s", indent, "");
        print_padded(t, out, c, t->cell[i], widest[c]);
    }
}

static void print_md_cell(FILE *out, const char *s) {
    for (; *s; s++) {
        if (*s == '|') fputc('\\', out);
        fputc(*s, out);
    }
    fputs(" |", out);
}

void table_print_md(const struct table *t, FILE *out) {
    fputc('|', out);
    for (int c = 0; c < t->columns; c++) {
        fputc(' ', out);
        print_md_cell(out, t->head[c]);
    }
    fputs("\n|", out);
    for (int c = 0; c < t->columns; c++) fputs(t->align[c] == TABLE_RIGHT ? "---:|" : "---|", out);
    fputc('\n', out);
    for (size_t i = 0; i < t->cells; i++) {
        int c = (int)(i % (size_t)t->columns);
        fputs(c == 0 ? "| " : " ", out);
        print_md_cell(out, t->cell[i]);
        if (c == t->columns - 1) fputc('\n', out);
    }
}
