// What every dispatch model must do, whatever it models.
#include "each.h"

#include "stats/interval.h"
#include "tests/theory/formula.h"

#include <math.h>

// --- with zero costs it is the queue it says it is

enum { REPLICATIONS = 20 };

struct form {
    const char *name; // as struct model.closed_form
    int servers;
    const char *server, *extra;
    int cores;
    double load, theory_s;
};

static double mean_of(const struct scenario *s, int replication) {
    struct observation o;
    lab_simulate(s, 0, (uint32_t)replication, &o);
    double mean = hist_mean(&o.latency) * 1e-9;
    observation_fini(&o);
    return mean;
}

static void holds_form(const struct model *m, const struct form *f) {
    struct scenario_file file;
    double mean[REPLICATIONS], rate = f->load * f->servers * 1000;
    lab_load(&file, NULL,
             "machine: {cores: %d}\nserver: {model: %s%s}\nhandler: [cpu: exp(1ms)]\n"
             "load: {client: open, rate: %.6f/s, duration: %.6fs%s}\nrun: {warmup: 1s}\n",
             f->cores, m->name, f->server, rate, 20 * 1000 / rate + 20, f->extra);
    for (int i = 0; i < REPLICATIONS; i++) mean[i] = mean_of(&file.case_[0], i);
    scenario_fini(&file);
    struct estimate e = estimate_mean(mean, REPLICATIONS, 0.99);
    double half = (e.hi - e.lo) / 2,
           t = (e.mean - f->theory_s) / (half / t_quantile(0.995, REPLICATIONS - 1));
    if (fabs(t) > 4 || half > 0.03 * f->theory_s)
        fail_msg("%s: mean %g s +- %g, theory %g, t %.2f", f->name, e.mean, half, f->theory_s, t);
}

static void closed_form(void **state) {
    const struct model *m = *state;
    double mg1 = formula_mg1(700, 1e-3, 1), mmc = formula_mmc(3, 2100, 1e-3);
    struct formula_mmck mmck = formula_mmck(3, 6, 2700, 1e-3);
    const struct form form[] = {
        {"M/G/1", 1, "", "", 1, 0.7, mg1},
        {"M/M/c", 3, ", threads: 3, gil: none", "", 4, 0.7, mmc},
        {"M/M/c/K", 3, ", workers: 3, backlog: 3", ", connect_retry: 0s", 3, 0.9, mmck.sojourn},
    };
    for (size_t i = 0; i < sizeof form / sizeof form[0]; i++) {
        if (strcmp(form[i].name, m->closed_form)) continue;
        holds_form(m, &form[i]);
        return;
    }
    fail_msg("no formula for \"%s\" here: add one", m->closed_form);
}

// --- low load

#define STAGES                                                                                               \
    "{poll: {cpu: {value: 1us}}, accept: {cpu: {value: 2us}}, read: {cpu: {value: 4us}}, call: {cpu: "       \
    "{value: 8us}}, "                                                                                        \
    "write: {cpu: {value: 16us}}, close: {cpu: {value: 32us}}, hand_off: {cpu: {value: 64us}}, "             \
    "complete: {cpu: {value: 128us}}, pool_work: {cpu: {value: 256us}}, wake: {value: 512us}}\n"

static const struct scenario_embedded small[] = {
    {"small", "machine: {idle_exit: [{at: 0s, cost: {value: 1024us}}]}\nserver: " STAGES},
    {NULL, NULL},
};

// Latency of one request at a time, once its connection is accepted.
static int64_t alone(const struct model *m, const char *cpu) {
    struct observation o;
    lab_run(&o, small,
            "costs: small\nmachine: {cores: 4}\nserver: {model: %s, keep_alive: on}\nhandler: [cpu: %s]\n"
            "load: {client: wrk, runs_on: elsewhere, concurrency: 1, think: 1s, requests: 9}\n",
            m->name, cpu);
    assert_int_equal(o.done, 9);
    int64_t min = o.latency.min, rest = (int64_t)o.latency.sum - o.latency.max;
    assert_int_equal(rest, 8 * min); // all alike but the first, which is accepted, too
    assert_true(o.latency.max == min + 2 * SIM_US ||
                o.latency.max == min + 3 * SIM_US); // ... in a turn of its own
    observation_fini(&o);
    return min;
}

