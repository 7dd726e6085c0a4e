// One replication: builds machine, server and load generator, lets time run, audits, reports.
#include "base/require.h"
#include "models/model.h"
#include "models/parts/client.h"
#include "models/parts/cpu.h"
#include "models/parts/worker.h"

#include <string.h>

struct simulation {
    struct machine *machine;
    struct ledger *ledger;
    struct server server;
    struct client client;
    timer_id cut;
    int64_t cuts; // segments that time has ended
};

const struct model *models_find(const struct models *all, const char *name) {
    for (int i = 0; i < all->count; i++)
        if (!strcmp(all->model[i]->name, name)) return all->model[i];
    return NULL;
}

static bool open_load(const struct scenario *s) {
    return s->load.client == CLIENT_OPEN;
}

// A closed loop is a finite run, reported whole, unless the user asks for a warm-up; so is anything bounded by a number
// of requests. An open load is observed in segments: to see whether it is stable, and, where a duration bounds it, to
// leave the warm-up out.
static int segments_for(const struct scenario *s) {
    if (open_load(s) && s->load.requests >= LEDGER_SEGMENTS) return LEDGER_SEGMENTS;
    if (s->run.warmup == WARMUP_NONE || s->load.duration == 0) return 1;
    if (s->run.warmup == WARMUP_AUTO && !open_load(s)) return 1;
    return LEDGER_SEGMENTS;
}

static void sample(void *owner, struct ledger_totals *totals) {
    struct simulation *x = owner;
    server_sample(&x->server, totals);
    client_sample(&x->client, &totals->station[LIMIT_CLIENT]);
}

static void cut(struct sim *sim, void *owner, uint32_t tag) {
    (void)tag;
    struct simulation *x = owner;
    const struct load_spec *load = &x->machine->scenario->load;
    if (++x->cuts == x->ledger->segments) {
        sim_halt(sim);
        return;
    }
    ledger_cut(x->ledger, x->machine);
    timer_set(sim, x->cut, (sim_time)((double)load->duration * (double)(x->cuts + 1) / x->ledger->segments));
}

static bool build(struct simulation *x, const struct model *model, const struct scenario *s,
                  const struct simulate_options *o) {
    *x = (struct simulation){.machine = machine_create(s, o->point, o->replication, o->trace)};
    struct machine *m = x->machine;
    if (!m) return false;
    x->ledger = m->ledger = ledger_create(segments_for(s), s->endpoints > 1);
    if (s->load.duration == 0) x->ledger->arrivals_each = s->load.requests / x->ledger->segments;
    x->ledger->sample = sample;
    x->ledger->owner = x;
    server_init(&x->server, m, model);
    client_init(&x->client, m, &x->server.net, x->ledger);
    x->cut = timer_new(m->sim, cut, x, 7);
    if (s->load.duration > 0) timer_set(m->sim, x->cut, s->load.duration / x->ledger->segments);
    return true;
}

static bool audit(struct simulation *x, struct err *e) {
    const struct ledger *l = x->ledger;
    if (!server_audit(&x->server, e)) return false;
    if (!station_holds(&x->ledger->system, machine_now(x->machine)))
        return err_set(e, ERR_BROKEN, "Little's law fails for the whole system");
    if (l->arrived != l->done + l->timed_out + l->refused + l->system.n)
        return err_set(e, ERR_BROKEN,
                       "flow balance: %lld arrived, %lld done, %lld timed out, %lld refused, %lld inside",
                       (long long)l->arrived, (long long)l->done, (long long)l->timed_out,
                       (long long)l->refused, (long long)l->system.n);
    return true;
}

static void tear_down(struct simulation *x) {
    client_fini(&x->client);
    server_fini(&x->server);
    ledger_destroy(x->ledger);
    machine_destroy(x->machine);
}

// Where nothing is left to happen, every request must have ended: else a wake-up was lost.
static bool ended(const struct simulation *x, struct err *e) {
    const struct ledger *l = x->ledger;
    int64_t wanted = x->machine->scenario->load.requests;
    if (wanted == 0 || l->done + l->timed_out + l->refused >= wanted || x->client.born < (uint64_t)wanted)
        return true;
    return err_set(e, ERR_BROKEN, "nothing is left to happen, yet %lld requests have not ended",
                   (long long)l->system.n);
}

static bool overflowed(const struct simulation *x, struct err *e) {
    if (!x->client.overflow) return false;
    err_set(e, ERR_CONFIG,
            "more than %d requests in the system after %.3g s: the load is far beyond what is served",
            CLIENT_MOST_USERS, (double)machine_now(x->machine) * 1e-9);
    err_hint(e, "a lower load.rate, a shorter load.duration, or a load.timeout");
    return true;
}

// A closed loop in which nothing takes any time would ask for ever at one instant.
static bool time_passes(const struct scenario *s, struct err *e) {
    double work = 0;
    for (int i = 0; i < s->endpoints; i++)
        for (int k = 0; k < s->endpoint[i].steps; k++) work += dist_mean(&s->endpoint[i].step[k].time);
    if (work > 0 || !s->costs.none || open_load(s) || s->load.has_think) return true;
    err_set(e, ERR_CONFIG, "%s%snothing takes any time: no costs, no work, no pause", s->name,
            s->name[0] ? ": " : "");
    return err_hint(e, "costs, a handler step such as {cpu: 1ms}, or load.think");
}

bool simulate(const struct model *model, const struct scenario *s, const struct simulate_options *options,
              struct observation *out, struct err *e) {
    struct simulation x;
    if (!time_passes(s, e)) return false;
    if (!build(&x, model, s, options)) return err_set(e, ERR_HOST, "no memory for the simulation");
    bool left = sim_run(x.machine->sim, SIM_NEVER);
    bool ok = audit(&x, e) && !overflowed(&x, e) && (left || ended(&x, e));
    ledger_cut(x.ledger, x.machine);
    ledger_report(x.ledger, x.machine, open_load(s), out);
    tear_down(&x);
    return ok;
}
