#include "scenario/preset.h"

#include <string.h>

const char *const preset_names[] = {"none",
                                    "uvicorn",
                                    "uvicorn-asyncio",
                                    "gunicorn-sync",
                                    "gunicorn-gthread",
                                    "gunicorn-uvicorn",
                                    "node",
                                    "puma",
                                    "tomcat",
                                    "php-fpm",
                                    "nginx",
                                    NULL};

_Static_assert(sizeof preset_names / sizeof preset_names[0] == PRESET_COUNT + 1, "a name for each preset");

struct about {
    const char *stands_for, *source;
    const char *const *pairs;
};

// Keys that a model does not obey are left out: prefork has neither threads nor an order of waiting.
#define PAIRS(...) ((const char *const[]){__VA_ARGS__, NULL})

static const struct about about[PRESET_COUNT] = {
    [PRESET_UVICORN] = {"FastAPI or Starlette on uvicorn[standard]: uvloop, a pool of 40. Handlers run in "
                        "the pool (`def`); for `async\n"
                        "    def` set server.model: event_loop, or give endpoints with dispatch: loop. "
                        "Before uvloop 0.18: accept drain;\n"
                        "    before AnyIO 3.7 (Debian 12): queue_order lifo.",
                        "uvicorn/config.py (workers 1, backlog 2048); anyio CapacityLimiter(40), FIFO since "
                        "3.7.0 (agronholm/anyio#455);\n"
                        "    libuv 1.45 and later accept one connection an event (libuv/libuv#3696); "
                        "sys.getswitchinterval 5 ms",
                        PAIRS("server.model=threadpool", "server.workers=1", "server.threads=40",
                              "server.queue_order=fifo", "server.backlog=2048", "server.accept=one",
                              "server.gil={switch_interval: 5ms}", "server.keep_alive=on")},
    [PRESET_UVICORN_ASYNCIO] =
        {"the same with plain `pip install uvicorn`: asyncio and h11. asyncio takes all connections that "
         "wait",
         "asyncio/selector_events.py _accept_connection (up to `backlog` an event); else as uvicorn",
         PAIRS("server.model=threadpool", "server.workers=1", "server.threads=40", "server.queue_order=fifo",
               "server.backlog=2048", "server.accept=drain", "server.gil={switch_interval: 5ms}",
               "server.keep_alive=on")},
    [PRESET_GUNICORN_SYNC] =
        {"gunicorn's default worker: one process, one request at a time, connections closed after each",
         "gunicorn/config.py, workers/sync.py 20.1 (workers 1, backlog 2048)",
         PAIRS("server.model=prefork", "server.workers=1", "server.backlog=2048", "server.accept=one",
               "server.gil={switch_interval: 5ms}", "server.keep_alive=off")},
    [PRESET_GUNICORN_GTHREAD] =
        {"gunicorn --worker-class gthread: a poller and a pool of blocking threads, of which there is 1 "
         "unless --threads\n"
         "    says more",
         "gunicorn/config.py, workers/gthread.py 20.1 (workers 1, threads 1, backlog 2048, keepalive 2 s)",
         PAIRS("server.model=thread_per_request", "server.workers=1", "server.threads=1",
               "server.queue_order=fifo", "server.backlog=2048", "server.accept=one",
               "server.gil={switch_interval: 5ms}", "server.keep_alive=on")},
    [PRESET_GUNICORN_UVICORN] =
        {"gunicorn -k uvicorn.workers.UvicornWorker: as uvicorn, on gunicorn's socket",
         "uvicorn/workers.py; gunicorn/config.py 20.1 (workers 1 or WEB_CONCURRENCY, backlog 2048)",
         PAIRS("server.model=threadpool", "server.workers=1", "server.threads=40", "server.queue_order=fifo",
               "server.backlog=2048", "server.accept=one", "server.gil={switch_interval: 5ms}",
               "server.keep_alive=on")},
    [PRESET_NODE] =
        {"Node.js 20.3 or later, node:http: all of JavaScript in one loop, no lock. Earlier: accept drain",
         "Node.js net.Server.listen (backlog 511); libuv 1.45 accepts one connection an event "
         "(libuv/libuv#3696)",
         PAIRS("server.model=event_loop", "server.workers=1", "server.backlog=511", "server.accept=one",
               "server.gil=none", "server.keep_alive=on")},
    [PRESET_PUMA] =
        {"Puma under MRI: a reactor and 5 threads in one process, Ruby's lock with turns of 100 ms",
         "puma lib/puma/configuration.rb 8.0 (threads 5, workers 0), lib/puma/binder.rb (backlog 1024); ruby "
         "thread.c\n"
         "    (TIME_QUANTUM_MSEC 100)",
         PAIRS("server.model=thread_per_request", "server.workers=1", "server.threads=5",
               "server.queue_order=fifo", "server.backlog=1024", "server.accept=one",
               "server.gil={switch_interval: 100ms}", "server.keep_alive=on")},
    [PRESET_TOMCAT] = {"Tomcat's NIO connector: one acceptor, up to 200 threads, no lock",
                       "Tomcat HTTP connector reference; AbstractEndpoint (maxThreads 200, acceptCount 100)",
                       PAIRS("server.model=thread_per_request", "server.workers=1", "server.threads=200",
                             "server.queue_order=fifo", "server.backlog=100", "server.accept=one",
                             "server.gil=none", "server.keep_alive=on")},
    [PRESET_PHP_FPM] = {"PHP-FPM as its sample pool has it: at most 5 processes that share nothing",
                        "php-src sapi/fpm/www.conf.in (pm.max_children 5, listen.backlog 511)",
                        PAIRS("server.model=prefork", "server.workers=5", "server.backlog=511",
                              "server.accept=one", "server.gil=none", "server.gc=off",
                              "server.keep_alive=off")},
    [PRESET_NGINX] =
        {"nginx with its built-in defaults; packages often set worker_processes auto, one a core",
         "nginx ngx_event.c (worker_processes 1, multi_accept off), NGX_LISTEN_BACKLOG 511",
         PAIRS("server.model=event_loop", "server.workers=1", "server.backlog=511", "server.accept=one",
               "server.gil=none", "server.gc=off", "server.keep_alive=on")},
};

const char *const *preset_pairs(enum preset p) {
    return about[p].pairs;
}

enum preset preset_named(const char *name) {
    int p = 0;
    while (preset_names[p] && strcmp(preset_names[p], name) != 0) p++;
    return (enum preset)p;
}

void preset_describe(struct text *out) {
    for (int p = PRESET_NONE + 1; p < PRESET_COUNT; p++) {
        text_addf(out, "\n%s\n    %s\n    sets:", preset_names[p], about[p].stands_for);
        for (const char *const *pair = about[p].pairs; *pair; pair++)
            text_addf(out, "%s %s", pair == about[p].pairs ? "" : ",", *pair + strlen("server."));
        text_addf(out, "\n    source: %s\n", about[p].source);
    }
}
