#include "study/settings.h"

#include <string.h>

// As a server's own configuration has it: {w} workers, {t} threads, {b} backlog.
struct words {
    enum preset preset; // PRESET_NONE: of any server with this model
    const char *model;
    const char *command, *program; // program: what is set in it; NULL = nothing
};

static const char limiter[] =
    "def endpoints; anyio.to_thread.current_default_thread_limiter().total_tokens = {t}";

static const struct words table[] = {
    {PRESET_UVICORN, "event_loop", "uvicorn app:app --workers {w} --backlog {b}", "async def endpoints"},
    {PRESET_UVICORN, "threadpool", "uvicorn app:app --workers {w} --backlog {b}", limiter},
    {PRESET_UVICORN_ASYNCIO, "event_loop",
     "uvicorn app:app --workers {w} --backlog {b} --loop asyncio --http h11", "async def endpoints"},
    {PRESET_UVICORN_ASYNCIO, "threadpool",
     "uvicorn app:app --workers {w} --backlog {b} --loop asyncio --http h11", limiter},
    {PRESET_GUNICORN_UVICORN, "event_loop",
     "gunicorn app:app -k uvicorn.workers.UvicornWorker --workers {w} --backlog {b}", "async def endpoints"},
    {PRESET_GUNICORN_UVICORN, "threadpool",
     "gunicorn app:app -k uvicorn.workers.UvicornWorker --workers {w} --backlog {b}", limiter},
    {PRESET_GUNICORN_SYNC, "prefork", "gunicorn app:app -k sync --workers {w} --backlog {b}", NULL},
    {PRESET_GUNICORN_GTHREAD, "thread_per_request",
     "gunicorn app:app -k gthread --workers {w} --threads {t} --backlog {b}", NULL},
    {PRESET_NODE, "event_loop", "node server.js", "cluster.fork() {w} times; server.listen({backlog: {b}})"},
    {PRESET_NODE, "threadpool", "UV_THREADPOOL_SIZE={t} node server.js",
     "cluster.fork() {w} times; server.listen({backlog: {b}})"},
    {PRESET_PUMA, "thread_per_request", "puma -w {w} -t {t}:{t}", NULL},
    {PRESET_TOMCAT, "thread_per_request", "server.xml: <Connector maxThreads=\"{t}\" acceptCount=\"{b}\"/>",
     NULL},
    {PRESET_PHP_FPM, "prefork", "php-fpm.conf: pm = static, pm.max_children = {w}, listen.backlog = {b}",
     NULL},
    {PRESET_NGINX, "event_loop", "nginx.conf: worker_processes {w}; listen 80 backlog={b};", NULL},
    {PRESET_NONE, "event_loop", "uvicorn app:app --workers {w} --backlog {b}", "async def endpoints"},
    {PRESET_NONE, "threadpool", "uvicorn app:app --workers {w} --backlog {b}", limiter},
    {PRESET_NONE, "thread_per_request",
     "gunicorn app:app -k gthread --workers {w} --threads {t} --backlog {b}", NULL},
    {PRESET_NONE, "prefork", "gunicorn app:app -k sync --workers {w} --backlog {b}", NULL},
};

static const struct words *words_of(const struct server_spec *s) {
    for (int pass = 0; pass < 2; pass++)
        for (size_t i = 0; i < sizeof table / sizeof table[0]; i++)
            if (table[i].preset == (pass ? PRESET_NONE : s->preset) && !strcmp(table[i].model, s->model))
                return &table[i];
    return NULL;
}

static void fill_in(const char *words, const struct server_spec *s, struct text *out) {
    for (; *words; words++) {
        int value = !strncmp(words, "{w}", 3)   ? s->workers
                    : !strncmp(words, "{t}", 3) ? s->threads
                    : !strncmp(words, "{b}", 3) ? s->backlog
                                                : 0;
        if (value) {
            text_addf(out, "%d", value);
            words += 2;
        } else {
            text_add_bytes(out, words, 1);
        }
    }
    text_add(out, "\n");
}

static void describe_resources(const struct scenario *s, struct text *out) {
    for (int i = 0; i < s->resources; i++)
        text_addf(
            out, "resource %s: at most %d at once%s, such as pool_size=%d, max_overflow=0 in SQLAlchemy\n",
            s->resource[i].name, s->resource[i].capacity,
            s->resource[i].shared ? " for all workers together" : " in each worker", s->resource[i].capacity);
}

void settings_describe(const struct scenario *s, struct text *out) {
    const struct words *w = words_of(&s->server);
    if (w) {
        text_add(out, "server: ");
        fill_in(w->command, &s->server, out);
    } else {
        text_addf(out, "server: %d workers\n", s->server.workers);
    }
    if (w && w->program) {
        text_add(out, "program: ");
        fill_in(w->program, &s->server, out);
    }
    describe_resources(s, out);
}
