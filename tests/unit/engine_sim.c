#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

// The engine's own source, with its calls to the allocator counted: every test here runs this copy.
static size_t allocations;

static void *counted_calloc(size_t n, size_t bytes) {
    allocations++;
    return calloc(n, bytes);
}

static void *counted_realloc(void *p, size_t bytes) {
    allocations++;
    return realloc(p, bytes);
}

#define malloc        not_counted
#define aligned_alloc not_counted
#define calloc        counted_calloc
#define realloc       counted_realloc
#include "engine/sim.c"
#undef malloc
#undef calloc
#undef realloc
#undef aligned_alloc

// --- order

struct log {
    timer_id id[64];
    uint32_t fired[64];
    sim_time at[64];
    int n;
};

static void note(struct sim *sim, void *owner, uint32_t tag) {
    struct log *l = owner;
    l->fired[l->n] = tag;
    l->at[l->n++] = sim_now(sim);
}

// `n` timers with tags 0..n-1 that write to the log.
static struct sim *with_timers(struct log *l, int n) {
    struct sim *sim = sim_create(4);
    memset(l, 0, sizeof *l);
    for (int i = 0; i < n; i++) l->id[i] = timer_new(sim, note, l, (uint32_t)i);
    return sim;
}

static void expect(const struct log *l, int n, const uint32_t *fired) {
    assert_int_equal(l->n, n);
    for (int i = 0; i < n; i++) assert_int_equal(l->fired[i], fired[i]);
}

static void ties_first_in_first_out(void **state) {
    (void)state;
    struct log l;
    struct sim *sim = with_timers(&l, 6);
    static const int order[] = {3, 0, 5, 1, 4, 2};
    for (int i = 0; i < 6; i++) timer_set(sim, l.id[order[i]], 100);
    timer_set(sim, l.id[5], 100); // set again: last now
    timer_set(sim, l.id[4], 99);
    assert_false(sim_run(sim, SIM_NEVER));
    expect(&l, 6, (uint32_t[]){4, 3, 0, 1, 2, 5});
    assert_int_equal(sim_now(sim), 100);
    assert_int_equal(sim_events(sim), 6);
    sim_destroy(sim);
}

static void move_and_cancel(void **state) {
    (void)state;
    struct log l;
    struct sim *sim = with_timers(&l, 5);
    for (int i = 0; i < 5; i++) timer_set(sim, l.id[i], 10 * (i + 1));
    timer_set(sim, l.id[0], 45); // later
    timer_set(sim, l.id[4], 5);  // earlier
    timer_cancel(sim, l.id[1]);
    timer_set(sim, l.id[2], SIM_NEVER); // cancels, too
    timer_cancel(sim, l.id[2]);         // twice is once
    assert_true(timer_at(sim, l.id[0]) == 45 && timer_at(sim, l.id[1]) == SIM_NEVER &&
                timer_at(sim, l.id[2]) == SIM_NEVER);
    assert_false(sim_run(sim, SIM_NEVER));
    expect(&l, 3, (uint32_t[]){4, 3, 0});
    assert_true(timer_at(sim, l.id[0]) == SIM_NEVER);
    sim_destroy(sim);
}

static void until(void **state) {
    (void)state;
    struct log l;
    struct sim *sim = with_timers(&l, 3);
    timer_set(sim, l.id[0], 10);
    timer_set(sim, l.id[1], 20);
    timer_set(sim, l.id[2], 30);
    assert_true(sim_run(sim, 5));
    assert_true(l.n == 0 && sim_now(sim) == 5);
    assert_true(sim_run(sim, 20)); // an event at `until` itself still happens
    assert_true(l.n == 2 && sim_now(sim) == 20);
    assert_true(sim_run(sim, 29));
    assert_int_equal(sim_now(sim), 29);
    assert_false(sim_run(sim, 100)); // none left: the clock stands at the last event
    assert_int_equal(sim_now(sim), 30);
    assert_false(sim_run(sim, 200));
    assert_int_equal(sim_now(sim), 30);
    sim_destroy(sim);
}

static void stop_here(struct sim *sim, void *owner, uint32_t tag) {
    note(sim, owner, tag);
    sim_halt(sim);
}

static void halt(void **state) {
    (void)state;
    struct log l;
    struct sim *sim = with_timers(&l, 2);
    timer_set(sim, timer_new(sim, stop_here, &l, 9), 10);
    timer_set(sim, l.id[0], 10);
    assert_true(sim_run(sim, SIM_NEVER));
    expect(&l, 1, (uint32_t[]){9});
    assert_false(sim_run(sim, SIM_NEVER));
    expect(&l, 2, (uint32_t[]){9, 0});
    sim_destroy(sim);
}

// --- handlers that change the list

struct actor {
    struct log log;
    timer_id self, other;
    int times;
};

