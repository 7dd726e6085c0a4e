#pragma once
// Facts about this machine and about running processes, read from /proc and /sys; burning CPU.
#include "base/err.h"

#include <sched.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct host {
    char cpu[128], kernel[128], date[32]; // model name, uname release and machine, UTC date
    int cpus;                             // that this process may run on
    bool virtual_machine;
};

// What cannot be read stays "unknown". Cost: well under a millisecond.
void host_read(struct host *h);

// The cores this process may run on, and how many; one where they cannot be learnt.
int host_cpus(cpu_set_t *set);

// Ties the calling thread to a core.
void host_pin(int cpu);

// Scheduler statistics of a process. CPU counts all its threads, ended ones included (the process's CPU clock); the
// rest is of the threads that live, because the kernel keeps it no longer.
struct host_usage {
    double cpu_s, runqueue_s;               // on a core; runnable and waiting (schedstat)
    int64_t slices, voluntary, involuntary; // times on a core, context switches
    int threads;
};

// False where the process is gone. Cost: about 20 us a thread.
bool host_usage_read(pid_t pid, struct host_usage *out);

// The same for one thread of a process (cpu_s from schedstat).
bool host_usage_thread(pid_t pid, pid_t thread, struct host_usage *out);

// Steal time of all CPUs since boot, s; 0 where the kernel does not say.
double host_steal_s(void);

// CPU burned by the calling thread until its CPU clock has advanced by ns. `check` (NULL = none) is called about every
// `every` ns of it (an interpreter looking for a drop request); it says whether it did more than look: then what it cost
// does not count. Returns the CPU really used, ns: on average 0.2-0.6 us more than asked (measured for 1 us to 1 ms). The
// pace is measured while spinning, so a core that changes its speed burns the right time too.
int64_t host_spin(int64_t ns, int64_t every, bool (*check)(void *), void *arg);
