#pragma once
// The global interpreter lock, a real one: a mutex and condition variables with CPython's algorithm (3.2 to 3.12,
// Python/ceval_gil.h). A waiter waits with a time limit that starts afresh at each wake-up; one whose limit has passed
// while nobody switched sets the drop request; the holder looks for it now and then (gil_check), drops the lock, signals
// one waiter and waits until another thread has taken it. A release reserves nothing: a thread that comes by may take
// the lock before the one that was signalled (barging). What the models simulate is models/parts/lock.c.
//
// A thread is known by an address, `self`, the same in all its calls and no other thread's.
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

struct gil {
    bool enabled;
    int64_t interval; // ns, >= 1
    pthread_mutex_t mutex, switch_mutex;
    pthread_cond_t freed, switched;
    bool locked;             // under mutex, as the next two
    uint64_t switches;       // changes of holder
    uint64_t waits;          // times a thread had to wait
    const void *last_holder; // under switch_mutex
    atomic_bool drop_request;
    atomic_uint_fast64_t forced; // hand-overs on request
};

// Not enabled (`gil: none`): every call below succeeds at once and does nothing.
void gil_init(struct gil *g, bool enabled, int64_t interval);
void gil_fini(struct gil *g);

// Waits for the lock. The caller must not hold it. Cost where it is free: about 50 ns.
void gil_take(struct gil *g, const void *self);

// Gives it up; where a drop request is pending, returns only when another thread has taken the lock. Cost where nobody
// waits: about 30 ns.
void gil_release(struct gil *g, const void *self);

// What interpreted code does between two instructions: gives the lock up and takes it again where that was asked for.
// Says whether it did.
bool gil_check(struct gil *g, const void *self);
