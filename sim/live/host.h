#pragma once
// Facts about this machine and about running processes, read from /proc and /sys; burning CPU; how fast the cores are.
#include "base/err.h"

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

// Speed index: how fast each core passes small messages through the kernel (write and read on a pair of sockets), sampled
// every period (HOST_SPEED_PERIOD beside loads that are judged) by a thread on each core for some 75 us, the better of two pieces. It counts the thread's CPU time, so that waiting for the core
// is not taken for slowness. 1 = 10^6 exchanges a second; only ratios mean anything. System calls are what a small server
// mostly spends: on a host that lends half-cores, throughput of nginx follows this index (correlation 0.94 over 18 runs,
// its spread falls from 11 to 4 % when divided by it), and a chain of arithmetic hardly at all (0.41).
enum { HOST_EXCHANGED = 60 };                       // bytes of such a message
static const int64_t HOST_SPEED_PERIOD = 250000000; // ns; at 100 ms samples were the p99 of 1 ms of work

struct host_speed;

// NULL with *e (ERR_HOST: no thread can be started). `dense`: dense work is sampled, too (0.1 ms each time). `period`: from
// sample to sample, ns; the first is taken after 20 ms, or one period if that is less. Stop it with host_speed_stop.
struct host_speed *host_speed_start(bool dense, int64_t period, struct err *e);

// How fast the cores execute dense work (host_dense.h), sampled with the index: the mean that work would see which is
// spread over the cores and the time so far as all that ran on them. Call it before host_speed_stop; 0 where there is no
// sample yet. Cost: about 0.1 ms.
double host_speed_dense(struct host_speed *s);

// What the samples of a run say, over cores and time.
struct host_speed_seen {
    double middle;    // median of those that are not slow
    double low, high; // lowest and highest decile of all
    double slow_frac; // share of those that are slower than `fast` by HOST_SLOW_FROM
    double slow;      // their harmonic mean; 0 = none
    double spread;    // standard deviation of their logarithm; 0 = fewer than two
    double
        even[2]; // of the first two cores: at which work that is even over the time takes as long; 0 = none
    double
        line_ns; // median of host_line_meet (host_line.h) between the first two cores, every third sample; 0 = none
};
static const double HOST_SLOW_FROM = 1.125;

// Ends the sampling and releases *s. `fast`: the index of a core that nothing slows down, 0 = not known (then none is slow).
// All 0 where there is no sample.
struct host_speed_seen host_speed_stop(struct host_speed *s, double fast);

// One sample of the index on the core the caller is on; 0 where no sockets can be had. Cost: about 0.1 ms.
double host_speed_now(void);

// Steal time of all CPUs since boot, s; 0 where the kernel does not say.
double host_steal_s(void);

// CPU burned by the calling thread until its CPU clock has advanced by ns. `check` (NULL = none) is called about every
// `every` ns of it (an interpreter looking for a drop request); it says whether it did more than look: then what it cost
// does not count. Returns the CPU really used, ns: on average 0.2-0.6 us more than asked (measured for 1 us to 1 ms). The
// pace is measured while spinning, so a core that changes its speed burns the right time too.
int64_t host_spin(int64_t ns, int64_t every, bool (*check)(void *), void *arg);
