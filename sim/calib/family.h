#pragma once
// A process and what it started, found in /proc.
#include "live/host.h"

#include <sys/types.h>

enum { FAMILY_MOST = 4096 };

// Fills out[0..most) with the ids of `root`, of its descendants and, where `session` is true, of all processes of the
// session that `root` leads (which those whose parent has ended still belong to). Returns their number; 0 where `root` is
// gone and nothing of it is left. Cost: about 10 us for each process of the machine.
int family_find(pid_t root, bool session, pid_t *out, int most);

// What each thread has used so far, so that two looks can be compared although threads and processes come and go between.
struct family_look {
    int threads;
    size_t capacity;
    struct family_thread {
        pid_t id;
        double cpu_s; // of the whole process, ended threads included, in its first thread; else 0
        int64_t voluntary, involuntary;
    } * thread;
};

// Looks at the threads of the processes pid[0..count). What was in *l is replaced; zero bytes are an empty look. Cost: 20 us
// a thread.
void family_look(struct family_look *l, const pid_t *pid, int count);
void family_look_fini(struct family_look *l);

// What was used between two looks. What a thread (of CPU: a process) used that ended between them is not known and left out.
struct family_use {
    double cpu_s;
    int64_t voluntary, involuntary; // context switches
};
struct family_use family_use_between(const struct family_look *before, const struct family_look *after);
