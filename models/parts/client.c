#include "models/parts/client.h"

#include "base/require.h"
#include "models/parts/client_thread.h"
#include "models/parts/line.h"

#include <stdlib.h>
#include <string.h>

// A closed loop whose connection is refused at once would ask again at the same instant, for ever.
#define PAUSE_AFTER_REFUSAL SIM_MS

enum { CHUNK = 64, BACKOFF_DOUBLINGS = 20 };

struct user_chunk {
    struct user_chunk *next;
    struct user user[CHUNK];
};

static void begin(struct machine *m, struct user *u);
static void attempt(struct machine *m, struct user *u);

static bool closed_loop(const struct client *c) {
    return c->load->client != CLIENT_OPEN;
}

// --- users

static void timer_fired(struct sim *sim, void *owner, uint32_t tag) {
    (void)sim;
    (void)tag;
    struct user *u = owner;
    u->client->machine->current = NULL;
    u->on_timer(u->client->machine, u);
}

static void deadline_passed(struct sim *sim, void *owner, uint32_t tag);

static void more_users(struct client *c) {
    struct user_chunk *k = calloc(1, sizeof *k);
    REQUIRE(k);
    k->next = c->chunks;
    c->chunks = k;
    for (int i = CHUNK - 1; i >= 0; i--) {
        struct user *u = &k->user[i];
        u->client = c;
        u->timer = timer_new(c->machine->sim, timer_fired, u, 4);
        u->deadline = timer_new(c->machine->sim, deadline_passed, u, 5);
        u->next = c->idle;
        c->idle = u;
    }
}

static struct user *take_user(struct client *c) {
    c->taken++;
    if (c->taken > CLIENT_MOST_USERS) {
        c->overflow = true;
        sim_halt(c->machine->sim);
    }
    if (!c->idle) more_users(c);
    struct user *u = c->idle;
    c->idle = u->next;
    u->next = NULL;
    return u;
}

void client_after(struct user *u, sim_time ns, void (*fn)(struct machine *m, struct user *u)) {
    struct machine *m = u->client->machine;
    u->on_timer = fn;
    timer_set(m->sim, u->timer, machine_after(m, ns));
}

// --- the end of a request and the beginning of the next

static bool all_given_out(const struct client *c) {
    return c->load->requests > 0 && c->born >= (uint64_t)c->load->requests;
}

// After a pause, in which others may have taken what was left to do.
static void begin_later(struct machine *m, struct user *u) {
    if (!all_given_out(u->client)) begin(m, u);
}

// Closed loop: the user goes on with its next request, after its pause; `ab` opens its other connections when its
// first request, which runs alone, has been answered. The pause is at least `least`.
static void next_of_closed(struct client *c, struct user *u, sim_time least) {
    struct machine *m = c->machine;
    if (c->load->client == CLIENT_AB && c->ended == 1)
        for (int i = 1; i < c->load->concurrency && !all_given_out(c); i++) begin(m, take_user(c));
    if (all_given_out(c)) return;
    if (!c->load->has_think && least == 0) {
        begin(m, u);
        return;
    }
    sim_time pause =
        c->load->has_think ? machine_span(dist_draw(&c->load->think, &m->stream[STREAM_CLIENT])) : 0;
    client_after(u, pause > least ? pause : least, begin_later);
}

static void request_over(struct user *u, sim_time least_pause) {
    struct client *c = u->client;
    c->ended++;
    u->request = NULL;
    if (c->load->requests > 0 && c->ended == c->load->requests) {
        sim_halt(c->machine->sim);
        return;
    }
    if (closed_loop(c)) {
        next_of_closed(c, u, least_pause);
        return;
    }
    u->next = c->idle;
    c->idle = u;
    c->taken--;
}

static void leave(struct user *u) {
    struct conn *conn = u->conn;
    u->conn = NULL;
    conn_abandon(conn);
}

