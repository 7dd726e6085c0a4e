#pragma once
// What a simulated run tells an onlooker. The engine and the machine emit records; a sink above (a Chrome-trace writer,
// a test) takes them. Costs one test of a pointer where no sink is set.
#include "engine/clock.h"

#include <stdint.h>

enum trace_kind {
    TRACE_THREAD_NAME,   // entity = thread, text = its name, a = process number
    TRACE_CORE_RUN,      // entity = core, a = thread that runs from now on, -1 = idle
    TRACE_THREAD_STATE,  // entity = thread, a = enum trace_state from now on, b = request it serves or -1
    TRACE_REQUEST_BEGIN, // entity = request, a = endpoint
    TRACE_REQUEST_PHASE, // entity = request, a = enum blame that begins now
    TRACE_REQUEST_END,   // entity = request, a = 0 done, 1 timed out, 2 refused
    TRACE_INSTANT,       // entity = thread, text = what happened ("lock hand-over", "collect full")
};

enum trace_state { TRACE_BLOCKED, TRACE_RUNNABLE, TRACE_RUNNING, TRACE_LOCK_WAIT, TRACE_SLEEPING };

struct trace_record {
    sim_time at;
    enum trace_kind kind;
    int64_t entity, a, b;
    const char *text; // valid during the call only
};

struct trace {
    void (*emit)(struct trace *t, const struct trace_record *r);
};
