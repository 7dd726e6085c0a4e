#include "models/parts/client_thread.h"

#include "models/parts/cpu.h"

// The generator looks for answers while it waits, so whatever comes ends the burst.
static void stop_spinning(struct client *c) {
    c->spinning = false;
    cpu_cut_burst(c->machine, c->thread);
}

void client_act(struct user *u, enum user_action what) {
    struct client *c = u->client;
    struct machine *m = c->machine;
    u->pending = what;
    if (!c->thread) {
        struct thread *server = m->current;
        m->current = NULL; // what happens on the other machine is not at the server's expense
        if (c->network > 0)
            client_after(u, c->network, client_perform);
        else
            client_perform(m, u);
        m->current = server;
        return;
    }
    // A new connection is asked for in the same callback as the answer before it. On a kept one the generator first asks
    // to be told when it may write (wrk), so that all answers of a round are read before the next requests leave.
    bool at_once = what == USER_SEND && u == c->doing && !u->conn;
    u->next = at_once ? c->first : NULL;
    *(at_once || !c->last ? &c->first : &c->last->next) = u;
    if (!u->next) c->last = u;
    if (c->spinning && c->thread != m->current) stop_spinning(c);
    if (!c->sleeping) return;
    c->sleeping = false;
    thread_wake(m, c->thread);
}

static struct act next_action(struct machine *m, struct thread *t);

static struct act done(struct machine *m, struct thread *t) {
    struct client *c = t->self;
    client_perform(m, c->doing);
    c->doing = NULL;
    return thread_run(t, 0, next_action);
}

static struct act rest(struct machine *m, struct thread *t);

static struct act spun(struct machine *m, struct thread *t) {
    struct client *c = t->self;
    c->spun += thread_spent(m, t, THREAD_RUNNING) - c->spin_from;
    c->spinning = false;
    return c->first ? next_action(m, t) : rest(m, t);
}

static struct act rest(struct machine *m, struct thread *t) {
    struct client *c = t->self;
    if (c->first) return thread_run(t, c->poll_cpu, next_action);
    if (c->lead > 0 && c->due - c->lead <= machine_now(m)) {
        c->spinning = true;
        c->spin_from = thread_spent(m, t, THREAD_RUNNING);
        return thread_run(t, 2 * c->lead, spun);
    }
    c->sleeping = true;
    return thread_block(t, rest);
}

// Reading an answer, and closing where it was the connection's last; ab has read it before it hears of the close.
static sim_time cost_of(const struct client *c, const struct user *u) {
    if (u->pending == USER_SEND)
        return u->conn ? c->send_cpu - c->machine->t.send_rest : c->connect_cpu - c->connect_rest;
    if (u->pending == USER_RECEIVE && c->load->client == CLIENT_AB) return c->close_cpu;
    bool last = u->pending == USER_RECEIVE && (!u->conn || u->conn->last);
    return c->request_cpu - c->send_cpu + (last ? c->close_cpu : 0);
}

static struct act next_action(struct machine *m, struct thread *t) {
    struct client *c = t->self;
    struct user *u = c->first;
    if (!u) return rest(m, t);
    c->first = u->next;
    if (!c->first) c->last = NULL;
    u->next = NULL;
    c->doing = u;
    // A closed loop's request begins when its thread gets to it: ab takes the time just before it connects.
    if (u->pending == USER_SEND && u->attempt == 0 && !u->connecting && c->load->client != CLIENT_OPEN) {
        request_restart(m, u->request);
        u->born = u->request->born;
    }
    return thread_run(t, machine_vary(m, cost_of(c, u), 1), done);
}

// An exact generator is awake before its next request is due.
static void alert(struct sim *sim, void *owner, uint32_t tag) {
    (void)sim;
    (void)tag;
    struct client *c = owner;
    c->machine->current = NULL;
    if (!c->sleeping) return;
    c->sleeping = false;
    thread_wake(c->machine, c->thread);
}

void client_thread_expect(struct client *c) {
    if (c->lead == 0) return;
    sim_time now = machine_now(c->machine), at = c->due - c->lead;
    timer_set(c->machine->sim, c->alert, at > now ? at : now);
}

void client_thread_start(struct client *c) {
    const struct client_costs *k = &c->machine->scenario->costs.client;
    c->close_cpu = machine_part(&k->close, &k->connect);
    c->connect_cpu = machine_ns(&k->connect) - c->close_cpu;
    sim_time after = c->machine->t.connect_rest;
    c->connect_rest = after < c->connect_cpu ? after : c->connect_cpu;
    c->request_cpu = machine_ns(&k->request);
    c->poll_cpu = machine_ns(&k->poll);
    c->send_cpu = machine_part(&k->send, &k->request);
    c->thread = thread_create(c->machine, -1, "client", rest, c, NULL, &c->role);
    c->thread->estimate = 1; // it has just measured the cores' speed, or made up its requests
    c->sleeping = true;
    if (c->load->client != CLIENT_OPEN || k->lead.value <= 0) return;
    c->lead = machine_ns(&k->lead);
    c->alert = timer_new(c->machine->sim, alert, c, 9);
}
