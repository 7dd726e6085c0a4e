#pragma once
// A small table of texts, printed with aligned columns or as Markdown.
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

enum { TABLE_COLUMNS = 24 };

enum table_align { TABLE_LEFT, TABLE_RIGHT };

struct table {
    int columns;
    enum table_align align[TABLE_COLUMNS];
    const char *head[TABLE_COLUMNS]; // the caller's, valid as long as the table
    char **cell;                     // row by row, owned
    size_t cells, capacity;
};

void table_init(struct table *t);
void table_fini(struct table *t);

// Adds a column (before any cell), at most TABLE_COLUMNS.
void table_column(struct table *t, const char *head, enum table_align align);

// Adds the next cell of the row, printf-formatted UTF-8 of one column per code point.
void table_add(struct table *t, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

// Prints head and rows, columns two blanks apart, each line indented; `bold` puts the head in bold (ANSI).
void table_print(const struct table *t, FILE *out, int indent, bool bold);

// The same as a GitHub table; `|` in a cell is escaped.
void table_print_md(const struct table *t, FILE *out);
