#include "calib/attach_costs.h"

#include "base/memory.h"
#include "base/require.h"
#include "calib/attach_fit.h"
#include "calib/profile.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum unknown {
    REQUEST,
    CONNECTION,
    REST_FIRST,
    REST_LAST = REST_FIRST + 3,
    HOP,
    POOL,
    CLIENT_REQUEST,
    CLIENT_CONNECT,
    UNKNOWNS
};
_Static_assert((int)UNKNOWNS <= (int)ATTACH_UNKNOWNS, "room for all");

static const char *const names[UNKNOWNS] = {"the cost of a request",
                                            "the cost of a connection",
                                            "a rest of 200 us",
                                            "a rest of 1 ms",
                                            "a rest of 5 ms",
                                            "a rest of 20 ms",
                                            "the loop's part of a hand-off",
                                            "the pool's part of a hand-off",
                                            "the client's cost of a request",
                                            "the client's cost of a connection"};
static const char *const rest_key[] = {"machine.cold@200us", "machine.cold@1ms", "machine.cold@5ms",
                                       "machine.cold@20ms"};
static const double rest_at[] = {200e3, 1e6, 5e6, 20e6};
enum { RESTS = sizeof rest_at / sizeof rest_at[0] };

// What a fit is about: the unknowns in use, each with its place.
struct unknowns {
    const struct attach_drive *drive;
    const struct attach_value *value;
    int values;
    bool keep_alive;           // whether connections are kept
    const struct costs *costs; // what is known
    int count, of[UNKNOWNS];   // those in use
};

// --- unknowns -> costs

static void spend(const struct unknowns *u, const double x[UNKNOWNS], struct costs *c) {
    const struct attach_stack *k = u->drive->stack;
    struct server_costs *s = &c->server;
    double request = u->keep_alive ? x[REQUEST] : x[REQUEST] / 2;
    double connection = u->keep_alive ? x[CONNECTION] : request;
    double client = u->keep_alive ? x[CLIENT_REQUEST] : x[CLIENT_REQUEST] / 2;
    s->read.cpu.value = k->read * request;
    s->call.cpu.value = k->call * request;
    s->write.cpu.value = (1 - k->read - k->call) * request;
    s->accept.cpu.value = k->accept * connection;
    s->close.cpu.value = (1 - k->accept) * connection;
    s->hand_off.cpu.value = k->hand_off * x[HOP];
    s->complete.cpu.value = (1 - k->hand_off) * x[HOP];
    s->pool_work.cpu.value = x[POOL];
    c->client.request.value = client;
    c->client.connect.value = u->keep_alive ? x[CLIENT_CONNECT] : client;
    c->machine.cold.points = 0;
    for (int i = 0; i < RESTS; i++) {
        int at = c->machine.cold.points++;
        c->machine.cold.point[at].at = rest_at[i];
        c->machine.cold.point[at].cost.value = x[REST_FIRST + i];
    }
    c->machine.cold_work.value = request + connection;
}

static void expand(const struct unknowns *u, const double *x, double all[UNKNOWNS]) {
    for (int i = 0; i < UNKNOWNS; i++) all[i] = 0;
    for (int i = 0; i < u->count; i++) all[u->of[i]] = x[i];
}

static bool predict(void *context, const double *x, double *out, struct err *e) {
    const struct unknowns *u = context;
    double all[UNKNOWNS], said[ATTACH_WHATS] = {0};
    struct costs c = *u->costs;
    expand(u, x, all);
    spend(u, all, &c);
    for (int i = 0; i < u->values; i++) {
        bool again = i > 0 && u->value[i].load == u->value[i - 1].load;
        if (!again && !attach_drive_predict(u->drive, u->value[i].load, &c, said, e)) return false;
        out[i] = said[u->value[i].what];
    }
    return true;
}

// --- where to start

// The measured value of the first load of that kind, or 0.
static double seen(const struct unknowns *u, bool pool, enum client_kind client, sim_time rest,
                   enum attach_what what) {
    for (int i = 0; i < u->values; i++) {
        const struct attach_load *l = u->value[i].load;
        if (l->pool == pool && l->client == client && l->rest == rest && u->value[i].what == what)
            return u->value[i].value;
    }
    return 0;
}

