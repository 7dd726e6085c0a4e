#pragma once
// What to run: one case of a scenario file, every key resolved (defaults, extends, set, --set). The simulator
// and the live server read this same structure. Spans are in ns (sim_time) unless the name says otherwise.
#include "base/err.h"
#include "engine/clock.h"
#include "scenario/costs.h"
#include "scenario/preset.h"
#include "stats/dist.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { SCENARIO_NAME = 64, SCENARIO_CLASSES = 16, SCENARIO_PATH = 256 };

// machine.cores: classes in file order; cores are numbered class by class. `smt` hardware threads a core (1
// or 2).
struct core_class {
    int count, smt;
    double speed; // relative to the core the cost profile was measured on; > 0
};

struct machine_spec {
    int classes;
    struct core_class class[SCENARIO_CLASSES];
};

enum queue_order { ORDER_FIFO, ORDER_LIFO };
enum accept_policy { ACCEPT_DRAIN, ACCEPT_ONE, ACCEPT_REUSEPORT };

// A server of the user's own, which `measure` and `validate` drive in place of the micro-server. The simulator looks at
// none of it, and it is no part of the digest.
struct server_external {
    char command[1024]; // for the shell, which starts it; "" = none
    char folder[512];   // it is started here: the scenario file's folder, "" = the current one
    char url
        [SCENARIO_NAME]; // of one that runs already: http://127.0.0.1:PORT; "" = none; never beside a command
    int pid;             // of the server behind url, for its CPU time; 0 = not told
    char path[SCENARIO_PATH]; // of endpoints that have none of their own; "" = not given
    char pace
        [SCENARIO_PATH]; // answers how many of its iterations take 1 ms of CPU, for {cpu} in paths (route.h); "" = none
};

struct server_spec {
    enum preset preset; // whose settings lie below those of the file
    struct server_external external;
    char model[SCENARIO_NAME]; // a name of models.def
    int workers;               // processes, >= 1
    int threads;               // pool limit per worker, >= 1
    enum queue_order queue_order;
    int backlog; // connections the listening socket holds, >= 1
    enum accept_policy accept;
    bool gil;                    // one global lock per worker
    sim_time switch_interval;    // of that lock
    bool gc;                     // the runtime's collector as the cost profile has it
    sim_time keep_alive_timeout; // prefork: a connection idle for so long is closed
    bool keep_alive;             // the server keeps an HTTP/1.1 connection open; HTTP/1.0 (ab) never is
};

enum step_kind { STEP_CPU, STEP_CPU_NOGIL, STEP_SLEEP, STEP_USE };

struct handler_step {
    enum step_kind kind;
    int resource;     // STEP_USE: index into scenario.resources
    struct dist time; // ns
};

enum dispatch { DISPATCH_MODEL, DISPATCH_LOOP, DISPATCH_POOL }; // MODEL: as the dispatch model does by itself

// `handler` alone is one endpoint named "" with weight 1.
struct endpoint {
    char name[SCENARIO_NAME];
    double weight; // > 0, relative
    enum dispatch dispatch;
    // Request target on a server of the user's own, as written, with {cpu} and {sleep} (route.h). Never empty: where the
    // file gives none, it is server.path, else /NAME (unsafe bytes as %XX), which is what the micro-server answers to.
    char path[SCENARIO_PATH];
    int steps;
    struct handler_step *step;
};

struct resource_spec {
    char name[SCENARIO_NAME];
    int capacity; // >= 1, per worker process (a connection pool belongs to its process)
    bool shared;  // true: one pool for all workers (a limit of the database itself)
};

enum client_kind { CLIENT_AB, CLIENT_WRK, CLIENT_OPEN };
enum arrivals { ARRIVALS_POISSON, ARRIVALS_DETERMINISTIC, ARRIVALS_MMPP2, ARRIVALS_TRACE };
enum client_place { PLACE_SERVER, PLACE_ELSEWHERE }; // on the server's CPUs, or on a machine of its own

struct load_spec {
    enum client_kind client;
    enum client_place place;
    int concurrency;   // closed loops: connections, >= 1
    int64_t requests;  // 0 = bounded by duration
    sim_time duration; // 0 = bounded by requests
    bool has_think;
    struct dist think; // ns, closed loops
    double rate_per_s; // open
    enum arrivals arrivals;
    double burst_ratio;    // MMPP2: rate in the busy state over rate in the calm state, > 1
    double burst_frac;     // MMPP2: fraction of time in the busy state, (0,1)
    sim_time burst_length; // MMPP2: mean length of a busy period
    size_t trace_count;    // TRACE: arrival times from the start, ns, ascending
    sim_time *trace;
    bool keep_alive;     // the client reuses connections (wrk: always, ab: never)
    sim_time timeout;    // client gives the request up; 0 = never
    int retries;         // further attempts after a timeout or a refusal
    struct dist backoff; // ns before each retry, times 2 for each earlier one
    sim_time
        connect_retry; // a connection the full backlog dropped is tried again after this, then after twice
                       // this ... (Linux: 1 s); 0 = refused at once
};

