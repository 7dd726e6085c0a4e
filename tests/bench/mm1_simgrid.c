// M/M/1 at load 0.9 in SimGrid: two actors and a semaphore. Usage: dispatchsim-bench-simgrid PLATFORM CUSTOMERS
// Prints ns of processor time per customer and waits per customer (SimGrid does not tell how many events it executed).
#include <simgrid/actor.h>
#include <simgrid/engine.h>
#include <simgrid/host.h>
#include <simgrid/semaphore.h>

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "stats/rng.h"

enum { RING = 1 << 12 };

static struct {
    struct rng gaps, services;
    sg_sem_t waiting;
    double arrived[RING], sojourn;
    unsigned head, tail;
    long customers, waits;
} q;

static void arrivals(int argc, char **argv) {
    (void)argc;
    (void)argv;
    for (long i = 0; i < q.customers; i++, q.waits++) {
        sg_actor_sleep_for(rng_exp(&q.gaps) / 0.9);
        q.arrived[q.tail++ % RING] = simgrid_get_clock();
        sg_sem_release(q.waiting);
    }
}

static void service(int argc, char **argv) {
    (void)argc;
    (void)argv;
    for (long i = 0; i < q.customers; i++, q.waits += 2) {
        sg_sem_acquire(q.waiting);
        sg_actor_sleep_for(rng_exp(&q.services));
        q.sojourn += simgrid_get_clock() - q.arrived[q.head++ % RING];
    }
}

int main(int argc, char **argv) {
    simgrid_init(&argc, argv);
    if (argc != 3) return 2;
    q.customers = atol(argv[2]);
    simgrid_load_platform(argv[1]);
    rng_init(&q.gaps, 1, 0, 0, 0);
    rng_init(&q.services, 1, 0, 0, 1);
    q.waiting = sg_sem_init(0);
    sg_host_t host = sg_host_by_name("host");
    sg_actor_create("arrivals", host, arrivals, 0, NULL);
    sg_actor_create("service", host, service, 0, NULL);
    clock_t start = clock();
    simgrid_run();
    double seconds = (double)(clock() - start) / CLOCKS_PER_SEC, customers = (double)q.customers;
    double mean = q.sojourn / customers;
    if (mean < 2 || mean > 50) return 1; // 10 in the limit
    printf("%g %g\n", seconds * 1e9 / customers, (double)q.waits / customers);
    return 0;
}
