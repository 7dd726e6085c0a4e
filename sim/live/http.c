#include "live/http.h"

#include "base/require.h"

#include <string.h>
#include <strings.h>

static const char number_header[] = "x-request-number";

static struct http_reader *reader_of(llhttp_t *p) {
    return p->data;
}

static int refuse(llhttp_t *p, int status) {
    reader_of(p)->request.refusal = status;
    llhttp_set_error_reason(p, "refused");
    return HPE_USER;
}

static int on_begin(llhttp_t *p) {
    struct http_reader *r = reader_of(p);
    r->request = (struct http_request){0};
    r->head_bytes = r->url_bytes = r->body_bytes = r->path_length = 0;
    r->name_length = r->value_length = 0;
    r->in_number = false;
    r->begun = r->in_head = true;
    return 0;
}

// Keeps what comes before the query; what is too long for `path` ends up as no path at all.
static int on_url(llhttp_t *p, const char *at, size_t n) {
    struct http_reader *r = reader_of(p);
    r->url_bytes += n;
    if (r->url_bytes > HTTP_URL_BYTES) return refuse(p, 414);
    for (size_t i = 0; i < n && r->path_length < HTTP_PATH - 1; i++)
        r->request.path[r->path_length++] = at[i];
    return 0;
}

// "http://host/path" becomes "/path" (RFC 9112, 3.2.2), "/path?query" becomes "/path".
static int on_url_complete(llhttp_t *p) {
    struct http_reader *r = reader_of(p);
    char *path = r->request.path, *start = path;
    path[r->path_length] = 0;
    if (!strncasecmp(path, "http://", 7)) start = path + 7 + strcspn(path + 7, "/");
    size_t length = strcspn(start, "?#");
    bool cut = r->url_bytes > r->path_length && !start[length];
    memmove(path, start, length);
    path[cut ? 0 : length] = 0;
    return 0;
}

static int on_field(llhttp_t *p, const char *at, size_t n) {
    struct http_reader *r = reader_of(p);
    for (size_t i = 0; i < n && r->name_length < sizeof r->name; i++) r->name[r->name_length++] = at[i];
    return 0;
}

static int on_field_complete(llhttp_t *p) {
    struct http_reader *r = reader_of(p);
    r->in_number =
        r->name_length == sizeof number_header - 1 && !strncasecmp(r->name, number_header, r->name_length);
    r->name_length = r->value_length = 0;
    return 0;
}

static int on_value(llhttp_t *p, const char *at, size_t n) {
    struct http_reader *r = reader_of(p);
    for (size_t i = 0; r->in_number && i < n && r->value_length < sizeof r->value; i++)
        r->value[r->value_length++] = at[i];
    return 0;
}

// At most 18 digits, so that it cannot overflow; anything else is no number.
static int on_value_complete(llhttp_t *p) {
    struct http_reader *r = reader_of(p);
    uint64_t number = 0;
    if (!r->in_number || r->value_length < 1 || r->value_length > 18) return 0;
    for (size_t i = 0; i < r->value_length; i++) {
        if (r->value[i] < '0' || r->value[i] > '9') return 0;
        number = number * 10 + (uint64_t)(r->value[i] - '0');
    }
    r->request.number = number;
    r->request.numbered = true;
    return 0;
}

static int on_headers(llhttp_t *p) {
    struct http_reader *r = reader_of(p);
    r->in_head = false;
    if (p->http_major != 1) return refuse(p, 505);
    if (p->method == HTTP_CONNECT) return refuse(p, 501);
    if ((p->flags & F_CONTENT_LENGTH) && p->content_length > HTTP_BODY_BYTES) return refuse(p, 413);
    r->request.head = p->method == HTTP_HEAD;
    // Nobody here switches protocols: `Upgrade` is answered as if it were not there, and the connection closed.
    r->request.keep_alive = p->http_minor > 0 && !p->upgrade && llhttp_should_keep_alive(p);
    return 0;
}

static int on_body(llhttp_t *p, const char *at, size_t n) {
    (void)at;
    struct http_reader *r = reader_of(p);
    r->body_bytes += n;
    return r->body_bytes > HTTP_BODY_BYTES ? refuse(p, 413) : 0;
}

static int on_complete(llhttp_t *p) {
    (void)p;
    return HPE_PAUSED;
}

