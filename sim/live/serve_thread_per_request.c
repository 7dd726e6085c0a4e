// One acceptor thread and a bounded pool of threads that block: the twin of models/thread_per_request.c. The acceptor
// watches connections until there is something to read and queues them; a thread reads, executes, answers and closes
// the connection or has it watched again.
#include "live/serve_link.h"

#include "base/memory.h"

#include <errno.h>
#include <semaphore.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { EVENTS = 256 };

struct conn {
    struct serve_link link;
    bool watched;             // the acceptor has it, not a thread nor the queue
    struct conn *prev, *next; // of all
    struct conn *behind;      // in the queue
};

struct job_thread {
    struct serve_hand hand;
    struct crew *crew;
    pthread_t thread;
    sem_t assigned;    // posted when conn is there, or when the server stops
    struct conn *conn; // its work
    struct job_thread *next_idle;
};

// Everything but `epoll` and the threads' hands is under mutex.
struct crew {
    struct serve_worker *worker;
    struct serve_hand hand; // the acceptor's
    int epoll;
    bool listening, stopping;
    pthread_mutex_t mutex;
    struct conn *first;       // all connections
    struct conn *head, *tail; // ready, waiting for a thread
    struct job_thread *thread, *idle;
    int threads;
};

// Marks in epoll for what is no connection.
static const char listener_mark, stop_mark;

// ---- connections ----

static bool closing(void *argument) {
    struct crew *crew = argument;
    pthread_mutex_lock(&crew->mutex);
    bool yes = crew->stopping;
    pthread_mutex_unlock(&crew->mutex);
    return yes;
}

static void unlink_conn(struct crew *crew, struct conn *c) {
    pthread_mutex_lock(&crew->mutex);
    *(c->prev ? &c->prev->next : &crew->first) = c->next;
    if (c->next) c->next->prev = c->prev;
    pthread_mutex_unlock(&crew->mutex);
}

static void close_conn(struct crew *crew, struct serve_hand *h, struct conn *c) {
    unlink_conn(crew, c);
    serve_link_close(h, &c->link);
    free(c);
}

// Has it watched for one event (EPOLLONESHOT: never by two threads); false where the server stops.
static bool watch_again(struct crew *crew, struct conn *c, int operation) {
    struct epoll_event v = {.events = EPOLLIN | EPOLLONESHOT, .data.ptr = c};
    pthread_mutex_lock(&crew->mutex);
    c->watched = !crew->stopping && epoll_ctl(crew->epoll, operation, c->link.fd, &v) == 0;
    bool ok = c->watched;
    pthread_mutex_unlock(&crew->mutex);
    return ok;
}

// ---- a pool thread ----

// The next connection; blocks without the lock where there is none yet. NULL = the end.
static struct conn *next_conn(struct crew *crew, struct job_thread *j) {
    struct gil *gil = &j->hand.worker->gil;
    pthread_mutex_lock(&crew->mutex);
    struct conn *c = crew->head;
    if (c) {
        crew->head = c->behind;
        pthread_mutex_unlock(&crew->mutex);
        return c;
    }
    j->conn = NULL;
    j->next_idle = crew->idle;
    crew->idle = j;
    pthread_mutex_unlock(&crew->mutex);
    gil_release(gil, &j->hand);
    while (sem_wait(&j->assigned) != 0) continue;
    if (j->conn) gil_take(gil, &j->hand);
    return j->conn;
}

static void *work(void *argument) {
    struct job_thread *j = argument;
    struct crew *crew = j->crew;
    gil_take(&j->hand.worker->gil, &j->hand);
    for (struct conn *c; (c = next_conn(crew, j));) {
        enum serve_link_state state = serve_link_serve(&j->hand, &c->link, MSG_DONTWAIT, closing, crew);
        if (state == SERVE_LINK_OVER || !watch_again(crew, c, EPOLL_CTL_MOD)) close_conn(crew, &j->hand, c);
    }
    return NULL;
}

// ---- the acceptor ----

static void enqueue(struct crew *crew, struct conn *c) {
    if (crew->worker->scenario->server.queue_order == ORDER_LIFO) {
        c->behind = crew->head;
        crew->head = c;
        if (!c->behind) crew->tail = c;
    } else {
        c->behind = NULL;
        *(crew->head ? &crew->tail->behind : &crew->head) = c;
        crew->tail = c;
    }
}

// Threads at rest are taken last-in first-out.
static void submit(struct crew *crew, struct conn *c) {
    pthread_mutex_lock(&crew->mutex);
    c->watched = false;
    struct job_thread *j = crew->idle;
    if (j) {
        crew->idle = j->next_idle;
        j->conn = c;
    } else {
        enqueue(crew, c);
    }
    pthread_mutex_unlock(&crew->mutex);
    if (j) sem_post(&j->assigned); // without the mutex, and whoever is woken needs none: no convoy
}

