// What a server computes itself for a request: llhttp's parser over a request as clients send it, and the response's
// text.
#include "calib/probe.h"
#include "calib/unit.h"

#include <stdio.h>
#include <string.h>

enum { REQUESTS = 400 };

static const struct figure_spec figures[] = {
    {"server.parse", FIGURE_CPU, "llhttp over a GET request of 91 bytes"},
    {"server.format", FIGURE_CPU, "text of a response with a small body"},
    {NULL, 0, NULL}};

static bool run(struct bench *b, struct err *e) {
    struct unit u;
    const size_t size = strlen(unit_request);
    char text[512];
    int bytes = 0;
    unit_parser_init(&u);
    int64_t before = bench_cpu();
    for (int i = 0; i < REQUESTS; i++)
        if (!unit_parse(&u, unit_request, size)) return err_set(e, ERR_HOST, "the HTTP parser refuses a GET");
    int64_t parsed = bench_cpu();
    for (int i = 0; i < REQUESTS; i++)
        bytes +=
            snprintf(text, sizeof text, "HTTP/1.1 %d %s\r\nContent-Length: %d\r\nConnection: %s\r\n\r\n%s",
                     200, "OK", i, "keep-alive", "{\"hello\":\"world\"}");
    int64_t formatted = bench_cpu();
    bench_note(b, "server.parse", 0, ((double)(parsed - before) - b->clock_ns) / REQUESTS);
    if (bytes > 0) bench_note(b, "server.format", 0, ((double)(formatted - parsed) - b->clock_ns) / REQUESTS);
    return true;
}

const struct probe probe_parse = {"parse", "parsing a request, writing a response", 1, figures, run};