static void received(struct machine *m, struct user *u) {
    struct client *c = u->client;
    struct request *r = u->request;
    const struct client_costs *k = &m->scenario->costs.client;
    timer_cancel(m->sim, u->deadline);
    line_bring(m, r->written_on, k->lines.value + (u->fresh ? k->connect_lines.value : 0));
    if (u->conn && u->conn->last) leave(u);
    ledger_done(c->ledger, m, r);
    request_free(&c->net->requests, r);
    request_over(u, 0);
}

// The attempt failed: another one later, or the request is over.
static void failed(struct user *u, struct request *r,
                   void (*book)(struct ledger *, struct machine *, struct request *)) {
    struct client *c = u->client;
    struct machine *m = c->machine;
    bool again = u->attempt < c->load->retries;
    r->user = NULL;
    request_settle(m, r);
    memcpy(u->blame, r->blame, sizeof u->blame);
    if (!again) book(c->ledger, m, r);
    if (!r->conn) request_free(&c->net->requests, r); // else the server still has it
    u->request = NULL;
    if (!again) {
        request_over(u, book == ledger_refused ? PAUSE_AFTER_REFUSAL : 0);
        return;
    }
    ledger_retried(c->ledger);
    double wait = dist_draw(&c->load->backoff, &m->stream[STREAM_CLIENT]);
    for (int i = 0; i < u->attempt && i < BACKOFF_DOUBLINGS; i++) wait *= 2;
    u->attempt++;
    client_after(u, machine_span(wait), attempt);
}

static void deadline_passed(struct sim *sim, void *owner, uint32_t tag) {
    (void)tag;
    struct user *u = owner;
    struct request *r = u->request;
    u->client->machine->current = NULL;
    if (!r || u->pending == USER_RECEIVE) return; // the answer is there, the client only has to look at it
    if (u->client->thread && (u->pending == USER_SEND || u->pending == USER_READ)) {
        u->expired = true; // it is in the thread's queue: dealt with when its turn comes
        return;
    }
    timer_cancel(sim, u->timer);
    u->pending = USER_NOTHING;
    if (u->conn) leave(u);
    failed(u, r, ledger_timed_out);
}

// --- sending

static void replied(struct machine *m, struct conn *conn, struct request *r) {
    (void)conn;
    const struct client *c = r->user->client;
    if (c->load->client != CLIENT_AB) {
        client_act(r->user, USER_RECEIVE);
        return;
    }
    // ab reads on until the server closes, which is the server's delay; everyone else knows the length.
    request_leave(m, r, BLAME_LOOP);
    if (c->thread) client_act(r->user, USER_READ);
}

static void closed(struct machine *m, struct conn *conn) {
    struct user *u = conn->user;
    if (u && u->client->load->client == CLIENT_AB && u->request) {
        request_leave(m, u->request, BLAME_CLIENT);
        u->eof = u->pending == USER_READ;
        if (!u->eof) client_act(u, USER_RECEIVE);
        return;
    }
    if (u) u->conn = NULL;
    conn_abandon(conn);
}

static const struct conn_user ops = {replied, closed};

static void send(struct machine *m, struct user *u);

// The kernel dropped the connection because the queue is full: it tries again by itself (SYN retransmission).
static void not_connected(struct user *u) {
    struct client *c = u->client;
    if (c->load->connect_retry == 0) {
        timer_cancel(c->machine->sim, u->deadline);
        failed(u, u->request, ledger_refused);
        return;
    }
    request_phase(c->machine, u->request, BLAME_ACCEPT);
    sim_time wait = c->load->connect_retry << (u->connects < 6 ? u->connects : 6);
    u->connects++;
    client_after(u, wait, send);
}

// A real generator connects, and is then told that it may write: servers hear of the connection before the request.
static void send(struct machine *m, struct user *u) {
    struct client *c = u->client;
    bool fresh = !u->conn;
    if (fresh) u->conn = conn_connect(c->net, &ops, u, c->load->keep_alive);
    if (fresh && m->current)
        m->current->debt += c->connect_rest; // not where the kernel tries again by itself
    if (!u->conn) {
        not_connected(u);
        return;
    }
    u->request->user = u;
    u->fresh |= fresh;
    u->connecting = fresh && c->send_cpu > 0;
    if (u->connecting) {
        client_act(u, USER_SEND);
        return;
    }
    conn_send(u->conn, u->request);
}

