#include "live/load_request.h"

#include "base/require.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// As many digits as the server reads; always all of them, so that every request of a form has the same length.
enum { DIGITS = 18 };
static const uint64_t numbers = 1000000000000000000;

static const char number_header[] = "X-Request-Number: ";

static void write_form(struct load_form *f, const struct scenario *s, const struct load_target *t,
                       const char *path) {
    bool ab = s->load.client == CLIENT_AB, numbered = s->endpoints > 1;
    bool keep = s->load.client == CLIENT_WRK || s->load.keep_alive;
    char number[sizeof number_header + DIGITS + 2] = "";
    if (numbered) snprintf(number, sizeof number, "%s%0*d\r\n", number_header, DIGITS, 0);
    int n =
        snprintf(f->text, sizeof f->text, "GET %s HTTP/1.%d\r\nHost: %s\r\n%s%s%s\r\n", path, !ab, t->host,
                 number, ab ? "User-Agent: dispatchsim/" DISPATCHSIM_VERSION "\r\nAccept: */*\r\n" : "",
                 ab || keep ? "" : "Connection: close\r\n");
    REQUIRE(n > 0 && n < (int)sizeof f->text);
    f->length = (size_t)n;
    const char *header = strstr(f->text, number_header);
    f->number_at = header ? (size_t)(header - f->text) + sizeof number_header - 1 : 0;
}

bool load_request_init(struct load_requests *q, const struct scenario *s, const struct load_target *t) {
    q->forms = s->endpoints > 1 ? s->endpoints : 1;
    q->form = calloc((size_t)q->forms, sizeof *q->form);
    if (!q->form) return false;
    for (int i = 0; i < q->forms; i++)
        write_form(&q->form[i], s, t, s->endpoints > 1 ? s->endpoint[i].path : t->path);
    return true;
}

void load_request_fini(struct load_requests *q) {
    free(q->form);
    *q = (struct load_requests){0};
}

const char *load_request_of(const struct load_requests *q, int endpoint, uint64_t number, char *room,
                            size_t *length) {
    const struct load_form *f = &q->form[endpoint];
    *length = f->length;
    if (!load_request_numbered(q)) return f->text;
    memcpy(room, f->text, f->length);
    number %= numbers;
    for (size_t i = f->number_at + DIGITS; i > f->number_at; number /= 10)
        room[--i] = (char)('0' + number % 10);
    return room;
}
