#pragma once
// One cmocka test for each model of models.def and each property.
#include "lab.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { EACH_MOST = 256 };

struct each_property {
    const char *name;
    void (*check)(void **state); // *state is the const struct model
};

static inline bool each_reads(const struct model *m, const char *key) {
    for (const char *const *k = m->reads; *k; k++)
        if (!strcmp(*k, key)) return true;
    return false;
}

// Runs every property on every model; returns the number that failed.
static inline int each_run(const char *group, const struct each_property *p, int properties) {
    static struct CMUnitTest test[EACH_MOST];
    static char name[EACH_MOST][96];
    const struct models *all = lab_models();
    size_t n = 0;
    for (int i = 0; i < properties; i++) {
        for (int k = 0; k < all->count && n < EACH_MOST; k++, n++) {
            snprintf(name[n], sizeof name[n], "%s: %s", all->model[k]->name, p[i].name);
            test[n] = (struct CMUnitTest){name[n], p[i].check, NULL, NULL, (void *)all->model[k]};
        }
    }
    return _cmocka_run_group_tests(group, test, n, NULL, NULL);
}
