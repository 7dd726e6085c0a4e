#include "study/mva.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static void near(double x, double wanted, double error) {
    if (!(fabs(x - wanted) <= error * fabs(wanted))) fail_msg("%.15g, not %.15g", x, wanted);
}

// Exact mean value analysis for single servers, written anew. Source: Reiser & Lavenberg 1980.
static double mean_values(const double *demand, int count, double think, int customers) {
    double queue[8] = {0}, x = 0;
    for (int n = 1; n <= customers; n++) {
        double r = 0, residence[8];
        for (int i = 0; i < count; i++) r += residence[i] = demand[i] * (1 + queue[i]);
        x = n / (r + think);
        for (int i = 0; i < count; i++) queue[i] = x * residence[i];
    }
    return x;
}

static void closed_single_servers(void **state) {
    (void)state;
    const double demand[3] = {0.0137, 0.0021, 0.0455}, think[3] = {0, 0.31, 47};
    double rate[3], x[300];
    struct mva_centre centre[3];
    for (int i = 0; i < 3; i++) {
        mva_servers(demand[i], 1, &rate[i]);
        centre[i] = (struct mva_centre){1, &rate[i]};
    }
    for (int t = 0; t < 3; t++) {
        mva_throughput(centre, 3, think[t], 300, x);
        for (int n = 1; n <= 300; n += 23) near(x[n - 1], mean_values(demand, 3, think[t], n), 1e-10);
    }
}

// Machine repair with c servers, by its birth-death chain. Source: Kleinrock 1975, section 3.8.
static double repair(int users, int servers, double think, double demand) {
    double p = 1, total = 1, busy = 0;
    for (int k = 1; k <= users; k++) {
        int at_work = k < servers ? k : servers;
        p *= (users - k + 1) * demand / (think * at_work);
        total += p;
        busy += at_work * p;
    }
    return busy / total / demand;
}

static void closed_many_servers(void **state) {
    (void)state;
    double rate[7], x[60];
    mva_servers(0.23, 7, rate);
    mva_throughput(&(struct mva_centre){7, rate}, 1, 1.9, 60, x);
    for (int n = 1; n <= 60; n++) near(x[n - 1], repair(n, 7, 1.9, 0.23), 1e-10);
}

// As many servers as customers: nobody waits.
static void closed_delay(void **state) {
    (void)state;
    double rate[40], x[40];
    mva_servers(0.5, 40, rate);
    mva_throughput(&(struct mva_centre){40, rate}, 1, 1.5, 40, x);
    near(x[39], 20, 1e-12);
}

// A lone queue behind a pool as wide as its servers is the queue itself.
static void flow_equivalent(void **state) {
    (void)state;
    double inner[6], x[6], direct[6];
    mva_servers(0.02, 4, inner);
    mva_throughput(&(struct mva_centre){4, inner}, 1, 0, 6, x);
    mva_servers(0.02, 4, direct);
    struct mva_centre pool = {6, x}, queue = {4, direct};
    near(mva_open_number(&pool, 151), mva_open_number(&queue, 151), 1e-12);
    assert_true(isinf(mva_open_number(&pool, 201)));
    near(mva_open_number(&queue, 151) / 151, mva_mmc_mean(4, 151, 0.02), 1e-12);
}

static void single_queues(void **state) {
    (void)state;
    near(mva_erlang_c(1, 0.7), 0.7, 1e-14);
    near(mva_erlang_c(2, 1.0), 1.0 / 3, 1e-14); // Kleinrock 1975, eq. 3.40
    near(mva_mmc_mean(1, 800, 0.001), 0.005, 1e-12);
    near(mva_mmc_quantile(1, 800, 0.001, 0.99), 0.005 * log(100), 1e-9);
    near(mva_mmc_quantile(3, 1e-9, 2.0, 0.5), 2 * log(2), 1e-9); // nobody waits
    near(mva_mg1_mean(800, 0.001, 1), 0.005, 1e-12);
    near(mva_mg1_mean(800, 0.001, 0), 0.003, 1e-12);
    assert_true(isinf(mva_mmc_mean(2, 2, 1)) && isinf(mva_mg1_mean(1, 1, 0)) &&
                isinf(mva_mmc_quantile(1, 1, 1, 0.5)));
}

// P(T <= t) of M/M/2 at its own quantile, integrated from wait and service anew.
static void quantile_of_two_servers(void **state) {
    (void)state;
    double rate = 1.3, demand = 1, wait = mva_erlang_c(2, 1.3), theta = 0.7,
           t = mva_mmc_quantile(2, rate, demand, 0.95);
    double sum = (1 - wait) * (1 - exp(-t)), step = t / 200000;
    for (int i = 0; i < 200000; i++) {
        double w = (i + 0.5) * step;
        sum += wait * theta * exp(-theta * w) * (1 - exp(-(t - w))) * step;
    }
    near(sum, 0.95, 1e-6);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(closed_single_servers), cmocka_unit_test(closed_many_servers),
        cmocka_unit_test(closed_delay),          cmocka_unit_test(flow_equivalent),
        cmocka_unit_test(single_queues),         cmocka_unit_test(quantile_of_two_servers)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
