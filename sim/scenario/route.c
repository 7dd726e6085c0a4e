#include "scenario/route.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static const char cpu[] = "{cpu}", span[] = "{sleep}";

static bool begins_with(const char *s, const char *word) {
    return strncmp(s, word, strlen(word)) == 0;
}

bool route_check(const char *path, struct err *e) {
    if (*path != '/') {
        err_set(e, ERR_CONFIG, "the path must begin with /");
        return err_hint(e, "such as /items?page=1");
    }
    for (const char *c = path; *c; c++) {
        if (*c <= ' ' || *c > '~' || *c == '#') {
            err_set(e, ERR_CONFIG, "blanks, # and bytes beyond ASCII have no place in a path");
            return err_hint(e, "write them as %%20, %%23 ...");
        }
        if (*c == '{' && !begins_with(c, cpu) && !begins_with(c, span)) {
            err_set(e, ERR_CONFIG, "\"%.20s\" is neither {cpu} nor {sleep}", c);
            return err_hint(e,
                            "{cpu}: iterations of the handler's cpu steps, {sleep}: its sleep steps in ms");
        }
    }
    return true;
}

bool route_fixed(const struct costs *c) {
    return c->dense.value > 0 && c->pace.value > 0;
}

bool route_needs_pace(const char *path) {
    return strstr(path, cpu) != NULL;
}

// Sum of the means of the steps of one kind, ns.
static double mean_of(const struct endpoint *p, enum step_kind kind) {
    double sum = 0;
    for (int i = 0; i < p->steps; i++)
        if (p->step[i].kind == kind) sum += dist_mean(&p->step[i].time);
    return sum;
}

static bool constant(const struct endpoint *p, enum step_kind kind) {
    for (int i = 0; i < p->steps; i++)
        if (p->step[i].kind == kind && p->step[i].time.kind != DIST_CONSTANT) return false;
    return true;
}

bool route_check_steps(const struct endpoint *p, struct err *e) {
    bool steady = (!strstr(p->path, cpu) || constant(p, STEP_CPU)) &&
                  (!strstr(p->path, span) || constant(p, STEP_SLEEP));
    if (steady) return true;
    err_set(e, ERR_CONFIG, "all requests have the same path, so the steps that it tells must be constant");
    return err_hint(e, "write the time without a distribution, or leave it out of the path");
}

// Appends; false where it does not fit.
static bool append(char out[SCENARIO_PATH], size_t *at, const char *text, size_t n) {
    if (*at + n >= SCENARIO_PATH) return false;
    memcpy(out + *at, text, n);
    out[ *at += n] = 0;
    return true;
}

bool route_expand(const struct endpoint *p, double per_ms, char out[SCENARIO_PATH]) {
    size_t at = 0;
    out[0] = 0;
    for (const char *c = p->path; *c;) {
        char number[40];
        size_t n = strcspn(c + 1, "{") + 1; // up to the next brace
        bool work = begins_with(c, cpu), rest = begins_with(c, span);
        if (work) snprintf(number, sizeof number, "%.0f", round(mean_of(p, STEP_CPU) * 1e-6 * per_ms));
        if (rest) snprintf(number, sizeof number, "%.12g", mean_of(p, STEP_SLEEP) * 1e-6);
        bool fits = work || rest ? append(out, &at, number, strlen(number)) : append(out, &at, c, n);
        if (!fits) return false;
        c += work ? sizeof cpu - 1 : rest ? sizeof span - 1 : n;
    }
    return true;
}

void route_of_name(const char *name, char out[SCENARIO_PATH]) {
    static const char safe[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~/";
    size_t at = 0;
    bool fits = append(out, &at, "/", 1);
    for (const char *c = name; *c && fits; c++) {
        char hex[8];
        snprintf(hex, sizeof hex, "%%%02X", (unsigned)(unsigned char)*c);
        fits = strchr(safe, *c) ? append(out, &at, c, 1) : append(out, &at, hex, 3);
    }
}
