#pragma once
// HTTP/1.0 and 1.1 as the micro-server speaks it: requests read by llhttp piece by piece, fixed responses.
#include <llhttp.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    HTTP_PATH = 256,          // longer paths are read and known to nobody
    HTTP_HEAD_BYTES = 16384,  // request line and headers that have not ended by then are refused with 431
    HTTP_URL_BYTES = 8192,    // 414
    HTTP_BODY_BYTES = 1 << 20 // 413
};

struct http_request {
    char path[HTTP_PATH]; // without query; "" where it is too long
    bool keep_alive;      // the client wants it: HTTP/1.1 without `Connection: close`. HTTP/1.0 never has it
    bool head;            // HEAD: the response has no body
    bool numbered;        // it carries `X-Request-Number: N` ...
    uint64_t number;      // ... which is this
    int refusal;          // HTTP_REFUSED: the status to answer with, then close
};

enum http_state { HTTP_PARTIAL, HTTP_COMPLETE, HTTP_REFUSED };

// What one connection's stream of requests has come to. Do not copy once in use.
struct http_reader {
    llhttp_t parser;
    struct http_request request;
    size_t head_bytes, url_bytes, body_bytes, path_length;
    bool begun, in_head, in_number; // in_number: the header being read is the number's
    char name[24], value[24];
    size_t name_length, value_length;
};

void http_init(struct http_reader *r);

// Reads on in data[0..n). COMPLETE: r->request is whole, *used bytes belong to it and those before; call again with the
// rest for the next one. PARTIAL: more is needed; of a long piece only the first *used bytes were read, call again with the
// rest. REFUSED: see r->request.refusal; the connection can only be closed. Bodies are read and forgotten. Cost: about 0.3 us for a request of `ab`.
enum http_state http_read(struct http_reader *r, const char *data, size_t n, size_t *used);

// Whether a request has begun and is not yet whole.
bool http_midway(const struct http_reader *r);

struct http_response {
    const char *bytes;
    size_t head, length; // without and with the body
};

// The response of a status: 200 (a JSON body of 25 bytes), 400, 404, 408, 413, 414, 431, 501, 503, 505 (empty ones);
// `keep_alive` says so to the client. Constant memory.
const struct http_response *http_response(int status, bool keep_alive);
