// The real server and the simulator agree on what there is to execute: the same models, the same demands.
#include "peer.h"

#include "live/demand.h"
#include "live/serve_worker.h"
#include "models/model.h"
#include "models/parts/machine.h"
#include "models/parts/request.h"

#define MODEL(name) #name,
static const char *const simulated[] = {
#include "models/models.def"
    NULL};
#undef MODEL

static void same_models(void **state) {
    (void)state;
    const char *const *twin = serve_models();
    int i = 0;
    for (; simulated[i] && twin[i]; i++) assert_string_equal(simulated[i], twin[i]);
    assert_ptr_equal(simulated[i], twin[i]); // both end here
    assert_true(i >= 4);
}

// Every request's demands and its endpoint are those of the simulator's request of that number.
static void same_demands(void **state) {
    (void)state;
    struct scenario_file f;
    peer_load(
        &f,
        "server: {model: event_loop}\nload: {client: ab, concurrency: 1, requests: 1}\nrun: {seed: "
        "20240229}\n"
        "endpoints: [{name: a, weight: 1, handler: [cpu: exp(1ms), sleep: 'lognormal(mean=10ms, cv=2)']}, "
        "{name: b, weight: 2.5, handler: [cpu: 3ms, cpu_nogil: 'gamma(mean=1ms, cv=0.5)', sleep: exp(5s)]}]");
    const struct scenario *s = &f.case_[0];
    struct machine *m = machine_create(s, 0, 0, NULL);
    _Atomic uint64_t next = 0;
    struct serve_worker w = {.scenario = s, .requests = &next};
    struct http_request plain = {.path = "/"};
    int of[2] = {0};
    assert_non_null(m);
    struct request_pool pool = {0};
    for (uint64_t number = 0; number < 500; number++) {
        struct request *r = request_new(&pool, m, number, 0);
        struct serve_work work = serve_work_of(&w, &plain);
        assert_int_equal(work.number, number);
        assert_int_equal(work.endpoint, r->endpoint);
        for (int k = 0; k < s->endpoint[work.endpoint].steps; k++)
            assert_int_equal(demand_step(s, work.endpoint, k, work.number), request_demand(m, r, k));
        of[work.endpoint]++;
        request_free(&pool, r);
    }
    assert_true(of[0] > 50 && of[1] > of[0]);
    request_pool_fini(&pool);
    machine_destroy(m);
    scenario_fini(&f);
}

// A request that says its number is that one, and the count goes on without it.
static void numbered(void **state) {
    (void)state;
    struct scenario_file f;
    peer_load(&f, "server: {model: event_loop}\nload: {client: ab, concurrency: 1, requests: 1}\nhandler: "
                  "[cpu: exp(1ms)]\n");
    _Atomic uint64_t next = 7;
    struct serve_worker w = {.scenario = &f.case_[0], .requests = &next};
    struct http_request r = {.path = "/", .numbered = true, .number = 99}, other = {.path = "/"},
                        lost = {.path = "/no"};
    assert_int_equal(serve_work_of(&w, &r).number, 99);
    assert_int_equal(serve_work_of(&w, &lost).endpoint, -1);
    assert_int_equal(serve_work_of(&w, &other).number, 7);
    assert_int_equal(serve_work_of(&w, &other).number, 8);
    scenario_fini(&f);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(same_models), cmocka_unit_test(same_demands),
                                       cmocka_unit_test(numbered)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
