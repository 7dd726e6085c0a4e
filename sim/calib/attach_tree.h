#pragma once
// A server seen from outside: the process that was named, its descendants, their threads and what these have used, as
// /proc tells whoever may look.
#include "base/err.h"

#include <stdint.h>
#include <sys/types.h>

enum { ATTACH_PROCESSES = 256, ATTACH_LOOPS = 64 };

struct attach_thread {
    pid_t process, thread;
};

struct attach_tree {
    int processes;
    pid_t process[ATTACH_PROCESSES];  // the one named first
    double used_ns[ATTACH_PROCESSES]; // CPU of each when attach_tree_use last saw it
    int loops; // threads that run event loops, one a process; 0 before attach_tree_elect
    struct attach_thread loop[ATTACH_LOOPS];
};

// What they have used since they began.
struct attach_use {
    double all_ns, loop_ns; // CPU of every thread, ended ones included; of the loops' threads
    double loop_sleeps;     // voluntary context switches of the loops' threads
};

// The process and its descendants; at most ATTACH_PROCESSES of them. False with *e (ERR_USAGE) where there is no such
// process, or none whose CPU clock may be read. Cost: one look at every process of the machine, some ms.
bool attach_tree_find(struct attach_tree *t, pid_t root, struct err *e);

// Reads what they have used; of a helper that has ended, what it had used when it was last seen. False with *e (ERR_HOST)
// where the first process or a loop has ended. Cost: about 20 us a thread.
bool attach_tree_use(struct attach_tree *t, struct attach_use *out, struct err *e);

// CPU of all of them, ns; exact also for threads on a core now. Cost: about 1 us a process.
int64_t attach_tree_cpu(const struct attach_tree *t);

// What each of their threads has used, to tell which of them do the work: a snapshot to compare with.
struct attach_snapshot {
    int threads;
    size_t room;
    struct attach_snapshot_row {
        struct attach_thread who;
        double cpu_ns;
    } * row;
};

void attach_snapshot_take(struct attach_snapshot *s, const struct attach_tree *t);
void attach_snapshot_fini(struct attach_snapshot *s);

// Chooses the loops: in each process that did at least a twentieth of all work between the two snapshots, the thread that
// did most. Returns their number; 0 where nobody did anything.
int attach_tree_elect(struct attach_tree *t, const struct attach_snapshot *before,
                      const struct attach_snapshot *after);
