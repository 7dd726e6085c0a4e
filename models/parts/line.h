#pragma once
// Data that was written on another core: its lines of cache have to come over (costs.machine.line). Where client and server
// share a core nothing is to be brought; where their cores are far apart, it is a good part of a small request.
#include "models/parts/thread.h"

// The core on which the step runs that is being executed; NULL: none (hardware, another machine).
static inline const struct cpu *line_here(const struct machine *m) {
    return m->current ? m->current->cpu : NULL;
}

// CPU of bringing that many lines from another core, ns.
static inline sim_time line_cost(const struct machine *m, double lines) {
    return (sim_time)(lines * m->t.line + 0.5);
}

// The thread whose step is being executed takes up what was written on core `from` (NULL: nowhere near) and pays for it with
// its next burst. O(1).
static inline void line_bring(struct machine *m, const struct cpu *from, double lines) {
    if (from && m->current && from != m->current->cpu) m->current->debt += line_cost(m, lines);
}