static void open_conn(struct crew *crew, int fd) {
    struct conn *c = memory_new(1, sizeof *c);
    serve_link_init(&c->link, fd);
    pthread_mutex_lock(&crew->mutex);
    c->next = crew->first;
    if (c->next) c->next->prev = c;
    crew->first = c;
    pthread_mutex_unlock(&crew->mutex);
    if (!watch_again(crew, c, EPOLL_CTL_ADD)) close_conn(crew, &crew->hand, c);
}

static void accept_conns(struct crew *crew) {
    bool one = crew->worker->scenario->server.accept == ACCEPT_ONE;
    int fd;
    do {
        fd = serve_hand_accept(&crew->hand, SOCK_NONBLOCK);
        if (fd >= 0) open_conn(crew, fd);
    } while (fd >= 0 && !one);
    if (fd == SERVE_OVER && crew->listening) {
        crew->listening = false;
        epoll_ctl(crew->epoll, EPOLL_CTL_DEL, crew->worker->listener, NULL);
    }
}

// False when it is time to stop.
static bool turn(struct crew *crew) {
    struct epoll_event v[EVENTS];
    bool go_on = true;
    gil_release(&crew->worker->gil, &crew->hand);
    int n = epoll_wait(crew->epoll, v, EVENTS, -1);
    gil_take(&crew->worker->gil, &crew->hand);
    serve_hand_stage(&crew->hand, crew->worker->releases.poll - 1);
    for (int i = 0; i < n; i++) {
        if (v[i].data.ptr == &listener_mark)
            accept_conns(crew);
        else if (v[i].data.ptr == &stop_mark)
            go_on = false;
        else
            submit(crew, v[i].data.ptr);
    }
    return go_on;
}

// ---- beginning and end ----

static bool watch(struct crew *crew, int fd, const char *mark, struct err *e) {
    struct epoll_event v = {.events = EPOLLIN, .data.ptr = (void *)mark};
    return epoll_ctl(crew->epoll, EPOLL_CTL_ADD, fd, &v) == 0 ||
           err_set(e, ERR_HOST, "cannot watch a file descriptor: %s", strerror(errno));
}

static bool start_threads(struct crew *crew, struct err *e) {
    int most = crew->worker->scenario->server.threads;
    crew->thread = memory_new((size_t)most, sizeof *crew->thread);
    for (; crew->threads < most; crew->threads++) {
        struct job_thread *j = &crew->thread[crew->threads];
        *j = (struct job_thread){.hand = {crew->worker, crew->threads}, .crew = crew};
        sem_init(&j->assigned, 0, 0);
        int error = pthread_create(&j->thread, NULL, work, j);
        if (error)
            return err_set(e, ERR_HOST, "worker %d: cannot start thread %d of %d: %s", crew->worker->index,
                           crew->threads + 1, most, strerror(error));
        serve_tally_add(&crew->worker->tally->threads);
    }
    return true;
}

// The connections that nobody works on; the others are closed by whoever has them.
static struct conn *take_watched(struct crew *crew) {
    struct conn *c = crew->first;
    while (c && !c->watched) c = c->next;
    if (c) c->watched = false;
    return c;
}

// From now on no connection is watched again, and a thread that finds no work ends.
static void stop(struct crew *crew) {
    serve_worker_shut(crew->worker);
    gil_release(&crew->worker->gil, &crew->hand);
    pthread_mutex_lock(&crew->mutex);
    crew->stopping = true;
    pthread_mutex_unlock(&crew->mutex);
    for (int i = 0; i < crew->threads; i++) sem_post(&crew->thread[i].assigned);
    for (int i = 0; i < crew->threads; i++) pthread_join(crew->thread[i].thread, NULL);
    gil_take(&crew->worker->gil, &crew->hand);
    for (struct conn *c; (c = take_watched(crew));) {
        if (http_midway(&c->link.reader)) serve_tally_add(&crew->worker->tally->aborted);
        close_conn(crew, &crew->hand, c);
    }
    gil_release(&crew->worker->gil, &crew->hand);
}

static void release(struct crew *crew) {
    for (int i = 0; i < crew->threads; i++) sem_destroy(&crew->thread[i].assigned);
    pthread_mutex_destroy(&crew->mutex);
    close(crew->epoll);
    free(crew->thread);
}

static bool run(struct serve_worker *w, struct err *e) {
    struct crew crew = {
        .worker = w, .hand = {w, 0}, .epoll = epoll_create1(EPOLL_CLOEXEC), .listening = true};
    if (crew.epoll < 0) return err_set(e, ERR_HOST, "no file descriptor for epoll: %s", strerror(errno));
    pthread_mutex_init(&crew.mutex, NULL);
    // A worker that cannot start ends: the process gives back what was opened here.
    if (!start_threads(&crew, e) || !watch(&crew, w->listener, &listener_mark, e) ||
        !watch(&crew, w->signals, &stop_mark, e) || !watch(&crew, w->lifeline, &stop_mark, e))
        return false;
    serve_worker_ready(w);
    gil_take(&w->gil, &crew.hand);
    while (turn(&crew)) continue;
    stop(&crew);
    release(&crew);
    return true;
}

const struct serve_twin serve_twin_thread_per_request = {.name = "thread_per_request", .run = run};
