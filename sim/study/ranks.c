#include "study/ranks.h"

#include <stdlib.h>

#ifdef DISPATCHSIM_MPI

#include "base/memory.h"
#include "base/require.h"

#include <mpi.h>
#include <pthread.h>
#include <string.h>
#include <time.h>

enum { TAG_END, TAG_LANE }; // lane i of a process has tag TAG_LANE + i

struct ranks {
    int me, count, jobs;
    pthread_mutex_t
        lock;   // of MPI, which need not take calls from several threads at a time, and of what follows
    bool *busy; // [lanes], in process 0
    bool ended; // in the others
};

int ranks_me(const struct ranks *r) {
    return r->me;
}

int ranks_lanes(const struct ranks *r) {
    return (r->count - 1) * r->jobs;
}

// Starting MPI costs tenths of a second, so only where a launcher of Open MPI, MPICH or Slurm shows in the environment.
static bool launched(void) {
    return getenv("OMPI_COMM_WORLD_SIZE") || getenv("PMI_SIZE") || getenv("PMIX_RANK");
}

bool ranks_create(struct ranks **out, int jobs, struct err *e) {
    int provided = 0;
    *out = NULL;
    if (!launched()) return true;
    MPI_Init_thread(NULL, NULL, MPI_THREAD_SERIALIZED, &provided);
    struct ranks *r = memory_new(1, sizeof *r);
    MPI_Comm_rank(MPI_COMM_WORLD, &r->me);
    MPI_Comm_size(MPI_COMM_WORLD, &r->count);
    r->jobs = jobs;
    if (r->count == 1 || provided < MPI_THREAD_SERIALIZED) {
        bool alone = r->count == 1;
        MPI_Finalize();
        free(r);
        return alone || err_set(e, ERR_HOST, "this MPI allows no threads");
    }
    pthread_mutex_init(&r->lock, NULL);
    r->busy = memory_new((size_t)ranks_lanes(r), sizeof *r->busy);
    *out = r;
    return true;
}

bool ranks_agree(struct ranks *r, bool ok, uint64_t digest) {
    (void)r;
    uint64_t mine[2] = {ok, digest}, first[2] = {ok, digest};
    MPI_Bcast(first, 2, MPI_UINT64_T, 0, MPI_COMM_WORLD);
    int same = ok && memcmp(mine, first, sizeof mine) == 0, all = 0;
    MPI_Allreduce(&same, &all, 1, MPI_INT, MPI_LAND, MPI_COMM_WORLD);
    return all;
}

// Waiting inside MPI would keep a core busy that somebody else could simulate on.
static void nap(long *ns) {
    struct timespec t = {0, *ns};
    nanosleep(&t, NULL);
    if (*ns < 1000000) *ns *= 2;
}

// Called and returns with the lock held.
static void await(struct ranks *r, int from, int tag, MPI_Status *status) {
    int there = 0;
    for (long ns = 20000;;) {
        MPI_Iprobe(from, tag, MPI_COMM_WORLD, &there, status);
        if (there) return;
        pthread_mutex_unlock(&r->lock);
        nap(&ns);
        pthread_mutex_lock(&r->lock);
    }
}

static int take_lane(struct ranks *r) {
    int lane = 0;
    while (lane < ranks_lanes(r) && r->busy[lane]) lane++;
    REQUIRE(lane < ranks_lanes(r));
    r->busy[lane] = true;
    return lane;
}