static void guess(const struct unknowns *u, double x[UNKNOWNS]) {
    double fresh = seen(u, false, CLIENT_AB, 0, ATTACH_LOOP),
           kept = seen(u, false, CLIENT_WRK, 0, ATTACH_LOOP);
    double client = seen(u, false, CLIENT_AB, 0, ATTACH_CLIENT),
           less = seen(u, false, CLIENT_WRK, 0, ATTACH_CLIENT);
    x[REQUEST] = u->keep_alive ? kept : fresh;
    x[CONNECTION] = fresh - kept;
    for (int i = 0; i < RESTS; i++)
        x[REST_FIRST + i] = seen(u, false, CLIENT_AB, (sim_time)rest_at[i], ATTACH_LOOP) - fresh;
    x[HOP] = seen(u, true, CLIENT_AB, 0, ATTACH_LOOP) - fresh;
    x[POOL] = seen(u, true, CLIENT_AB, 0, ATTACH_OTHER);
    x[CLIENT_REQUEST] = u->keep_alive ? less : client;
    x[CLIENT_CONNECT] = client - less;
    for (int i = 0; i < UNKNOWNS; i++) x[i] = fmax(x[i], 1000); // differences are taken in parts of the start
}

static bool in_use(const struct unknowns *u, int i) {
    bool pool = seen(u, true, CLIENT_AB, 0, ATTACH_LOOP) > 0;
    if (i == CONNECTION || i == CLIENT_CONNECT) return u->keep_alive;
    return (i != HOP && i != POOL) || pool;
}

// How a value depends on an unknown: a load spends the costs of what it does, once a request.
static double slope_of(const struct unknowns *u, const struct attach_value *v, int unknown) {
    const struct attach_load *l = v->load;
    bool fresh = l->client == CLIENT_AB, loop = v->what == ATTACH_LOOP;
    if (unknown >= REST_FIRST && unknown <= REST_LAST) {
        double at = rest_at[unknown - REST_FIRST];
        if (!loop || l->pool) return 0;
        return l->job == ATTACH_REST && (double)l->rest == at;
    }
    switch (unknown) {
    case REQUEST: return loop;
    case CONNECTION: return loop && fresh;
    case HOP: return loop && l->pool;
    case POOL: return v->what == ATTACH_OTHER;
    case CLIENT_REQUEST: return v->what == ATTACH_CLIENT;
    case CLIENT_CONNECT: return v->what == ATTACH_CLIENT && fresh && u->keep_alive;
    }
    return 0;
}

// --- costs -> profile

struct stage_part {
    const char *key, *source;
    enum unknown unknown;
    double share;
};

static void set_part(struct costs *c, const struct stage_part *p, const struct attach_unknown *x) {
    struct attach_unknown v = x[p->unknown];
    const struct figure_estimate y = {v.value * p->share, v.lo * p->share, v.hi * p->share, NAN, NAN, true};
    profile_set(c, p->key, &y, FROM_FIT, p->source);
}

static void set_stages(const struct unknowns *u, const struct attach_unknown *x, struct costs *c) {
    const struct attach_stack *k = u->drive->stack;
    double half = u->keep_alive ? 1 : 0.5;
    enum unknown connection = u->keep_alive ? CONNECTION : REQUEST,
                 connect = u->keep_alive ? CLIENT_CONNECT : CLIENT_REQUEST;
    const struct stage_part parts[] = {
        {"server.accept.cpu", "what a new connection adds, accept's part as the stack's", connection,
         half * k->accept},
        {"server.close.cpu", "what a new connection adds, close's part as the stack's", connection,
         half * (1 - k->accept)},
        {"server.read.cpu", "a kept request, read's part as the stack's", REQUEST, half * k->read},
        {"server.call.cpu", "a kept request, call's part as the stack's", REQUEST, half * k->call},
        {"server.write.cpu", "a kept request, write's part as the stack's", REQUEST,
         half * (1 - k->read - k->call)},
        {"server.hand_off.cpu", "what the pool adds to the loop, the way there as the stack's", HOP,
         k->hand_off},
        {"server.complete.cpu", "what the pool adds to the loop, the way back as the stack's", HOP,
         1 - k->hand_off},
        {"server.pool_work.cpu", "pool threads' CPU per request, less waits for lock and loop", POOL, 1},
        {"client.request", "dispatchsim's load generator per kept request", CLIENT_REQUEST, half},
        {"client.connect", "dispatchsim's load generator: what a new connection adds", connect, half},
    };
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        bool pool = parts[i].unknown == HOP || parts[i].unknown == POOL;
        if (!pool || x[parts[i].unknown].value > 0) set_part(c, &parts[i], x);
    }
}