static void attempt(struct machine *m, struct user *u) {
    struct client *c = u->client;
    u->connects = 0;
    u->expired = u->connecting = u->eof = false;
    u->request = request_new(&c->net->requests, m, u->number, u->born);
    u->request->user = u;
    if (u->attempt == 0) {
        ledger_arrive(c->ledger, m, u->request);
        u->entered = u->request->entered;
    } else {
        request_continue(m, u->request, u->entered, u->blame);
    }
    if (c->load->timeout > 0) timer_set(m->sim, u->deadline, machine_now(m) + c->load->timeout);
    client_act(u, USER_SEND);
}

static void begin(struct machine *m, struct user *u) {
    struct client *c = u->client;
    u->number = c->born++;
    u->born = machine_now(m);
    u->attempt = 0;
    u->fresh = false;
    attempt(m, u);
}

void client_perform(struct machine *m, struct user *u) {
    enum user_action what = u->pending;
    u->pending = USER_NOTHING;
    if (what == USER_RECEIVE) {
        received(m, u);
    } else if (u->expired) {
        if (u->connecting || what == USER_READ) leave(u);
        failed(u, u->request, ledger_timed_out);
    } else if (what == USER_READ) {
        if (u->eof) client_act(u, USER_RECEIVE);
        u->eof = false;
    } else {
        send(m, u);
    }
}

// --- start

static void expect(struct client *c) {
    struct sim *sim = c->machine->sim;
    c->due = arrivals_next(&c->arrivals);
    timer_set(sim, c->arrival, c->due);
    client_thread_expect(c);
}

static void arrive(struct sim *sim, void *owner, uint32_t tag) {
    (void)sim;
    (void)tag;
    struct client *c = owner;
    c->machine->current = NULL;
    c->due = SIM_NEVER;
    if (!all_given_out(c)) begin(c->machine, take_user(c));
    if (!all_given_out(c)) expect(c);
}

static void start_closed(struct sim *sim, void *owner, uint32_t tag) {
    (void)sim;
    (void)tag;
    struct client *c = owner;
    c->machine->current = NULL;
    int n = c->load->client == CLIENT_AB ? 1 : c->load->concurrency;
    for (int i = 0; i < n && !all_given_out(c); i++) {
        struct user *u = take_user(c);
        // Users that pause between requests do not all begin at the same instant.
        if (c->load->has_think)
            client_after(u, machine_span(dist_draw(&c->load->think, &c->machine->stream[STREAM_CLIENT])),
                         begin_later);
        else
            begin(c->machine, u);
    }
}

void client_init(struct client *c, struct machine *m, struct net *n, struct ledger *l) {
    const struct load_spec *load = &m->scenario->load;
    *c = (struct client){.machine = m,
                         .net = n,
                         .load = load,
                         .ledger = l,
                         .network = machine_ns(&m->scenario->costs.network)};
    c->due = SIM_NEVER;
    if (load->place == PLACE_SERVER) client_thread_start(c);
    c->arrival = timer_new(m->sim, closed_loop(c) ? start_closed : arrive, c, 6);
    if (closed_loop(c)) {
        timer_set(m->sim, c->arrival, 0);
        return;
    }
    arrivals_init(&c->arrivals, load, &m->stream[STREAM_ARRIVALS]);
    expect(c);
}

void client_fini(struct client *c) {
    for (struct user_chunk *k = c->chunks, *next; k; k = next) {
        next = k->next;
        free(k);
    }
    c->chunks = NULL;
}

void client_sample(const struct client *c, struct station_seen *seen) {
    if (!c->thread) return;
    seen->busy_s += (double)(thread_spent(c->machine, c->thread, THREAD_RUNNING) - c->spun) * 1e-9;
    seen->servers += 1;
}
