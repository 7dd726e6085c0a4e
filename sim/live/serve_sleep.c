#include "live/serve_sleep.h"

#include "base/memory.h"
#include "base/monotonic.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

struct serve_sleepers {
    struct serve_loop *loop;
    uv_poll_t poll;
    int timer;
    int64_t armed; // when the timer goes off; 0 = never, -1 = it has and is being served
    int64_t orders;
    struct serve_job **heap;
    size_t count, capacity;
};

static bool before(const struct serve_job *a, const struct serve_job *b) {
    return a->due != b->due ? a->due < b->due : a->order < b->order;
}

static void rise(struct serve_sleepers *s, size_t i) {
    struct serve_job *j = s->heap[i];
    while (i > 0 && before(j, s->heap[(i - 1) / 2])) {
        s->heap[i] = s->heap[(i - 1) / 2];
        i = (i - 1) / 2;
    }
    s->heap[i] = j;
}

static void sink(struct serve_sleepers *s, size_t i) {
    struct serve_job *j = s->heap[i];
    for (size_t down; (down = 2 * i + 1) < s->count; i = down) {
        down += down + 1 < s->count && before(s->heap[down + 1], s->heap[down]);
        if (!before(s->heap[down], j)) break;
        s->heap[i] = s->heap[down];
    }
    s->heap[i] = j;
}

static void remove_at(struct serve_sleepers *s, size_t i) {
    struct serve_job *last = s->heap[--s->count];
    if (i == s->count) return;
    s->heap[i] = last;
    sink(s, i);
    if (s->heap[i] == last) rise(s, i);
}

// A timer that goes off for nobody does no harm, so it is not set back when the heap has become empty.
static void arm(struct serve_sleepers *s) {
    int64_t due = s->count ? s->heap[0]->due : 0;
    if (s->count && due != s->armed) {
        struct itimerspec t = {.it_value = {due / 1000000000, due % 1000000000}};
        timerfd_settime(s->timer, TFD_TIMER_ABSTIME, &t, NULL);
    }
    if (s->count || s->armed < 0) s->armed = due;
}

static void wake(struct serve_sleepers *s, int64_t now) {
    while (s->count && s->heap[0]->due <= now) {
        struct serve_job *j = s->heap[0];
        remove_at(s, 0);
        j->after(s->loop, j);
    }
}

static void on_timer(uv_poll_t *p, int status, int events) {
    struct serve_sleepers *s = p->data;
    uint64_t times;
    (void)status;
    (void)events;
    serve_loop_enter(s->loop);
    if (read(s->timer, &times, sizeof times) < 0 && errno == EAGAIN) return;
    s->armed = -1;
    wake(s, monotonic_ns());
    arm(s);
}

struct serve_sleepers *serve_sleep_create(struct serve_loop *l, struct err *e) {
    int timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
    if (timer < 0) {
        err_set(e, ERR_HOST, "no file descriptor for a timer: %s", strerror(errno));
        return NULL;
    }
    struct serve_sleepers *s = memory_new(1, sizeof *s);
    *s = (struct serve_sleepers){.loop = l, .timer = timer};
    s->poll.data = s;
    uv_poll_init(&l->uv, &s->poll, timer);
    uv_poll_start(&s->poll, UV_READABLE, on_timer);
    return s;
}

void serve_sleep(struct serve_sleepers *s, struct serve_job *j, int64_t ns, serve_task after) {
    int64_t now = monotonic_ns();
    j->due = ns < INT64_MAX - now ? now + ns : INT64_MAX;
    j->order = s->orders++;
    j->after = after;
    s->heap = memory_grow(s->heap, &s->capacity, s->count + 1, sizeof *s->heap);
    s->heap[s->count++] = j;
    rise(s, s->count - 1);
    // While it is being served the timer is set once, at the end.
    if (s->armed >= 0) arm(s);
}

void serve_sleep_cancel(struct serve_sleepers *s, const struct serve_job *j) {
    for (size_t i = 0; i < s->count; i++) {
        if (s->heap[i] != j) continue;
        remove_at(s, i);
        return;
    }
}

void serve_sleep_close(struct serve_sleepers *s) {
    uv_close((uv_handle_t *)&s->poll, NULL);
}

void serve_sleep_destroy(struct serve_sleepers *s) {
    if (!s) return;
    close(s->timer);
    free(s->heap);
    free(s);
}
