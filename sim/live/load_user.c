#include "live/load_user.h"

#include "base/monotonic.h"
#include "live/demand.h"

#include <errno.h>
#include <stdlib.h>

// A closed loop whose connection is refused at once would ask again at the same instant, for ever.
static const sim_time pause_after_refusal = SIM_MS;
static const double longest = 1e15; // of a pause, ns: distributions without a mean draw beyond any clock

enum { BACKOFF_DOUBLINGS = 20 }; // as the simulator has it

static void begin(struct load_user *u, sim_time intended);
static void attempt(struct load_user *u);

sim_time load_user_now(void) {
    return monotonic_ns();
}

static bool closed_loop(const struct load_gen *g) {
    return g->load->client != CLIENT_OPEN;
}

static bool all_given_out(const struct load_gen *g) {
    return g->load->requests > 0 && g->born >= g->load->requests;
}

static void after(struct load_user *u, sim_time ns, void (*fn)(struct load_user *u)) {
    u->on_timer = fn;
    load_timers_set(&u->gen->timers, &u->timer, load_user_now() + ns);
}

static sim_time drawn(struct load_gen *g, const struct dist *d, double factor) {
    double ns = dist_draw(d, &g->client_rng) * factor;
    return (sim_time)(ns < longest ? ns + 0.5 : longest);
}

// --- the end of a request and the beginning of the next

// The last request may have been given out to another user while this one paused.
static void begin_now(struct load_user *u) {
    if (!all_given_out(u->gen)) begin(u, load_user_now());
}

// `ab` opens its other connections when the header of its first response is here, or that request has failed.
static void burst(struct load_gen *g) {
    if (g->burst_done) return;
    g->burst_done = true;
    for (int i = 1; i < g->users; i++) begin_now(&g->user[i]);
}

// Closed loop: the user goes on with its next request after its pause, which is at least `least`.
static void next_of_closed(struct load_user *u, sim_time least) {
    struct load_gen *g = u->gen;
    burst(g);
    if (all_given_out(g)) return;
    if (!g->load->has_think && least == 0) {
        begin_now(u);
        return;
    }
    sim_time pause = g->load->has_think ? drawn(g, &g->load->think, 1) : 0;
    after(u, pause > least ? pause : least, begin_now);
}

static void request_over(struct load_user *u, sim_time least_pause) {
    struct load_gen *g = u->gen;
    u->busy = false;
    g->ended++;
    g->over = load_user_now();
    if (g->load->requests > 0 && g->ended == g->load->requests) {
        g->finished = true;
    } else if (closed_loop(g)) {
        next_of_closed(u, least_pause);
    } else {
        u->next = g->idle;
        g->idle = u;
    }
}

static void done(struct load_user *u) {
    struct load_gen *g = u->gen;
    sim_time now = load_user_now();
    // wrk leaves connecting out, but not what earlier attempts of the request took.
    bool from_write = g->load->client == CLIENT_WRK && u->attempt == 0;
    sim_time from = from_write ? u->conn.wrote_at : u->intended;
    int status = u->conn.response.status;
    load_timers_cancel(&g->timers, &u->timer);
    g->not_ok += status < 200 || status > 399;
    g->unheard = 0;
    load_ledger_done(&g->ledger, now - from, now - (from_write ? from : u->started),
                     g->scenario->endpoints > 1 ? u->endpoint : -1);
    if (g->answered) g->answered(g->listener, now);
    request_over(u, 0);
}

// The attempt failed: another one later, or the request is over and counted in *count.
static void failed(struct load_user *u, int64_t *count, sim_time least_pause) {
    struct load_gen *g = u->gen;
    load_timers_cancel(&g->timers, &u->timer);
    if (u->attempt >= g->load->retries) {
        ++*count;
        request_over(u, least_pause);
        return;
    }
    load_ledger_now(&g->ledger)->retried++;
    int doublings = u->attempt < BACKOFF_DOUBLINGS ? u->attempt : BACKOFF_DOUBLINGS;
    u->attempt++;
    after(u, drawn(g, &g->load->backoff, 1 << doublings), attempt);
}

static void timed_out(struct load_user *u) {
    u->gen->progress =
        load_user_now(); // a time-out is for the user to judge, not a silence that ends the run
    load_conn_close(&u->conn);
    failed(u, &load_ledger_now(&u->gen->ledger)->timed_out, 0);
}

static void found_nobody(struct load_gen *g) {
    if (!g->unheard) g->unheard_since = load_user_now();
    g->unheard++;
}

static void go_on(struct load_user *u, enum load_step step) {
    struct load_gen *g = u->gen;
    switch (step) {
    case LOAD_WAIT: break;
    case LOAD_DONE: done(u); break;
    case LOAD_BROKEN:
        g->errors++;
        failed(u, &load_ledger_now(&g->ledger)->refused, pause_after_refusal);
        break;
    case LOAD_REFUSED:
        if (g->wire.connect_error == ECONNREFUSED) found_nobody(g);
        failed(u, &load_ledger_now(&g->ledger)->refused, pause_after_refusal);
        break;
    }
}

