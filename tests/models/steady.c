// What goes on for ever must not grow: no call of the allocator in steady state, and flat memory over 10^9 events.
// Without arguments the quick tests; `steady EVENTS` the long one.
#include "each.h"

#include "base/require.h"

#include <stdio.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

// Every call of the program's own to the allocator comes here: the linker is told so (--wrap).
static size_t calls;

void *__real_malloc(size_t bytes);
void *__real_calloc(size_t n, size_t bytes);
void *__real_realloc(void *p, size_t bytes);
void *__real_aligned_alloc(size_t alignment, size_t bytes);
void *__wrap_malloc(size_t bytes);
void *__wrap_calloc(size_t n, size_t bytes);
void *__wrap_realloc(void *p, size_t bytes);
void *__wrap_aligned_alloc(size_t alignment, size_t bytes);

void *__wrap_malloc(size_t bytes) {
    calls++;
    return __real_malloc(bytes);
}

void *__wrap_calloc(size_t n, size_t bytes) {
    calls++;
    return __real_calloc(n, bytes);
}

void *__wrap_realloc(void *p, size_t bytes) {
    calls++;
    return __real_realloc(p, bytes);
}

void *__wrap_aligned_alloc(size_t alignment, size_t bytes) {
    calls++;
    return __real_aligned_alloc(alignment, bytes);
}

// Calls of the allocator in a whole simulation with that many requests.
static size_t calls_for(const char *scenario, int requests) {
    struct scenario_file f;
    struct observation o;
    struct err e = {0};
    lab_load(&f, NULL, "costs: %s\n%s, requests: %d}\n", LAB_PROFILE, scenario, requests);
    size_t before = calls;
    assert_true(lab_try(&f.case_[0], &(struct simulate_options){0}, &o, &e));
    size_t made = calls - before;
    assert_int_equal(o.done + o.timed_out + o.refused, requests);
    observation_fini(&o);
    scenario_fini(&f);
    return made;
}

static const char *const scenario[] = {
    "machine: {cores: 2}\nserver: {model: event_loop}\nload: {client: ab, concurrency: 100",
    "machine: {cores: 2}\nserver: {model: threadpool}\nload: {client: ab, concurrency: 100",
    "machine: {cores: 2}\nserver: {model: thread_per_request, gil: none}\nload: {client: ab, concurrency: "
    "300",
    "machine: {cores: 2}\nserver: {model: prefork, workers: 4}\nload: {client: ab, concurrency: 100",
    "machine: {cores: 4}\nserver: {model: event_loop, workers: 3}\nload: {client: wrk, concurrency: 2000",
    "machine: {cores: 2}\nserver: {model: event_loop, gc: off}\nload: {client: open, rate: 4k/s, timeout: "
    "5ms",
    "machine: {cores: 2}\nserver: {model: threadpool}\nresources: {db: {capacity: 5}}\n"
    "handler: [{cpu: exp(50us)}, {use: db, for: exp(1ms)}]\nload: {client: wrk, concurrency: 60",
};

// The first requests of both runs are the same, so the difference is what the later ones ask for.
static void no_allocation(void **state) {
    (void)state;
    enum { FIRST = 20000, MORE = 100000 };
    for (size_t i = 0; i < sizeof scenario / sizeof scenario[0]; i++) {
        size_t first = calls_for(scenario[i], FIRST), more = calls_for(scenario[i], MORE);
        assert_true(first > 10); // they are counted
        // A histogram may meet an octave it has not seen, and the longest queue so far may be surpassed: a call
        // each, ever more seldom.
        if (more > first + 4)
            fail_msg("scenario %zu: %zu calls for %d requests, %zu for %d", i, first, FIRST, more, MORE);
    }
}

// Largest resident memory of a process that simulates so many requests, bytes.
static size_t resident(const char *text, int64_t requests, uint64_t *events) {
    int pipe_[2], status;
    assert_int_equal(pipe(pipe_), 0);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        struct scenario_file f;
        struct observation o;
        lab_load(&f, NULL, "costs: %s\n%s, requests: %lld}\n", LAB_PROFILE, text, (long long)requests);
        lab_simulate(&f.case_[0], 0, 0, &o);
        _exit(write(pipe_[1], &o.events, sizeof o.events) != sizeof o.events);
    }
    close(pipe_[1]);
    bool told = read(pipe_[0], events, sizeof *events) == sizeof *events;
    close(pipe_[0]);
    struct rusage usage;
    assert_true(wait4(child, &status, 0, &usage) == child && status == 0 && told);
    return (size_t)usage.ru_maxrss * 1024;
}

static int64_t wanted_events;

static void flat_memory(void **state) {
    (void)state;
    enum { FEW = 100000, SLACK = 256 * 1024 };
    uint64_t few_events, many_events;
    const char *text = scenario[0];
    size_t few = resident(text, FEW, &few_events);
    int64_t requests = (int64_t)((double)wanted_events * FEW / (double)few_events);
    size_t many = resident(text, requests, &many_events);
    printf("%llu events: %zu kB resident at most, %llu events: %zu kB\n", (unsigned long long)few_events,
           few / 1024, (unsigned long long)many_events, many / 1024);
    assert_true(many_events > (uint64_t)wanted_events * 9 / 10);
    assert_true(many <= few + SLACK);
}

int main(int argc, char **argv) {
    if (argc == 2) {
        const struct CMUnitTest tests[] = {cmocka_unit_test(flat_memory)};
        wanted_events = atoll(argv[1]);
        REQUIRE(wanted_events > 0);
        return cmocka_run_group_tests(tests, NULL, NULL);
    }
    const struct CMUnitTest tests[] = {cmocka_unit_test(no_allocation)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
