#include "base/text.h"
#include "cli/args.h"
#include "cli/command.h"
#include "scenario/schema.h"

#include <stdio.h>

int cmd_explain(const struct program *p, const struct args *a, struct err *e) {
    struct text text;
    bool ok = true;
    (void)p;
    text_init(&text);
    if (a->operands.count)
        ok = scenario_explain(a->operands.item[0], &text, e);
    else
        scenario_key_reference(&text);
    fputs(text_string(&text), stdout);
    text_fini(&text);
    return ok ? 0 : err_exit_code(e->kind);
}
