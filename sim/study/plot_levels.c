#include "study/plot_levels.h"

#include "base/memory.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static bool seen(const struct plot_levels *l, const char *text) {
    for (int i = 0; i < l->count; i++)
        if (!strcmp(l->text[i], text)) return true;
    return false;
}

static void collect(struct plot_levels *l, const struct plot *p, int key) {
    size_t capacity = 0;
    for (int i = 0; i < p->rows; i++) {
        if (seen(l, p->row[i].value[key])) continue;
        l->text = memory_grow(l->text, &capacity, (size_t)l->count + 1, sizeof *l->text);
        l->text[l->count++] = p->row[i].value[key];
    }
}

static bool parse_all(struct plot_levels *l, enum unit unit) {
    for (int i = 0; i < l->count; i++) {
        if (!units_parse(unit, l->text[i], &l->number[i], NULL)) return false;
        if (unit == UNIT_SPAN) l->number[i] /= 1e9;
    }
    l->unit = unit;
    return l->count > 0;
}

static void sort(struct plot_levels *l) {
    for (int i = 1; i < l->count; i++)
        for (int k = i; k > 0 && l->number[k] < l->number[k - 1]; k--) {
            double x = l->number[k];
            const char *text = l->text[k];
            l->number[k] = l->number[k - 1];
            l->text[k] = l->text[k - 1];
            l->number[k - 1] = x;
            l->text[k - 1] = text;
        }
}

void plot_levels_of(struct plot_levels *l, const struct plot *p, int key) {
    static const enum unit units[] = {UNIT_NONE, UNIT_SPAN, UNIT_RATE, UNIT_FRAC, UNIT_BYTES};
    *l = (struct plot_levels){0};
    collect(l, p, key);
    l->number = memory_new((size_t)l->count, sizeof *l->number);
    for (size_t u = 0; u < sizeof units / sizeof units[0] && !l->numeric; u++)
        l->numeric = parse_all(l, units[u]);
    for (int i = 0; !l->numeric && i < l->count; i++) l->number[i] = NAN;
    if (l->numeric) sort(l);
}

void plot_levels_fini(struct plot_levels *l) {
    free(l->text);
    free(l->number);
    *l = (struct plot_levels){0};
}

int plot_levels_find(const struct plot_levels *l, const char *text) {
    double x = NAN;
    for (int i = 0; i < l->count; i++)
        if (!strcmp(l->text[i], text)) return i;
    if (!l->numeric || !units_parse(l->unit, text, &x, NULL)) return -1;
    if (l->unit == UNIT_SPAN) x /= 1e9;
    for (int i = 0; i < l->count; i++)
        if (l->number[i] == x) return i;
    return -1;
}

int plot_levels_longest(const struct plot *p, int least) {
    int best = -1, most = 0;
    for (int k = 0; k < p->keys; k++) {
        struct plot_levels l;
        plot_levels_of(&l, p, k);
        bool longer = l.count > most || (l.count == most && !strcmp(p->key[k], "load.concurrency"));
        if (l.numeric && l.count >= least && longer) {
            best = k;
            most = l.count;
        }
        plot_levels_fini(&l);
    }
    return best;
}

int plot_levels_varied(const struct plot *p) {
    int n = 0;
    for (int k = 0; k < p->keys; k++) {
        struct plot_levels l;
        plot_levels_of(&l, p, k);
        n += l.count > 1;
        plot_levels_fini(&l);
    }
    return n;
}

char *plot_levels_title(char out[96], const struct plot *p, int key, const struct plot_levels *l) {
    const char *unit = l->unit == UNIT_SPAN    ? " (s)"
                       : l->unit == UNIT_RATE  ? " (per s)"
                       : l->unit == UNIT_FRAC  ? " (share)"
                       : l->unit == UNIT_BYTES ? " (bytes)"
                                               : "";
    snprintf(out, 96, "%s%s", p->key[key], l->numeric ? unit : "");
    return out;
}