// The first byte of an answer says whether it is one.
static bool receive(struct text *answer, int from, int tag, MPI_Status *status) {
    int n = 0;
    MPI_Get_count(status, MPI_BYTE, &n);
    char *bytes = memory_new((size_t)n, 1);
    MPI_Recv(bytes, n, MPI_BYTE, from, tag, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
    bool ok = n > 0 && bytes[0];
    text_clear(answer);
    if (n > 1) text_add_bytes(answer, bytes + 1, (size_t)n - 1);
    free(bytes);
    return ok;
}

bool ranks_ask(struct ranks *r, int row, int replication, struct text *answer) {
    int question[2] = {row, replication};
    MPI_Status status;
    pthread_mutex_lock(&r->lock);
    int lane = take_lane(r), to = 1 + lane % (r->count - 1), tag = TAG_LANE + lane / (r->count - 1);
    MPI_Send(question, 2, MPI_INT, to, tag, MPI_COMM_WORLD);
    await(r, to, tag, &status);
    bool ok = receive(answer, to, tag, &status);
    r->busy[lane] = false;
    pthread_mutex_unlock(&r->lock);
    return ok;
}

bool ranks_next(struct ranks *r, struct ranks_question *q) {
    int question[2], there = 0;
    MPI_Status status;
    pthread_mutex_lock(&r->lock);
    for (long ns = 20000; !r->ended && !there;) {
        MPI_Iprobe(0, MPI_ANY_TAG, MPI_COMM_WORLD, &there, &status);
        if (there) break;
        pthread_mutex_unlock(&r->lock);
        nap(&ns);
        pthread_mutex_lock(&r->lock);
    }
    if (there) {
        MPI_Recv(question, 2, MPI_INT, 0, status.MPI_TAG, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
        *q = (struct ranks_question){question[0], question[1], status.MPI_TAG};
        r->ended = status.MPI_TAG == TAG_END;
    }
    bool more = !r->ended;
    pthread_mutex_unlock(&r->lock);
    return more;
}

void ranks_answer(struct ranks *r, const struct ranks_question *q, bool ok, const struct text *answer) {
    struct text bytes = {0};
    char first = ok;
    text_add_bytes(&bytes, &first, 1);
    if (answer->length) text_add_bytes(&bytes, answer->data, answer->length);
    pthread_mutex_lock(&r->lock);
    MPI_Send(bytes.data, (int)bytes.length, MPI_BYTE, 0, q->lane, MPI_COMM_WORLD);
    pthread_mutex_unlock(&r->lock);
    text_fini(&bytes);
}

void ranks_destroy(struct ranks *r) {
    if (!r) return;
    int nothing[2] = {-1, -1};
    for (int to = 1; r->me == 0 && to < r->count; to++)
        MPI_Send(nothing, 2, MPI_INT, to, TAG_END, MPI_COMM_WORLD);
    // Who never came to ask for questions has this one left to take.
    while (r->me != 0 && !r->ended) ranks_next(r, &(struct ranks_question){0});
    MPI_Finalize();
    pthread_mutex_destroy(&r->lock);
    free(r->busy);
    free(r);
}

#else

// How many processes a launcher started, as far as Open MPI and MPICH tell; 1 where none did.
static int launched(void) {
    const char *ompi = getenv("OMPI_COMM_WORLD_SIZE"), *pmi = getenv("PMI_SIZE");
    return ompi ? atoi(ompi) : pmi ? atoi(pmi) : 1;
}

bool ranks_create(struct ranks **out, int jobs, struct err *e) {
    (void)jobs;
    *out = NULL;
    if (launched() <= 1) return true;
    err_set(e, ERR_USAGE, "%d processes were started together, but this program was built without MPI",
            launched());
    return err_hint(e, "install libopenmpi-dev and build again, or use --shard I/N and merge");
}

// Nobody has a handle to call these with.
int ranks_me(const struct ranks *r) {
    (void)r;
    return 0;
}

bool ranks_agree(struct ranks *r, bool ok, uint64_t digest) {
    (void)r, (void)digest;
    return ok;
}

int ranks_lanes(const struct ranks *r) {
    (void)r;
    return 0;
}

bool ranks_ask(struct ranks *r, int row, int replication, struct text *answer) {
    (void)r, (void)row, (void)replication, (void)answer;
    return false;
}

bool ranks_next(struct ranks *r, struct ranks_question *q) {
    (void)r, (void)q;
    return false;
}

void ranks_answer(struct ranks *r, const struct ranks_question *q, bool ok, const struct text *answer) {
    (void)r, (void)q, (void)ok, (void)answer;
}

void ranks_destroy(struct ranks *r) {
    (void)r;
}

#endif
