#include "calib/attach_stack.h"

#include "base/text.h"
#include "calib/profile.h"

#include <stdio.h>
#include <string.h>

#define COUNTED "counted in the running server, no contention"

static const struct attach_fact uvloop[] = {
    {"lock.condition", 1, FROM_PUBLISHED, "CPython's lock is a mutex and a condition of the C library"},
    {"server.poll.releases", 1, FROM_PUBLISHED, "uvloop: 9.7 lock releases a request, " COUNTED},
    {"server.accept.releases", 3, FROM_PUBLISHED, "uvloop: listen callback, getsockname, getpeername"},
    {"server.read.releases", 2, FROM_PUBLISHED, "uvloop: alloc and read callbacks"},
    {"server.call.releases", 1, FROM_PUBLISHED, "uvloop: idle callback"},
    {"server.write.releases", 0, FROM_PUBLISHED, "uvloop writes holding the lock"},
    {"server.close.releases", 1, FROM_PUBLISHED, "uvloop: close callback"},
    {"server.hand_off.releases", 2, FROM_PUBLISHED, "uvloop: idle and check callbacks of the extra turns"},
    {"server.complete.releases", 2, FROM_PUBLISHED, "uvloop: async and idle callbacks"},
    {"server.pool_work.releases", 0, FROM_PUBLISHED,
     "uvloop: the pool thread wakes the loop holding the lock"},
    {"server.hop_polls", 2, FROM_PUBLISHED, "AnyIO: a checkpoint and the limiter's shielded sleep(0)"},
    {"server.batch_flush", 1, FROM_PUBLISHED, "uvloop buffers writes and flushes them after the ready queue"},
    {"server.close_later", 1, FROM_PUBLISHED, "uvloop closes one turn later"},
    {"server.wake_releases", 0, FROM_PUBLISHED, "uvloop writes its eventfd holding the lock"},
    {"server.block", 40000, FROM_PUBLISHED, "time.sleep(0.01 ms) on a 2-core virtual machine"},
    {NULL, 0, FROM_NONE, NULL}};

static const struct attach_fact asyncio[] = {
    {"lock.condition", 1, FROM_PUBLISHED, "CPython's lock is a mutex and a condition of the C library"},
    {"server.poll.releases", 1, FROM_PUBLISHED, "asyncio: 18 lock releases a request, " COUNTED},
    {"server.accept.releases", 7, FROM_PUBLISHED,
     "asyncio: accept twice, FIONBIO, getsockname twice, getpeername, epoll_ctl"},
    {"server.read.releases", 1, FROM_PUBLISHED, "asyncio: recv"},
    {"server.call.releases", 0, FROM_PUBLISHED, "asyncio: a task's step makes no system call"},
    {"server.write.releases", 2, FROM_PUBLISHED, "asyncio: headers and body are sent apart"},
    {"server.close.releases", 2, FROM_PUBLISHED, "asyncio: epoll_ctl and close"},
    {"server.hand_off.releases", 0, FROM_PUBLISHED, "asyncio: a hand-off makes no system call"},
    {"server.complete.releases", 2, FROM_PUBLISHED, "asyncio: recv of the self-pipe, twice"},
    {"server.pool_work.releases", 0, FROM_PUBLISHED, "asyncio: but for the wake-up of the loop"},
    {"server.hop_polls", 2, FROM_PUBLISHED, "AnyIO: a checkpoint and the limiter's shielded sleep(0)"},
    {"server.batch_flush", 0, FROM_PUBLISHED, "asyncio sends at once"},
    {"server.close_later", 1, FROM_PUBLISHED, "asyncio: connection_lost is called in the next turn"},
    {"server.wake_releases", 1, FROM_PUBLISHED, "asyncio sends to its self-pipe without the lock"},
    {"server.block", 40000, FROM_PUBLISHED, "time.sleep(0.01 ms) on a 2-core virtual machine"},
    {NULL, 0, FROM_NONE, NULL}};

static const struct attach_fact plain[] = {
    {"server.call_at_once", 1, FROM_GUESS, "a request is handled as soon as it is read"},
    {"server.hop_polls", 0, FROM_GUESS, "no hand-off is known to need further turns"},
    {"server.batch_flush", 0, FROM_GUESS, "responses leave at once"},
    {"server.close_later", 0, FROM_GUESS, "connections are closed at once"},
    {"server.close_at_once", 1, FROM_GUESS, "connections are closed at once"},
    {"server.wake_releases", 0, FROM_GUESS, "no lock"},
    {NULL, 0, FROM_NONE, NULL}};

static const struct attach_stack stacks[] = {
    {"uvloop",
     "Python on uvloop, such as Uvicorn with uvloop and httptools",
     {"/uvloop/"},
     "gil: {switch_interval: 5ms}, accept: drain",
     true,
     0.22,
     0.53,
     0.68,
     0.6,
     0.35,
     11,
     11,
     uvloop},
    {"asyncio",
     "Python on asyncio, such as Uvicorn with h11",
     {"/_asyncio.", "/libpython3", "/python3"},
     "gil: {switch_interval: 5ms}, accept: drain",
     true,
     0.3,
     0.45,
     0.68,
     0.6,
     0.35,
     11,
     11,
     asyncio},
    {"node",
     "Node.js",
     {"/node\n", "/nodejs\n"},
     "gil: none, accept: one",
     false,
     0.3,
     0.4,
     0.6,
     0.5,
     0.1,
     1,
     1,
     plain},
    {"other",
     "a server without a global lock",
     {NULL},
     "gil: none, accept: one",
     false,
     0.35,
     0.3,
     0.6,
     0.5,
     0.1,
     1,
     1,
     plain},
};
enum { STACKS = sizeof stacks / sizeof stacks[0] };

const struct attach_stack *attach_stacks(int *count) {
    *count = STACKS;
    return stacks;
}

const struct attach_stack *attach_stack_named(const char *name) {
    for (int i = 0; i < STACKS; i++)
        if (!strcmp(stacks[i].name, name)) return &stacks[i];
    return NULL;
}

const struct attach_stack *attach_stack_in(const char *maps) {
    enum { MARKS = sizeof stacks[0].mark / sizeof stacks[0].mark[0] };
    for (int i = 0; i < STACKS; i++)
        for (int k = 0; k < MARKS && stacks[i].mark[k]; k++)
            if (strstr(maps, stacks[i].mark[k])) return &stacks[i];
    return &stacks[STACKS - 1];
}

const struct attach_stack *attach_stack_of(pid_t pid) {
    char path[64], piece[4096];
    struct text maps = {0};
    snprintf(path, sizeof path, "/proc/%d/maps", (int)pid);
    FILE *f = fopen(path, "r");
    while (f && fgets(piece, sizeof piece, f)) text_add(&maps, piece);
    if (f) fclose(f);
    const struct attach_stack *s = attach_stack_in(text_string(&maps));
    text_fini(&maps);
    return s;
}

void attach_stack_apply(const struct attach_stack *s, struct costs *c) {
    for (const struct attach_fact *f = s->facts; f->key; f++)
        profile_set_exact(c, f->key, f->value, f->from, f->source);
}