// Wake-ups of a sleeping core, turns of the loop and other stages that a request passes, in us.
static int64_t known_path(const struct model *m) {
    enum { READ_CALL_WRITE = 4 + 8 + 16, WAKE = 1024 };
    static const struct {
        const char *name;
        int64_t us;
    } path[] = {
        {"event_loop", WAKE + 2 * 1 + READ_CALL_WRITE},
        {"threadpool", 3 * WAKE + 4 * 1 + READ_CALL_WRITE + 64 + 128 + 256 + 512},
        {"thread_per_request", 2 * WAKE + 1 + READ_CALL_WRITE + 64},
        {"prefork", WAKE + READ_CALL_WRITE},
    };
    for (size_t i = 0; i < sizeof path / sizeof path[0]; i++)
        if (!strcmp(path[i].name, m->name)) return path[i].us;
    fail_msg("the path of a request through %s is not written down here: add it", m->name);
    return 0;
}

// Alone, a request takes its demand and what the stages on its way cost: most are powers of two, so that a wrong sum
// names the stage.
static void low_load(void **state) {
    const struct model *m = *state;
    int64_t one = alone(m, "1ms"), five = alone(m, "5ms");
    assert_int_equal(five - one, 4 * SIM_MS);
    assert_int_equal((one - SIM_MS) / SIM_US, known_path(m));
    assert_int_equal((one - SIM_MS) % SIM_US, 0);
}

// --- overload

static struct case_result judged(const char *model, double rate_per_s) {
    enum { N = 4 };
    struct scenario_file f;
    struct observation o[N];
    struct case_result c = {0};
    lab_load(
        &f, NULL,
        "server: {model: %s}\nhandler: [cpu: exp(1ms)]\nload: {client: open, rate: %.3f/s, duration: 30s}\n",
        model, rate_per_s);
    for (int i = 0; i < N; i++) lab_simulate(&f.case_[0], 0, (uint32_t)i, &o[i]);
    result_gather(&c, &f.case_[0], o, N);
    for (int i = 0; i < N; i++) observation_fini(&o[i]);
    scenario_fini(&f);
    return c;
}

static void overload(void **state) {
    const struct model *m = *state;
    struct case_result over = judged(m->name, 1200), under = judged(m->name, 700);
    if (!each_reads(m, "threads") &&
        over.status == STATUS_DROPPED) { // a full backlog refuses what it cannot hold
        assert_true(over.refused > 0);
    } else {
        assert_int_equal(over.status, STATUS_SATURATED);
    }
    assert_int_equal(under.status, STATUS_OK);
    assert_true(fabs(over.throughput_per_s.mean / 1000 - 1) < 0.02);
    assert_true(fabs(under.throughput_per_s.mean / 700 - 1) < 0.02);
}

// --- determinism

static uint64_t hash_of(const struct model *m, int seed, uint32_t replication) {
    struct scenario_file f;
    struct observation o;
    lab_load(&f, NULL,
             "costs: " LAB_PROFILE
             "\nmachine: {cores: 2}\nserver: {model: %s, workers: 2}\nhandler: [cpu: exp(200us), "
             "sleep: exp(1ms)]\nload: {client: ab, concurrency: 20, requests: 400}\nrun: {seed: %d}\n",
             m->name, seed);
    lab_simulate(&f.case_[0], 0, replication, &o);
    uint64_t hash = o.trace_hash;
    assert_true(o.events > 400);
    observation_fini(&o);
    scenario_fini(&f);
    return hash;
}

static void hashes(void **state) {
    const struct model *m = *state;
    uint64_t h = hash_of(m, 1, 0);
    assert_true(h == hash_of(m, 1, 0));
    assert_true(h != hash_of(m, 2, 0));
    assert_true(h != hash_of(m, 1, 1));
}

int main(void) {
    static const struct each_property p[] = {
        {"zero costs give its closed form", closed_form},
        {"low load gives demand plus fixed costs", low_load},
        {"overload is said to be", overload},
        {"same seed same events, other seed others", hashes},
    };
    return each_run("models/each", p, sizeof p / sizeof p[0]);
}