// --- sending

static void attempt(struct load_user *u) {
    struct load_gen *g = u->gen;
    g->progress = load_user_now();
    if (g->load->timeout > 0) after(u, g->load->timeout, timed_out);
    size_t length;
    const char *request = load_request_of(&g->requests, u->endpoint, u->number, u->room, &length);
    go_on(u, load_conn_send(&u->conn, request, length));
}

static void begin(struct load_user *u, sim_time intended) {
    struct load_gen *g = u->gen;
    u->intended = intended;
    u->started = closed_loop(g) ? intended : load_user_now();
    u->attempt = 0;
    u->busy = true;
    u->number = (uint64_t)g->born++;
    u->endpoint = demand_endpoint(g->scenario, u->number);
    load_ledger_now(&g->ledger)->arrived++;
    if (!closed_loop(g)) load_ledger_lag(&g->ledger, u->started - intended);
    attempt(u);
}

// --- what makes it go

static void draw_due(struct load_gen *g) {
    sim_time next = all_given_out(g) ? SIM_NEVER : arrivals_next(&g->arrivals);
    g->due = next == SIM_NEVER ? SIM_NEVER : g->start + next;
}

void load_user_arrivals(struct load_gen *g) {
    if (g->due == SIM_NEVER) return;
    for (sim_time now = load_user_now(); g->due <= now && g->due < g->end; draw_due(g)) {
        struct load_user *u = g->idle;
        g->starved |= !u;
        if (!u) return;
        g->idle = u->next;
        begin(u, g->due);
    }
}

void load_user_event(struct load_gen *g, uint64_t key) {
    struct load_user *u = &g->user[(uint32_t)key];
    if (u->conn.key != key) return;
    g->progress = load_user_now();
    enum load_step step = load_conn_event(&u->conn);
    if (g->load->client == CLIENT_AB && u->conn.response.header) burst(g);
    go_on(u, step);
    load_user_arrivals(g);
}

void load_user_timers(struct load_gen *g) {
    sim_time now = load_user_now();
    for (struct load_timer *x; !g->finished && (x = load_timers_first(&g->timers)) && x->at <= now;) {
        struct load_user *u = (struct load_user *)x;
        load_timers_cancel(&g->timers, x);
        u->on_timer(u);
    }
}

void load_user_count_due(struct load_gen *g, sim_time at) {
    for (; g->due <= at && g->due < g->end; draw_due(g)) {
        g->born++;
        load_ledger_now(&g->ledger)->arrived++;
    }
}

// --- start and end

static void begin_all(struct load_gen *g) {
    int n = g->load->client == CLIENT_AB ? 1 : g->users;
    g->burst_done = g->load->client != CLIENT_AB;
    for (int i = 0; i < n; i++) {
        // Users that pause between requests do not all begin at the same instant.
        if (g->load->has_think)
            after(&g->user[i], (sim_time)(dist_draw(&g->load->think, &g->client_rng) + 0.5), begin_now);
        else
            begin_now(&g->user[i]);
    }
}

static bool make_users(struct load_gen *g) {
    bool rooms = load_request_numbered(&g->requests);
    if (!load_timers_init(&g->timers, g->users)) return false;
    g->user = calloc((size_t)g->users, sizeof *g->user);
    if (rooms) g->rooms = malloc((size_t)g->users * LOAD_REQUEST_BYTES);
    if (!g->user || (rooms && !g->rooms)) return false;
    for (int i = g->users - 1; i >= 0; i--) {
        struct load_user *u = &g->user[i];
        u->gen = g;
        if (rooms) u->room = g->rooms + (size_t)i * LOAD_REQUEST_BYTES;
        load_timers_new(&u->timer);
        load_conn_init(&u->conn, &g->wire, (uint32_t)i);
        u->next = g->idle;
        g->idle = u;
    }
    return true;
}

bool load_user_init(struct load_gen *g) {
    if (!make_users(g)) return false;
    g->start = g->progress = g->over = load_user_now();
    g->end = g->load->duration > 0 ? g->start + g->load->duration : SIM_NEVER;
    g->due = SIM_NEVER;
    load_ledger_init(&g->ledger, g->scenario, g->start);
    if (closed_loop(g)) {
        begin_all(g);
    } else {
        arrivals_init(&g->arrivals, g->load, &g->arrivals_rng);
        draw_due(g);
    }
    return true;
}

void load_user_fini(struct load_gen *g) {
    for (int i = 0; g->user && i < g->users; i++) load_conn_close(&g->user[i].conn);
    load_timers_fini(&g->timers);
    load_ledger_fini(&g->ledger);
    free(g->user);
    free(g->rooms);
    g->user = NULL;
    g->rooms = NULL;
}
