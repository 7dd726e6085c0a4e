#include "cli/attaching.h"

#include "base/require.h"
#include "base/text.h"
#include "base/units.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

bool attaching_wanted(const struct args *a) {
    return a->url || a->pid || a->noop_async || a->noop_sync || a->pace || a->stack;
}

static bool read_pid(const char *text, pid_t *out, struct err *e) {
    int64_t pid = 0;
    if (!text || !units_parse_int(text, &pid, NULL) || pid < 1 || pid > INT32_MAX)
        return err_set(e, ERR_USAGE, "--pid must be the number of a process, not '%s'", text ? text : "");
    *out = (pid_t)pid;
    return true;
}

static bool read_path(const char *option, const char *text, struct err *e) {
    if (!text || (text[0] == '/' && strlen(text) < sizeof((struct load_target *)0)->path)) return true;
    return err_set(e, ERR_USAGE, "--%s must be a path that begins with /, not '%s'", option, text);
}

static bool read_stack(const char *name, const struct attach_stack **out, struct err *e) {
    const char *names[16];
    int count;
    const struct attach_stack *all = attach_stacks(&count);
    if (!name || (*out = attach_stack_named(name))) return true;
    err_set(e, ERR_USAGE, "there is no stack '%s'", name);
    for (int i = 0; i < count; i++) names[i] = all[i].name;
    const char *meant = text_closest(name, names, count);
    return meant ? err_hint(e, "did you mean %s?", meant) : err_hint(e, "uvloop, asyncio, node or other");
}

static bool read_server(const struct args *a, struct attach_options *o, struct err *e) {
    if (!a->url || !a->pid || !a->noop_async) {
        err_set(e, ERR_USAGE, "a running server needs --url, --pid and --noop-async (or --noop)");
        return err_hint(e, "see dispatchsim calibrate --help");
    }
    o->loop_path = a->noop_async;
    o->pool_path = a->noop_sync;
    o->pace_path = a->pace;
    if (!load_parse_url(a->url, &o->target, e)) return false;
    if (strcmp(o->target.path, "/") != 0)
        return err_set(e, ERR_USAGE, "--url takes no path: http://HOST:PORT, and the path with --noop-async");
    return read_pid(a->pid, &o->process, e) && read_path("noop-async", a->noop_async, e) &&
           read_path("noop-sync", a->noop_sync, e) && read_path("pace", a->pace, e) &&
           read_stack(a->stack, &o->stack, e);
}

// The simulator, as the fit calls it.
static bool simulate_once(void *context, const struct scenario *s, struct observation *out, struct err *e) {
    const struct program *p = context;
    for (int i = 0; i < p->models->count; i++)
        if (!strcmp(p->models->model[i]->name, s->server.model))
            return p->simulate(p->models->model[i], s, &(struct simulate_options){0}, out, e);
    return err_set(e, ERR_BROKEN, "there is no model %s", s->server.model);
}

bool attaching_run(const struct program *p, const struct args *a, const struct calibrate_options *machine,
                   struct calibration *out, struct attachment *about, struct err *e) {
    struct attach_options o = {
        .machine = *machine, .simulate = simulate_once, .context = (void *)(uintptr_t)p};
    return read_server(a, &o, e) && attach_run(&o, out, about, e);
}

static void print_collector(const struct attachment *a) {
    static const char *const path[] = {"loop", "pool"};
    for (int i = 0; i < 2; i++)
        if (a->stalls[i])
            printf("collector: %d long passes on the %s's path, one in %.0f requests\n", a->stalls[i],
                   path[i], a->requests_per_stall[i]);
    if (a->stalls[0] + a->stalls[1] == 0) puts("collector: no long pass was seen");
}

void attaching_print(const struct attachment *a) {
    printf("server: %s (%s); %d of its %d processes serve%s; in scenarios: server: {%s}\n", a->stack->name,
           a->stack->what, a->workers, a->processes, a->keep_alive ? "" : "; it keeps no connections",
           a->stack->server);
    print_collector(a);
    printf("%d loads; the fitted costs leave %.1f times the measured spread\n", a->loads, a->misfit);
}

static json_t *passes_json(const struct attachment *a, int path) {
    bool seen = a->stalls[path] > 0;
    return json_pack("{si so}", "seen", a->stalls[path], "requests_each",
                     seen ? json_real(a->requests_per_stall[path]) : json_null());
}

json_t *attaching_json(const struct attachment *a) {
    json_t *j = json_pack("{ss ss si si si sb sf so so}", "stack", a->stack->name, "scenario",
                          a->stack->server, "processes", a->processes, "workers", a->workers, "loads",
                          a->loads, "keep_alive", a->keep_alive, "misfit", a->misfit, "loop_passes",
                          passes_json(a, 0), "pool_passes", passes_json(a, 1));
    REQUIRE(j);
    return j;
}

void attaching_remark(const struct attachment *a, bool trusted) {
    if (!trusted)
        fprintf(stderr,
                "dispatchsim: the fitted costs leave %.1f times the measured spread: this machine is too "
                "noisy now, or the "
                "server works in a way that the simulator does not know\n",
                a->misfit);
    if (a->workers > 1)
        fprintf(
            stderr,
            "dispatchsim: %d processes serve: passes of their collectors stop only one at a time and are not "
            "seen; calibrate with one worker\n",
            a->workers);
}
