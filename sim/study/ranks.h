#pragma once
// The processes of `mpirun`: the first asks, the others answer. Built with MPI (DISPATCHSIM_MPI), else there is only ever
// one. Questions are two numbers, answers are bytes, so that this knows nothing of simulation.
#include "base/err.h"
#include "base/text.h"

#include <stdbool.h>
#include <stdint.h>

struct ranks;

// Joins the processes that a launcher (mpirun, srun) started together with this one. *out is NULL where there is one process
// alone. `jobs`: threads in each that answer, >= 1. False with *e (ERR_USAGE) where there are several and the program was
// built without MPI. Collective, as ranks_agree and ranks_destroy: all processes call it.
bool ranks_create(struct ranks **out, int jobs, struct err *e);

// 0 in the process that asks.
int ranks_me(const struct ranks *r);

// Whether all processes are ready (`ok`) and mean the same (`digest`).
bool ranks_agree(struct ranks *r, bool ok, uint64_t digest);

// Questions that the other processes can answer at a time.
int ranks_lanes(const struct ranks *r);

// In process 0: has another process answer, and waits for it. *answer is replaced. From at most ranks_lanes threads at a
// time. False where the answer is an error, whose text then is *answer. Cost: about 1 ms beside the work.
bool ranks_ask(struct ranks *r, int row, int replication, struct text *answer);

// A question, and where the answer goes.
struct ranks_question {
    int row, replication, lane;
};

// In the others, from any number of threads: waits for a question; false when there is none any more.
bool ranks_next(struct ranks *r, struct ranks_question *q);
void ranks_answer(struct ranks *r, const struct ranks_question *q, bool ok, const struct text *answer);

// Tells the others that there are no more questions, waits for all, and frees. NULL is allowed.
void ranks_destroy(struct ranks *r);