static void again(struct sim *sim, void *owner, uint32_t tag) {
    struct actor *a = owner;
    note(sim, &a->log, tag);
    if (--a->times > 0) timer_set(sim, a->self, sim_now(sim) + 7);
}

static void other(struct sim *sim, void *owner, uint32_t tag) {
    note(sim, &((struct actor *)owner)->log, tag);
}

static void sets_itself(void **state) {
    (void)state;
    struct actor a = {.times = 4};
    struct sim *sim = sim_create(1);
    a.self = timer_new(sim, again, &a, 1);
    timer_set(sim, a.self, 0);
    assert_false(sim_run(sim, SIM_NEVER));
    assert_int_equal(a.log.n, 4);
    for (int i = 0; i < 4; i++) assert_int_equal(a.log.at[i], 7 * i);
    sim_destroy(sim);
}

static void cancels_both(struct sim *sim, void *owner, uint32_t tag) {
    struct actor *a = owner;
    note(sim, &a->log, tag);
    assert_true(timer_at(sim, a->self) == SIM_NEVER); // it has fired
    timer_set(sim, a->self, sim_now(sim) + 5);
    assert_true(timer_at(sim, a->self) == sim_now(sim) + 5);
    timer_cancel(sim, a->self);
    timer_cancel(sim, a->other);
}

static void cancels_itself_and_other(void **state) {
    (void)state;
    struct actor a = {0};
    struct sim *sim = sim_create(4);
    a.self = timer_new(sim, cancels_both, &a, 1);
    a.other = timer_new(sim, other, &a, 2);
    timer_set(sim, a.self, 3);
    timer_set(sim, a.other, 3);
    assert_false(sim_run(sim, SIM_NEVER));
    expect(&a.log, 1, (uint32_t[]){1});
    sim_destroy(sim);
}

static void frees_both(struct sim *sim, void *owner, uint32_t tag) {
    struct actor *a = owner;
    note(sim, &a->log, tag);
    timer_free(sim, a->self);
    timer_free(sim, a->other);
    // The slots are used again at once: neither the old events nor the present one may reach the new owners.
    a->self = timer_new(sim, other, a, 11);
    a->other = timer_new(sim, other, a, 12);
    timer_set(sim, a->other, sim_now(sim) + 1);
}

static void frees_itself_and_other(void **state) {
    (void)state;
    struct actor a = {0};
    struct sim *sim = sim_create(4);
    a.self = timer_new(sim, frees_both, &a, 1);
    a.other = timer_new(sim, other, &a, 2);
    timer_set(sim, a.self, 3);
    timer_set(sim, a.other, 4);
    assert_false(sim_run(sim, SIM_NEVER));
    expect(&a.log, 2, (uint32_t[]){1, 12});
    sim_destroy(sim);
}

static void grows_now(struct sim *sim, void *owner, uint32_t tag) {
    struct actor *a = owner;
    note(sim, &a->log, tag);
    for (uint32_t i = 0; i < 40; i++)
        timer_set(sim, timer_new(sim, other, a, 100 + i), sim_now(sim) + 40 - i);
    timer_set(sim, a->self, sim_now(sim) + 1000); // its own, after the tree was replaced
}

static void grows_while_set(void **state) {
    (void)state;
    struct actor a = {0};
    struct sim *sim = sim_create(2);
    a.self = timer_new(sim, grows_now, &a, 1);
    a.other = timer_new(sim, other, &a, 2);
    timer_set(sim, a.other, 20);
    timer_set(sim, a.self, 10);
    assert_true(sim_run(sim, 500));
    assert_int_equal(a.log.n, 42);
    assert_int_equal(a.log.fired[1], 139);
    for (int i = 2; i < 42; i++) assert_true(a.log.at[i] >= a.log.at[i - 1]);
    assert_int_equal(timer_at(sim, a.self), 1010);
    sim_destroy(sim);
}

// --- the hash

static uint64_t hash_of(sim_time first, sim_time second, bool swapped) {
    struct log l;
    struct sim *sim = with_timers(&l, 2);
    timer_set(sim, l.id[swapped], first);
    timer_set(sim, l.id[!swapped], second);
    sim_run(sim, SIM_NEVER);
    uint64_t h = sim_hash(sim);
    sim_destroy(sim);
    return h;
}

static void hash(void **state) {
    (void)state;
    uint64_t h = hash_of(10, 20, false);
    assert_true(h == hash_of(10, 20, false));
    assert_true(h != hash_of(10, 20, true));  // another order
    assert_true(h != hash_of(10, 21, false)); // another time
    assert_true(hash_of(10, 10, false) != hash_of(10, 10, true));
}

// --- against a sorted list

enum { TIMERS = 300, OPERATIONS = 100000 };

