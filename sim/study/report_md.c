#include "study/report.h"
#include "study/report_analytic.h"
#include "study/report_bands.h"

static void write_one(FILE *out, const struct result *r) {
    struct table t;
    fprintf(out, "### %s\n\n", r->scenario);
    if (r->question[0]) fprintf(out, "%s\n\n", r->question);
    report_cases(&t, r);
    table_print_md(&t, out);
    table_fini(&t);
    report_endpoints(&t, r, NULL);
    if (t.cells) fputc('\n', out);
    if (t.cells) table_print_md(&t, out);
    table_fini(&t);
    fputc('\n', out);
    report_incomplete(out, r);
    if (r->incomplete) fputc('\n', out);
    for (int i = 0; i < r->cases; i++) {
        const struct case_result *c = &r->case_[i];
        char status[256];
        fprintf(out, "- **%s**: %s.", report_name(r, c), c->sentence);
        if (c->status != STATUS_OK) fprintf(out, " %s.", report_status(status, c));
        fputc('\n', out);
    }
}

void report_md(FILE *out, const struct report *r) {
    for (int i = 0; i < r->count; i++) {
        if (i > 0) fputc('\n', out);
        write_one(out, &r->result[i]);
        report_bands_md(out, r, &r->result[i]);
        report_analytic_md(out, r, &r->result[i]);
    }
}