enum warmup { WARMUP_AUTO, WARMUP_NONE, WARMUP_FIXED };

struct run_spec {
    uint64_t seed;
    int replications;      // 0 = auto: until `precision`
    double precision_frac; // relative half-width wanted of throughput and mean latency
    int max_replications;  // bound for auto
    enum warmup warmup;    // AUTO: MSER-5 for open load, none for closed (a finite run is reported whole)
    sim_time warmup_time;  // FIXED
};

enum measured_kind { MEASURED_NONE, MEASURED_FITTED, MEASURED_HELD_OUT };

// `measured:` of a case; NAN where not given. Units: requests/s, s.
struct measured {
    double throughput_per_s, mean_s, p50_s, p90_s, p95_s, p99_s;
    bool given;
    bool fitted; // `fitted: true`: the cost profile was fitted to this row, so the row validates nothing
};

struct scenario {
    char name[SCENARIO_NAME]; // of the case ("" where the file has no cases)
    struct machine_spec machine;
    struct server_spec server;
    int endpoints;
    struct endpoint *endpoint;
    int resources;
    struct resource_spec *resource;
    struct load_spec load;
    struct run_spec run;
    struct costs costs;
    struct measured measured;
    char against[SCENARIO_NAME]; // an earlier case to compare with, "" = none
    const double
        *line_ns; // [lines]: replication r has costs.machine.line line_ns[r % lines] (seen beside the
    int lines;    // rounds of a measurement); 0: as the costs say
    bool quick;   // `measure --quick` and `validate --quick` take it
};

struct plan_spec;
struct vary;

// A scenario file: its name and its cases (one where the file has no `cases`).
struct scenario_file {
    char name[SCENARIO_NAME]; // `name`, else the file's own without folder and ending
    char question[256];       // the comment on the first line, without `#`; ""
    uint64_t digest; // of everything that decides the result, cases and costs included (scenario_dump)
    int cases;
    struct scenario *case_;
    struct plan_spec *plan; // the `plan` block (plan_spec.h); NULL = none
    int sweeps;             // keys of the `sweep` block, and the values each takes (vary.h)
    struct vary *sweep;     // [sweeps]
    int remarks;
    char **remark; // see scenario_check_remarks
};

// One key=value of --set, applied to every case after the case's own `set`.
struct scenario_set {
    const char *key, *value;
};

// A dispatch model as far as the scenario must know it: its name, the defaults that it changes and the keys
// it obeys.
struct scenario_model {
    const char *name;
    const char *const *defaults; // "server.threads=200" pairs, NULL-terminated; NULL = none
    const char *const
        *reads; // keys under `server.`: "threads", "gil", ..., NULL-terminated; NULL = not known
};

struct scenario_models {
    int count;
    const struct scenario_model *model;
};

// A cost profile that the program carries with it, to be found by the name a scenario gives it in `costs`.
struct scenario_embedded {
    const char *name, *text; // a list ends with name NULL
};

// Reads `path` ("-" = stdin), follows extends and costs, applies `set[0..sets)`, checks every value.
// False with *e (ERR_CONFIG with file:line:col, or ERR_HOST where `path` itself cannot be read); then *out
// holds nothing to free. Errors of a `set` have file "--set KEY" and line 0. Cost: milliseconds.
bool scenario_load(struct scenario_file *out, const char *path, const struct scenario_set *set, int sets,
                   const struct scenario_models *models, struct err *e);

// The same from memory; `name` stands for the file in messages and relative paths are from the current
// folder. A cost profile named like an entry of `embedded` (NULL = none) is taken from there.
bool scenario_load_text(struct scenario_file *out, const char *name, const char *text,
                        const struct scenario_set *set, int sets, const struct scenario_models *models,
                        const struct scenario_embedded *embedded, struct err *e);

// Releases what scenario_load filled.
void scenario_fini(struct scenario_file *f);

// What is allowed and yet probably not meant, one line each as `file:line:col: text`: keys that no model of
// the file reads, a pool larger than the resource its threads wait for, and the like. Found while loading,
// owned by *f.
const char *const *scenario_check_remarks(const struct scenario_file *f, int *count);

// Number of logical CPUs (hardware threads) of the machine.
int scenario_cpus(const struct machine_spec *m);
