"""M/M/1 at load 0.9 in SimPy: two processes and a store. Usage: mm1_simpy.py CUSTOMERS

Prints ns of processor time per customer and executed events per customer."""
import random
import sys
import time

import simpy


def arrivals(env, queue, draw):
    while True:
        yield env.timeout(draw(0.9))
        yield queue.put(env.now)


def service(env, queue, draw, customers, sojourn):
    for _ in range(customers):
        arrived = yield queue.get()
        yield env.timeout(draw(1.0))
        sojourn[0] += env.now - arrived


def main():
    customers = int(sys.argv[1])
    draw = random.Random(1).expovariate
    env = simpy.Environment()
    queue, sojourn = simpy.Store(env), [0.0]
    env.process(arrivals(env, queue, draw))
    last = env.process(service(env, queue, draw, customers, sojourn))
    start = time.process_time()
    env.run(until=last)
    seconds = time.process_time() - start
    mean = sojourn[0] / customers
    if not 2 < mean < 50:  # 10 in the limit
        sys.exit(f"mean sojourn {mean}")
    print(seconds * 1e9 / customers, next(env._eid) / customers)  # _eid counts the events scheduled


main()
