#include "cli/args.h"
#include "cli/command.h"
#include "cli/load.h"
#include "cli/message.h"

#include <stdio.h>

static void print_remarks(const struct scenario_file *f) {
    int count = 0;
    const char *const *remark = scenario_check_remarks(f, &count);
    for (int i = 0; i < count; i++) fprintf(stderr, "%s\n", remark[i]);
}

static bool check(const char *path, const struct program *p, const struct args *a, struct err *e) {
    struct scenario_file f;
    if (!load_scenario(&f, path, a, p, e)) return false;
    if (!a->quiet) print_remarks(&f);
    printf("%s: ok, %d case%s, digest %016llx\n", path, f.cases, f.cases == 1 ? "" : "s",
           (unsigned long long)f.digest);
    scenario_fini(&f);
    return true;
}

// Every file is checked, also after a bad one; the last bad one's message is left to the caller.
int cmd_check(const struct program *p, const struct args *a, struct err *e) {
    int code = 0;
    for (int i = 0; i < a->operands.count; i++) {
        struct err one = {0};
        if (check(a->operands.item[i], p, a, &one)) continue;
        if (code) message_error(e);
        code = err_exit_code(one.kind);
        *e = one;
    }
    return code;
}
