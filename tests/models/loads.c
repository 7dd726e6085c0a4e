// When the load generators send: each request's attempts and its end, as an onlooker sees them, to the ns.
#include "each.h"

#include "base/require.h"
#include "engine/trace.h"

#include <math.h>
#include <unistd.h>

enum { US = 1000, MS = 1000000, REQUESTS = 400, ATTEMPTS = 8 };

struct log {
    struct trace trace; // first: the sink finds the rest
    sim_time sent[REQUESTS][ATTEMPTS], end[REQUESTS];
    int attempts[REQUESTS], outcome[REQUESTS], begun;
    struct observation seen;
};

static void emit(struct trace *t, const struct trace_record *r) {
    struct log *log = (struct log *)t;
    if (r->entity >= REQUESTS) return;
    if (r->kind == TRACE_REQUEST_BEGIN) {
        if (log->attempts[r->entity]++ == 0) log->begun++;
        assert_true(log->attempts[r->entity] <= ATTEMPTS);
        log->sent[r->entity][log->attempts[r->entity] - 1] = r->at;
    }
    if (r->kind == TRACE_REQUEST_END) {
        log->end[r->entity] = r->at;
        log->outcome[r->entity] = (int)r->a;
    }
}

#define watch(...) watch_text((struct log *)calloc(1, sizeof(struct log)), __VA_ARGS__)

__attribute__((format(printf, 2, 3))) static struct log *watch_text(struct log *log, const char *fmt, ...) {
    char text[1024];
    va_list args;
    REQUIRE(log);
    va_start(args, fmt);
    vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    struct scenario_file f;
    struct err e = {0};
    log->trace.emit = emit;
    lab_load(&f, NULL, "%s", text);
    assert_true(lab_try(&f.case_[0], &(struct simulate_options){.trace = &log->trace}, &log->seen, &e));
    scenario_fini(&f);
    return log;
}

static void done(struct log *log) {
    observation_fini(&log->seen);
    free(log);
}

// ab: its first request runs alone; its end opens the other connections at one instant; from then on each end is at
// once followed by a request; the last ones drain.
static void ab(void **state) {
    (void)state;
    enum { C = 10, N = 100 };
    struct log *log = watch("server: {model: prefork}\nhandler: [cpu: 1ms]\n"
                            "load: {client: ab, runs_on: elsewhere, concurrency: %d, requests: %d}\n",
                            C, N);
    assert_int_equal(log->begun, N);
    assert_int_equal(log->sent[0][0], 0);
    assert_int_equal(log->end[0], 1 * MS);
    for (int i = 1; i < N; i++) {
        assert_int_equal(log->sent[i][0],
                         i <= C ? 1 * MS : (i - C + 1) * MS); // c under way, one server: in its rhythm
        assert_int_equal(log->end[i], (i + 1) * MS);
    }
    done(log);
}

// Kept connections, a pause before each request.
static void wrk_thinks(void **state) {
    (void)state;
    struct log *log =
        watch("server: {model: event_loop}\nhandler: [cpu: 1ms]\n"
              "load: {client: wrk, runs_on: elsewhere, concurrency: 1, think: 3ms, requests: 50}\n");
    for (int i = 0; i < 50; i++) {
        assert_int_equal(log->sent[i][0], 3 * MS + i * 4 * MS);
        assert_int_equal(log->end[i], 3 * MS + i * 4 * MS + 1 * MS);
    }
    assert_int_equal(log->seen.station[LIMIT_BACKLOG].arrivals, 1);
    done(log);
}

static void deterministic(void **state) {
    (void)state;
    struct log *log = watch("server: {model: event_loop}\nload: {client: open, rate: 300/s, arrivals: "
                            "deterministic, requests: 300}\n");
    for (int i = 0; i < 300; i++)
        assert_int_equal(log->sent[i][0], (sim_time)((i + 1) * 1e9 / 300 + 0.5)); // no drift
    done(log);
}

// Arrival times from a file, whatever the server does.
static void trace_file(void **state) {
    (void)state;
    static const char name[] = "arrivals-of-test.csv";
    FILE *file = fopen(name, "w");
    assert_non_null(file);
    fputs("0.001\n0.001\n0.0025\n1.5\n", file);
    fclose(file);
    struct log *log = watch(
        "server: {model: event_loop}\nhandler: [cpu: 10ms]\nload: {client: open, arrivals: trace(%s)}\n",
        name);
    static const sim_time at[] = {1 * MS, 1 * MS, 2500 * US, 1500 * MS};
    assert_int_equal(log->begun, 4);
    for (int i = 0; i < 4; i++) assert_int_equal(log->sent[i][0], at[i]);
    assert_int_equal(log->end[2], 31 * MS);
    done(log);
    unlink(name);
}

