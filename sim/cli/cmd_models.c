#include "cli/args.h"
#include "cli/command.h"

#include <stdio.h>
#include <string.h>

// The items that begin with `prefix`, without it; with NULL those that have no dot.
static void print_list(const char *label, const char *const *items, const char *prefix) {
    int printed = 0;
    size_t skip = prefix ? strlen(prefix) : 0;
    for (; items && *items; items++) {
        if (prefix ? strncmp(*items, prefix, skip) != 0 : strchr(*items, '.') != NULL) continue;
        if (!printed) printf("  %-20s", label);
        printf("%s%s", printed++ ? ", " : " ", *items + skip);
    }
    if (printed) putchar('\n');
}

int cmd_models(const struct program *p, const struct args *a, struct err *e) {
    (void)a;
    (void)e;
    for (int i = 0; i < p->models->count; i++) {
        const struct model *m = p->models->model[i];
        printf("%s%s: %s\n", i ? "\n" : "", m->name, m->summary);
        print_list("obeys server.", m->reads, NULL);
        print_list("endpoints.*.dispatch", m->reads, "dispatch.");
        print_list("defaults", m->defaults, "server.");
    }
    return 0;
}