static void set_rest(const struct unknowns *u, const struct attach_unknown *x, struct costs *c) {
    const struct attach_stack *k = u->drive->stack;
    double warm = c->server.read.cpu.value + c->server.call.cpu.value + c->server.write.cpu.value;
    c->machine.cold.points = 0;
    static const char source[] = "one request after a pause, above many without";
    for (int i = 0; i < RESTS; i++)
        set_part(c, &(struct stage_part){rest_key[i], source, REST_FIRST + i, 1}, x);
    profile_set_exact(c, "machine.cold_work", warm + c->server.accept.cpu.value + c->server.close.cpu.value,
                      FROM_GUESS, "the warm work of one request: bursts cost the same once");
    profile_set_exact(c, "server.suspend.cpu", k->suspend * c->server.call.cpu.value, FROM_GUESS,
                      "a part of what calling a handler costs");
}

// --- the fit

static bool attempt(struct unknowns *u, struct attach_value *value, struct attach_unknown all[UNKNOWNS],
                    struct attach_fitted *fitted, struct err *e) {
    double start[UNKNOWNS], *numbers = memory_new((size_t)u->values * (3 + UNKNOWNS), sizeof *numbers);
    double *slope = numbers + 3 * u->values;
    struct attach_unknown x[UNKNOWNS];
    guess(u, start);
    u->count = 0;
    for (int i = 0; i < UNKNOWNS; i++) {
        all[i] = (struct attach_unknown){.name = names[i]};
        if (!in_use(u, i)) continue;
        x[u->count] = (struct attach_unknown){names[i], start[i], 0, 0};
        u->of[u->count++] = i;
    }
    for (int i = 0; i < u->values; i++) {
        numbers[i] = value[i].value;
        numbers[u->values + i] = value[i].sigma;
        for (int k = 0; k < u->count; k++) slope[i * u->count + k] = slope_of(u, &value[i], u->of[k]);
    }
    struct attach_problem p = {.unknowns = u->count,
                               .values = u->values,
                               .unknown = x,
                               .measured = numbers,
                               .sigma = numbers + u->values,
                               .slope = slope,
                               .predicted = numbers + 2 * u->values,
                               .predict = predict,
                               .context = u};
    bool ok = u->values > u->count
                  ? attach_fit(&p, fitted, e)
                  : err_set(e, ERR_HOST, "%d measured values cannot tell %d costs", u->values, u->count);
    for (int i = 0; ok && !fitted->singular && i < u->count; i++) all[u->of[i]] = x[i];
    for (int i = 0; ok && i < u->values; i++) value[i].fitted = fitted->singular ? NAN : p.predicted[i];
    free(numbers);
    return ok;
}

bool attach_costs_fit(const struct attach_drive *d, struct attach_value *value, int values, bool keep_alive,
                      struct costs *c, struct attachment *about, struct err *e) {
    struct unknowns u = {d, value, values, keep_alive, c, 0, {0}};
    struct attach_unknown x[UNKNOWNS];
    struct attach_fitted fitted;
    if (!attempt(&u, value, x, &fitted, e)) return false;
    if (fitted.singular) return err_set(e, ERR_HOST, "the costs cannot be fitted: %s", fitted.reason);
    about->misfit = fitted.misfit;
    set_stages(&u, x, c);
    set_rest(&u, x, c);
    return true;
}
