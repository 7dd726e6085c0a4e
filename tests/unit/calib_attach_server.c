// Who the server is: its processes, the threads that do its work, the runtime it is built on.
#include "calib/attach_stack.h"
#include "calib/attach_tree.h"
#include "live/host.h"
#include "scenario/schema.h"

#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

// --- processes and threads

static bool holds(const struct attach_tree *t, pid_t pid) {
    for (int i = 0; i < t->processes; i++)
        if (t->process[i] == pid) return true;
    return false;
}

// A child with a child of its own, which both wait to be ended.
static pid_t start_family(pid_t *grandchild) {
    int pipes[2];
    assert_int_equal(pipe(pipes), 0);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        pid_t own = fork();
        if (own > 0 && write(pipes[1], &own, sizeof own) != sizeof own) _exit(1);
        for (;;) pause();
    }
    assert_int_equal(read(pipes[0], grandchild, sizeof *grandchild), sizeof *grandchild);
    close(pipes[0]);
    close(pipes[1]);
    return child;
}

static void test_tree(void **state) {
    (void)state;
    struct attach_tree t;
    struct attach_use use;
    struct err e;
    pid_t grandchild, child = start_family(&grandchild);
    assert_true(attach_tree_find(&t, getpid(), &e));
    assert_int_equal(t.process[0], getpid());
    assert_true(holds(&t, child) && holds(&t, grandchild) && !holds(&t, getppid()));
    assert_true(attach_tree_find(&t, child, &e));
    assert_int_equal(t.processes, 2);
    assert_true(attach_tree_use(&t, &use, &e));
    pid_t nobody = fork();
    if (nobody == 0) _exit(0);
    waitpid(nobody, NULL, 0);
    t.process[1] = nobody; // a helper that has ended ...
    t.used_ns[1] = 5e6;
    assert_true(attach_tree_use(&t, &use, &e));
    assert_true(use.all_ns >= 5e6);
    t.loops = 1;
    t.loop[0] = (struct attach_thread){nobody, nobody}; // ... but a worker may not
    assert_false(attach_tree_use(&t, &use, &e));
    assert_int_equal(e.kind, ERR_HOST);
    t.loops = 0;
    kill(grandchild, SIGKILL);
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
    assert_false(attach_tree_use(&t, &use, &e));
    assert_int_equal(e.kind, ERR_HOST);
    assert_false(attach_tree_find(&t, child, &e));
    assert_int_equal(e.kind, ERR_USAGE);
}

struct burner {
    atomic_int thread, stop;
};

static void *burn(void *arg) {
    struct burner *b = arg;
    host_spin(30000000, 1000000, NULL, NULL);
    atomic_store(&b->thread, (int)syscall(SYS_gettid));
    while (!atomic_load(&b->stop)) usleep(1000);
    return NULL;
}

static void test_elect(void **state) {
    (void)state;
    struct attach_tree t;
    struct attach_snapshot before, after;
    struct attach_use use, later;
    struct burner b = {0};
    struct err e;
    pthread_t thread;
    assert_true(attach_tree_find(&t, getpid(), &e));
    attach_snapshot_take(&before, &t);
    int64_t cpu = attach_tree_cpu(&t);
    assert_int_equal(pthread_create(&thread, NULL, burn, &b), 0);
    while (!atomic_load(&b.thread)) usleep(1000);
    usleep(20000); // what it used is in its statistics once it sleeps
    attach_snapshot_take(&after, &t);
    assert_true(attach_tree_cpu(&t) - cpu >= 30000000);
    assert_int_equal(attach_tree_elect(&t, &before, &after), 1);
    assert_int_equal(t.loop[0].process, getpid());
    assert_int_equal(t.loop[0].thread, atomic_load(&b.thread));
    assert_true(attach_tree_use(&t, &use, &e));
    assert_true(use.loop_ns >= 29e6 && use.loop_ns <= use.all_ns);
    host_spin(10000000, 1000000, NULL, NULL); // in this thread, which is no loop
    assert_true(attach_tree_use(&t, &later, &e));
    assert_true(later.all_ns - use.all_ns >= 9.9e6);
    assert_true(later.loop_ns - use.loop_ns < 5e6);
    assert_int_equal(attach_tree_elect(&t, &after, &after), 0); // nobody did anything
    atomic_store(&b.stop, 1);
    pthread_join(thread, NULL);
    attach_snapshot_fini(&before);
    attach_snapshot_fini(&after);
}

// --- stacks

static const char *found(const char *maps) {
    return attach_stack_in(maps)->name;
}

static void test_detect(void **state) {
    (void)state;
    assert_string_equal(
        found("7f00-7f01 r-xp 0 fe:01 1 /usr/lib/python3.11/lib-dynload/_asyncio.cpython-311-x86_64.so\n"
              "7f02-7f03 r-xp 0 fe:01 2 /usr/lib/python3/dist-packages/uvloop/loop.cpython-311.so\n"),
        "uvloop");
    assert_string_equal(
        found("7f00-7f01 r-xp 0 fe:01 1 /usr/lib/python3.11/lib-dynload/_asyncio.cpython-311-x86_64.so\n"),
        "asyncio");
    assert_string_equal(found("7f00-7f01 r-xp 0 fe:01 1 /usr/lib/libpython3.11.so.1.0\n"), "asyncio");
    assert_string_equal(found("400000-500000 r-xp 0 fe:01 9 /usr/bin/node\n"), "node");
    assert_string_equal(found("400000-500000 r-xp 0 fe:01 9 /usr/bin/nodejs\n"), "node");
    assert_string_equal(found("400000-500000 r-xp 0 fe:01 9 /srv/node_exporter/bin/serve\n"), "other");
    assert_string_equal(found("400000-500000 r-xp 0 fe:01 9 /usr/sbin/nginx\n"), "other");
    assert_string_equal(found(""), "other");
    assert_string_equal(attach_stack_of(getpid())->name, "other");
    assert_null(attach_stack_named("asyncjo"));
}

// Every fact is a key of a profile and within its range; shares are shares.
static void test_stacks(void **state) {
    (void)state;
    int count;
    const struct attach_stack *s = attach_stacks(&count);
    assert_true(count >= 4);
    for (; count-- > 0; s++) {
        struct costs c;
        costs_none(&c);
        assert_ptr_equal(attach_stack_named(s->name), s);
        assert_true(s->read > 0 && s->call > 0 && s->read + s->call < 1);
        assert_true(s->accept > 0 && s->accept < 1 && s->hand_off > 0 && s->hand_off < 1);
        assert_true(s->middle_every >= 1 && s->full_every >= 1);
        assert_int_equal(s->lock, strstr(s->server, "gil: none") == NULL);
        for (const struct attach_fact *f = s->facts; f->key; f++) {
            const struct schema_row *row = schema_row(schema_costs(), f->key);
            if (!row) fail_msg("%s: %s", s->name, f->key);
            assert_true(f->value >= row->min && f->value <= row->max);
            assert_true(f->from == FROM_PUBLISHED || f->from == FROM_GUESS);
            assert_true(strlen(f->source) > 5 && strlen(f->source) < sizeof c.speed.source);
        }
        attach_stack_apply(s, &c);
        assert_true(c.server.hop_polls.from != FROM_NONE);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_tree), cmocka_unit_test(test_elect),
                                       cmocka_unit_test(test_detect), cmocka_unit_test(test_stacks)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
