#pragma once
// Whether a configuration meets its objective: what one replication says, and when replications suffice to tell.
#include "scenario/plan_spec.h"
#include "scenario/result.h"

// What is judged: the latencies of enum plan_quantity, then the share of requests lost.
enum { OBJECTIVE_LOST = PLAN_QUANTITIES, OBJECTIVE_FIGURES };

// "mean", "p50", ..., "timeouts".
const char *objective_name(int figure);

struct objective {
    double limit[OBJECTIVE_FIGURES]; // s, or a fraction; NAN = not judged
    double error;                    // probability of a wrong verdict on one configuration, at most
    double tolerance_frac;           // the indifference zone, relative to a limit
    int most;                        // replications of one configuration, at most
};

// The objective of a plan over `configurations` >= 1 of them. run.max_replications bounds the replications.
void objective_of(struct objective *o, const struct plan_spec *p, const struct run_spec *run,
                  long configurations);

// What one replication shows.
struct objective_sample {
    double figure[OBJECTIVE_FIGURES]; // INFINITY where nothing was served
    double throughput_per_s;
    uint64_t served; // requests behind the figures; 0 where not known
    bool saturated;
};

void objective_see(const struct observation *seen, struct objective_sample *out);

// A replication in which the load was so far beyond what is served that it was given up.
void objective_overrun(struct objective_sample *out);

// Whether so many requests suffice for a figure: always for the mean and the share lost, else as hist_supports.
bool objective_supports(int figure, double requests);

// The first figure with a limit for which at least half of n >= 1 replications served too few requests; -1 = none.
// *requests: what they served, on average.
int objective_thin(const struct objective *o, const struct objective_sample *sample, int n, double *requests);

// Refuses an objective for want of requests: fills *e (ERR_CONFIG) and returns false.
bool objective_refuse(int figure, double requests, struct err *e);

enum judged { JUDGED_OPEN, JUDGED_MEETS, JUDGED_FAILS };

struct judgement {
    enum judged verdict;
    bool sure;            // with probability 1 - error; false: the replications ended first, the mean decided
    bool saturated;       // at least half of the replications could not keep up
    int figure;           // the one nearest to its limit, or furthest beyond
    struct estimate mean; // of that figure, 95 %
    double ratio;         // its mean over its limit
};

// Replications to have done at the next look, given that `done` are: 5, then as estimate_next_round; o->most at most.
int objective_next(const struct objective *o, int done);

// Judges n >= 2 replications at look number `look` (from 1), of which n = o->most is the last.
//
// Procedure: at each look, for each figure, Student's interval of its mean at a level such that the probability that any
// of them is wrong is `error` (Bonferroni over looks, 6/(pi look)^2 of it each, and over figures). A configuration fails
// when an interval lies above its limit; it meets the objective when all lie below; an interval narrower than the
// indifference zone on either side is decided by its mean. So a configuration whose means all are further from their
// limits than tolerance_frac is judged rightly with probability 1 - error, as far as means of replications are normal.
// Before 10 replications nothing is accepted, and only what every replication shows is rejected. Sources: feasibility check
// with an indifference zone, Andradottir & Kim 2010 (there with a triangular region in place of repeated intervals);
// Bonferroni over all systems, Law & Kelton 2000, section 9.7.
void objective_judge(const struct objective *o, const struct objective_sample *sample, int n, int look,
                     struct judgement *out);
