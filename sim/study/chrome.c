#include "study/chrome.h"

#include "base/memory.h"
#include "base/require.h"
#include "scenario/result.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// Process numbers of the trace. The simulator counts worker processes from 0; the client is its process -1.
enum { PID_REQUESTS = 0, PID_CORES = 1, PID_CLIENT = 2, PID_WORKER = 3 };

enum { NAME = 64, IDLE = -1 };

struct core {
    int64_t thread; // that runs, or IDLE
    sim_time since;
};

struct thread {
    char name[NAME]; // as it stands between the quotes of JSON
    int64_t pid;
    bool named;
    enum trace_state state;
    int64_t request;
    sim_time since;
};

// An open request and the phase it is in.
struct request {
    int64_t id;
    int phase; // enum blame, or -1 before the first
    sim_time since;
};

struct chrome {
    struct trace sink; // first, so that the sink's address is the writer's
    FILE *out;
    char *path;
    bool first; // nothing is written yet, so that no comma is due
    sim_time now;
    int64_t workers; // processes named so far
    bool client;     // likewise
    struct core *core;
    size_t cores, core_capacity;
    struct thread *thread;
    size_t threads, thread_capacity;
    struct request *open; // hash table with linear probing, id < 0 = free
    size_t slots, used;
};

// Text as it may stand between the quotes of a JSON string. Control characters are left out.
static void escape(char out[NAME], const char *s) {
    size_t n = 0;
    for (; s && *s && n + 2 < NAME; s++) {
        if (*s == '"' || *s == '\\') out[n++] = '\\';
        if ((unsigned char)*s >= 0x20) out[n++] = *s;
    }
    out[n] = '\0';
}

// Begins an event: `ph` is its type in the format, the rest of the object is the caller's.
static void begin(struct chrome *c, char ph, int64_t pid, int64_t tid) {
    fprintf(c->out, "%s{\"ph\":\"%c\",\"pid\":%" PRId64 ",\"tid\":%" PRId64, c->first ? "" : ",\n", ph, pid,
            tid);
    c->first = false;
}

static void put_time(struct chrome *c, const char *key, sim_time t) {
    fprintf(c->out, ",\"%s\":%" PRId64 ".%03d", key, t / 1000, (int)(t % 1000));
}

static void name_process(struct chrome *c, int64_t pid, const char *name) {
    begin(c, 'M', pid, 0);
    fprintf(c->out, ",\"name\":\"process_name\",\"args\":{\"name\":\"%s\"}}", name);
    begin(c, 'M', pid, 0);
    // Perfetto shows cores first, requests next, then the processes.
    int64_t order = pid == PID_CORES ? 0 : pid == PID_REQUESTS ? 1 : pid;
    fprintf(c->out, ",\"name\":\"process_sort_index\",\"args\":{\"sort_index\":%" PRId64 "}}", order);
}

static void name_track(struct chrome *c, int64_t pid, int64_t tid, const char *name) {
    begin(c, 'M', pid, tid);
    fprintf(c->out, ",\"name\":\"thread_name\",\"args\":{\"name\":\"%s\"}}", name);
}

static void slice(struct chrome *c, int64_t pid, int64_t tid, const char *name, sim_time from,
                  int64_t request) {
    if (c->now <= from) return;
    begin(c, 'X', pid, tid);
    put_time(c, "ts", from);
    put_time(c, "dur", c->now - from);
    fprintf(c->out, ",\"name\":\"%s\"", name);
    if (request >= 0) fprintf(c->out, ",\"args\":{\"request\":%" PRId64 "}", request);
    fputc('}', c->out);
}

static void asynchronous(struct chrome *c, char ph, int64_t request, const char *name, sim_time at) {
    begin(c, ph, PID_REQUESTS, 0);
    put_time(c, "ts", at);
    fprintf(c->out, ",\"cat\":\"request\",\"id\":\"%" PRId64 "\",\"name\":\"%s\"", request, name);
}

static struct thread *thread_of(struct chrome *c, int64_t id) {
    REQUIRE(id >= 0);
    size_t i = (size_t)id;
    c->thread = memory_grow(c->thread, &c->thread_capacity, i + 1, sizeof *c->thread);
    for (; c->threads <= i; c->threads++)
        c->thread[c->threads] = (struct thread){.pid = PID_WORKER, .request = -1};
    return &c->thread[i];
}

