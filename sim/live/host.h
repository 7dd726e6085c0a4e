#pragma once
// Facts about this machine and about running processes, read from /proc and /sys.
#include "base/err.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct host {
    char cpu[128], kernel[128], date[32]; // model name, uname release and machine, UTC date
    int cpus;
    bool virtual_machine;
};
void host_read(struct host *h);

// Scheduler statistics of a process: all its threads, the ended ones included as far as the kernel keeps them.
struct host_usage {
    double cpu_s, runqueue_s;                 // on a core; runnable and waiting (schedstat)
    int64_t slices, voluntary, involuntary;   // times on a core, context switches
    int threads;
};
// False where the process is gone.
bool host_usage_read(pid_t pid, struct host_usage *out);

// Speed index: a sampler of how fast each core executes a fixed integer loop (about 0.1 ms) every 25 ms.
// host_speed_stop returns the median over cores and samples of (reference time / measured time), 1 = the fastest this
// process has seen, and the lowest and highest decile.
struct host_speed;
struct host_speed *host_speed_start(void);
void host_speed_stop(struct host_speed *s, double *median, double *low, double *high);

// Steal time of all CPUs since boot, s.
double host_steal_s(void);

// CPU burned by the calling thread until its CPU clock has advanced by ns; `check` is called about every `every` ns of
// it (an interpreter looking for a drop request); NULL = never. Returns the CPU really used, ns. The spin itself is
// calibrated once per process (host_spin_init) in iterations per ns, then corrected against CLOCK_THREAD_CPUTIME_ID.
void host_spin_init(void);
int64_t host_spin(int64_t ns, int64_t every, void (*check)(void *), void *arg);
