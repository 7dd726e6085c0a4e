#include "scenario/plan_spec.h"
#include "scenario/schema.h"

#define OF(field)          offsetof(struct scenario, field)
#define OF_CLASS(field)    offsetof(struct core_class, field)
#define OF_STEP(field)     offsetof(struct handler_step, field)
#define OF_ENDPOINT(field) offsetof(struct endpoint, field)
#define OF_PLAN(field)     offsetof(struct plan_spec, field)
#define OF_RESOURCE(field) offsetof(struct resource_spec, field)

static const char *const queue_orders[] = {"fifo", "lifo", NULL};
static const char *const accepts[] = {"drain", "one", "reuseport", NULL};
static const char *const dispatches[] = {"model", "loop", "pool", NULL};
static const char *const clients[] = {"ab", "wrk", "open", NULL};
static const char *const places[] = {"server", "elsewhere", NULL};
static const char *const arrivals[] = {"poisson", "deterministic", "mmpp2", "trace", NULL};

#define MOST_SPAN (1e6 * 1e9) // 10^6 s, so that sums of many spans stay far below 2^63 ns

// Resources come before the handlers that use them: rows are bound in this order.
// clang-format off
static const struct schema_row rows[] = {
    {.key = "name", .type = SCHEMA_NAME, .flags = SCHEMA_OWN_DEFAULT, .def = "the file's name",
     .help = "name of the scenario in results"},
    {.key = "extends", .type = SCHEMA_FILE, .help = "scenario file whose keys this one inherits",
     .explain = "A path relative to this file. Maps merge key by key, everything else (lists too) is "
                "replaced. Where this file gives `endpoints`, an inherited `handler` goes, and the other "
                "way round; likewise `load.requests` and `load.duration`."},
    {.key = "costs", .type = SCHEMA_FILE, .def = "none",
     .help = "cost profile, or `none`: every overhead is zero",
     .explain = "A path relative to this file. A profile says what each step of server and machine costs "
                "and where the figure comes from. `none` leaves the handler alone: what remains is a "
                "textbook queue."},

    {.key = "machine.cores", .type = SCHEMA_CORES, .offset = OF(machine), .def = "1",
     .help = "number of cores, or a list of classes {count, smt, speed}"},
    {.key = "machine.cores[].count", .type = SCHEMA_INT, .offset = OF_CLASS(count), .def = "1", .min = 1,
     .max = 1024, .help = "cores of this class"},
    {.key = "machine.cores[].smt", .type = SCHEMA_INT, .offset = OF_CLASS(smt), .def = "1", .min = 1,
     .max = 2, .help = "hardware threads a core",
     .explain = "Two siblings share one core: with both busy each runs at half of the profile's "
                "machine.smt_yield."},
    {.key = "machine.cores[].speed", .type = SCHEMA_NUMBER, .offset = OF_CLASS(speed), .def = "1",
     .min = 0.001, .max = 1000, .help = "speed relative to the core that the cost profile was measured on"},

    {.key = "server.preset", .type = SCHEMA_ENUM, .offset = OF(server.preset), .flags = SCHEMA_ASIDE, .def = "none",
     .names = preset_names, .help = "the documented defaults of a server that people run, below the keys given here",
     .explain = "It sets model, limits, order, accept policy and lock; each of them can be set beside it, here, in a "
                "case or with --set.",
     .more = preset_describe},
    {.key = "server.model", .type = SCHEMA_NAME, .flags = SCHEMA_REQUIRED, .offset = OF(server.model),
     .help = "dispatch model; `dispatchsim models` lists them"},
    {.key = "server.workers", .type = SCHEMA_INT, .offset = OF(server.workers), .def = "1", .min = 1,
     .max = 1024, .help = "processes, each with its own loop, pool and lock"},
    {.key = "server.threads", .type = SCHEMA_INT, .offset = OF(server.threads), .def = "40", .min = 1,
     .max = 100000, .help = "limit of the thread pool, per worker",
     .explain = "40 is AnyIO's default limiter, which Starlette and FastAPI use for endpoints written with "
                "`def`."},
    {.key = "server.queue_order", .type = SCHEMA_ENUM, .offset = OF(server.queue_order), .def = "fifo",
     .names = queue_orders, .help = "who is served first of those that wait for the pool",
     .explain = "AnyIO before 3.7.0 served the newest waiter first (lifo), since then the oldest "
                "(agronholm/anyio#455)."},
    {.key = "server.backlog", .type = SCHEMA_INT, .offset = OF(server.backlog), .def = "2048", .min = 1,
     .max = 1e6, .help = "connections that the listening socket holds",
     .explain = "2048 is Uvicorn's default. Linux caps it at net.core.somaxconn (4096)."},
    {.key = "server.accept", .type = SCHEMA_ENUM, .offset = OF(server.accept), .def = "drain",
     .names = accepts, .help = "connections taken per readiness event",
     .explain = "drain: all that wait (asyncio; libuv up to 1.44, so uvloop up to 0.17). one: a single one "
                "(libuv from 1.45). reuseport: each worker has a socket of its own and the kernel spreads "
                "connections over them."},
    {.key = "server.gil", .type = SCHEMA_LOCK, .offset = OF(server.gil), .def = "on",
     .help = "global lock per worker: `none`, or a map of its options",
     .explain = "`none` is a free-threaded interpreter, or a language without such a lock."},
    {.key = "server.gil.switch_interval", .type = SCHEMA_SPAN, .offset = OF(server.switch_interval),
     .def = "5ms", .min = 1e3, .max = 60e9,
     .help = "how long a waiter of the lock waits before it asks for it",
     .explain = "CPython's sys.setswitchinterval; default 5 ms (Python/ceval_gil.h)."},
    {.key = "server.gc", .type = SCHEMA_BOOL, .offset = OF(server.gc), .def = "on",
     .help = "the runtime's collector, as the cost profile has it"},
    {.key = "server.keep_alive_timeout", .type = SCHEMA_SPAN, .flags = SCHEMA_ABOVE,
     .offset = OF(server.keep_alive_timeout), .def = "5s", .max = 86400e9,
     .help = "prefork: a kept connection without a request for so long is closed",
     .explain = "The process that serves a connection is not free before. In the other models an idle connection "
                "holds nothing but memory, and stays."},
    {.key = "server.keep_alive", .type = SCHEMA_BOOL, .offset = OF(server.keep_alive), .def = "on",
     .help = "keep an HTTP/1.1 connection open after a response",
     .explain = "HTTP/1.0, which ab speaks, is always closed."},
    {.key = "server.command", .type = SCHEMA_TEXT, .offset = OF(server.external.command),
     .size = sizeof((struct scenario *)0)->server.external.command, .flags = SCHEMA_ASIDE,
     .help = "measure, validate: starts your server, in place of the micro-server",
     .explain = "A line for the shell, run in this file's folder; {port} stands for a free port, {workers}, "
                "{threads}, {backlog} and {gc} (1 or 0) for the keys. Cases with the same line share one server, "
                "which is started once. It must listen on 127.0.0.1 and is asked to end with SIGTERM."},
    {.key = "server.url", .type = SCHEMA_TEXT, .offset = OF(server.external.url), .size = SCENARIO_NAME,
     .flags = SCHEMA_ASIDE, .help = "measure, validate: your server that runs already, http://127.0.0.1:PORT"},
    {.key = "server.pid", .type = SCHEMA_INT, .offset = OF(server.external.pid), .flags = SCHEMA_ASIDE, .min = 1,
     .max = 4194304, .help = "process id of the server behind `server.url`, for its CPU time",
     .explain = "Its children count too. Without it CPU and context switches are left out."},
    {.key = "server.path", .type = SCHEMA_TEXT, .offset = OF(server.external.path), .size = SCENARIO_PATH,
     .flags = SCHEMA_ASIDE, .help = "measure, validate: what is asked of your server: /items?page=1",
     .explain = "{cpu} stands for the handler's `cpu` steps in iterations (see server.pace), {sleep} for its `sleep` "
                "steps in ms: the times are written once."},
    {.key = "server.pace", .type = SCHEMA_TEXT, .offset = OF(server.external.pace), .size = SCENARIO_PATH,
     .flags = SCHEMA_ASIDE,
     .help = "path of your server that answers how many of its iterations take 1 ms of CPU just now",
     .explain = "{cpu} in a path becomes as many iterations as take the handler's CPU time at the speed the cost profile "
                "is for (its `pace` and `dense`); where it does not say, the path is asked before each run, and they "
                "take that time at the speed the machine has then."},

    {.key = "resources", .type = SCHEMA_RESOURCES,
     .help = "bounded resources by name, such as a connection pool"},
    {.key = "resources.*.capacity", .type = SCHEMA_INT, .flags = SCHEMA_REQUIRED,
     .offset = OF_RESOURCE(capacity), .min = 1, .max = 1e6, .help = "how many requests can hold it at once"},
    {.key = "resources.*.shared", .type = SCHEMA_BOOL, .offset = OF_RESOURCE(shared), .def = "off",
     .help = "on: one for all workers; off: one for each worker",
     .explain = "A connection pool belongs to its process; a limit of the database itself is shared."},

    {.key = "handler", .type = SCHEMA_STEPS,
     .help = "what one request does: a list of steps, in order; none: it returns at once"},
    {.key = "handler[].cpu", .type = SCHEMA_DIST, .offset = OF_STEP(time), .max = MOST_SPAN,
     .help = "computes; holds the global lock where there is one"},
    {.key = "handler[].cpu_nogil", .type = SCHEMA_DIST, .offset = OF_STEP(time), .max = MOST_SPAN,
     .help = "computes with the global lock released"},
    {.key = "handler[].sleep", .type = SCHEMA_DIST, .offset = OF_STEP(time), .max = MOST_SPAN,
     .help = "waits without CPU: awaits in an event loop, blocks the thread in a pool"},
    {.key = "handler[].use", .type = SCHEMA_NAME, .help = "holds one unit of a resource ..."},
    {.key = "handler[].for", .type = SCHEMA_DIST, .offset = OF_STEP(time), .max = MOST_SPAN,
     .help = "... for this long; stands beside `use`"},

    {.key = "endpoints", .type = SCHEMA_ENDPOINTS,
     .help = "several kinds of request, in place of `handler`; results are kept for each"},
    {.key = "endpoints[].name", .type = SCHEMA_NAME, .flags = SCHEMA_REQUIRED, .offset = OF_ENDPOINT(name),
     .help = "its name in results"},
    {.key = "endpoints[].weight", .type = SCHEMA_NUMBER, .flags = SCHEMA_ABOVE, .offset = OF_ENDPOINT(weight),
     .def = "1", .min = 0, .max = 1e9, .help = "its share of the requests, relative to the others"},
    {.key = "endpoints[].dispatch", .type = SCHEMA_ENUM, .offset = OF_ENDPOINT(dispatch), .def = "model",
     .names = dispatches, .help = "where its handler runs; model: as the dispatch model does by itself",
     .explain = "In FastAPI `async def` endpoints run in the loop, `def` endpoints in the pool."},
    {.key = "endpoints[].path", .type = SCHEMA_TEXT, .offset = OF_ENDPOINT(path), .size = SCENARIO_PATH,
     .flags = SCHEMA_OWN_DEFAULT, .def = "server.path, else /NAME", .help = "what is asked of your server, as server.path"},
    {.key = "endpoints[].handler", .type = SCHEMA_STEPS, .help = "its steps, as `handler` has them"},

    {.key = "load.client", .type = SCHEMA_ENUM, .offset = OF(load.client), .def = "ab", .names = clients,
     .help = "kind of load generator",
     .explain = "ab and wrk are closed loops: a client sends its next request when the last was answered, "
                "so a slow server is asked less. ab opens a connection for each request, wrk keeps its own. "
                "open: requests arrive at `load.rate` whatever the server does; latency counts from the "
                "intended start. The two answer different questions (Schroeder, Wierman & Harchol-Balter, "
                "NSDI 2006)."},
    {.key = "load.runs_on", .type = SCHEMA_ENUM, .offset = OF(load.place), .flags = SCHEMA_OWN_DEFAULT,
     .def = "server for ab and wrk, elsewhere for open", .names = places,
     .help = "whether the client takes CPU from the server's machine"},
    {.key = "load.concurrency", .type = SCHEMA_INT, .offset = OF(load.concurrency), .def = "1", .min = 1,
     .max = 1e6, .help = "connections of a closed loop"},
    {.key = "load.requests", .type = SCHEMA_INT64, .offset = OF(load.requests), .flags = SCHEMA_OWN_DEFAULT,
     .def = "1000 for ab without duration, all of a trace", .min = 1, .max = 1e12,
     .help = "length of the run in requests; or give `load.duration`"},
    {.key = "load.duration", .type = SCHEMA_SPAN, .offset = OF(load.duration), .flags = SCHEMA_OWN_DEFAULT,
     .def = "10s for wrk and open without requests", .min = 1e3, .max = MOST_SPAN,
     .help = "length of the run in time; or give `load.requests`"},
    {.key = "load.think", .type = SCHEMA_DIST, .offset = OF(load.think), .max = MOST_SPAN,
     .help = "pause of each client of a closed loop before its next request"},
    {.key = "load.rate", .type = SCHEMA_NUMBER, .unit = UNIT_RATE, .flags = SCHEMA_ABOVE,
     .offset = OF(load.rate_per_s), .min = 0, .max = 1e9, .help = "requests offered, `client: open`"},
    {.key = "load.arrivals", .type = SCHEMA_ARRIVALS, .offset = OF(load.arrivals), .def = "poisson",
     .names = arrivals, .help = "pattern of arrivals, `client: open`; trace(FILE) reads them from a file",
     .explain = "poisson: many independent users. deterministic: equal gaps. mmpp2: a Poisson stream whose "
                "rate switches between calm and busy (see load.burst). trace: the times in `load.trace`."},
    {.key = "load.trace", .type = SCHEMA_FILE, .offset = OF(load.trace),
     .help = "file of arrival times from the start, ascending, one a line, in s or with a unit"},
    {.key = "load.burst.ratio", .type = SCHEMA_NUMBER, .flags = SCHEMA_ABOVE, .offset = OF(load.burst_ratio),
     .def = "5", .min = 1, .max = 1e6, .help = "mmpp2: rate when busy over rate when calm"},
    {.key = "load.burst.busy_frac", .type = SCHEMA_NUMBER, .unit = UNIT_FRAC, .flags = SCHEMA_ABOVE,
     .offset = OF(load.burst_frac), .def = "20%", .min = 0, .max = 0.999,
     .help = "mmpp2: share of the time that is busy"},
    {.key = "load.burst.length", .type = SCHEMA_SPAN, .offset = OF(load.burst_length), .def = "1s",
     .min = 1e3, .max = MOST_SPAN, .help = "mmpp2: mean length of a busy period"},
    {.key = "load.keep_alive", .type = SCHEMA_BOOL, .offset = OF(load.keep_alive),
     .flags = SCHEMA_OWN_DEFAULT, .def = "on for wrk and open, off for ab",
     .help = "the client uses a connection again"},
    {.key = "load.timeout", .type = SCHEMA_SPAN, .flags = SCHEMA_ZERO_NONE, .offset = OF(load.timeout),
     .def = "none", .min = 1e3, .max = MOST_SPAN, .help = "after which a client gives a request up",
     .explain = "The server does not learn of it: it goes on working for the abandoned request and answers "
                "nobody. What it does for such requests is lost to the others."},
    {.key = "load.retries", .type = SCHEMA_INT, .offset = OF(load.retries), .def = "0", .min = 0, .max = 100,
     .help = "further attempts after a timeout or a refusal",
     .explain = "The server goes on working for an attempt that timed out while it serves the next one, so "
                "that retries add load when there is too much of it already. Latency counts from the first "
                "attempt."},
    {.key = "load.backoff", .type = SCHEMA_DIST, .offset = OF(load.backoff), .def = "0", .max = MOST_SPAN,
     .help = "pause before a retry; doubles with each further one"},
    {.key = "load.connect_retry", .type = SCHEMA_SPAN, .flags = SCHEMA_ZERO_NONE,
     .offset = OF(load.connect_retry), .def = "1s", .min = 0, .max = 600e9,
     .help = "after which a connection that a full backlog dropped is tried again",
     .explain = "Linux repeats a lost SYN after 1 s, then after 2, 4, ... s (TCP_TIMEOUT_INIT, RFC 6298). 0 "
                "or none: a full backlog refuses at once, as in a loss system."},

    {.key = "run.seed", .type = SCHEMA_INT64, .offset = OF(run.seed), .def = "1", .min = 0, .max = 9.2e18,
     .help = "random seed; the same seed gives the same result"},
    {.key = "run.replications", .type = SCHEMA_INT, .flags = SCHEMA_ZERO_AUTO, .offset = OF(run.replications),
     .def = "auto", .min = 1, .max = 100000, .help = "independent repetitions; auto: until `run.precision`"},
    {.key = "run.precision", .type = SCHEMA_NUMBER, .unit = UNIT_FRAC, .flags = SCHEMA_ABOVE,
     .offset = OF(run.precision_frac), .def = "2%", .min = 0, .max = 0.5,
     .help = "wanted half-width of the 95 % interval of throughput and mean latency, relative"},
    {.key = "run.max_replications", .type = SCHEMA_INT, .offset = OF(run.max_replications), .def = "100",
     .min = 2, .max = 100000, .help = "bound of `replications: auto`"},
    {.key = "run.warmup", .type = SCHEMA_WARMUP, .offset = OF(run.warmup), .def = "auto", .min = 1,
     .max = MOST_SPAN, .help = "what is cut from the start: auto, none, or a span",
     .explain = "auto: for an open load by MSER-5 (White 1997), nothing for a closed loop, whose run is "
                "finite and reported whole."},

    {.key = "plan.rate", .type = SCHEMA_NUMBER, .unit = UNIT_RATE, .flags = SCHEMA_APART | SCHEMA_ABOVE,
     .offset = OF_PLAN(rate_per_s), .min = 0, .max = 1e9, .help = "requests offered that must be carried, `client: open`"},
    {.key = "plan.clients", .type = SCHEMA_INT, .flags = SCHEMA_APART, .offset = OF_PLAN(clients), .min = 1, .max = 1e6,
     .help = "connections of a closed loop that must be carried"},
    {.key = "plan.mean", .type = SCHEMA_NUMBER, .unit = UNIT_SECONDS, .flags = SCHEMA_APART | SCHEMA_ABOVE,
     .offset = OF_PLAN(limit_s[PLAN_MEAN]), .min = 0, .max = 1e6, .help = "mean latency, at most"},
    {.key = "plan.p50", .type = SCHEMA_NUMBER, .unit = UNIT_SECONDS, .flags = SCHEMA_APART | SCHEMA_ABOVE,
     .offset = OF_PLAN(limit_s[PLAN_P50]), .min = 0, .max = 1e6, .help = "median latency, at most"},
    {.key = "plan.p90", .type = SCHEMA_NUMBER, .unit = UNIT_SECONDS, .flags = SCHEMA_APART | SCHEMA_ABOVE,
     .offset = OF_PLAN(limit_s[PLAN_P90]), .min = 0, .max = 1e6, .help = "90th percentile, at most"},
    {.key = "plan.p95", .type = SCHEMA_NUMBER, .unit = UNIT_SECONDS, .flags = SCHEMA_APART | SCHEMA_ABOVE,
     .offset = OF_PLAN(limit_s[PLAN_P95]), .min = 0, .max = 1e6, .help = "95th percentile, at most"},
    {.key = "plan.p99", .type = SCHEMA_NUMBER, .unit = UNIT_SECONDS, .flags = SCHEMA_APART | SCHEMA_ABOVE,
     .offset = OF_PLAN(limit_s[PLAN_P99]), .min = 0, .max = 1e6, .help = "99th percentile, at most"},
    {.key = "plan.timeouts", .type = SCHEMA_NUMBER, .unit = UNIT_FRAC, .flags = SCHEMA_APART,
     .offset = OF_PLAN(lost_frac), .def = "0.1%", .min = 0, .max = 1,
     .help = "share of the requests that may time out or be refused"},
    {.key = "plan.headroom", .type = SCHEMA_NUMBER, .unit = UNIT_FRAC, .flags = SCHEMA_APART,
     .offset = OF_PLAN(headroom_frac), .def = "0", .min = 0, .max = 10,
     .help = "the limits must hold with this much more load"},
    {.key = "plan.confidence", .type = SCHEMA_NUMBER, .unit = UNIT_FRAC, .flags = SCHEMA_APART | SCHEMA_ABOVE,
     .offset = OF_PLAN(confidence), .def = "95%", .min = 0.5, .max = 0.9999,
     .help = "probability that the whole selection is right, but for figures within plan.tolerance of their limit"},
    {.key = "plan.tolerance", .type = SCHEMA_NUMBER, .unit = UNIT_FRAC, .flags = SCHEMA_APART | SCHEMA_ABOVE,
     .offset = OF_PLAN(tolerance_frac), .def = "5%", .min = 0, .max = 1,
     .help = "within this of its limit a figure may be taken for either side",
     .explain = "The indifference zone: the smaller, the more replications are spent on configurations that are close."},
    {.key = "plan.vary", .type = SCHEMA_VARY, .flags = SCHEMA_APART, .help = "what may be chosen: dotted keys and their values",
     .explain = "A list, a range 1..8, steps 10..50+10, or a geometric range 1..64*2. All combinations are candidates;\n"
                "a key under `server.` that a dispatch model does not read makes no difference there."},
    {.key = "plan.cost", .type = SCHEMA_EXPRESSIONS, .flags = SCHEMA_APART | SCHEMA_OWN_DEFAULT,
     .def = "[machine.cores, server.workers, server.threads]", .help = "what to minimise: an expression over keys, or a list compared in turn",
     .explain = "Numbers, keys, + - * / and ( ), as in 3*machine.cores + server.workers. A key under `server.` that the\n"
                "dispatch model does not read counts 0."},

    {.key = "sweep", .type = SCHEMA_VARY, .flags = SCHEMA_APART,
     .help = "what `dispatchsim sweep` varies: dotted keys and their values",
     .explain = "A list, or a text such as 1,2,4 or 1..8 or 10..50+10 or 1..1024*2. Several keys make a grid, in which the "
                "last key varies fastest. No other command looks at it; --vary stands in place of it."},

    {.key = "cases", .type = SCHEMA_CASES, .help = "variants, one row each; a file without them has one"},
    {.key = "cases[].name", .type = SCHEMA_NAME, .flags = SCHEMA_REQUIRED, .offset = OF(name),
     .help = "its name in results"},
    {.key = "cases[].set", .type = SCHEMA_SET, .help = "keys that differ, by dotted name"},
    {.key = "cases[].measured.throughput_per_s", .type = SCHEMA_NUMBER, .unit = UNIT_PER_S,
     .flags = SCHEMA_ABOVE, .offset = OF(measured.throughput_per_s), .min = 0, .max = 1e12,
     .help = "measured throughput, to be compared"},
    {.key = "cases[].measured.mean", .type = SCHEMA_NUMBER, .unit = UNIT_SECONDS, .flags = SCHEMA_ABOVE,
     .offset = OF(measured.mean_s), .min = 0, .max = 1e6,
     .help = "measured mean latency, in s or with a unit"},
    {.key = "cases[].measured.p50", .type = SCHEMA_NUMBER, .unit = UNIT_SECONDS, .flags = SCHEMA_ABOVE,
     .offset = OF(measured.p50_s), .min = 0, .max = 1e6, .help = "measured median latency"},
    {.key = "cases[].measured.p90", .type = SCHEMA_NUMBER, .unit = UNIT_SECONDS, .flags = SCHEMA_ABOVE,
     .offset = OF(measured.p90_s), .min = 0, .max = 1e6, .help = "measured 90th percentile"},
    {.key = "cases[].measured.p95", .type = SCHEMA_NUMBER, .unit = UNIT_SECONDS, .flags = SCHEMA_ABOVE,
     .offset = OF(measured.p95_s), .min = 0, .max = 1e6, .help = "measured 95th percentile"},
    {.key = "cases[].measured.p99", .type = SCHEMA_NUMBER, .unit = UNIT_SECONDS, .flags = SCHEMA_ABOVE,
     .offset = OF(measured.p99_s), .min = 0, .max = 1e6, .help = "measured 99th percentile"},
    {.key = "cases[].fitted", .type = SCHEMA_BOOL, .offset = OF(measured.fitted), .def = "off",
     .help = "the cost profile was fitted to this row, so that the row validates nothing"},
    {.key = "cases[].against", .type = SCHEMA_NAME, .flags = SCHEMA_OWN_DEFAULT, .offset = OF(against), .def = "none",
     .help = "an earlier case whose throughput this one's is compared with"},
    {.key = "cases[].quick", .type = SCHEMA_BOOL, .flags = SCHEMA_ASIDE, .offset = OF(quick), .def = "off",
     .help = "measure, validate: one of those that --quick takes"},
};
// clang-format on

static const struct schema scenario = {"scenario", sizeof rows / sizeof rows[0], rows};

const struct schema *schema_scenario(void) {
    return &scenario;
}
