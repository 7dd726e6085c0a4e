#include "cli/args.h"
#include "cli/command.h"

#include <stdio.h>

static void print_list(const char *label, const char *const *items, const char *none) {
    printf("  %-12s", label);
    for (int i = 0; items && items[i]; i++) printf("%s%s", i ? ", " : " ", items[i]);
    printf("%s\n", items && items[0] ? "" : none);
}

int cmd_models(const struct program *p, const struct args *a, struct err *e) {
    (void)a;
    (void)e;
    for (int i = 0; i < p->models->count; i++) {
        const struct model *m = p->models->model[i];
        printf("%s%s: %s\n", i ? "\n" : "", m->name, m->summary);
        print_list("obeys server.", m->reads, " nothing");
        if (m->defaults && m->defaults[0]) print_list("defaults", m->defaults, "");
    }
    return 0;
}
