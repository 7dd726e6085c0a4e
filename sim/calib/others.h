#pragma once
// How much of the machine went to programs that have no part in a measurement.

struct others {
    double busy_s, own_s, at_s;
};

// Begins: what the machine has computed so far, and this process.
void others_begin(struct others *o);

// Share of the machine's CPU time since others_begin that went to neither this process nor the server, which used
// server_cpu_s: 0 to 1. NAN where that is NAN or the kernel does not say. The kernel counts in ticks (10 ms), so spans
// below a second are rough; interrupts are nobody's.
double others_end(const struct others *o, double server_cpu_s);