static const llhttp_settings_t settings = {.on_message_begin = on_begin,
                                           .on_url = on_url,
                                           .on_url_complete = on_url_complete,
                                           .on_header_field = on_field,
                                           .on_header_field_complete = on_field_complete,
                                           .on_header_value = on_value,
                                           .on_header_value_complete = on_value_complete,
                                           .on_headers_complete = on_headers,
                                           .on_body = on_body,
                                           .on_message_complete = on_complete};

void http_init(struct http_reader *r) {
    *r = (struct http_reader){0};
    llhttp_init(&r->parser, HTTP_REQUEST, &settings);
    r->parser.data = r;
}

bool http_midway(const struct http_reader *r) {
    return r->begun;
}

static enum http_state refused(struct http_reader *r, llhttp_errno_t error) {
    if (!r->request.refusal)
        r->request.refusal = error == HPE_INVALID_VERSION || error == HPE_PAUSED_H2_UPGRADE ? 505 : 400;
    r->request.keep_alive = false;
    return HTTP_REFUSED;
}

// What may be read before the head is looked at again: then it has ended, or is too large. So the same requests are
// refused, whatever pieces they come in.
static size_t piece_of(const struct http_reader *r) {
    return HTTP_HEAD_BYTES - (r->in_head ? r->head_bytes : 0);
}

// A head that has not ended within the limit is refused.
static bool head_too_large(struct http_reader *r, size_t n) {
    if (!r->in_head) return false;
    r->head_bytes += n;
    if (r->head_bytes >= HTTP_HEAD_BYTES) r->request.refusal = 431;
    return r->head_bytes >= HTTP_HEAD_BYTES;
}

enum http_state http_read(struct http_reader *r, const char *data, size_t n, size_t *used) {
    if (n > piece_of(r)) n = piece_of(r);
    *used = n;
    if (n == 0) return HTTP_PARTIAL;
    llhttp_errno_t error = llhttp_execute(&r->parser, data, n);
    if (error == HPE_OK) return head_too_large(r, n) ? refused(r, error) : HTTP_PARTIAL;
    if (error != HPE_PAUSED) return refused(r, error);
    *used = (size_t)(llhttp_get_error_pos(&r->parser) - data);
    llhttp_resume(&r->parser);
    r->begun = false;
    return HTTP_COMPLETE;
}

// ---- responses ----

#define BODY "{\"message\":\"Hello World\"}"
#define HELLO(connection)                                                                                    \
    "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 25\r\nConnection: " connection     \
    "\r\n\r\n"
#define EMPTY(line, connection) "HTTP/1.1 " line "\r\nContent-Length: 0\r\nConnection: " connection "\r\n\r\n"
#define RESPONSE(status, line)                                                                               \
    {                                                                                                        \
        status, {                                                                                            \
            {EMPTY(line, "close"), sizeof EMPTY(line, "close") - 1, sizeof EMPTY(line, "close") - 1}, {      \
                EMPTY(line, "keep-alive"), sizeof EMPTY(line, "keep-alive") - 1,                             \
                    sizeof EMPTY(line, "keep-alive") - 1                                                     \
            }                                                                                                \
        }                                                                                                    \
    }

_Static_assert(sizeof BODY - 1 == 25, "the length that the header names");

static const struct {
    int status;
    struct http_response response[2]; // closing, keeping
} responses[] = {
    {200,
     {{HELLO("close") BODY, sizeof HELLO("close") - 1, sizeof HELLO("close") BODY - 1},
      {HELLO("keep-alive") BODY, sizeof HELLO("keep-alive") - 1, sizeof HELLO("keep-alive") BODY - 1}}},
    RESPONSE(400, "400 Bad Request"),
    RESPONSE(404, "404 Not Found"),
    RESPONSE(408, "408 Request Timeout"),
    RESPONSE(413, "413 Content Too Large"),
    RESPONSE(414, "414 URI Too Long"),
    RESPONSE(431, "431 Request Header Fields Too Large"),
    RESPONSE(501, "501 Not Implemented"),
    RESPONSE(503, "503 Service Unavailable"),
    RESPONSE(505, "505 HTTP Version Not Supported"),
};

const struct http_response *http_response(int status, bool keep_alive) {
    for (size_t i = 0; i < sizeof responses / sizeof responses[0]; i++)
        if (responses[i].status == status) return &responses[i].response[keep_alive];
    REQUIRE(!"a status without a response");
    return NULL;
}
