#pragma once
// What a core that has nothing to run takes from others: at the moment it becomes idle, at the ticks of a core on which
// threads wait, and where all that failed after a while (Linux: sched_balance_newidle, nohz_balancer_kick,
// nr_balance_failed in kernel/sched/fair.c). One that ran a moment ago (machine.pull_hot) is left where its caches are.
#include "models/parts/cpu.h"

// A new core. It is taken to have found a thread in a share machine.pull_first of its looks so far.
void pull_begin(struct cpu *c);

// A waiting thread for core c, which has just become idle; NULL = none. With machine.pull_by_success it looks only in
// proportion to how often of late it found one (Linux 6.18.5 and later: NI_RANDOM, Peter Zijlstra, 2025). O(cores), and
// O(threads) where some of a queue sleep in it.
struct thread *pull_newly_idle(struct cpu *c);

// The clock of c ticks: where threads wait there, an idle core takes half of them over (machine.balance_tick). O(threads²).
void pull_at_tick(struct cpu *c);

// The clock of busy core c ticks: it takes over threads of a core that has had more to do of late, at most every
// 16 ms x cores, so that both have as much (machine.balance_tick). Whether one of them shall have the core at once. O(threads²).
bool pull_while_busy(struct cpu *c);

// Once for a machine, before the rest.
void pull_init(struct machine *m);

// A core went idle or a thread began to wait: while there are both, idle cores look again at every period (machine.balance)
// and take any that waits, whether it ran a moment ago or not. Not with machine.balance_tick, where some ticks in vain do it.
void pull_watch(struct machine *m);