struct naive {
    sim_time at[TIMERS];
    uint64_t order[TIMERS];
    bool live[TIMERS];
    timer_id id[TIMERS];
    uint64_t next;
    int fired; // the timer the engine fired last
    bool busy; // handlers, too, set, cancel and free
    uint64_t x;
};

static uint32_t random_bits(uint64_t *x) {
    *x = *x * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(*x >> 33);
}

static void operate(struct sim *sim, struct naive *n, uint64_t *x);

static void fired(struct sim *sim, void *owner, uint32_t tag) {
    struct naive *n = owner;
    n->fired = (int)tag;
    n->at[tag] = SIM_NEVER;
    for (int i = 0; n->busy && i < 3; i++) operate(sim, n, &n->x);
    sim_halt(sim);
}

static int naive_first(const struct naive *n) {
    int best = -1;
    for (int i = 0; i < TIMERS; i++) {
        if (!n->live[i] || n->at[i] == SIM_NEVER) continue;
        if (best < 0 || n->at[i] < n->at[best] || (n->at[i] == n->at[best] && n->order[i] < n->order[best]))
            best = i;
    }
    return best;
}

static void operate(struct sim *sim, struct naive *n, uint64_t *x) {
    uint32_t what = random_bits(x) % 100;
    int i = (int)(random_bits(x) % TIMERS);
    if (n->fired >= 0 && random_bits(x) % 4 == 0) i = n->fired; // inside a handler: its own timer
    if (!n->live[i]) {
        n->id[i] = timer_new(sim, fired, n, (uint32_t)i);
        n->live[i] = true;
        n->at[i] = SIM_NEVER;
    }
    if (what < 70) {
        n->at[i] = sim_now(sim) + random_bits(x) % 20; // many ties
        n->order[i] = n->next++;
        timer_set(sim, n->id[i], n->at[i]);
    } else if (what < 90) {
        n->at[i] = SIM_NEVER;
        timer_cancel(sim, n->id[i]);
    } else {
        timer_free(sim, n->id[i]);
        n->live[i] = false;
    }
}

static void step(struct sim *sim, struct naive *n) {
    int wanted = naive_first(n);
    sim_time at = wanted < 0 ? sim_now(sim) : n->at[wanted];
    n->fired = -1;
    sim_run(sim, SIM_NEVER);
    assert_int_equal(n->fired, wanted);
    assert_int_equal(sim_now(sim), at);
}

static void against(bool busy) {
    struct naive *n = calloc(1, sizeof *n);
    n->busy = busy;
    n->x = 7;
    n->fired = -1;
    struct sim *sim = sim_create(1);
    uint64_t x = 1;
    for (int i = 0; i < OPERATIONS; i++) {
        operate(sim, n, &x);
        if (random_bits(&x) % 3 == 0) step(sim, n);
    }
    for (int i = 0; i < TIMERS; i++)
        assert_int_equal(n->live[i] ? timer_at(sim, n->id[i]) : SIM_NEVER, n->live[i] ? n->at[i] : SIM_NEVER);
    n->busy = false;
    while (naive_first(n) >= 0) step(sim, n);
    assert_false(sim_run(sim, SIM_NEVER));
    sim_destroy(sim);
    free(n);
}

static void against_sorted_list(void **state) {
    (void)state;
    against(false);
}

static void against_sorted_list_in_handlers(void **state) {
    (void)state;
    against(true);
}

// --- memory

static void tick(struct sim *sim, void *owner, uint32_t tag) {
    timer_id *id = owner;
    timer_set(sim, id[tag], sim_now(sim) + 1 + (sim_time)(tag % 13));
    timer_set(sim, id[(tag + 1) % 100], sim_now(sim) + 3);
    timer_free(sim, id[100]);
    id[100] = timer_new(sim, tick, owner, 5);
}

static void no_allocation(void **state) {
    (void)state;
    timer_id id[101];
    struct sim *sim = sim_create(101);
    for (uint32_t i = 0; i < 101; i++) id[i] = timer_new(sim, tick, id, i);
    for (uint32_t i = 0; i < 100; i++) timer_set(sim, id[i], i);
    size_t before = allocations;
    assert_true(before > 0); // the counter works: sim_create was counted
    sim_run(sim, 10000);
    assert_int_equal(allocations, before);
    assert_true(sim_events(sim) > 100000);
    sim_destroy(sim);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ties_first_in_first_out),
        cmocka_unit_test(move_and_cancel),
        cmocka_unit_test(until),
        cmocka_unit_test(halt),
        cmocka_unit_test(sets_itself),
        cmocka_unit_test(cancels_itself_and_other),
        cmocka_unit_test(frees_itself_and_other),
        cmocka_unit_test(grows_while_set),
        cmocka_unit_test(hash),
        cmocka_unit_test(against_sorted_list),
        cmocka_unit_test(against_sorted_list_in_handlers),
        cmocka_unit_test(no_allocation),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