static struct core *core_of(struct chrome *c, int64_t id) {
    REQUIRE(id >= 0);
    size_t i = (size_t)id;
    c->core = memory_grow(c->core, &c->core_capacity, i + 1, sizeof *c->core);
    for (; c->cores <= i; c->cores++) {
        char name[NAME];
        snprintf(name, sizeof name, "core %zu", c->cores);
        name_track(c, PID_CORES, (int64_t)c->cores, name);
        c->core[c->cores] = (struct core){.thread = IDLE};
    }
    return &c->core[i];
}

static int64_t process_of(struct chrome *c, int64_t process) {
    char name[NAME];
    if (process < 0 && !c->client) name_process(c, PID_CLIENT, "client");
    c->client |= process < 0;
    for (; c->workers <= process; c->workers++) {
        snprintf(name, sizeof name, "worker %" PRId64, c->workers);
        name_process(c, PID_WORKER + c->workers, name);
    }
    return process < 0 ? PID_CLIENT : PID_WORKER + process;
}

static void on_thread_name(struct chrome *c, const struct trace_record *r) {
    int64_t pid = process_of(c, r->a);
    struct thread *t = thread_of(c, r->entity);
    escape(t->name, r->text);
    t->pid = pid;
    t->named = true;
    name_track(c, pid, r->entity, t->name);
}

static void end_core(struct chrome *c, int64_t id) {
    struct core *core = core_of(c, id);
    if (core->thread == IDLE) return;
    struct thread *t = thread_of(c, core->thread);
    slice(c, PID_CORES, id, t->named ? t->name : "thread", core->since, -1);
}

static void on_core_run(struct chrome *c, const struct trace_record *r) {
    end_core(c, r->entity);
    *core_of(c, r->entity) = (struct core){.thread = r->a, .since = r->at};
}

static void end_state(struct chrome *c, int64_t id) {
    static const char *const name[] = {[TRACE_RUNNABLE] = "runnable",
                                       [TRACE_RUNNING] = "running",
                                       [TRACE_LOCK_WAIT] = "lock wait",
                                       [TRACE_SLEEPING] = "sleeping"};
    const struct thread *t = thread_of(c, id);
    // A blocked thread has nothing to do: an empty track says so best.
    if (t->state != TRACE_BLOCKED) slice(c, t->pid, id, name[t->state], t->since, t->request);
}

static void on_thread_state(struct chrome *c, const struct trace_record *r) {
    end_state(c, r->entity);
    struct thread *t = thread_of(c, r->entity);
    t->state = (enum trace_state)r->a;
    t->request = r->b;
    t->since = r->at;
}

static void on_instant(struct chrome *c, const struct trace_record *r) {
    char name[NAME];
    escape(name, r->text);
    begin(c, 'i', thread_of(c, r->entity)->pid, r->entity);
    put_time(c, "ts", r->at);
    fprintf(c->out, ",\"s\":\"t\",\"name\":\"%s\"}", name);
}

// The slot of an open request, or the free one where it would stand (Knuth 1998, vol. 3, 6.4, algorithm L).
static struct request *find_open(const struct chrome *c, int64_t id) {
    size_t i = ((uint64_t)id * UINT64_C(0x9e3779b97f4a7c15)) >> 32 & (c->slots - 1);
    while (c->open[i].id >= 0 && c->open[i].id != id) i = (i + 1) & (c->slots - 1);
    return &c->open[i];
}

static void resize_open(struct chrome *c, size_t slots) {
    struct request *old = c->open;
    size_t n = c->slots;
    c->open = memory_new(slots, sizeof *c->open);
    c->slots = slots;
    for (size_t i = 0; i < slots; i++) c->open[i].id = -1;
    for (size_t i = 0; i < n; i++)
        if (old[i].id >= 0) *find_open(c, old[i].id) = old[i];
    free(old);
}

// Frees a slot and moves up what probing would no longer find behind the gap (Knuth, algorithm R).
static void remove_open(struct chrome *c, struct request *q) {
    size_t i = (size_t)(q - c->open);
    c->open[i].id = -1;
    c->used--;
    for (size_t j = (i + 1) & (c->slots - 1); c->open[j].id >= 0; j = (j + 1) & (c->slots - 1)) {
        struct request moved = c->open[j];
        c->open[j].id = -1;
        *find_open(c, moved.id) = moved;
    }
}

