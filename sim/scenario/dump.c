#include "scenario/distribution.h"
#include "base/hash.h"

#include <inttypes.h>
#include <string.h>

static void add_number(enum unit unit, double value, struct text *out) {
    char number[UNITS_TEXT];
    text_add(out, units_format_exact(number, unit, value));
}

static void dump_cores(const struct machine_spec *m, struct text *out) {
    for (int i = 0; i < m->classes; i++) {
        text_addf(out, "%s%d x smt %d speed ", i ? ", " : "", m->class[i].count, m->class[i].smt);
        add_number(UNIT_NONE, m->class[i].speed, out);
    }
}

static void dump_enum(const struct schema_row *row, const void *at, struct text *out) {
    unsigned value;
    memcpy(&value, at, sizeof value);
    text_add(out, row->names[value]);
}

static void dump_warmup(const struct run_spec *run, struct text *out) {
    if (run->warmup == WARMUP_FIXED)
        add_number(UNIT_SPAN, (double)run->warmup_time, out);
    else
        text_add(out, run->warmup == WARMUP_AUTO ? "auto" : "none");
}

static void dump_trace(const struct load_spec *load, struct text *out) {
    uint64_t h = hash_bytes(HASH_START, load->trace, load->trace_count * sizeof *load->trace);
    text_addf(out, "%zu arrivals, %016" PRIx64, load->trace_count, hash_finish(h));
}

static void dump_value(const struct scenario *s, const struct schema_row *row, struct text *out) {
    const void *at = (const char *)s + row->offset;
    switch (row->type) {
    case SCHEMA_NAME: text_add(out, at); break;
    case SCHEMA_INT: text_addf(out, "%d", *(const int *)at); break;
    case SCHEMA_INT64: {
        int64_t value;
        memcpy(&value, at, sizeof value);
        text_addf(out, "%" PRId64, value);
        break;
    }
    case SCHEMA_SPAN: text_addf(out, "%" PRId64 "ns", *(const sim_time *)at); break;
    case SCHEMA_NUMBER: add_number(row->unit, *(const double *)at, out); break;
    case SCHEMA_LOCK:
    case SCHEMA_BOOL: text_add(out, *(const bool *)at ? "on" : "off"); break;
    case SCHEMA_ARRIVALS:
    case SCHEMA_ENUM: dump_enum(row, at, out); break;
    case SCHEMA_DIST: distribution_format(at, out); break;
    case SCHEMA_WARMUP: dump_warmup(&s->run, out); break;
    case SCHEMA_CORES: dump_cores(&s->machine, out); break;
    case SCHEMA_FILE: dump_trace(&s->load, out); break; // of the files only a trace stays a value
    default: break;
    }
}

static void dump_rows(const struct scenario *s, struct text *out) {
    const struct schema *schema = schema_scenario();
    for (int i = 0; i < schema->count; i++) {
        const struct schema_row *row = &schema->row[i];
        bool has_value = strncmp(row->key, "machine.", 8) == 0 || strncmp(row->key, "server.", 7) == 0 ||
                         strncmp(row->key, "load.", 5) == 0 || strncmp(row->key, "run.", 4) == 0;
        if (!has_value || (row->flags & SCHEMA_ASIDE) || !schema_below(row, "")) continue;
        text_addf(out, "%s = ", row->key);
        dump_value(s, row, out);
        text_add(out, "\n");
    }
}

static void dump_steps(const struct scenario *s, const struct endpoint *endpoint, struct text *out) {
    static const char *const kinds[] = {"cpu", "cpu_nogil", "sleep", "use"};
    for (int i = 0; i < endpoint->steps; i++) {
        const struct handler_step *step = &endpoint->step[i];
        text_addf(out, "  %s", kinds[step->kind]);
        if (step->kind == STEP_USE) text_addf(out, " %s for", s->resource[step->resource].name);
        text_add(out, " ");
        distribution_format(&step->time, out);
        text_add(out, "\n");
    }
}

static void dump_costs(const struct costs *c, struct text *out) {
    const struct schema *schema = schema_costs();
    for (int i = 0; i < schema->count; i++) {
        const struct schema_row *row = &schema->row[i];
        const void *at = (const char *)c + row->offset;
        if (row->type == SCHEMA_TEXT) continue; // where a figure comes from does not decide a result
        text_addf(out, "costs.%s =", row->key);
        const struct cost_curve *curve = at;
        for (int p = 0; row->type == SCHEMA_CURVE && p < curve->points; p++) {
            text_add(out, p ? ", " : " ");
            add_number(UNIT_SPAN, curve->point[p].at, out);
            text_add(out, ": ");
            add_number(UNIT_SPAN, curve->point[p].cost.value, out);
        }
        if (row->type != SCHEMA_CURVE) {
            text_add(out, " ");
            add_number(row->unit, ((const struct cost *)at)->value, out);
        }
        text_add(out, "\n");
    }
}

void scenario_dump(const struct scenario *s, struct text *out) {
    dump_rows(s, out);
    for (int i = 0; i < s->resources; i++)
        text_addf(out, "resources.%s = %d%s\n", s->resource[i].name, s->resource[i].capacity,
                  s->resource[i].shared ? " shared" : "");
    for (int i = 0; i < s->endpoints; i++) {
        static const char *const dispatches[] = {"model", "loop", "pool"};
        const struct endpoint *endpoint = &s->endpoint[i];
        text_addf(out, "endpoint %s dispatch %s weight ", endpoint->name, dispatches[endpoint->dispatch]);
        add_number(UNIT_NONE, endpoint->weight, out);
        text_add(out, "\n");
        dump_steps(s, endpoint, out);
    }
    dump_costs(&s->costs, out);
}
