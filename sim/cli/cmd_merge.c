#include "cli/args.h"
#include "cli/command.h"

#include "study/grid.h"
#include "study/store.h"

#include <stdio.h>

// A store of the whole sweep that the first shard belongs to.
static struct store *begin(const char *out, const char *first, struct err *e) {
    struct store *from = store_open(first, e), *into = NULL;
    if (!from) return NULL;
    struct store_sweep whole = *store_sweep(from);
    whole.shard = whole.shards = 1;
    into = store_create(out, &whole, e);
    store_close(from, NULL);
    return into;
}

static bool add(struct store *into, const char *dir, struct err *e) {
    struct store *from = store_open(dir, e);
    if (!from) return false;
    bool ok = store_merge(into, from, e);
    return store_close(from, ok ? e : NULL) && ok;
}

// Names the first result that no shard had.
static bool check_whole(struct store *into, struct err *e) {
    const struct store_sweep *w = store_sweep(into);
    struct store_count n;
    char name[200];
    if (!store_count(into, &n, e)) return false;
    if (n.cases_done == n.cases) return true;
    int row = -1;
    for (bool found = true; found;) {
        row++;
        if (!store_case(into, row / w->cases, row % w->cases, NULL, &found, e)) return false;
    }
    err_set(e, ERR_USAGE, "%d of %d results are missing, first that of %s at %s", n.cases - n.cases_done,
            n.cases, w->case_name[row % w->cases], grid_name(w, row / w->cases, name, sizeof name));
    return err_hint(e, "a shard was not given, or not finished: --resume goes on with it");
}

int cmd_merge(const struct program *p, const struct args *a, struct err *e) {
    (void)p;
    const char *out = a->operands.item[0];
    struct store *into = begin(out, a->operands.item[1], e);
    bool ok = into != NULL;
    for (int i = 1; ok && i < a->operands.count; i++) ok = add(into, a->operands.item[i], e);
    ok = ok && check_whole(into, e);
    if (ok)
        ok = store_close(into, e);
    else if (into)
        store_discard(into);
    if (ok && !a->quiet)
        fprintf(stderr, "dispatchsim: %s is the whole sweep; draw it with: dispatchsim plot %s\n", out, out);
    return ok ? 0 : err_exit_code(e->kind);
}