// A Markov-modulated Poisson process: its mean rate, and the spread of its counts over long windows, whose variance
// over mean tends to 1 + 2 f (1-f)^2 (b-q)^2 L / rate (Fischer & Meier-Hellstern 1993), 1 for a Poisson stream.
static void bursts(const char *arrivals, double dispersion) {
    enum { WINDOWS = 1000 };
    struct scenario_file f;
    double sum = 0, squares = 0;
    lab_load(&f, NULL,
             "server: {model: event_loop}\nload: {client: open, rate: 1000/s, duration: 2s%s}\nrun: {warmup: "
             "none}\n",
             arrivals);
    for (int i = 0; i < WINDOWS; i++) {
        struct observation o;
        lab_simulate(&f.case_[0], 0, (uint32_t)i, &o);
        sum += (double)o.arrived;
        squares += (double)o.arrived * (double)o.arrived;
        observation_fini(&o);
    }
    scenario_fini(&f);
    double mean = sum / WINDOWS, variance = squares / WINDOWS - mean * mean;
    assert_true(fabs(mean - 2000) < 4 * sqrt(2000 * dispersion / WINDOWS));
    assert_true(fabs(variance / mean / dispersion - 1) < 0.16); // 3.6 standard errors of a normal variance
}

static void bursty(void **state) {
    (void)state;
    bursts("", 1);
    // calm rate q = 1000 / (0.2 * 5 + 0.8), busy 5 q; bursts of 10 ms: short against the window of 2 s
    double q = 1000 / 1.8, difference = 4 * q;
    bursts(", arrivals: mmpp2, burst: {ratio: 5, busy_frac: 0.2, length: 10ms}",
           1 + 2 * 0.2 * 0.64 * difference * difference * 0.01 / 1000);
}

// Nobody answers: the first attempt and three more, after 4, 8 and 16 ms, each given up after 10 ms.
static void retries(void **state) {
    (void)state;
    struct log *log = watch("server: {model: event_loop}\nhandler: [sleep: 100s]\n"
                            "load: {client: open, rate: 1/s, arrivals: deterministic, requests: 5, timeout: "
                            "10ms, retries: 3, backoff: 4ms}\n");
    static const sim_time at[] = {0, 14 * MS, 32 * MS, 58 * MS};
    for (int i = 0; i < 5; i++) {
        assert_int_equal(log->attempts[i], 4);
        for (int k = 0; k < 4; k++) assert_int_equal(log->sent[i][k], (i + 1) * SIM_S + at[k]);
        assert_int_equal(log->end[i], (i + 1) * SIM_S + 68 * MS);
        assert_int_equal(log->outcome[i], 1);
    }
    done(log);
}

// The kernel tries a dropped connection again after 1 s, then after twice as long each time: five connects at one
// instant on a queue of one place get through one at each of 0, 1, 3, 7 and 15 s.
static void connect_retry(void **state) {
    (void)state;
    struct log *log = watch("server: {model: prefork, backlog: 1}\nhandler: [cpu: 100ms]\n"
                            "load: {client: wrk, runs_on: elsewhere, concurrency: 5, think: 100s, "
                            "connect_retry: 1s, requests: 5}\n");
    static const sim_time at[] = {0, 1, 3, 7, 15};
    for (int i = 0; i < 5; i++) {
        assert_int_equal(log->attempts[i], 1);
        assert_int_equal(log->end[i], 100 * SIM_S + at[i] * SIM_S + 100 * MS); // after the first pause
    }
    done(log);
}

// A client that goes away does not take its work with it: the server serves the dead to the end.
static void abandoned(void **state) {
    const struct model *m = *state;
    struct log *log =
        watch("server: {model: %s}\nhandler: [cpu: 50ms]\n"
              "load: {client: open, rate: 10/s, arrivals: deterministic, requests: 20, timeout: 10ms}\n",
              m->name);
    for (int i = 0; i < 20; i++) {
        assert_int_equal(log->end[i], (i + 1) * 100 * MS + 10 * MS);
        assert_int_equal(log->outcome[i], 1);
    }
    // Nineteen whole demands and the 10 ms until the last client went.
    assert_true(fabs(log->seen.station[LIMIT_CORE].busy_s - (19 * 0.05 + 0.01)) < 1e-9);
    done(log);
}

int main(void) {
    static const struct each_property p[] = {{"clients that give up", abandoned}};
    const struct CMUnitTest loads[] = {
        cmocka_unit_test(ab),
        cmocka_unit_test(wrk_thinks),
        cmocka_unit_test(deterministic),
        cmocka_unit_test(trace_file),
        cmocka_unit_test(bursty),
        cmocka_unit_test(retries),
        cmocka_unit_test(connect_retry),
    };
    return each_run("models/loads", p, 1) + cmocka_run_group_tests_name("loads", loads, NULL, NULL);
}
