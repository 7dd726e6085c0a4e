// An event loop that hands each request to a pool of threads and takes the result back: the twin of
// models/threadpool.c. Each pool thread blocks on a queue of its own; threads at rest are taken last-in first-out; one
// is started where none is at rest, up to the limit; results come back through uv_async (an eventfd).
#include "live/serve_loop.h"

#include "base/memory.h"

#include <semaphore.h>
#include <stdlib.h>

struct pool_thread {
    struct serve_hand hand;
    struct pool *pool;
    pthread_t thread;
    struct serve_job *item; // its queue: one job at most, NULL to end; there when `filled` is posted
    sem_t filled; // a semaphore as in CPython's locks: whoever is woken needs no mutex of the waker's
    struct serve_job *job;    // what it works on
    struct pool_thread *next; // of the list of the idle or of the done
};

struct pool {
    struct serve_loop *loop;
    int most, started, at_work;  // threads; at_work: tokens taken
    struct pool_thread **thread; // [started]
    struct pool_thread *idle;
    struct serve_queue waiting; // for a token
    pthread_mutex_t mutex;      // of the list of the done
    struct pool_thread *done, *done_last;
    uv_async_t completion;
};

// ---- a pool thread ----

// The next item; the lock is given up only where there is none yet. NULL = the end.
static struct serve_job *get(struct pool_thread *p) {
    if (sem_trywait(&p->filled) == 0) return p->item;
    struct gil *gil = &p->hand.worker->gil;
    gil_release(gil, &p->hand);
    while (sem_wait(&p->filled) != 0) continue;
    if (p->item) gil_take(gil, &p->hand);
    return p->item;
}

// Once it is on the list the loop may give this thread its next item.
static void report(struct pool_thread *p) {
    struct pool *pool = p->pool;
    pthread_mutex_lock(&pool->mutex);
    p->next = NULL;
    *(pool->done ? &pool->done_last->next : &pool->done) = p;
    pool->done_last = p;
    pthread_mutex_unlock(&pool->mutex);
    int releases = p->hand.worker->releases.wake;
    serve_hand_out(&p->hand, releases);
    uv_async_send(&pool->completion);
    serve_hand_in(&p->hand, releases);
}

static void *work(void *argument) {
    struct pool_thread *p = argument;
    struct serve_job *j;
    gil_take(&p->hand.worker->gil, &p->hand);
    while ((j = get(p))) {
        serve_hand_stage(&p->hand, p->hand.worker->releases.pool_work);
        serve_hand_perform(&p->hand, &j->work);
        report(p);
    }
    return NULL;
}

// ---- the loop's side ----

static void put(struct pool_thread *p, struct serve_job *j) {
    p->job = p->item = j;
    sem_post(&p->filled);
}

// The lock is given up for the system call, as Thread.start does. NULL where the system refuses.
static struct pool_thread *spawn(struct pool *pool) {
    struct serve_loop *l = pool->loop;
    struct pool_thread *p = memory_new(1, sizeof *p);
    *p = (struct pool_thread){.hand = {l->worker, pool->started}, .pool = pool};
    sem_init(&p->filled, 0, 0);
    gil_release(&l->worker->gil, &l->hand);
    int error = pthread_create(&p->thread, NULL, work, p);
    gil_take(&l->worker->gil, &l->hand);
    if (!error) {
        pool->thread[pool->started++] = p;
        serve_tally_add(&l->worker->tally->threads);
        return p;
    }
    sem_destroy(&p->filled);
    free(p);
    return NULL;
}

// j has its token. Where the system refuses a thread the pool stays as large as it is, and there is no service where it
// is empty.
static void dispatch(struct pool *pool, struct serve_job *j) {
    struct pool_thread *p = pool->idle;
    if (p)
        pool->idle = p->next;
    else
        p = spawn(pool);
    if (p) {
        put(p, j);
        return;
    }
    pool->at_work--;
    if (pool->started) {
        pool->most = pool->started;
        serve_queue_push_front(&pool->waiting, j);
    } else {
        serve_loop_respond(pool->loop, j, 503);
    }
}

static void call(struct serve_loop *l, struct serve_job *j) {
    struct pool *pool = l->state;
    const struct scenario *s = l->worker->scenario;
    if (s->endpoint[j->work.endpoint].dispatch == DISPATCH_LOOP) {
        serve_loop_perform(l, j);
        return;
    }
    serve_hand_stage(&l->hand, l->worker->releases.hand_off);
    if (pool->at_work < pool->most && !pool->waiting.first) {
        pool->at_work++;
        dispatch(pool, j);
    } else if (s->server.queue_order == ORDER_LIFO) {
        serve_queue_push_front(&pool->waiting, j);
    } else {
        serve_queue_push(&pool->waiting, j);
    }
}

// The token goes to the first in line before the response is written, so that no newcomer gets in between.
static void complete(struct pool *pool, struct pool_thread *p) {
    struct serve_loop *l = pool->loop;
    serve_hand_stage(&l->hand, l->worker->releases.complete);
    p->next = pool->idle;
    pool->idle = p;
    struct serve_job *next = serve_queue_pop(&pool->waiting);
    if (!next) pool->at_work--;
    serve_loop_respond(l, p->job, 200);
    if (next) dispatch(pool, next);
}

static void on_completion(uv_async_t *a) {
    struct pool *pool = a->data;
    serve_loop_enter(pool->loop);
    pthread_mutex_lock(&pool->mutex);
    struct pool_thread *p = pool->done;
    pool->done = NULL;
    pthread_mutex_unlock(&pool->mutex);
    for (struct pool_thread *next; p; p = next) {
        next = p->next;
        complete(pool, p);
    }
}

static bool start(struct serve_loop *l, struct err *e) {
    struct pool *pool = l->state;
    pool->loop = l;
    pool->completion.data = pool;
    int error = uv_async_init(&l->uv, &pool->completion, on_completion);
    return !error || err_set(e, ERR_HOST, "cannot create an event: %s", uv_strerror(error));
}

static void stop(struct serve_loop *l) {
    uv_close((uv_handle_t *)&((struct pool *)l->state)->completion, NULL);
}

static const struct serve_loop_ops ops = {.start = start, .call = call, .stop = stop};

static void join(struct pool_thread *p) {
    p->item = NULL;
    sem_post(&p->filled);
    pthread_join(p->thread, NULL);
    sem_destroy(&p->filled);
    free(p);
}

static bool run(struct serve_worker *w, struct err *e) {
    struct pool pool = {.most = w->scenario->server.threads};
    pool.thread = memory_new((size_t)pool.most, sizeof *pool.thread);
    pthread_mutex_init(&pool.mutex, NULL);
    bool ok = serve_loop_run(w, &ops, &pool, e);
    for (int i = 0; i < pool.started; i++) join(pool.thread[i]);
    pthread_mutex_destroy(&pool.mutex);
    free(pool.thread);
    return ok;
}

const struct serve_twin serve_twin_threadpool = {.name = "threadpool", .run = run};