static void end_phase(struct chrome *c, const struct request *q) {
    if (q->phase < 0 || c->now <= q->since) return;
    asynchronous(c, 'b', q->id, blame_name((enum blame)q->phase), q->since);
    fputc('}', c->out);
    asynchronous(c, 'e', q->id, blame_name((enum blame)q->phase), c->now);
    fputc('}', c->out);
}

static void end_request(struct chrome *c, const struct request *q, const char *outcome) {
    end_phase(c, q);
    asynchronous(c, 'e', q->id, "request", c->now);
    fprintf(c->out, ",\"args\":{\"outcome\":\"%s\"}}", outcome);
}

static void on_request_begin(struct chrome *c, const struct trace_record *r) {
    if (2 * (c->used + 1) > c->slots) resize_open(c, 2 * c->slots);
    *find_open(c, r->entity) = (struct request){.id = r->entity, .phase = -1, .since = r->at};
    c->used++;
    asynchronous(c, 'b', r->entity, "request", r->at);
    fprintf(c->out, ",\"args\":{\"endpoint\":%" PRId64 "}}", r->a);
}

// Records of a request that is not open (it was given up, its work goes on) have no place on its track.
static void on_request_phase(struct chrome *c, const struct trace_record *r) {
    struct request *q = find_open(c, r->entity);
    if (q->id < 0 || q->phase == r->a) return;
    end_phase(c, q);
    q->phase = (int)r->a;
    q->since = r->at;
}

static void on_request_end(struct chrome *c, const struct trace_record *r) {
    static const char *const outcome[] = {"done", "timed out", "refused"};
    struct request *q = find_open(c, r->entity);
    if (q->id < 0) return;
    end_request(c, q, outcome[r->a]);
    remove_open(c, q);
}

static void emit(struct trace *sink, const struct trace_record *r) {
    struct chrome *c = (struct chrome *)sink;
    REQUIRE(r->at >= c->now);
    c->now = r->at;
    switch (r->kind) {
    case TRACE_THREAD_NAME: on_thread_name(c, r); return;
    case TRACE_CORE_RUN: on_core_run(c, r); return;
    case TRACE_THREAD_STATE: on_thread_state(c, r); return;
    case TRACE_REQUEST_BEGIN: on_request_begin(c, r); return;
    case TRACE_REQUEST_PHASE: on_request_phase(c, r); return;
    case TRACE_REQUEST_END: on_request_end(c, r); return;
    case TRACE_INSTANT: on_instant(c, r); return;
    }
}

struct chrome *chrome_create(const char *path, struct err *e) {
    FILE *out = fopen(path, "w");
    if (!out) {
        err_set(e, ERR_HOST, "cannot write the trace %s: %s", path, strerror(errno));
        return NULL;
    }
    struct chrome *c = memory_new(1, sizeof *c);
    *c = (struct chrome){.sink = {emit}, .out = out, .path = strdup(path), .first = true};
    REQUIRE(c->path);
    resize_open(c, 64);
    fputs("[\n", out);
    name_process(c, PID_CORES, "cores");
    name_process(c, PID_REQUESTS, "requests");
    return c;
}

struct trace *chrome_sink(struct chrome *c) {
    return &c->sink;
}

static bool close_file(struct chrome *c, struct err *e) {
    bool failed = ferror(c->out) != 0;
    errno = 0;
    failed |= fclose(c->out) != 0;
    if (!failed) return true;
    return err_set(e, ERR_HOST, "cannot write the trace %s: %s", c->path, strerror(errno ? errno : EIO));
}

bool chrome_destroy(struct chrome *c, struct err *e) {
    for (size_t i = 0; i < c->cores; i++) end_core(c, (int64_t)i);
    for (size_t i = 0; i < c->threads; i++) end_state(c, (int64_t)i);
    for (size_t i = 0; i < c->slots; i++)
        if (c->open[i].id >= 0) end_request(c, &c->open[i], "open");
    fputs("\n]\n", c->out);
    bool ok = close_file(c, e);
    free(c->core);
    free(c->thread);
    free(c->open);
    free(c->path);
    free(c);
    return ok;
}
